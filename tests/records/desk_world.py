"""A commune filled by chance, kept as plain rows besides; its figures counted again from these alone."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet
from records.community import ClassNote
from records.desk_counts import NO_GROUP, NOT_NAMED, Filters
from records.models import ChannelIdentity, Completion, Conversation, Handoff, Learner, Question

VIETNAM = dt.timezone(dt.timedelta(hours=7))
FIRST, LAST = dt.date(2026, 9, 14), dt.date(2026, 12, 20)  # when anything happened
CHANNELS, GROUPS = ("webchat", "telegram"), (None, "nguoi-dan", "cho-so")
GUIDES = ("vneid-quen-mat-khau", "tt-quet-qr", "at-otp")
OUTCOMES = ("guide", "plan", "choices", "no_answer", "scam_check", "urgent", "smalltalk")
TICK = dt.timedelta(microseconds=1)
_ids = iter(range(1_000, 10_000_000))


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), VIETNAM)


@dataclass
class Place:
    """A commune with its hamlets in order, and all that happened there."""

    id: int
    hamlets: list[tuple[int, str]]
    learners: list[Learner] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    calls: list[Handoff] = field(default_factory=list)
    notes: list[ClassNote] = field(default_factory=list)
    channel_of: dict[int, str] = field(default_factory=dict)  # conversation → channel


def add_place(session: Session, slug: str, chance: random.Random, *, size: int = 25) -> Place:
    """`size` learners with some 12 questions, 6 completions and 2 calls each; the last hamlet is quiet."""
    commune = add_commune(session, slug=slug, name=slug.title(), now=midnight(FIRST))
    names = ("Soi Vàng", "Gò Pháo", "Nam Đồng", "Xóm Vắng")
    place = Place(
        commune.id,
        [
            (add_hamlet(session, commune, slug=f"h{number}", name=name, position=number).id, name)
            for number, name in enumerate(names)
        ],
    )
    for _ in range(size):
        _add_learner(session, place, chance)
    for _ in range(size):
        place.notes.append(_note(place, chance))
    session.flush()
    for row in (*place.questions, *place.completions, *place.calls, *place.notes):
        session.add(row)
    session.flush()
    return place


def _some_time(chance: random.Random) -> dt.datetime:
    """Often at the very borders of a day."""
    day = FIRST + dt.timedelta(days=chance.randrange((LAST - FIRST).days + 1))
    if chance.random() < 0.3:
        return midnight(day) - chance.choice((dt.timedelta(), TICK))
    return midnight(day) + chance.random() * dt.timedelta(days=1)


def _some_hamlet(place: Place, chance: random.Random) -> int | None:
    return chance.choice([None, *(id_ for id_, _name in place.hamlets[:-1])])


def _add_learner(session: Session, place: Place, chance: random.Random) -> None:
    home, now = _some_hamlet(place, chance), midnight(FIRST)
    learner = Learner(commune_id=place.id, hamlet_id=home, group=chance.choice(GROUPS), created_at=now)
    session.add(learner)
    session.flush()
    place.learners.append(learner)
    talks = []
    for channel in CHANNELS:
        identity = ChannelIdentity(
            commune_id=place.id,
            learner_id=learner.id,
            channel=channel,
            external_hash=str(next(_ids)),
            created_at=now,
        )
        session.add(identity)
        session.flush()
        talk = Conversation(
            commune_id=place.id,
            learner_id=learner.id,
            identity_id=identity.id,
            channel=channel,
            updated_at=now,
        )
        session.add(talk)
        session.flush()
        place.channel_of[talk.id] = channel
        talks.append(talk.id)

    def where() -> dict[str, Any]:
        moved = home if chance.random() < 0.8 else _some_hamlet(place, chance)
        return {"commune_id": place.id, "id": next(_ids), "learner_id": learner.id, "hamlet_id": moved}

    for _ in range(chance.randrange(24)):
        outcome = chance.choice(OUTCOMES)
        place.questions.append(
            Question(
                **where(),
                inbox_id=next(_ids),
                channel=chance.choice(CHANNELS),
                redacted="một câu hỏi",
                outcome=outcome,
                guide=chance.choice((*GUIDES, None)) if outcome not in ("plan", "no_answer") else None,
                created_at=_some_time(chance),
            )
        )
    for guide in GUIDES:
        for grade in chance.sample(("self", "quiz", "confirmed"), chance.randrange(4)):
            place.completions.append(
                Completion(
                    **where(),
                    channel=chance.choice(CHANNELS),
                    guide=guide,
                    grade=grade,
                    created_at=_some_time(chance),
                    taken_back_at=now if chance.random() < 0.2 else None,
                )
            )
    for _ in range(chance.randrange(4)):
        place.calls.append(_call(where(), chance.choice(talks), chance))


def _call(where: dict[str, Any], conversation_id: int, chance: random.Random) -> Handoff:
    made = _some_time(chance)
    answered = made + dt.timedelta(seconds=chance.randrange(1, 9_000)) if chance.random() < 0.5 else None
    state = "answered" if answered else chance.choice(("open", "taken", "closed"))
    guide = chance.choice((*GUIDES, None))
    return Handoff(
        **where,
        # Some conversations are no longer kept.
        conversation_id=conversation_id if chance.random() < 0.8 else next(_ids),
        reason="asked",
        guide=guide,
        step=chance.choice((None, 1, 2)) if guide else None,
        state=state,
        closed_reason=chance.choice(("helped", "gone", None)) if state == "closed" else None,
        answered_at=answered,
        created_at=made,
    )


def _note(place: Place, chance: random.Random) -> ClassNote:
    day = FIRST + dt.timedelta(days=chance.randrange((LAST - FIRST).days + 1))
    return ClassNote(
        commune_id=place.id,
        inbox_id=next(_ids),
        volunteer_id=None,
        entered_by="staff:lan",
        kind=chance.choice(("class", "visit", "help")),
        hamlet_id=_some_hamlet(place, chance),
        day=day,
        total=chance.randrange(1, 30),
        is_void=chance.random() < 0.2,
        created_at=midnight(day),
    )


class Recount:
    """The rows of a period (both days included) that pass the filters, and what they come to."""

    def __init__(self, place: Place, first: dt.date, last: dt.date, filters: Filters) -> None:
        self.place, self.filters, self.first, self.last = place, filters, first, last
        self.group_of = {learner.id: learner.group for learner in place.learners}
        self.questions = [row for row in place.questions if self._is_in(row, row.channel)]
        self.calls = [row for row in place.calls if self._is_in(row, self.channel_of(row))]
        kept = [row for row in place.completions if row.taken_back_at is None]
        self.completions = [row for row in kept if self._is_in(row, row.channel)]
        firsts: dict[tuple[int, str], Completion] = {}
        for row in sorted(kept, key=lambda row: row.id):
            if self._is_when(row):
                firsts.setdefault((row.learner_id, row.guide), row)
        self.firsts = [row for row in firsts.values() if self._is_in(row, row.channel)]
        self.notes = [
            note
            for note in place.notes
            if first <= note.day <= last and not note.is_void and self._is_where(note.hamlet_id)
        ]

    def channel_of(self, call: Handoff) -> str | None:
        return self.place.channel_of.get(call.conversation_id)

    def _is_when(self, row: Any) -> bool:
        return self.first <= row.created_at.astimezone(VIETNAM).date() <= self.last

    def _is_where(self, hamlet_id: int | None) -> bool:
        wanted = self.filters.hamlet_id
        return wanted is None or hamlet_id == (None if wanted == NOT_NAMED else wanted)

    def _is_in(self, row: Any, channel: str | None) -> bool:
        wanted, group = self.filters.channel, self.filters.group
        has_group = group is None or self.group_of[row.learner_id] == (None if group == NO_GROUP else group)
        return (
            self._is_when(row) and self._is_where(row.hamlet_id) and has_group and wanted in (None, channel)
        )

    def counts(self, **key: Any) -> tuple[int, ...]:
        """(helped, learners, questions, unanswered, completions, self, quiz, confirmed, calls).

        Of a `key`: hamlet_id, guide, channel, group or week.
        """
        questions, firsts, completions, calls = (
            [row for row in found if self._has(row, key)]
            for found in (self.questions, self.firsts, self.completions, self.calls)
        )
        answered = [
            row for row in questions if row.guide or row.outcome in ("guide", "plan", "scam_check", "urgent")
        ]
        met = [row for row in calls if row.answered_at or row.closed_reason == "helped"]
        grades = Counter(row.grade for row in completions)
        return (
            len({row.learner_id for row in (*answered, *met)}),
            len({row.learner_id for row in questions}),
            len(questions),
            sum(row.guide is None and row.outcome in ("no_answer", "choices") for row in questions),
            len(firsts),
            *(grades[grade] for grade in ("self", "quiz", "confirmed")),
            len(calls),
        )

    def _has(self, row: Any, key: dict[str, Any]) -> bool:
        found = {
            "hamlet_id": row.hamlet_id,
            "guide": row.guide,
            "channel": self.channel_of(row) if isinstance(row, Handoff) else row.channel,
            "group": self.group_of[row.learner_id],
            "week": monday(row.created_at.astimezone(VIETNAM).date()),
        }
        return all(found[name] == value for name, value in key.items())

    def keys(self, name: str) -> set[Any]:
        """What is found of a key among the rows that count."""
        everything: Iterable[Any] = (*self.questions, *self.completions, *self.calls)
        if name == "group":
            return {self.group_of[row.learner_id] for row in everything}
        if name == "channel":
            calls = {self.channel_of(row) for row in self.calls}
            return calls | {row.channel for row in (*self.questions, *self.completions)}
        return {getattr(row, name) for row in everything}

    def median(self) -> dt.timedelta | None:
        waits = [(row.answered_at - row.created_at).total_seconds() for row in self.calls if row.answered_at]
        return dt.timedelta(seconds=median(waits)) if waits else None

    def classes(self, *, hamlet_id: int | str | None = "any") -> int:
        return sum(note.kind == "class" and hamlet_id in ("any", note.hamlet_id) for note in self.notes)

    def days(self) -> list[dt.date]:
        return [self.first + dt.timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def some_filters(place: Place, chance: random.Random) -> Filters:
    return Filters(
        hamlet_id=chance.choice((None, None, NOT_NAMED, *(id_ for id_, _name in place.hamlets))),
        channel=chance.choice((None, None, *CHANNELS)),
        group=chance.choice((None, None, NO_GROUP, "cho-so", "hoc-sinh")),
    )


def some_period(chance: random.Random) -> tuple[dt.date, dt.date]:
    """Both days included; now and then before or after anything happened."""
    first = FIRST + dt.timedelta(days=chance.randrange(-10, (LAST - FIRST).days + 10))
    return first, first + dt.timedelta(days=chance.choice((0, 6, 29, 91)))
