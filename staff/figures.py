"""The figures of the overview: what `records` counted, put into the order of the page.

Questions and completions in all are the sums of the hamlets' rows, so that page, tables and
file agree. Learners are counted anew for each row: one person may stand in several.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from knowledge.lessons import Paths
from knowledge.library import Library
from records.class_counts import (
    ClassRow,
    Models,
    count_classes,
    count_known_attendants,
    count_models,
    total_of,
)
from records.counts import (
    Grades,
    Pair,
    Row,
    count_by_guide,
    count_by_hamlet,
    count_by_hamlet_and_guide,
    count_grades,
    count_learners,
)
from records.models import Handoff
from records.questions import count_waiting, waiting_handoffs
from staff.period import Period


@dataclass(frozen=True, slots=True)
class Tally:
    questions: int = 0
    completions: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.questions + other.questions, self.completions + other.completions)


@dataclass(frozen=True, slots=True)
class TopicRow:
    topic: str | None  # None: no guide, or one that is gone
    tally: Tally


@dataclass(frozen=True, slots=True)
class GuideRow:
    slug: str | None  # None: no guide
    title: str | None  # of a guide that is gone, its slug
    topic: str | None
    questions: int
    learners: int
    completions: int


@dataclass(frozen=True, slots=True)
class HamletTopics:
    name: str | None  # None: the hamlet was not named
    tallies: tuple[Tally, ...]  # one for each of `Overview.topics`


@dataclass(frozen=True, slots=True)
class Call:
    """A learner who waits for a person."""

    id: int
    created_at: dt.datetime
    waited: dt.timedelta
    hamlet: str | None
    title: str | None
    step: int | None
    reason: str
    question: str | None


@dataclass(frozen=True, slots=True)
class HamletWork:
    """What was learnt and taught in one hamlet; None: not named, or of the whole commune."""

    name: str | None
    grades: Grades
    classes: ClassRow


@dataclass(frozen=True, slots=True)
class Overview:
    total: Row
    grades: Grades
    classes: ClassRow  # of all hamlets together
    attendants: int  # different people who told their code
    models: Models
    work: tuple[HamletWork, ...]
    waiting: int
    calls: tuple[Call, ...]  # oldest first; as many as a page shows
    hamlets: tuple[Row, ...]
    topics: tuple[TopicRow, ...]
    guides: tuple[GuideRow, ...]
    hamlet_topics: tuple[HamletTopics, ...]


def overview(
    session: Session,
    *,
    commune_id: int,
    period: Period,
    library: Library,
    paths: Paths,
    now: dt.datetime,
) -> Overview:
    start, end = period.start, period.end
    hamlets = count_by_hamlet(session, commune_id=commune_id, start=start, end=end)
    guides = count_by_guide(session, commune_id=commune_id, start=start, end=end)
    pairs = count_by_hamlet_and_guide(session, commune_id=commune_id, start=start, end=end)
    learners = count_learners(session, commune_id=commune_id, start=start, end=end)
    days = {"first": period.first, "last": period.last}
    classes = count_classes(session, commune_id=commune_id, **days)
    grades = count_grades(session, commune_id=commune_id, start=start, end=end)
    names = {row.key: row.name for row in hamlets}
    handoffs = waiting_handoffs(session, commune_id=commune_id)
    return Overview(
        total=_total(hamlets, learners),
        grades=sum(grades.values(), Grades()),
        classes=total_of(classes),
        attendants=count_known_attendants(session, commune_id=commune_id, **days),
        models=count_models(session, commune_id=commune_id, lessons=paths.first_lessons()),
        work=tuple(_work(names, classes, grades)),
        waiting=count_waiting(session, commune_id=commune_id),
        calls=tuple(_call(handoff, names, library, now) for handoff in handoffs),
        hamlets=tuple(hamlets),
        topics=_topics(pairs, library),
        guides=tuple(_guide_row(row, library) for row in guides),
        hamlet_topics=tuple(_hamlet_topics(row, pairs, library) for row in hamlets),
    )


def pairs_in_order(
    hamlets: Iterable[Row], pairs: Iterable[Pair], library: Library
) -> list[tuple[str | None, Pair]]:
    """(hamlet, counts of one guide there); a hamlet with nothing has one row of zeros."""
    by_hamlet: dict[object, list[Pair]] = {}
    for pair in pairs:
        by_hamlet.setdefault(pair.hamlet_id, []).append(pair)
    rows = []
    for hamlet in hamlets:
        found = by_hamlet.get(hamlet.key) or [Pair(None, None, 0, 0, 0, 0)]
        rows += [(hamlet.name, pair) for pair in sorted(found, key=lambda pair: _place(pair, library))]
    return rows


def title_of(slug: str | None, library: Library) -> str | None:
    """The guide's title; of a guide that is gone, its slug."""
    if slug is None or slug not in library.guides:
        return slug
    return library.guide(slug).title


