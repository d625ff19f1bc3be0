"""What the tests of the staff site stand on: a served site, two communes, and ways to fill them."""

import datetime as dt
import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from types import MappingProxyType

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.guide import FrontMatter, Guide
from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases, load_phrases
from records import announcements, volunteers
from records.api_keys import SCOPES, add_key
from records.breaches import add_breach
from records.communes import CommuneProfile, add_commune, add_hamlet, commune_profile
from records.community import Volunteer
from records.database import Database
from records.guide_versions import add_draft
from records.handoffs import open_call
from records.learners import open_conversation, set_hamlet
from records.models import AuditEntry, Commune, Handoff, Question, StaffAccount
from records.questions import record_completion, record_question
from records.requests import open_request
from records.retention import Periods
from records.staff_accounts import add_account, hash_password, start_session
from records.vault import Vault
from staff.app import add_staff_site, staff_router
from staff.guides_port import DeskGuides
from staff.site import Site
from staff.sso_port import SignOn
from tests.staff.fake_guides import FakeDeskGuides

PASSWORD = "ba con mèo nằm ngủ"
VAULT = Vault([bytes(range(32))])
_numbers = itertools.count(1)


class Clock:
    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += dt.timedelta(**duration)


class FakeHelpLine:
    """Keeps who would be told what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def given(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        self.told.append(("given", volunteer.name))

    def taken_away(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        self.told.append(("taken away", volunteer.name))

    def released(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        self.told.append(("released", volunteer.name))

    def closed(self, session: Session, handoff: Handoff) -> None:
        self.told.append(("closed",))


class FakeAnnouncer:
    """A commune with Zalo and a bot whose month is nearly used up; texts arrive as they are."""

    def outlets(self, commune_id: int) -> list[announcements.Outlet]:
        day = dt.timedelta(days=1)
        return [
            announcements.Outlet("zalo", window=7 * day, free=2 * day, price=55),
            announcements.Outlet("zalo-bot", monthly=3_000, used=2_999),
        ]

    def looks_like_scam(self, text: str) -> bool:
        return "quà" in text

    def preview(self, commune_id: int, words: announcements.Words, channel: str) -> list[str]:
        return [f"Tin của xã:\n{words.text}"]

    def try_out(
        self, session: Session, commune_id: int, words: announcements.Words, volunteer: Volunteer
    ) -> bool:
        return volunteer.conversation_id is not None


class FakePapers:
    """Papers named for their commune; its chat is on the web while `is_public`."""

    def __init__(self) -> None:
        self.is_public = True

    def handout_pdf(self, commune: str, slug: str) -> bytes | None:
        return b"%PDF-1.7 handout" if slug == f"xa-{commune}" else None

    def booklet_of_topic(self, commune: str, topic: str) -> bytes | None:
        return b"%PDF-1.7 topic" if topic == f"chu-de-{commune}" else None

    def booklet_of_path(self, commune: str, path: str) -> bytes | None:
        return b"%PDF-1.7 path" if path == f"lo-trinh-{commune}" else None

    def chat_at(self, commune: str, *, guide: str = "", hamlet: str = "") -> str:
        return f"https://hoi.{commune}.example/?xom={hamlet}" if self.is_public else ""


@dataclass
class World:
    """A site with Tân Cương, where the tests are at home, and Đại Từ, which must stay apart."""

    database: Database
    clock: Clock
    app: FastAPI
    routes: list[APIRoute]
    home: CommuneProfile
    other: CommuneProfile
    library: Library
    help_line: FakeHelpLine
    papers: FakePapers
    is_https: bool = False
    _clients: list[TestClient] = field(default_factory=list)

    def browser(self, address: str = "testclient") -> TestClient:
        scheme = "https" if self.is_https else "http"
        client = TestClient(
            self.app, f"{scheme}://testserver", follow_redirects=False, client=(address, 50000)
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def account(
        self, username: str, *, commune: CommuneProfile | None = None, role: str = "staff", **changes: object
    ) -> tuple[int, int]:
        """An account with `PASSWORD`, of one role or of several with spaces between; returns its key."""
        with self.database.write() as session:
            account = add_account(
                session,
                commune_id=(commune or self.home).id,
                username=username,
                display_name=f"Cán bộ {username}",
                roles=role.split(),
                now=self.clock(),
            )
            account.password_hash = _password_hash()
            for name, value in changes.items():
                setattr(account, name, value)
            return account.commune_id, account.id

    def signed_in(
        self,
        username: str = "lan",
        *,
        commune: CommuneProfile | None = None,
        role: str = "staff",
        **changes: object,
    ) -> TestClient:
        """A browser in which a new account is signed in."""
        key = self.account(username, commune=commune, role=role, **changes)
        with self.database.write() as session:
            token = start_session(session, session.get_one(StaffAccount, key), now=self.clock())
        browser = self.browser()
        self.give_cookie(browser, token)
        return browser

    def give_cookie(self, browser: TestClient, token: str) -> None:
        name, path = ("__Host-hvs_staff", "/") if self.is_https else ("hvs_staff", "/staff")
        browser.cookies.set(name, token, domain="testserver.local", path=path)

    def learner(self, name: str, *, commune: CommuneProfile | None = None) -> tuple[int, int]:
        """(learner, conversation) of a resident, new or known."""
        with self.database.write() as session:
            conversation = open_conversation(
                session,
                commune_id=(commune or self.home).id,
                channel="zalo",
                hashes=[name],
                now=self.clock(),
            )
            return conversation.learner_id, conversation.id

    def lives_in(self, name: str, hamlet: str, *, commune: CommuneProfile | None = None) -> None:
        place = commune or self.home
        found = place.hamlet(hamlet)
        assert found is not None
        learner_id, _ = self.learner(name, commune=place)
        with self.database.write() as session:
            set_hamlet(session, commune_id=place.id, learner_id=learner_id, hamlet_id=found.id)

    def asks(
        self,
        name: str,
        text: str = "hỏi một việc",
        *,
        guide: str | None = None,
        outcome: str | None = None,
        candidates: tuple[str, ...] = (),
        at: dt.datetime | None = None,
        commune: CommuneProfile | None = None,
    ) -> None:
        learner_id, _ = self.learner(name, commune=commune)
        with self.database.write() as session:
            record_question(
                session,
                commune_id=(commune or self.home).id,
                inbox_id=next(_numbers),
                learner_id=learner_id,
                channel="zalo",
                redacted=text,
                outcome=outcome or ("guide" if guide else "no_answer"),
                guide=guide,
                score=0.5,
                candidates=[{"guide": slug, "score": 0.4} for slug in candidates],
                now=at or self.clock(),
            )

    def completes(
        self,
        name: str,
        guide: str,
        *,
        grade: str = "self",
        at: dt.datetime | None = None,
        commune: CommuneProfile | None = None,
    ) -> None:
        learner_id, _ = self.learner(name, commune=commune)
        with self.database.write() as session:
            record_completion(
                session,
                commune_id=(commune or self.home).id,
                learner_id=learner_id,
                channel="zalo",
                guide=guide,
                grade=grade,
                now=at or self.clock(),
            )

    def calls_for_help(
        self,
        name: str,
        *,
        reason: str = "asked",
        guide: str | None = None,
        step: int | None = None,
        question: str | None = None,
        at: dt.datetime | None = None,
        commune: CommuneProfile | None = None,
    ) -> int:
        """Returns the call's id."""
        learner_id, conversation_id = self.learner(name, commune=commune)
        with self.database.write() as session:
            handoff, _ = open_call(
                session,
                commune_id=(commune or self.home).id,
                learner_id=learner_id,
                conversation_id=conversation_id,
                reason=reason,
                guide=guide,
                step=step,
                question=question,
                now=at or self.clock(),
            )
            return handoff.id

    def volunteer(
        self,
        name: str,
        *,
        hamlets: tuple[str, ...] = (),
        is_in_chat: bool = True,
        commune: CommuneProfile | None = None,
    ) -> int:
        """A volunteer, who has used the code unless they are not `is_in_chat`; returns the id."""
        place = commune or self.home
        _, conversation_id = self.learner(f"phone of {name}", commune=place)
        with self.database.write() as session:
            volunteer, code = volunteers.invite(
                session, commune_id=place.id, name=name, hamlets=hamlets, by="staff:lan", now=self.clock()
            )
            if is_in_chat:
                volunteers.redeem(
                    session,
                    commune_id=place.id,
                    code=code,
                    conversation_id=conversation_id,
                    now=self.clock(),
                )
            return volunteer.id

    def asks_for_data(self, name: str, *, kind: str = "copy", commune: CommuneProfile | None = None) -> int:
        """A request by chat; returns its id."""
        learner_id, _ = self.learner(name, commune=commune)
        with self.database.write() as session:
            return open_request(
                session,
                commune_id=(commune or self.home).id,
                kind=kind,
                source="chat",
                learner_id=learner_id,
                by="learner",
                now=self.clock(),
            ).id

    def announces(self, text: str = "Tối nay họp xóm.", *, commune: CommuneProfile | None = None) -> int:
        """A draft on Zalo, written by Lan; returns its id."""
        with self.database.write() as session:
            return announcements.add(
                session,
                commune_id=(commune or self.home).id,
                words=announcements.Words(text),
                audience=announcements.Audience(channels=["zalo"]),
                starts_at=None,
                at_any_hour=False,
                by="staff:lan",
                now=self.clock(),
            ).id

    def notes_breach(self, what: str = "mất sổ ghi", *, commune: CommuneProfile | None = None) -> int:
        """A breach found just now; returns its id."""
        with self.database.write() as session:
            return add_breach(
                session,
                commune_id=(commune or self.home).id,
                found_at=self.clock(),
                people=None,
                texts={"what": what},
                by="staff:lan",
                now=self.clock(),
            ).id

    def open_question(self, name: str, text: str, *, commune: CommuneProfile | None = None) -> int:
        """One that got no guide; returns its id."""
        self.asks(name, text, commune=commune)
        with self.database.read() as session:
            newest = select(func.max(Question.id)).where(Question.commune_id == (commune or self.home).id)
            return session.scalars(newest).one()

    def guide_draft(self, slug: str, source: str, *, commune: CommuneProfile | None = None) -> int:
        """A version of a guide that waits; returns its id."""
        with self.database.write() as session:
            return add_draft(
                session,
                commune_id=(commune or self.home).id,
                slug=slug,
                source=source,
                questions=[],
                shipped=None,
                by="staff:minh",
                now=self.clock(),
            ).id

    def api_key(self, name: str, *, commune: CommuneProfile | None = None) -> int:
        """A key of the portal; returns its id."""
        with self.database.write() as session:
            key, _ = add_key(
                session,
                commune_id=(commune or self.home).id,
                name=name,
                scopes=SCOPES,
                origins=[],
                by="staff:lan",
                now=self.clock(),
            )
            return key.id

    def audited(self, commune: CommuneProfile | None = None) -> list[tuple[str, str]]:
        """(actor, action) of the commune's audit log, oldest first."""
        with self.database.read() as session:
            entries = session.scalars(
                select(AuditEntry)
                .where(AuditEntry.commune_id == (commune or self.home).id)
                .order_by(AuditEntry.sequence)
            )
            return [(entry.actor, entry.action) for entry in entries]


