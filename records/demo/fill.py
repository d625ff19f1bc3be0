"""Write a made-up year into an empty database, in bulk and in pieces."""

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from records import plans, rollup
from records.communes import add_commune, add_hamlet, find_commune
from records.community import Attendance, ClassNote, HandoffEvent, Household, Mentorship, Volunteer
from records.database import Database
from records.demo import asking, helping, people
from records.demo.plan import DAYS, DemoContent, DemoSize, Year
from records.ids import Ids, first_moment
from records.models import (
    Base,
    ChannelIdentity,
    Commune,
    Completion,
    Conversation,
    Hamlet,
    Handoff,
    Learner,
    Question,
    StaffAccount,
)
from records.sample import SLUG

PIECE = 5_000  # rows written at once
_BY = "command line"
Told = Callable[[int], None]  # so many more questions are written


class NotEmpty(Exception):
    """The database holds something that is not made up."""


def check_empty(session: Session) -> None:
    """Raises `NotEmpty` unless nobody uses this installation yet; sample communes may be there."""
    for what, model, condition in (
        ("a commune that is no sample", Commune, ~Commune.is_sample),
        ("residents", Learner, None),
        ("volunteers", Volunteer, None),
        ("staff who can sign in", StaffAccount, StaffAccount.password_hash.is_not(None)),
    ):
        rows = select(model).where(condition) if condition is not None else select(model)
        if session.scalar(select(rows.exists())):
            raise NotEmpty(
                f"found {what}, expected a database that nobody uses: a made-up year goes nowhere else"
            )


def fill(
    database: Database,
    content: DemoContent,
    size: DemoSize,
    *,
    until: dt.datetime,
    seed: int,
    told: Told = lambda _rows: None,
) -> list[str]:
    """The same seed makes the same year. Returns the slugs of the communes.

    Raises `NotEmpty`, and ValueError when the year begins before ids can be made for it.
    """
    year = Year(until)
    if year.start_of(0) < first_moment():
        raise ValueError(
            f"found a year until {until:%Y-%m-%d}, expected one that begins in {first_moment():%Y} or later"
        )
    with database.read() as session:
        check_empty(session)
    slugs = []
    for number in range(size.communes):
        slug = SLUG if number == 0 else f"{SLUG}-{number + 1}"
        hamlets = _found(database, slug, number, size.share(size.hamlets, number), year)
        filling = _Filling(database, content, year, random.Random(f"{seed} {number}"), told)  # noqa: S311 - no secret
        filling.commune(hamlets, size.share(size.learners, number), size.share(size.questions, number))
        with database.write() as session:
            _approve_plan(session, slug, content, until)
        slugs.append(slug)
    _look_at_sizes(database)
    return slugs


def _found(
    database: Database, slug: str, number: int, count: int, year: Year
) -> tuple[int, list[tuple[int, str]]]:
    """Make the commune with its hamlets: its id, and (id, slug) of each hamlet."""
    name = "xã Mẫu" if number == 0 else f"xã Mẫu {number + 1}"
    with database.write() as session:
        commune = find_commune(session, slug)
        if commune is None:
            commune = add_commune(session, slug=slug, name=name, now=year.start_of(0), is_sample=True)
        # Those a first start made; nobody lives there.
        session.execute(delete(Hamlet).where(Hamlet.commune_id == commune.id))
        hamlets = [
            add_hamlet(session, commune, slug=f"xom-mau-{nth}", name=f"Xóm Mẫu {nth}", position=nth)
            for nth in range(1, count + 1)
        ]
        for hamlet in hamlets:
            hamlet.households = 90 + 25 * (hamlet.position % 7)
            hamlet.population = 3 * hamlet.households + hamlet.position
        return commune.id, [(hamlet.id, hamlet.slug) for hamlet in hamlets]