def topic_of(slug: str | None, library: Library) -> str | None:
    if slug is None or slug not in library.guides:
        return None
    return library.guide(slug).topic


def _total(hamlets: list[Row], learners: int) -> Row:
    return Row(
        key=None,
        name=None,
        questions=sum(row.questions for row in hamlets),
        learners=learners,
        unanswered=sum(row.unanswered for row in hamlets),
        completions=sum(row.completions for row in hamlets),
    )


def _work(
    names: Mapping[int | str | None, str | None],
    classes: Iterable[ClassRow],
    grades: Mapping[tuple[int | None, str], Grades],
) -> Iterator[HamletWork]:
    """A row for each hamlet, and one for what belongs to none, when there is any."""
    taught = {row.hamlet_id: row for row in classes}
    keys = dict.fromkeys((*names, *taught, *(hamlet for hamlet, _guide in grades)))
    for key in sorted(keys, key=lambda key: key is None):
        done = (each for (hamlet, _guide), each in grades.items() if hamlet == key)
        row = taught.get(key) if not isinstance(key, str) else None
        yield HamletWork(names.get(key), sum(done, Grades()), row or ClassRow(None, None))


def _by_topic(pairs: Iterable[Pair], library: Library) -> dict[str | None, Tally]:
    tallies: dict[str | None, Tally] = {}
    for pair in pairs:
        topic = topic_of(pair.guide, library)
        tallies[topic] = tallies.get(topic, Tally()) + Tally(pair.questions, pair.completions)
    return tallies


def _topics(pairs: list[Pair], library: Library) -> tuple[TopicRow, ...]:
    tallies = _by_topic(pairs, library)
    return tuple(TopicRow(topic, tallies.get(topic, Tally())) for topic in (*TOPICS, None))


def _hamlet_topics(hamlet: Row, pairs: list[Pair], library: Library) -> HamletTopics:
    tallies = _by_topic((pair for pair in pairs if pair.hamlet_id == hamlet.key), library)
    return HamletTopics(hamlet.name, tuple(tallies.get(topic, Tally()) for topic in (*TOPICS, None)))


def _guide_row(row: Row, library: Library) -> GuideRow:
    slug = None if row.key is None else str(row.key)
    return GuideRow(
        slug=slug,
        title=title_of(slug, library),
        topic=topic_of(slug, library),
        questions=row.questions,
        learners=row.learners,
        completions=row.completions,
    )


def _call(
    handoff: Handoff, hamlets: Mapping[int | str | None, str | None], library: Library, now: dt.datetime
) -> Call:
    return Call(
        id=handoff.id,
        created_at=handoff.created_at,
        waited=now - handoff.created_at,
        hamlet=hamlets.get(handoff.hamlet_id),
        title=title_of(handoff.guide, library),
        step=handoff.step,
        reason=handoff.reason,
        question=handoff.question,
    )


def _place(pair: Pair, library: Library) -> tuple[int, str]:
    """By topic, then by slug; no guide comes last."""
    topic = topic_of(pair.guide, library)
    after_topics = len(TOPICS) + (pair.guide is None)
    return (after_topics if topic is None else TOPICS.index(topic), pair.guide or "")