def build_world(
    database: Database,
    now: dt.datetime,
    *,
    secure_cookies: bool = False,
    needs_second_factor: bool = False,
    guides: DeskGuides | None = None,
    sso: SignOn | None = None,
) -> World:
    """`guides`: real ones, for the pages that are about them."""
    home = _commune(database, "tan-cuong", "Tân Cương", ("Nam Đồng", "Gò Pháo", "Soi Vàng"), now)
    other = _commune(database, "dai-tu", "Đại Từ", ("Nam Đồng",), now)
    clock, library, help_line = Clock(now), small_library(), FakeHelpLine()
    papers = FakePapers()
    site = Site(
        database,
        _phrases(),
        lambda: library,
        vault=VAULT,
        clock=clock,
        secure_cookies=secure_cookies,
        needs_second_factor=needs_second_factor,
        mask=mask_numbers,
        periods=Periods(),
        days_off=(dt.date(2026, 11, 24),),
        help_line=help_line,
        paths=Paths(),
        sso=sso,
        guides=guides or FakeDeskGuides(library),
        announcer=FakeAnnouncer(),
        papers=papers,
    )
    app = FastAPI(openapi_url=None)
    add_staff_site(app, site)
    return World(
        database,
        clock,
        app,
        [route for route in staff_router().routes if isinstance(route, APIRoute)],
        home,
        other,
        library,
        help_line,
        papers,
        is_https=secure_cookies,
    )