class _Filling:
    """The filling of one commune; `chance` decides everything."""

    def __init__(
        self, database: Database, content: DemoContent, year: Year, chance: random.Random, told: Told
    ) -> None:
        self._database, self._content, self._year = database, content, year
        self._chance, self._told, self._make = chance, told, Ids()

    def commune(self, hamlets: tuple[int, list[tuple[int, str]]], learners: int, questions: int) -> None:
        commune_id, named = hamlets
        groups = [group for group in self._content.first_lessons if group]
        places = people.places_of(named, DAYS)
        who = people.come(commune_id, places, learners, self._year, groups, self._make, self._chance)
        if not who:
            return
        families = self._write(Household, people.household_rows(who, self._year, self._make))
        self._write(Learner, people.learner_rows(who, self._year, families, self._chance))
        asked = asking.Asking(who, self._content, self._year, self._make, self._chance)
        self._write(Question, asked.rows(questions), self._told)
        team = self._team(who)
        self._write(
            Completion,
            asking.completion_rows(who, self._content, team.everybody, self._year, self._make, self._chance),
        )
        self._help(who, team)
        self._count(commune_id)

    def _team(self, who: people.People) -> helping.Team:
        identities = self._write(
            ChannelIdentity, people.identity_rows(who, self._year, self._make, self._chance)
        )
        talks = self._write(Conversation, people.talk_rows(who, self._year, identities, self._make))
        volunteers = list(people.volunteer_rows(who, talks, self._year, self._make))
        self._write(Volunteer, volunteers)
        by_hamlet: dict[str, list[int]] = {}
        for volunteer in volunteers:
            by_hamlet.setdefault(volunteer["hamlets"][0], []).append(volunteer["id"])
        return helping.Team(by_hamlet, talks)

    def _help(self, who: people.People, team: helping.Team) -> None:
        if not team.everybody:  # a commune without hamlets
            return
        parts = (who, team, self._content, self._year, self._make, self._chance)
        for pairs in _pieces(helping.calls(*parts)):
            self._write(Handoff, (call for call, _events in pairs))
            self._write(HandoffEvent, (event for _call, events in pairs for event in events))
        for pairs in _pieces(helping.classes(*parts)):
            self._write(ClassNote, (note for note, _came in pairs))
            self._write(Attendance, (came for _note, attended in pairs for came in attended))
        rows = helping.mentorship_rows(who, team, self._year, self._make, self._chance)
        self._write(Mentorship, rows)

    def _write(
        self, model: type[Base], rows: Iterable[dict[str, Any]], told: Told = lambda _rows: None
    ) -> list[int]:
        """A unit of work for each piece; returns the ids, in the order of the rows."""
        ids: list[int] = []
        for piece in _pieces(rows):
            with self._database.write() as session:
                session.execute(insert(model), piece)
            ids += [row["id"] for row in piece]
            told(len(piece))
        return ids

    def _count(self, commune_id: int) -> None:
        """As the nights would have done, up to yesterday; a few days at a time."""
        yesterdays = self._year.days[:-1]
        for first in range(0, len(yesterdays), 30):
            days = yesterdays[first : first + 30]
            with self._database.write() as session:
                rollup.recount(session, commune_id=commune_id, first=days[0], last=days[-1])


def _approve_plan(session: Session, slug: str, content: DemoContent, now: dt.datetime) -> None:
    commune = find_commune(session, slug)
    assert commune is not None
    draft = plans.add_draft(
        session,
        commune,
        name=content.plan.name,
        source_name="ke-hoach-mau.txt",
        sha256="0" * 64,
        head=content.plan.head,
        passages=content.plan.passages,
        facts=content.plan.facts,
        by=_BY,
        now=now,
    )
    plans.approve(session, commune, version=draft.version, by=_BY, now=now)


def _look_at_sizes(database: Database) -> None:
    """What PostgreSQL does by itself after a while, done now: the tables are new and suddenly large."""
    if database.is_sqlite:
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("ANALYZE"))
        connection.execute(text("RESET statement_timeout"))


def _pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    stream = iter(rows)
    while piece := list(itertools.islice(stream, PIECE)):
        yield piece
