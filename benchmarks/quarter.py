"""A whole quarter of a commune, written through the functions of `records`: who asked, learnt, taught.

8 hamlets, 40 volunteers and 2,000 residents, by chance but the same with the same seed. It says how
long that took, and how long the staff's overview of the quarter takes to count; that the counts are
right is `tests/bot/test_quarter.py`.

Run: python -m benchmarks.quarter [--residents 2000] [--volunteers 40] [--seed 1]
"""

import argparse
import datetime as dt
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from benchmarks.machine import machine
from knowledge.lessons import Paths, load_paths
from knowledge.library import Library, load_library
from records import (
    classes,
    confirmations,
    handoffs,
    households,
    learners,
    mentorships,
    migrate,
    progress,
    questions,
    volunteers,
)
from records.class_counts import count_models
from records.codes import code_of
from records.communes import add_commune, add_hamlet
from records.database import Database, open_database, sqlite_url
from records.desk_counts import desk_figures
from records.models import Conversation
from staff.period import Period, quarter

HAMLETS = 8
SLUG = "xa-quy-bon"
PERIOD = quarter(2026, 4)
NOW = PERIOD.end
PIECE = 100  # residents in one unit of work
MARGIN = dt.timedelta(days=10)  # what happened so long before and after the quarter must not count in it
OUTCOMES = ("guide", "guide", "guide", "guide", "choices", "no_answer", "plan", "scam_check", "urgent")
CHANNELS = ("webchat", "telegram", "zalo-bot")


@dataclass
class Lived:
    """What the quarter was made of, for those who go on with it."""

    commune_id: int
    hamlets: list[int] = field(default_factory=list)
    volunteers: list[int] = field(default_factory=list)
    residents: list[int] = field(default_factory=list)


def live(
    database: Database, *, residents: int, volunteer_count: int, seed: int, library: Library, paths: Paths
) -> Lived:
    """Make the commune and everything that happened there; the same seed gives the same counts."""
    chance = random.Random(seed)
    with database.write() as session:
        commune = add_commune(session, slug=SLUG, name="xã Quý Bốn", now=PERIOD.start)
        lived = Lived(commune.id)
        for number in range(1, HAMLETS + 1):
            hamlet = add_hamlet(session, commune, slug=f"xom-{number}", name=f"Xóm {number}", position=number)
            lived.hamlets.append(hamlet.id)
    guides = sorted(library.guides)
    for first in range(0, residents, PIECE):
        with database.write() as session:
            for number in range(first, min(first + PIECE, residents)):
                lived.residents.append(_resident(session, lived, number, chance, guides, paths))
    for number in range(volunteer_count):
        with database.write() as session:
            _volunteer(session, lived, number, chance, guides)
    return lived


def _resident(
    session: Session, lived: Lived, number: int, chance: random.Random, guides: list[str], paths: Paths
) -> int:
    commune_id, channel = lived.commune_id, chance.choice(CHANNELS)
    talk = learners.open_conversation(
        session, commune_id=commune_id, channel=channel, hashes=[f"resident {number}"], now=PERIOD.start
    )
    who = {"commune_id": commune_id, "learner_id": talk.learner_id}
    asks, names_hamlet_after = chance.randrange(6), chance.randrange(8)
    for turn in range(asks):
        if turn == names_hamlet_after:
            _name_hamlet(session, lived, talk, chance)
        _question(session, talk, number * 100 + turn, chance, guides)
    if names_hamlet_after >= asks and chance.random() < 0.8:
        _name_hamlet(session, lived, talk, chance)
    group = chance.choice([None, None, None, *paths.by_slug])
    progress.set_path(session, **who, group=group)
    first_lessons = list(paths.first_lessons()[group])
    is_keen = chance.random() < 0.15
    learnt = first_lessons if is_keen else chance.sample(guides, chance.randrange(4))
    for guide in learnt:
        for grade in chance.sample(("self", "quiz"), chance.randrange(1, 3)) if not is_keen else ["quiz"]:
            questions.record_completion(
                session, **who, channel=channel, guide=guide, grade=grade, now=_moment(chance)
            )
        if chance.random() < 0.04:
            progress.take_back(session, **who, guide=guide, now=NOW)
    if chance.random() < 0.3:
        households.join_household(session, **who, code=f"nha{chance.randrange(200)}", now=PERIOD.start)
    if chance.random() < 0.05:
        households.leave_household(session, **who)
    if chance.random() < 0.1:
        _call(session, talk, chance)
    return talk.learner_id


def _question(
    session: Session, talk: Conversation, inbox_id: int, chance: random.Random, guides: list[str]
) -> None:
    outcome, guide = chance.choice(OUTCOMES), chance.choice(guides)
    questions.record_question(
        session,
        commune_id=talk.commune_id,
        inbox_id=inbox_id,
        learner_id=talk.learner_id,
        channel=talk.channel,
        redacted="một câu hỏi",
        outcome=outcome,
        guide=guide if outcome in ("guide", "urgent") else None,
        score=0.9,
        candidates=[],
        now=_moment(chance),
    )
    if outcome == "choices" and chance.random() < 0.5:
        session.flush()
        questions.resolve_question(
            session, commune_id=talk.commune_id, learner_id=talk.learner_id, guide=guide
        )


def _name_hamlet(session: Session, lived: Lived, talk: Conversation, chance: random.Random) -> None:
    learners.set_hamlet(
        session,
        commune_id=lived.commune_id,
        learner_id=talk.learner_id,
        hamlet_id=chance.choice(lived.hamlets[:-1]),  # nobody says that they live in the last one
    )


