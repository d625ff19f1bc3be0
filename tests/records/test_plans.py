import datetime as dt

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import migrate
from records.audit import first_broken
from records.communes import add_commune
from records.database import Database
from records.models import Commune, PlanVersion
from records.plans import (
    NoEarlierPlan,
    NoSuchVersion,
    add_draft,
    approve,
    current_plan,
    find_version,
    list_versions,
    rollback,
)

BY = "staff:lan"
PASSAGE = {"locator": "III.1", "heading": "III. Mục tiêu", "text": "80% cán bộ biết dùng.", "kind": "item"}


@pytest.fixture
def session(database: Database):
    with database.write() as session:
        yield session


def commune(session: Session, now: dt.datetime, slug: str = "xuan-lam") -> Commune:
    return add_commune(session, slug=slug, name="Xuân Lâm", now=now)


def draft(session: Session, commune: Commune, now: dt.datetime, *, sha256: str = "a" * 64) -> PlanVersion:
    return add_draft(
        session,
        commune,
        name="Kế hoạch 12/KH-UBND",
        source_name="kh12.docx",
        sha256=sha256,
        head={"issuer": "Ủy ban nhân dân xã Xuân Lâm", "bases": []},
        passages=[PASSAGE],
        facts={"targets": []},
        by=BY,
        now=now,
    )


def approved(session: Session, commune: Commune, now: dt.datetime, sha256: str) -> PlanVersion:
    version = draft(session, commune, now, sha256=sha256 * 64).version
    return approve(session, commune, version=version, by=BY, now=now)


def test_a_draft_answers_nothing(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)

    first = draft(session, xuan_lam, now)

    assert (first.version, first.state, first.passages) == (1, "draft", [PASSAGE])
    assert current_plan(session, xuan_lam) is None


def test_an_approved_plan_replaces_the_earlier_one_as_a_whole(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)
    approved(session, xuan_lam, now, "a")

    second = approved(session, xuan_lam, now, "b")

    assert current_plan(session, xuan_lam) is second
    assert [(plan.version, plan.state) for plan in list_versions(session, xuan_lam)] == [
        (2, "approved"),
        (1, "replaced"),
    ]
    assert (second.approved_by, second.approved_at) == (BY, now)


def test_rollback_brings_back_one_version_after_the_other(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)
    for sha256 in "abc":
        approved(session, xuan_lam, now, sha256)

    versions = [rollback(session, xuan_lam, by=BY, now=now).version for _ in range(2)]

    assert versions == [2, 1]
    assert [(plan.version, plan.state) for plan in list_versions(session, xuan_lam)] == [
        (3, "replaced"),
        (2, "replaced"),
        (1, "approved"),
    ]
    with pytest.raises(NoEarlierPlan, match="xuan-lam: found no earlier plan"):
        rollback(session, xuan_lam, by=BY, now=now)


def test_a_version_that_was_rolled_back_can_be_approved_again(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)
    approved(session, xuan_lam, now, "a")
    approved(session, xuan_lam, now, "b")
    rollback(session, xuan_lam, by=BY, now=now)

    again = approve(session, xuan_lam, version=2, by=BY, now=now)

    assert (again.version, again.state, again.replaces) == (2, "approved", 1)


def test_the_plans_of_another_commune_stay_as_they_are(session: Session, now: dt.datetime):
    xuan_lam, kim_lien = commune(session, now), commune(session, now, "kim-lien")
    other = approved(session, kim_lien, now, "a")

    approved(session, xuan_lam, now, "a")

    assert current_plan(session, kim_lien) is other
    assert [plan.version for plan in list_versions(session, kim_lien)] == [1]


def test_a_file_that_waits_as_a_draft_makes_no_second_one(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)

    assert draft(session, xuan_lam, now) is draft(session, xuan_lam, now)


def test_a_version_that_was_never_imported_is_refused(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)

    with pytest.raises(NoSuchVersion, match="found no version 7"):
        approve(session, xuan_lam, version=7, by=BY, now=now)
    assert find_version(session, xuan_lam, 7) is None


def test_the_database_itself_refuses_a_second_approved_plan(database: Database, now: dt.datetime):
    with database.write() as session:
        xuan_lam = commune(session, now)
        approved(session, xuan_lam, now, "a")
        draft(session, xuan_lam, now, sha256="b" * 64)

    with pytest.raises(IntegrityError), database.write() as session:
        session.query(PlanVersion).update({"state": "approved"})


def test_every_change_stands_in_the_audit_log(session: Session, now: dt.datetime):
    xuan_lam = commune(session, now)
    approved(session, xuan_lam, now, "a")
    approved(session, xuan_lam, now, "b")
    rollback(session, xuan_lam, by=BY, now=now)

    assert first_broken(session, commune_id=xuan_lam.id) is None


def test_the_migration_goes_down_and_up_again(database: Database):
    migrate.downgrade(database, "0001")
    with database.engine.connect() as connection:
        assert "plans" not in inspect(connection).get_table_names()

    migrate.upgrade(database)
    with database.engine.connect() as connection:
        assert "plans" in inspect(connection).get_table_names()
