"""What somebody wrote, where it stands in the chat of the volunteer who helped them.

The words of a learner are carried to a volunteer, and a volunteer's message may speak of a learner.
Both are marked with the learner's conversation (`of`), so that they go when the learner's data goes.
"""

from collections.abc import Sequence

from sqlalchemy import CursorResult, String, cast, delete, null, select, update
from sqlalchemy.orm import Session

from records.community import Volunteer
from records.models import Conversation, InboxMessage, OutboxMessage

MARK = "of"


def forget(session: Session, *, commune_id: int, talks: Sequence[int]) -> None:
    """Take away what of these conversations stands in the chats of others."""
    marks = [str(talk) for talk in talks]
    session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.commune_id == commune_id, OutboxMessage.body[MARK].as_string().in_(marks)
        )
    )
    session.execute(
        update(InboxMessage)
        .where(InboxMessage.commune_id == commune_id, InboxMessage.context[MARK].as_string().in_(marks))
        .values(text="", context=null())
    )


def forget_unlogged(session: Session) -> int:
    """Take away what volunteers were sent of talks of which nothing is kept, once it was delivered."""
    unlogged = select(cast(Conversation.id, String)).where(Conversation.is_unlogged)
    chats = select(Volunteer.conversation_id).where(Volunteer.conversation_id.is_not(None))
    result = session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.conversation_id.in_(chats),
            OutboxMessage.state.in_(("sent", "dead")),
            OutboxMessage.body[MARK].as_string().in_(unlogged),
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
