"""What the doctor and the metrics ask the database: does work get done, what passed on each channel."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.jobs import EVERYWHERE
from records.models import ChannelIdentity, InboxMessage, JobRun, OutboxMessage, StaffAccount

UNSENT = ("pending", "sending", "dead")  # the states of a reply that did not arrive


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that is open, and work that was given up since some moment."""

    count: int
    oldest: dt.datetime | None
    dead: int
    reason: str | None = None  # the commonest one of the dead


@dataclass(frozen=True, slots=True)
class Traffic:
    """What passed on a channel of a commune."""

    people: int
    last_in: dt.datetime | None
    last_out: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Pile:
    """So many rows, the oldest of them of that moment."""

    count: int
    oldest: dt.datetime | None


NOTHING = Pile(0, None)


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do in the whole installation; what there is none of is left out."""

    inbox: dict[str, Pile]  # channel → messages not answered
    inbox_dead: int
    outbox: dict[tuple[str, str], Pile]  # (channel, one of UNSENT) → replies
    jobs_done: dict[str, dt.datetime]  # night job of the whole installation → when it was last done


def work(session: Session, *, pushed: Iterable[str]) -> Work:
    """Every query reads the piles alone, by an index; `pushed` are the channels that replies are sent on."""
    inbox = session.execute(
        select(InboxMessage.channel, func.count(), func.min(InboxMessage.received_at))
        .where(InboxMessage.state == "pending")
        .group_by(InboxMessage.channel)
    )
    dead = session.scalar(select(func.count()).where(InboxMessage.state == "dead")) or 0
    jobs = session.execute(
        select(JobRun.job, func.max(JobRun.finished_at))
        .where(JobRun.commune_id == EVERYWHERE, JobRun.finished_at.is_not(None))
        .group_by(JobRun.job)
    )
    return Work(
        {channel: Pile(count, oldest) for channel, count, oldest in inbox},
        dead,
        {key: pile for channel in pushed for key, pile in _unsent(session, channel)},
        {job: done for job, done in jobs if done is not None},
    )


def _unsent(session: Session, channel: str) -> list[tuple[tuple[str, str], Pile]]:
    # By channel: the index begins with it, and most rows of the table are sent.
    rows = session.execute(
        select(OutboxMessage.state, func.count(), func.min(OutboxMessage.created_at))
        .where(OutboxMessage.channel == channel, OutboxMessage.state.in_(UNSENT))
        .group_by(OutboxMessage.state)
    )
    return [((channel, state), Pile(count, oldest)) for state, count, oldest in rows]


def waiting_messages(session: Session, *, since: dt.datetime) -> Waiting:
    """Messages that nobody has answered yet."""
    count, oldest = session.execute(
        select(func.count(), func.min(InboxMessage.received_at)).where(InboxMessage.state == "pending")
    ).one()
    dead = select(func.count()).where(InboxMessage.state == "dead", InboxMessage.received_at >= since)
    return Waiting(count, oldest, session.scalar(dead) or 0)


def waiting_replies(session: Session, *, since: dt.datetime, fetched: str) -> Waiting:
    """Replies that wait to be sent; those of the channel `fetched` wait for the person's page."""
    is_sent_by_us = OutboxMessage.channel != fetched
    count, oldest = session.execute(
        select(func.count(), func.min(OutboxMessage.created_at)).where(
            is_sent_by_us, OutboxMessage.state.in_(("pending", "sending"))
        )
    ).one()
    dead = session.execute(
        select(OutboxMessage.error, func.count())
        .where(OutboxMessage.state == "dead", OutboxMessage.created_at >= since)
        .group_by(OutboxMessage.error)
        .order_by(func.count().desc(), OutboxMessage.error)
    ).all()
    return Waiting(count, oldest, sum(number for _, number in dead), dead[0][0] if dead else None)


def traffic(session: Session, *, commune_id: int, channel: str) -> Traffic:
    people = select(func.count()).where(
        ChannelIdentity.commune_id == commune_id, ChannelIdentity.channel == channel
    )
    last_in = select(func.max(InboxMessage.received_at)).where(
        InboxMessage.commune_id == commune_id, InboxMessage.channel == channel
    )
    last_out = select(func.max(OutboxMessage.sent_at)).where(
        OutboxMessage.commune_id == commune_id, OutboxMessage.channel == channel
    )
    return Traffic(session.scalar(people) or 0, session.scalar(last_in), session.scalar(last_out))


def staff_without_second_factor(session: Session) -> tuple[int, int]:
    """(accounts that can sign in, those of them that do with a password alone)"""
    able = (StaffAccount.is_active, StaffAccount.password_hash.is_not(None))
    all_of_them = session.scalar(select(func.count()).where(*able)) or 0
    bare = session.scalar(select(func.count()).where(*able, StaffAccount.totp_sealed.is_(None))) or 0
    return all_of_them, bare