def _call(session: Session, talk: Conversation, chance: random.Random) -> None:
    moment = _moment(chance)
    call, _is_new = handoffs.open_call(
        session,
        commune_id=talk.commune_id,
        learner_id=talk.learner_id,
        conversation_id=talk.id,
        reason="asked",
        guide=None,
        step=None,
        question=None,
        now=moment,
    )
    if chance.random() < 0.7:
        handoffs.close(
            session,
            commune_id=talk.commune_id,
            handoff_id=call.id,
            reason="helped",
            actor="staff:lan",
            now=moment + dt.timedelta(hours=1),
        )


def _volunteer(session: Session, lived: Lived, number: int, chance: random.Random, guides: list[str]) -> None:
    commune_id = lived.commune_id
    volunteer, _code = volunteers.invite(
        session,
        commune_id=commune_id,
        name=f"tình nguyện viên {number}",
        hamlets=[f"xom-{number % HAMLETS + 1}"],
        by="staff:lan",
        now=PERIOD.start,
    )
    lived.volunteers.append(volunteer.id)
    for each in range(chance.randrange(4, 12)):
        _class_note(session, lived, volunteer.id, number * 100 + each, chance, guides)
    taught = chance.sample(lived.residents, min(chance.randrange(8), len(lived.residents)))
    for learner_id in taught:
        pair = {"commune_id": commune_id, "volunteer_id": volunteer.id, "learner_id": learner_id}
        mentorships.begin(session, **pair, now=PERIOD.start)
        if chance.random() < 0.1:
            mentorships.end(session, **pair, now=NOW)
        guide = chance.choice(guides)
        questions.record_completion(
            session,
            commune_id=commune_id,
            learner_id=learner_id,
            channel="telegram",
            guide=guide,
            grade=confirmations.GRADE,
            volunteer_id=volunteer.id,
            now=_moment(chance),
        )
        if chance.random() < 0.1:
            confirmations.refuse(session, commune_id=commune_id, learner_id=learner_id, guide=guide, now=NOW)
    if chance.random() < 0.1:
        volunteer.is_active = False


def _class_note(
    session: Session,
    lived: Lived,
    volunteer_id: int,
    inbox_id: int,
    chance: random.Random,
    guides: list[str],
) -> None:
    kind = chance.choice(("class", "class", "visit", "help"))
    total = chance.randrange(5, 30) if kind == "class" else chance.randrange(1, 4)
    came = chance.sample(lived.residents, chance.randrange(min(total, 5, len(lived.residents)) + 1))
    moment = _moment(chance)
    whose = {"commune_id": lived.commune_id, "volunteer_id": volunteer_id}
    classes.save_note(
        session,
        commune_id=lived.commune_id,
        volunteer_id=volunteer_id,
        inbox_id=inbox_id,
        entered_by=f"volunteer:{volunteer_id}",
        kind=kind,
        hamlet_id=chance.choice([*lived.hamlets, None]),
        day=moment.date(),
        guides=chance.sample(guides, chance.randrange(3)),
        total=total,
        women=chance.choice([None, chance.randrange(total + 1)]) if kind == "class" else None,
        over_60=chance.choice([None, chance.randrange(total + 1)]) if kind == "class" else None,
        codes=[code_of(session, commune_id=lived.commune_id, learner_id=each) for each in came],
        now=moment,
    )
    if chance.random() < 0.08:
        last = classes.last_note(session, **whose, now=moment)
        if last is not None:
            classes.void_note(session, **whose, note_id=last.id)


def _moment(chance: random.Random) -> dt.datetime:
    """Some time in the quarter, or a little before or after it; often right at its borders."""
    borders = (PERIOD.start, PERIOD.end - dt.timedelta(microseconds=1), PERIOD.end)
    if chance.random() < 0.05:
        return chance.choice(borders)
    start, end = PERIOD.start - MARGIN, PERIOD.end + MARGIN
    return start + chance.random() * (end - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=2_000)
    parser.add_argument("--volunteers", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    library, paths = load_library(), load_paths()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(sqlite_url(Path(folder) / "quarter.db"))
        migrate.upgrade(database)
        started = time.perf_counter()
        lived = live(
            database,
            residents=options.residents,
            volunteer_count=options.volunteers,
            seed=options.seed,
            library=library,
            paths=paths,
        )
        lasted = time.perf_counter() - started
        started = time.perf_counter()
        _report(database, lived, PERIOD, paths)
        print(f"written in {lasted:.1f} s, counted in {time.perf_counter() - started:.2f} s; {machine()}")
        database.close()


def _report(database: Database, lived: Lived, period: Period, paths: Paths) -> None:
    with database.read() as session:
        figures = desk_figures(session, commune_id=lived.commune_id, start=period.start, end=period.end)
        models = count_models(session, commune_id=lived.commune_id, lessons=paths.first_lessons())
    total, taught = figures.total.counts, figures.total.classes
    assert taught is not None  # nothing is filtered
    print(f"questions {total.questions}, by {total.learners} people, unanswered {total.unanswered}")
    print(f"completions {total.completions}, by grade {total.grades}")
    print(
        f"classes {taught.classes} ({taught.class_people} came), visits {taught.visits}, help {taught.helps}"
    )
    print(f"models now {models}")


if __name__ == "__main__":
    main()
