"""Messages that arrive: who wrote is noted, and made where they are new; each message is claimed once.

SQLite has them one after the other. PostgreSQL has those that come at the same time in one statement: what
costs there is the way to the database and back.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from records.id_floor import keep_talk_growing
from records.ids import new_id, start_above
from records.inbox import Claim, claim, claimed_before
from records.learners import Newcomer, make_conversations, note_message


@dataclass(frozen=True, slots=True)
class Arrival:
    """A masked message and who wrote it."""

    channel: str
    hashes: Sequence[str]  # of the person, under each key, the newest first
    sealed_address: bytes | None
    message_id: str
    text: str
    kind: str = "text"
    payload: str | None = None
    context: dict[str, Any] | None = None
    secrets: Sequence[str] = ()
    hamlet: str | None = None


def store(
    connection: Connection, arrivals: Sequence[Arrival], *, commune_id: int, now: dt.datetime
) -> list[Claim]:
    """What became of each, in their order; they are of different people of one commune."""
    has_one_key = all(len(arrival.hashes) == 1 for arrival in arrivals)
    if connection.dialect.name == "postgresql" and has_one_key:
        return _store_at_once(connection, arrivals, commune_id, now)
    return [_store_one(connection, arrival, commune_id, now) for arrival in arrivals]


def _store_one(connection: Connection, arrival: Arrival, commune_id: int, now: dt.datetime) -> Claim:
    talk = note_message(
        connection,
        commune_id=commune_id,
        channel=arrival.channel,
        hashes=arrival.hashes,
        sealed_address=arrival.sealed_address,
        now=now,
    )
    keep_talk_growing(connection, commune_id=commune_id, conversation_id=talk.id)
    return claim(
        connection,
        talk,
        message_id=arrival.message_id,
        text=arrival.text,
        kind=arrival.kind,
        payload=arrival.payload,
        context=arrival.context,
        secrets=arrival.secrets,
        hamlet=arrival.hamlet,
        now=now,
    )


NOTED_WITHIN = dt.timedelta(minutes=1)  # when somebody wrote last need not be known better than that

# The looks inside are made row by row, by an index, whatever the planner thinks of how many rows there are.
# A message waits for those of its talk with smaller ids, so its own is above what other workers, whose
# clocks may be ahead, wrote there; by chance that much, for the next number may be another talk's.
_STORE = text("""
    WITH they AS (
        SELECT they.*, known.id AS identity_id, (
            SELECT conversations.id FROM conversations
            WHERE conversations.commune_id = :commune_id AND conversations.identity_id = known.id
        ) AS talk, known.left_at IS NULL AND known.last_message_at > :noted_after AS is_noted
        FROM jsonb_to_recordset(CAST(:arrivals AS jsonb)) AS they(
            id bigint, channel text, external_hash text, message_id text, kind text, text text, payload text,
            context jsonb, secrets jsonb, hamlet text
        ), LATERAL (
            SELECT id, left_at, last_message_at FROM channel_identities AS known
            WHERE known.commune_id = :commune_id AND known.channel = they.channel
            AND known.external_hash = they.external_hash
            OFFSET 0
        ) AS known
    ), stored AS (
        INSERT INTO inbox (commune_id, id, conversation_id, channel, message_id, kind, text, payload,
                           context, secrets, hamlet, state, attempts, received_at)
        SELECT :commune_id, GREATEST(id, 1 + CAST(random() * 1000000 AS bigint) + GREATEST(
            (SELECT max(outbox.id) FROM outbox
             WHERE outbox.commune_id = :commune_id AND outbox.conversation_id = talk),
            (SELECT max(inbox.id) FROM inbox
             WHERE inbox.commune_id = :commune_id AND inbox.conversation_id = talk
             AND inbox.state = 'pending')
        )), talk, channel, message_id, kind, text, payload, context, secrets, hamlet, 'pending', 0, :now
        FROM they
        ON CONFLICT (commune_id, channel, message_id) DO NOTHING
        RETURNING conversation_id, id
    )
    SELECT they.channel, they.external_hash, they.identity_id, they.talk, they.is_noted, stored.id
    FROM they LEFT JOIN stored ON stored.conversation_id = they.talk
""")
_NOTE = text("""
    UPDATE channel_identities
    SET sealed_address = :sealed_address, last_message_at = :now, left_at = NULL
    WHERE commune_id = :commune_id AND id = :id
""")

# Who → their talk and the message's id in the inbox; None: it was there before.
_Stored = dict[tuple[str, str], tuple[int, int | None]]


def _store_at_once(
    connection: Connection, arrivals: Sequence[Arrival], commune_id: int, now: dt.datetime
) -> list[Claim]:
    stored = _stored(connection, arrivals, commune_id, now)
    new = [arrival for arrival in arrivals if _who(arrival) not in stored]
    claims = {}
    if new:
        newcomers = [
            Newcomer(arrival.channel, arrival.hashes[0], arrival.sealed_address, wrote_at=now)
            for arrival in new
        ]
        try:
            with connection.begin_nested():
                make_conversations(connection, newcomers, commune_id=commune_id, now=now)
            stored |= _stored(connection, new, commune_id, now)
        except IntegrityError:  # another worker was first with one of them
            claims = {_who(arrival): _store_one(connection, arrival, commune_id, now) for arrival in new}
    for arrival in arrivals:
        if _who(arrival) not in claims:
            claims[_who(arrival)] = _as_claim(connection, arrival, commune_id, *stored[_who(arrival)])
    return [claims[_who(arrival)] for arrival in arrivals]


def _as_claim(
    connection: Connection, arrival: Arrival, commune_id: int, talk: int, message: int | None
) -> Claim:
    if message is None:
        return claimed_before(connection, commune_id, arrival.channel, arrival.message_id)
    start_above(message)
    return Claim(commune_id, talk, message, is_new=True)


def _stored(
    connection: Connection, arrivals: Sequence[Arrival], commune_id: int, now: dt.datetime
) -> _Stored:
    """What became of the messages of those who are known."""
    who = {_who(arrival): arrival for arrival in arrivals}
    rows = connection.execute(
        _STORE,
        {
            "commune_id": commune_id,
            "now": now,
            "noted_after": now - NOTED_WITHIN,
            "arrivals": json.dumps([_as_row(arrival) for arrival in arrivals]),
        },
    ).all()
    to_note = [
        {
            "commune_id": commune_id,
            "id": row.identity_id,
            "sealed_address": who[row.channel, row.external_hash].sealed_address,
            "now": now,
        }
        for row in sorted(rows, key=lambda row: row.identity_id)  # in one order for all workers
        if not row.is_noted
    ]
    if to_note:
        connection.execute(_NOTE, to_note)
    return {(row.channel, row.external_hash): (row.talk, row.id) for row in rows}


def _as_row(arrival: Arrival) -> dict[str, Any]:
    return {
        "id": new_id(),
        "channel": arrival.channel,
        "external_hash": arrival.hashes[0],
        "message_id": arrival.message_id,
        "kind": arrival.kind,
        "text": arrival.text,
        "payload": arrival.payload,
        "context": arrival.context,
        "secrets": list(arrival.secrets),
        "hamlet": arrival.hamlet,
    }


def _who(arrival: Arrival) -> tuple[str, str]:
    return arrival.channel, arrival.hashes[0]
