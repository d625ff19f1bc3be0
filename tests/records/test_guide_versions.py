import datetime as dt
import threading

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import guide_versions
from records.communes import add_commune
from records.database import Database
from records.guide_versions import ChangedMeanwhile, NoSuchGuideVersion, OwnWork
from records.models import AuditEntry, Commune, GuideVersion

LAN, MINH = "staff:lan", "staff:minh"


@pytest.fixture
def session(database: Database):
    with database.write() as session:
        yield session


def commune(session: Session, now: dt.datetime, slug: str = "tan-cuong") -> Commune:
    return add_commune(session, slug=slug, name=slug, now=now)


def draft(session: Session, commune: Commune, now: dt.datetime, *, slug: str = "kn-wifi", by: str = LAN):
    return guide_versions.add_draft(
        session,
        commune_id=commune.id,
        slug=slug,
        source=f"bản của {by}",
        questions=["nối mạng nhà văn hóa"],
        shipped="bản phát hành",
        by=by,
        now=now,
    )


def submitted(session: Session, commune: Commune, now: dt.datetime, *, by: str = LAN) -> GuideVersion:
    version = draft(session, commune, now, by=by)
    return guide_versions.submit(
        session, commune_id=commune.id, version_id=version.id, edition=version.edition, by=by, now=now
    )


def published(session: Session, commune: Commune, now: dt.datetime, *, by: str = MINH) -> GuideVersion:
    version = submitted(session, commune, now)
    return guide_versions.publish(
        session, commune_id=commune.id, version_id=version.id, edition=version.edition, by=by, now=now
    )


def states(session: Session) -> list[tuple[int, str]]:
    rows = session.execute(select(GuideVersion.version, GuideVersion.state).order_by(GuideVersion.version))
    return [(version, state) for version, state in rows]


def test_what_somebody_wrote_another_person_brings_into_use(session: Session, now: dt.datetime):
    home = commune(session, now)

    version = published(session, home, now)

    assert (version.state, version.reviewed_by, version.live_at) == ("live", MINH, now)
    assert guide_versions.live_ids(session, commune="tan-cuong") == (version.id,)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
    assert [(entry.actor, entry.action) for entry in entries] == [
        (LAN, "guide.draft"),
        (LAN, "guide.submit"),
        (MINH, "guide.publish"),
    ]


def test_nobody_approves_or_returns_what_they_wrote_a_part_of(session: Session, now: dt.datetime):
    home = commune(session, now)
    version = draft(session, home, now)
    guide_versions.save_draft(
        session,
        commune_id=home.id,
        version_id=version.id,
        edition=1,
        source="sửa",
        questions=[],
        review_by=None,
        by=MINH,
        now=now,
    )
    guide_versions.submit(session, commune_id=home.id, version_id=version.id, edition=2, by=LAN, now=now)

    for by in (LAN, MINH):
        with pytest.raises(OwnWork):
            guide_versions.publish(
                session, commune_id=home.id, version_id=version.id, edition=2, by=by, now=now
            )
        with pytest.raises(OwnWork):
            guide_versions.give_back(
                session, commune_id=home.id, version_id=version.id, edition=2, note="", by=by, now=now
            )
    assert states(session) == [(1, "review")]


def test_what_changed_since_the_reviewer_saw_it_is_not_approved(session: Session, now: dt.datetime):
    home = commune(session, now)
    version = submitted(session, home, now)
    guide_versions.save_draft(
        session,
        commune_id=home.id,
        version_id=version.id,
        edition=1,
        source="sửa sau",
        questions=[],
        review_by=None,
        by=LAN,
        now=now,
    )
    guide_versions.submit(session, commune_id=home.id, version_id=version.id, edition=2, by=LAN, now=now)

    with pytest.raises(ChangedMeanwhile):
        guide_versions.publish(
            session, commune_id=home.id, version_id=version.id, edition=1, by=MINH, now=now
        )


def test_a_version_given_back_can_be_mended_and_submitted_again(session: Session, now: dt.datetime):
    home = commune(session, now)
    version = submitted(session, home, now)

    guide_versions.give_back(
        session, commune_id=home.id, version_id=version.id, edition=1, note="thiếu nguồn", by=MINH, now=now
    )
    assert (version.state, version.note) == ("rejected", "thiếu nguồn")

    guide_versions.submit(session, commune_id=home.id, version_id=version.id, edition=1, by=LAN, now=now)
    assert version.state == "review"


def test_an_earlier_version_comes_back_and_the_shipped_one_too(session: Session, now: dt.datetime):
    home = commune(session, now)
    first, second = published(session, home, now), published(session, home, now)
    assert states(session) == [(1, "replaced"), (2, "live")]

    guide_versions.roll_back(session, commune_id=home.id, version_id=first.id, by=MINH, now=now)
    assert states(session) == [(1, "live"), (2, "replaced")]

    guide_versions.retire(session, commune_id=home.id, slug="kn-wifi", by=MINH, now=now)
    assert states(session) == [(1, "replaced"), (2, "replaced")]
    assert second.reviewed_by == MINH
    with pytest.raises(NoSuchGuideVersion):
        guide_versions.retire(session, commune_id=home.id, slug="kn-wifi", by=MINH, now=now)


def test_what_was_never_live_does_not_come_back(session: Session, now: dt.datetime):
    home = commune(session, now)
    version = draft(session, home, now)

    with pytest.raises(NoSuchGuideVersion):
        guide_versions.roll_back(session, commune_id=home.id, version_id=version.id, by=MINH, now=now)


def test_a_commune_reaches_nothing_of_another(session: Session, now: dt.datetime):
    home, other = commune(session, now), commune(session, now, "dai-tu")
    version = published(session, home, now)

    assert guide_versions.live_ids(session, commune="dai-tu") == ()
    assert guide_versions.current_versions(session, commune_id=other.id) == []
    with pytest.raises(NoSuchGuideVersion):
        guide_versions.save_draft(
            session,
            commune_id=other.id,
            version_id=version.id,
            edition=1,
            source="",
            questions=[],
            review_by=None,
            by=MINH,
            now=now,
        )


def test_the_database_itself_keeps_one_version_live(session: Session, now: dt.datetime):
    home = commune(session, now)
    published(session, home, now)
    another = draft(session, home, now)

    another.state = "live"

    with pytest.raises(IntegrityError):
        session.flush()


def test_of_two_that_go_live_at_once_one_is_live_and_none_is_lost(database: Database, now: dt.datetime):
    with database.write() as session:
        home_id = commune(session, now).id
        home = session.get_one(Commune, home_id)
        ids = [submitted(session, home, now).id for _ in range(4)]
    failures: list[Exception] = []

    def publish(version_id: int) -> None:
        try:
            with database.write() as session:
                guide_versions.publish(
                    session, commune_id=home_id, version_id=version_id, edition=1, by=MINH, now=now
                )
        except Exception as error:  # shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=publish, args=(version_id,)) for version_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as session:
        assert failures == []
        assert sorted(state for _version, state in states(session)) == ["live", *["replaced"] * 3]
