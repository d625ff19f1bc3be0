"""Announcements: written, approved, given to each person once, counted.

A draft is asked to be approved, approved, sent piece by piece, and done; meanwhile it can pause, and
until the end it can be stopped. First everybody is looked at, in the order of their ids, by a cursor
that is kept with what was found; then each person's message is queued in one unit of work with the
note that they have it. A crash in between leaves either both or none.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from records.ids import new_id
from records.models import (
    Announcement,
    AnnouncementRecipient,
    ChannelIdentity,
    Conversation,
    Hamlet,
    Learner,
    OutboxMessage,
)

ALONE = 50  # people whom one member of staff may write to without another one's approval
LIFE = dt.timedelta(days=7)  # after it nobody is written to any more: the news is old
PIECE = 500  # people looked at in one unit of work

EDITABLE = ("draft", "asked")
RUNNING = ("approved", "paused")
STATES = (*EDITABLE, *RUNNING, "done", "stopped")
# Why somebody does not get it. In the order in which they are told to staff.
REASONS = ("no_consent", "left", "nowhere", "unlogged", "other_channel", "channel_off", "window")
LATER_REASONS = ("withdrew", "left", "window", "late", "stopped")  # what came between


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel of the commune as an announcement sees it."""

    channel: str
    is_fetched: bool = False  # the person's page fetches it: who closed the page never sees it
    window: dt.timedelta | None = None  # since the person's last message; None: at any time
    free: dt.timedelta | None = None  # the part of the window in which it costs nothing; None: all of it
    price: int = 0  # đồng for a message after that
    monthly: int | None = None  # messages of the account a month; None: no limit
    used: int = 0  # of them, this month

    @property
    def left(self) -> int | None:
        return None if self.monthly is None else max(0, self.monthly - self.used)