def mask_numbers(text: str, *, keep: Collection[str] = ()) -> str:
    """A stand-in for the mask of `bot`: long numbers, but telephone numbers where they are kept."""
    return text if "phone" in keep else re.sub(r"\d{6,}", "‹digits›", text)


def small_library() -> Library:
    titles = {
        "vneid-quen-mat-khau": ("Quên mật khẩu VNeID", "vneid"),
        "tt-quet-qr": ("Quét mã QR để trả tiền", "thanh-toan"),
        "at-otp": ("Mã OTP & những điều không đưa cho ai", "an-toan"),
    }
    guides = {
        slug: Guide(
            slug=slug,
            front=FrontMatter.model_construct(title=title, topic=topic, reviewed=dt.date(2026, 11, 1)),
            prepare=(),
            steps=(),
            faults=(),
            ask=(),
        )
        for slug, (title, topic) in titles.items()
    }
    return Library(MappingProxyType(guides))


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def submit(browser: TestClient, path: str, *, action: str | None = None, **fields: str):
    """Open a page and send its form, as a person would."""
    page = browser.get(path)
    return browser.post(action or path, data={"form_token": form_token(page.text), **fields})


def sign_in(browser: TestClient, username: str, password: str = PASSWORD, **fields: str):
    return submit(browser, "/staff/dang-nhap", username=username, password=password, **fields)


