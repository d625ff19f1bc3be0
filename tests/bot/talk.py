"""Talk to the conversation as a learner does; the state goes from turn to turn as it would."""

from bot.assembly import build_conversation, open_plans
from bot.content import Content
from bot.conversation import Conversation, Message, Turn
from handlers.guard import guard
from handlers.privacy import NOTICE
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile, HamletProfile
from tests.bot.conftest import HandClock

COMMUNE = CommuneProfile(
    id=1,
    slug="xa-thu",
    name="xã Thử",
    kind="xã",
    region="bac",
    phone="0238 000 111",
    police_phone="0238 000 113",
    hours="7 giờ 30 đến 17 giờ",
    is_sample=True,
    hamlets=tuple(HamletProfile(n, f"xom-{n}", f"Xóm {n}", ()) for n in range(1, 9)),
)


class OneCommune:
    def by_slug(self, slug: str) -> CommuneProfile:
        assert slug == COMMUNE.slug
        return COMMUNE


PHRASES = load_phrases()


class Talk:
    def __init__(
        self,
        content: Content,
        clock: HandClock,
        *,
        is_new: bool = False,
        conversation: Conversation | None = None,
    ) -> None:
        """`is_new`: somebody who has not had the notice about their data yet."""
        self._conversation = conversation or build_conversation(
            content, PHRASES, OneCommune(), open_plans(content, None, None), clock, None
        )
        self.slots: dict[str, object] = {} if is_new else {"notice": NOTICE}
        self.turns: list[Turn] = []

    def say(self, text: str, *, payload: str | None = None, hamlet: str | None = None) -> Turn:
        guarded = guard(text)
        message = Message(
            id=f"m{len(self.turns)}",
            text=guarded.redacted,
            payload=payload,
            secrets=tuple(secret.kind for secret in guarded.secrets),
            hamlet=hamlet,
        )
        turn = self._conversation.respond(
            message, self.slots, commune=COMMUNE.slug, channel="test", sender="test:1"
        )
        self.slots = turn.slots
        self.turns.append(turn)
        return turn

    def says(self, text: str, **more: str) -> list[str]:
        """What the assistant answers, as a person would read it."""
        return [reply.as_text() for reply in self.say(text, **more).replies]  # type: ignore[arg-type]

    def effects(self, kind: str) -> list[dict[str, object]]:
        return [effect for turn in self.turns for effect in turn.effects if effect["kind"] == kind]