@dataclass(frozen=True, slots=True)
class Audience:
    hamlets: Sequence[str] = ()  # slugs; none: the whole commune
    groups: Sequence[str] = ()  # none: all
    channels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Words:
    text: str  # masked
    guide: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Whom an announcement would go to now."""

    by_channel: dict[str, int]
    charged: dict[str, int]  # of them, for whom the channel charges
    passed_over: dict[str, int]  # reason → people

    @property
    def total(self) -> int:
        return sum(self.by_channel.values())


@dataclass(frozen=True, slots=True)
class Progress:
    waiting: int = 0
    by_channel: dict[str, dict[str, int]] = field(default_factory=dict)  # → queued, sent, failed
    skipped: dict[str, int] = field(default_factory=dict)  # reason → people

    def total(self, what: str) -> int:
        """`what`: queued, sent, failed."""
        return sum(each.get(what, 0) for each in self.by_channel.values())


@dataclass(frozen=True, slots=True)
class _Seen:
    learner_id: int
    channel: str | None
    reason: str | None  # None: they get it
    is_charged: bool = False


def add(
    session: Session,
    *,
    commune_id: int,
    words: Words,
    audience: Audience,
    starts_at: dt.datetime | None,
    at_any_hour: bool,
    by: str,
    now: dt.datetime,
) -> Announcement:
    row = Announcement(commune_id=commune_id, writers=[by], created_at=now)
    _fill(row, words, audience, starts_at, at_any_hour)
    session.add(row)
    session.flush()
    return row


def change(
    row: Announcement,
    *,
    words: Words,
    audience: Audience,
    starts_at: dt.datetime | None,
    at_any_hour: bool,
    by: str,
) -> bool:
    """It is a draft again; False when it was approved meanwhile. `row` is locked."""
    if row.state not in EDITABLE:
        return False
    _fill(row, words, audience, starts_at, at_any_hour)
    row.state, row.edition = "draft", row.edition + 1
    row.writers = list(dict.fromkeys((*row.writers, by)))
    return True


def ask(row: Announcement) -> bool:
    """Somebody else is to approve it."""
    if row.state != "draft":
        return False
    row.state = "asked"
    return True


def approve(row: Announcement, *, edition: int, people: int, by: str, now: dt.datetime) -> str | None:
    """None when it goes out from now on, or why not: changed, alone. `row` is locked.

    `edition` is the one that was seen, `people` how many would get it.
    """
    if row.state not in EDITABLE or row.edition != edition:
        return "changed"
    if people > ALONE and by in row.writers:
        return "alone"
    row.state, row.approved_by, row.approved_at = "approved", by, now
    return None


def pause(session: Session, row: Announcement) -> bool:
    """Nobody is written to any more, not even those whose message waits to be sent. `row` is locked."""
    if row.state != "approved":
        return False
    row.state = "paused"
    _take_back(session, row)
    return True


def go_on(row: Announcement) -> bool:
    if row.state != "paused":
        return False
    row.state = "approved"
    return True


def stop(session: Session, row: Announcement, *, now: dt.datetime) -> bool:
    """For good. Who has it has it."""
    if row.state not in (*EDITABLE, *RUNNING):
        return False
    _take_back(session, row)
    _skip_waiting(session, row, "stopped")
    _end(session, row, "stopped", now)
    return True


def find(
    session: Session, *, commune_id: int, announcement_id: int, for_update: bool = False
) -> Announcement | None:
    return session.get(
        Announcement, (commune_id, announcement_id), with_for_update=for_update, populate_existing=for_update
    )


def listed(session: Session, *, commune_id: int, limit: int = 100) -> list[Announcement]:
    """Newest first."""
    return list(
        session.scalars(
            select(Announcement)
            .where(Announcement.commune_id == commune_id)
            .order_by(Announcement.created_at.desc(), Announcement.id.desc())
            .limit(limit)
        )
    )


def estimate(
    session: Session,
    *,
    commune_id: int,
    audience: Audience,
    outlets: Sequence[Outlet],
    now: dt.datetime,
) -> Estimate:
    """Whom it would go to now, by the same rules as when it goes out."""
    by_channel: Counter[str] = Counter()
    charged: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    after = 0
    while people := _people(session, commune_id, audience, after, limit=10 * PIECE):
        for seen in _look(session, commune_id, audience, people, outlets, now):
            if seen.reason is not None:
                passed[seen.reason] += 1
            elif seen.channel is not None:
                by_channel[seen.channel] += 1
                charged[seen.channel] += seen.is_charged
        after = people[-1][0]
    return Estimate(dict(by_channel), dict(charged), _ordered(passed, REASONS))


def due(session: Session, *, now: dt.datetime, limit: int = 50) -> list[tuple[int, int]]:
    """(commune, id) of what is approved and has begun, oldest first; nothing is locked."""
    rows = session.execute(
        select(Announcement.commune_id, Announcement.id)
        .where(
            Announcement.state == "approved",
            Announcement.starts_at.is_(None) | (Announcement.starts_at <= now),
        )
        .order_by(Announcement.approved_at, Announcement.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def collect(session: Session, row: Announcement, outlets: Sequence[Outlet], *, now: dt.datetime) -> int:
    """Look at the next `PIECE` of people; returns how many, 0 when everybody was. `row` is locked.

    Who gets it has a row from here on. When they turn out to be too many for one member of staff,
    the announcement waits to be approved by another one.
    """
    if row.state != "approved" or row.collected_at is not None:
        return 0
    audience = _audience(row)
    people = _people(session, row.commune_id, audience, row.cursor, limit=PIECE)
    if not people:
        row.collected_at = now
        _check_two(session, row)
        return 0
    passed: Counter[str] = Counter(row.passed_over)
    chosen = []
    for seen in _look(session, row.commune_id, audience, people, outlets, now):
        if seen.reason is None:
            chosen.append(_recipient(row, seen, now))
        else:
            passed[seen.reason] += 1
    if chosen:
        session.execute(insert(AnnouncementRecipient), chosen)
    row.cursor, row.passed_over = people[-1][0], dict(passed)
    return len(people)


def waiting(session: Session, *, commune_id: int, announcement_id: int, limit: int) -> list[tuple[int, str]]:
    """(id, channel) of recipients whose message is not queued yet, in their order; nothing is locked."""
    rows = session.execute(
        select(AnnouncementRecipient.id, AnnouncementRecipient.channel)
        .where(_of(commune_id, announcement_id), AnnouncementRecipient.state == "waiting")
        .order_by(AnnouncementRecipient.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def lock_waiting(
    session: Session, *, commune_id: int, announcement_id: int, recipient_id: int
) -> tuple[Announcement, AnnouncementRecipient, Conversation | None] | None:
    """A recipient who waits and their talk, all locked; None when it is not the time for it.

    Not the time: the announcement is paused or stopped, another worker has the recipient, or a turn
    of theirs is under way. The talk is None when they are not there any more.
    """
    # Shared: several are queued at once, but none beside somebody who pauses it.
    announcement = session.get(Announcement, (commune_id, announcement_id), with_for_update={"read": True})
    if announcement is None or announcement.state != "approved":
        return None
    recipient = session.scalar(
        select(AnnouncementRecipient)
        .where(
            AnnouncementRecipient.commune_id == commune_id,
            AnnouncementRecipient.id == recipient_id,
            AnnouncementRecipient.state == "waiting",
        )
        .with_for_update(skip_locked=True)
    )
    if recipient is None:
        return None
    talk_id = _talk_of(session, recipient)
    if talk_id is None:
        return announcement, recipient, None
    talk = session.scalar(
        select(Conversation)
        .where(Conversation.commune_id == commune_id, Conversation.id == talk_id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return None if talk is None else (announcement, recipient, talk)


def still_refused(
    session: Session,
    recipient: AnnouncementRecipient,
    talk: Conversation | None,
    outlet: Outlet | None,
    now: dt.datetime,
) -> str | None:
    """Why somebody who was to get it does not, of `LATER_REASONS`; None when they do."""
    if talk is None or outlet is None:
        return "left"
    learner = session.get(Learner, (recipient.commune_id, recipient.learner_id), populate_existing=True)
    if learner is None or learner.announce_consent_version is None or talk.is_unlogged:
        return "withdrew"
    identity = session.get_one(ChannelIdentity, (talk.commune_id, talk.identity_id), populate_existing=True)
    if identity.left_at is not None:
        return "left"
    return None if _is_open(outlet, identity.last_message_at, now) else "window"


def skip(recipient: AnnouncementRecipient, reason: str) -> None:
    recipient.state, recipient.reason = "skipped", reason


def note_queued(recipient: AnnouncementRecipient, outbox_id: int) -> None:
    """In the unit of work that queues the message."""
    recipient.state, recipient.outbox_id = "queued", outbox_id


def finish(session: Session, row: Announcement, *, now: dt.datetime) -> bool:
    """Whether it is over: everybody was looked at and has it, or its time is up. `row` is locked."""
    if row.state != "approved" or row.collected_at is None:
        return False
    is_old = now - row.collected_at > LIFE
    if is_old:
        _take_back(session, row)
        _skip_waiting(session, row, "late")
    now_at = progress(session, row)
    if now_at.waiting or now_at.total("queued"):
        return False
    _end(session, row, "done", now)
    return True


def progress(session: Session, row: Announcement) -> Progress:
    """How far it is; of one that is over, how it ended."""
    if row.counts is not None:
        return Progress(by_channel=row.counts["by_channel"], skipped=row.counts["skipped"])
    mine = _of(row.commune_id, row.id)
    waits = session.scalar(select(func.count()).where(mine, AnnouncementRecipient.state == "waiting")) or 0
    skipped = session.execute(
        select(AnnouncementRecipient.reason, func.count())
        .where(mine, AnnouncementRecipient.state == "skipped")
        .group_by(AnnouncementRecipient.reason)
    )
    queued = session.execute(
        select(AnnouncementRecipient.channel, OutboxMessage.state, func.count())
        .join(
            OutboxMessage,
            (OutboxMessage.commune_id == AnnouncementRecipient.commune_id)
            & (OutboxMessage.id == AnnouncementRecipient.outbox_id),
        )
        .where(mine, AnnouncementRecipient.state == "queued")
        .group_by(AnnouncementRecipient.channel, OutboxMessage.state)
    )
    by_channel: dict[str, dict[str, int]] = {}
    for channel, state, count in queued:
        what = {"sent": "sent", "dead": "failed"}.get(state, "queued")
        counts = by_channel.setdefault(channel, {})
        counts[what] = counts.get(what, 0) + count
    return Progress(waits, by_channel, _ordered({str(why): count for why, count in skipped}, LATER_REASONS))


def _fill(
    row: Announcement, words: Words, audience: Audience, starts_at: dt.datetime | None, at_any_hour: bool
) -> None:
    row.text, row.guide, row.link = words.text, words.guide, words.link
    row.hamlets, row.groups = list(audience.hamlets), list(audience.groups)
    row.channels = list(audience.channels)
    row.starts_at, row.at_any_hour = starts_at, at_any_hour


def _audience(row: Announcement) -> Audience:
    return Audience(row.hamlets, row.groups, row.channels)


def _of(commune_id: int, announcement_id: int) -> ColumnElement[bool]:
    return (AnnouncementRecipient.commune_id == commune_id) & (
        AnnouncementRecipient.announcement_id == announcement_id
    )


def _people(
    session: Session, commune_id: int, audience: Audience, after: int, *, limit: int
) -> list[tuple[int, bool]]:
    """(learner, whether they agreed) of the next of the audience, in the order of their ids."""
    query = select(Learner.id, Learner.announce_consent_version.is_not(None)).where(
        Learner.commune_id == commune_id, Learner.id > after
    )
    if audience.hamlets:
        homes = select(Hamlet.id).where(Hamlet.commune_id == commune_id, Hamlet.slug.in_(audience.hamlets))
        query = query.where(Learner.hamlet_id.in_(homes))
    if audience.groups:
        query = query.where(Learner.group.in_(audience.groups))
    return [(row[0], bool(row[1])) for row in session.execute(query.order_by(Learner.id).limit(limit))]


def _look(
    session: Session,
    commune_id: int,
    audience: Audience,
    people: Sequence[tuple[int, bool]],
    outlets: Sequence[Outlet],
    now: dt.datetime,
) -> Iterator[_Seen]:
    """One of each of `people`: on which channel they get it, or why not."""
    known = {outlet.channel: outlet for outlet in outlets}
    agreed = [learner_id for learner_id, has_agreed in people if has_agreed]
    rows = (
        session.execute(
            select(
                ChannelIdentity.learner_id,
                ChannelIdentity.channel,
                ChannelIdentity.last_message_at,
                ChannelIdentity.created_at,
                ChannelIdentity.left_at,
                Conversation.is_unlogged,
            )
            .join(
                Conversation,
                (Conversation.commune_id == ChannelIdentity.commune_id)
                & (Conversation.identity_id == ChannelIdentity.id),
            )
            .where(
                ChannelIdentity.commune_id == commune_id,
                ChannelIdentity.learner_id >= agreed[0],
                ChannelIdentity.learner_id <= agreed[-1],
            )
            .order_by(ChannelIdentity.learner_id)
        ).all()
        if agreed
        else []
    )
    ways = {learner_id: list(found) for learner_id, found in groupby(rows, key=lambda row: row.learner_id)}
    for learner_id, has_agreed in people:
        if not has_agreed:
            yield _Seen(learner_id, None, "no_consent")
        else:
            yield _judged(learner_id, ways.get(learner_id, []), audience, known, now)


def _judged(
    learner_id: int, ways: Sequence[Any], audience: Audience, outlets: dict[str, Outlet], now: dt.datetime
) -> _Seen:
    """By the channel they used last, of those they have not left."""
    if not ways:
        return _Seen(learner_id, None, "nowhere")
    here = [way for way in ways if way.left_at is None]
    if not here:
        return _Seen(learner_id, None, "left")
    last = max(here, key=lambda way: way.last_message_at or way.created_at)
    if last.is_unlogged:
        return _Seen(learner_id, None, "unlogged")
    if last.channel not in audience.channels:
        return _Seen(learner_id, None, "other_channel")
    outlet = outlets.get(last.channel)
    if outlet is None:
        return _Seen(learner_id, None, "channel_off")
    if not _is_open(outlet, last.last_message_at, now):
        return _Seen(learner_id, None, "window")
    is_charged = outlet.free is not None and not _within(outlet.free, last.last_message_at, now)
    return _Seen(learner_id, last.channel, None, is_charged)


def _is_open(outlet: Outlet, last_message_at: dt.datetime | None, now: dt.datetime) -> bool:
    return outlet.window is None or _within(outlet.window, last_message_at, now)


def _within(window: dt.timedelta, last_message_at: dt.datetime | None, now: dt.datetime) -> bool:
    return last_message_at is not None and now - last_message_at <= window


def _recipient(row: Announcement, seen: _Seen, now: dt.datetime) -> dict[str, Any]:
    return {
        "commune_id": row.commune_id,
        "id": new_id(),
        "announcement_id": row.id,
        "learner_id": seen.learner_id,
        "channel": seen.channel,
        "state": "waiting",
        "created_at": now,
    }


def _check_two(session: Session, row: Announcement) -> None:
    """People joined since it was approved by who wrote it: now another one must."""
    count = session.scalar(select(func.count()).where(_of(row.commune_id, row.id))) or 0
    if count > ALONE and row.approved_by in row.writers:
        session.execute(delete(AnnouncementRecipient).where(_of(row.commune_id, row.id)))
        row.state, row.approved_by, row.approved_at = "asked", None, None
        row.cursor, row.collected_at, row.passed_over = 0, None, {}


def _talk_of(session: Session, recipient: AnnouncementRecipient) -> int | None:
    """The talk they used last on the channel that was chosen."""
    return session.scalar(
        select(Conversation.id)
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            ChannelIdentity.commune_id == recipient.commune_id,
            ChannelIdentity.learner_id == recipient.learner_id,
            ChannelIdentity.channel == recipient.channel,
            ChannelIdentity.left_at.is_(None),
        )
        .order_by(func.coalesce(ChannelIdentity.last_message_at, ChannelIdentity.created_at).desc())
        .limit(1)
    )


def _take_back(session: Session, row: Announcement) -> None:
    """Messages that no sender has yet are not sent; their people wait again."""
    unsent = (
        select(AnnouncementRecipient.id, AnnouncementRecipient.outbox_id)
        .join(
            OutboxMessage,
            (OutboxMessage.commune_id == AnnouncementRecipient.commune_id)
            & (OutboxMessage.id == AnnouncementRecipient.outbox_id),
        )
        .where(_of(row.commune_id, row.id), OutboxMessage.state == "pending", OutboxMessage.attempts == 0)
    )
    for recipient_id, outbox_id in session.execute(unsent).all():
        gone = session.execute(
            delete(OutboxMessage)
            .where(
                OutboxMessage.commune_id == row.commune_id,
                OutboxMessage.id == outbox_id,
                OutboxMessage.state == "pending",
            )
            .returning(OutboxMessage.id)
        ).all()
        if gone:  # else a sender was quicker
            session.execute(
                update(AnnouncementRecipient)
                .where(
                    AnnouncementRecipient.commune_id == row.commune_id,
                    AnnouncementRecipient.id == recipient_id,
                )
                .values(state="waiting", outbox_id=None)
            )


def _skip_waiting(session: Session, row: Announcement, reason: str) -> None:
    session.execute(
        update(AnnouncementRecipient)
        .where(_of(row.commune_id, row.id), AnnouncementRecipient.state == "waiting")
        .values(state="skipped", reason=reason)
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, row: Announcement, state: str, now: dt.datetime) -> None:
    ended = progress(session, row)
    row.state, row.ended_at = state, now
    row.counts = {"by_channel": ended.by_channel, "skipped": ended.skipped}


def _ordered(counts: dict[str, int] | Counter[str], order: Iterable[str]) -> dict[str, int]:
    return {reason: counts[reason] for reason in order if counts.get(reason)}
