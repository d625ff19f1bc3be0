"""Ids go on growing although clocks were set back, or other workers' clocks are ahead.

Their order is the order of a talk: a message waits for those with smaller ids, and the page asks for
entries after the last one it has.
"""

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session

from records import ids
from records.models import Commune, InboxMessage, OutboxMessage


def keep_ids_growing(session: Session) -> None:
    """From now on this process makes only ids above those of every message and reply there is."""
    for table in (InboxMessage, OutboxMessage):
        newest = select(func.max(table.id)).where(table.commune_id == Commune.id).scalar_subquery()
        # By commune: then each look is one at the end of the primary key.
        for found in session.scalars(select(newest).select_from(Commune)):
            ids.start_above(found or 0)


def _newest(
    table: type[InboxMessage | OutboxMessage], *more: ColumnElement[bool]
) -> ScalarSelect[int | None]:
    here = (
        table.commune_id == bindparam("commune_id"),
        table.conversation_id == bindparam("conversation_id"),
    )
    # Of its own, whatever is asked around it.
    return select(func.max(table.id)).where(*here, *more).correlate(None).scalar_subquery()


# What was answered has replies with higher ids. Each is a look at the end of an index.
NEWEST_OF_TALK = (
    _newest(OutboxMessage).label("newest_reply"),
    _newest(InboxMessage, InboxMessage.state == "pending").label("newest_message"),
)
_OF_TALK = select(*NEWEST_OF_TALK)


def keep_talk_growing(session: Session | Connection, *, commune_id: int, conversation_id: int) -> None:
    """The same for what other workers wrote in a talk; SQLite has one worker, which counts by itself."""
    bind = session if isinstance(session, Connection) else session.get_bind()
    if bind.dialect.name == "sqlite":
        return
    talk = {"commune_id": commune_id, "conversation_id": conversation_id}
    for found in session.execute(_OF_TALK, talk).one():
        ids.start_above(found or 0)