def table(page: str, table_id: str) -> list[list[str]]:
    """The rows of a table as a person reads them, without the head."""
    reader = _TableReader(table_id)
    reader.feed(page)
    return [[" ".join(cell.split()) for cell in row] for row in reader.rows]


def text_between(page: str, start: str, end: str) -> str:
    """The words between two marks, tags taken out."""
    part = page.split(start, 1)[1].split(end, 1)[0]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


class _TableReader(HTMLParser):
    def __init__(self, table_id: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._table_id, self._inside, self._head, self._cell = table_id, False, False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = ("id", self._table_id) in attrs
        elif tag == "thead":
            self._head = True
        elif self._inside and not self._head and tag == "tr":
            self.rows.append([])
        elif self._inside and not self._head and tag in ("th", "td"):
            self.rows[-1].append("")
            self._cell = True
        elif tag == "br" and self._cell:
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._inside = False
        elif tag == "thead":
            self._head = False
        elif tag in ("th", "td"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data


@cache
def _phrases() -> Phrases:
    return load_phrases()


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


def _commune(
    database: Database, slug: str, name: str, hamlets: tuple[str, ...], now: dt.datetime
) -> CommuneProfile:
    with database.write() as session:
        commune: Commune = add_commune(session, slug=slug, name=name, now=now)
        for position, hamlet in enumerate(hamlets):
            add_hamlet(session, commune, slug=f"h{position}", name=hamlet, position=position)
        return commune_profile(session, commune)
