"""What is held about the person who writes, in a few lines they can read in any channel."""

from sqlalchemy import func, select

from bot.channels.capabilities import CAPABILITIES
from handlers.services import HeldSummary
from knowledge.phrases import Phrases
from records.database import Database
from records.models import Completion, Conversation, Hamlet, Handoff, Learner, Question
from records.profiles import list_profiles
from staff.formats import day, local

RECENT = 3  # questions that are shown
SHOWN = 80  # characters of each

_CHANNEL_NAMES = {"webchat": "webchat", "telegram": "telegram", "zalo-bot": "zalo", "zalo-oa": "zalo"}


class MyData:
    """`Services.held` for our own conversation, whose senders are named 'channel:conversation id'."""

    def __init__(self, database: Database, phrases: Phrases) -> None:
        self._database, self._phrases = database, phrases

    def __call__(self, commune_id: int, sender: str) -> HeldSummary | None:
        channel, _, number = sender.rpartition(":")
        if channel not in CAPABILITIES or not number.isdecimal():
            return None
        with self._database.read() as session:
            conversation = session.get(Conversation, (commune_id, int(number)))
            if conversation is None:
                return None
            learner = session.get_one(Learner, (commune_id, conversation.learner_id))
            hamlet = session.get(Hamlet, (commune_id, learner.hamlet_id)) if learner.hamlet_id else None
            of_learner = [
                session.scalar(
                    select(func.count()).where(
                        table.commune_id == commune_id, table.learner_id == conversation.learner_id
                    )
                )
                for table in (Question, Completion, Handoff)
            ]
            recent = session.scalars(
                select(Question.redacted)
                .where(
                    Question.commune_id == commune_id,
                    Question.learner_id == conversation.learner_id,
                    Question.redacted != "",
                )
                .order_by(Question.id.desc())
                .limit(RECENT)
            ).all()
            others = list_profiles(session, commune_id=commune_id, conversation_id=conversation.id)
            text = self._phrases(
                "chat.data_summary",
                since=day(local(learner.created_at)),
                channel=self._phrases(f"chat.data_channel_{_CHANNEL_NAMES.get(channel, 'other')}"),
                hamlet=hamlet.name if hamlet else None,
                questions=of_learner[0],
                completions=of_learner[1],
                handoffs=of_learner[2],
                unlogged=conversation.is_unlogged,
                recent=[_short(question) for question in recent],
            )
            names = [_short(profile.name) for profile in others if profile.name]
        if names:
            text = "\n".join([text, self._phrases("people.data_others", names=names)])
        return HeldSummary(text, has_page=not CAPABILITIES[channel].is_pushed)


def _short(text: str) -> str:
    """One line, and not a template of ours: what people typed may hold braces."""
    line = " ".join(text.replace("{", "(").replace("}", ")").split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN].rstrip()}…"
