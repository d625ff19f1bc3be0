"""What `benchmarks.pages` needs to find in the made-up commune besides the year."""

import time

from sqlalchemy.orm import Session

from bot.assembly import Assistant
from bot.cli.demo import demo_plan
from knowledge.lessons import load_paths
from knowledge.library import CONTENT
from records import announcements, guide_versions, plans, reports
from records.announcements import Audience, Words
from records.breaches import add_breach
from records.communes import find_commune
from records.models import Commune
from records.requests import open_request
from records.sample import SLUG
from records.staff_accounts import add_account, start_session
from staff.access import commune_name
from staff.period import Period
from staff.report_making import Place, ReportMaker, contents_of, docx_of, xlsx_of
from staff.roles import ROLES

_BY = "command line"
_GUIDE = "at-otp"


def sign_in(assistant: Assistant) -> str:
    """The token of a login with every role; every list has something in it."""
    now = assistant.clock()
    with assistant.database.write() as session:
        commune = _commune(session)
        account = add_account(
            session,
            commune_id=commune.id,
            username=f"do-{time.time_ns()}",
            display_name="Người mẫu",
            roles=list(ROLES),
            now=now,
        )
        account.district_communes = ["*"]
        _make_objects(session, commune, assistant)
        return start_session(session, account, now=now)


def make_report(assistant: Assistant, period: Period) -> tuple[float, float]:
    """(seconds of counting, seconds of writing both files)."""
    with assistant.database.read() as session:
        commune = _commune(session)
        place = Place(commune.id, commune_name(commune), commune.is_sample)
    library = assistant.content.library()
    maker = ReportMaker(
        assistant.database, assistant.phrases, lambda _id: library, load_paths(), assistant.clock
    )
    began = time.perf_counter()
    report_id = maker.open(place, period, by=_BY)
    maker.build(place, report_id, period)
    counted = time.perf_counter()
    with assistant.database.read() as session:
        report = reports.find_report(session, commune_id=place.commune_id, report_id=report_id)
    assert report is not None
    said = contents_of(report, assistant.phrases)
    docx_of(said, assistant.phrases, None)
    xlsx_of(said, assistant.phrases)
    return counted - began, time.perf_counter() - counted


def _commune(session: Session) -> Commune:
    commune = find_commune(session, SLUG)
    assert commune is not None
    return commune


def _make_objects(session: Session, commune: Commune, assistant: Assistant) -> None:
    now, here = assistant.clock(), {"commune_id": commune.id}
    announcements.add(
        session,
        **here,
        words=Words("Tối nay họp xóm."),
        audience=Audience(channels=["webchat"]),
        starts_at=None,
        at_any_hour=False,
        by=_BY,
        now=now,
    )
    open_request(session, **here, kind="copy", source="desk", by=_BY, now=now)
    add_breach(session, **here, found_at=now, people=None, texts={}, by=_BY, now=now)
    source = (CONTENT / "guides" / f"{_GUIDE}.md").read_text(encoding="utf-8")
    guide_versions.add_draft(
        session, **here, slug=_GUIDE, source=source, questions=[], shipped=source, by=_BY, now=now
    )
    plan = demo_plan()
    plans.add_draft(
        session,
        commune,
        name=plan.name,
        source_name="ke-hoach-mau.txt",
        sha256="0" * 64,
        head=plan.head,
        passages=plan.passages,
        facts=plan.facts,
        by=_BY,
        now=now,
    )
