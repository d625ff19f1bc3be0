"""Read a Telegram update: what it says about a person. Pure; `bot.channels.telegram` acts on it."""

import datetime as dt
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, MessageEntity, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.capabilities import TELEGRAM
from bot.messages import IncomingMessage
from bot.voice.recognise import MAX_BYTES, MAX_S
from knowledge.phrases import Phrases

Kind = Literal["text", "picture", "voice", "other"]

# What the platform is asked to send; anything else it keeps to itself.
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "inline_query"]
# In the menu of the chat; what each stands for is a phrase, `channels.telegram_says_…`.
MENU = ("menu", "nguoi", "quaylai", "xoa", "help")
# A slip is mended within a moment. An older edit is about something that has scrolled away, and an
# old "1" made a "2" would answer a list that is long gone.
EDIT_LIFE = dt.timedelta(minutes=5)
GROUPS = frozenset((ChatType.GROUP, ChatType.SUPERGROUP))

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, as others name it."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote, or pressed a button."""

    message: IncomingMessage
    written: tuple[int, int] | None = None  # chat and message whose text this is
    callback: str | None = None  # id of the press, to be answered


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody blocked the bot, or it was taken out of a group."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup and has another id."""

    external_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class Searched:
    """Somebody types `@bot …` in any chat."""

    id: str
    query: str


Happening = Said | Left | Moved | Searched


class Texts:
    """Which text a message had last, as a hash: an edit may change other things than the text.

    Only for messages of this process's life; an edit of an older one counts as a change of text.
    """

    def __init__(self, most: int = 2_000) -> None:
        self._most = most
        self._known: OrderedDict[tuple[int, int], int] = OrderedDict()

    def note(self, written: tuple[int, int], text: str) -> None:
        self._known[written] = hash(text)  # salted anew in each process, so it tells nothing
        self._known.move_to_end(written)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def is_known(self, written: tuple[int, int], text: str) -> bool:
        return self._known.get(written) == hash(text)


def needs_name(update: Update) -> bool:
    """Whether only the bot's own name tells if it is meant: in groups people talk to each other."""
    message = update.message or update.edited_message
    return message is not None and message.chat.type in GROUPS


def read_update(update: Update, *, commune: str, me: Me, phrases: Phrases, texts: Texts) -> Happening | None:
    """None for what is not for us: talk in a group, notices, messages of other bots."""
    if update.inline_query is not None:
        return Searched(update.inline_query.id, update.inline_query.query)
    if update.my_chat_member is not None:
        return _read_membership(update.my_chat_member)
    if update.callback_query is not None:
        return _read_press(update.update_id, update.callback_query, commune)
    if update.message is not None:
        return _read_message(update.update_id, update.message, commune, me, phrases)
    if update.edited_message is not None and _is_fresh(update.edited_message):
        edited = _read_message(update.update_id, update.edited_message, commune, me, phrases)
        if isinstance(edited, Said) and edited.written is not None:
            return None if texts.is_known(edited.written, edited.message.text) else edited
    return None


def _is_fresh(edited: Message) -> bool:
    return edited.edit_date is not None and edited.edit_date - edited.date <= EDIT_LIFE


def _read_membership(change: ChatMemberUpdated) -> Left | None:
    # Nothing to do when somebody comes back: they are written to once they write.
    if change.new_chat_member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
        return Left(str(change.chat.id))
    return None


def _read_press(update_id: int, press: CallbackQuery, commune: str) -> Said | None:
    if press.message is None:  # of a message that was sent through the bot into another chat
        return None
    incoming = _incoming(
        update_id, press.message.chat, commune, message=press.message.message_id, payload=press.data
    )
    return Said(incoming, callback=press.id)


def _read_message(
    update_id: int, message: Message, commune: str, me: Me, phrases: Phrases
) -> Said | Moved | None:
    if message.migrate_to_chat_id is not None:
        return Moved(str(message.chat.id), str(message.migrate_to_chat_id))
    kind = _kind(message)
    if kind is None or _is_from_a_bot(message, me) or not _is_for_us(message, me):
        return None
    text, hamlet = _read_command(_without_name(message.text or message.caption or "", me), phrases)
    incoming = _incoming(
        update_id,
        message.chat,
        commune,
        message=message.message_id,
        text=text,
        hamlet=hamlet,
        kind=kind,
        recording=_recording(message),
    )
    return Said(incoming, written=(message.chat.id, message.message_id))


def _incoming(
    update_id: int,
    chat: Chat,
    commune: str,
    *,
    message: int,
    text: str = "",
    payload: str | None = None,
    hamlet: str | None = None,
    kind: Kind = "text",
    recording: str | None = None,
) -> IncomingMessage:
    return IncomingMessage(
        commune=commune,
        channel=TELEGRAM,
        external_id=str(chat.id),
        # Unique for each bot; the id of the message would be the same for an edit.
        message_id=str(update_id),
        # JSON can hold halves of characters, which no database takes.
        text=text.encode("utf-8", "replace").decode(),
        payload=payload,
        hamlet=hamlet,
        kind=kind,
        address=str(chat.id),
        context={"message": str(message)} | ({"voice": recording} if recording else {}),
    )


def _kind(message: Message) -> Kind | None:
    """None for notices: somebody joined, a message was pinned."""
    if message.text is not None:
        return "text"
    document = message.document
    if message.photo or (document is not None and (document.mime_type or "").startswith("image/")):
        return "picture"
    if message.voice or message.audio:
        return "voice"
    return "other" if message.effective_attachment is not None else None


def _recording(message: Message) -> str | None:
    """The platform's name of what was said; None for what is too long or too large to be heard."""
    said = message.voice or message.audio
    if said is None or (said.file_size or 0) > MAX_BYTES:
        return None
    length = said.duration
    seconds = length.total_seconds() if isinstance(length, dt.timedelta) else length
    return said.file_id if seconds <= MAX_S else None


def _is_from_a_bot(message: Message, me: Me) -> bool:
    """What a bot wrote, or what our own inline mode put into a person's mouth."""
    by_bot = message.from_user is not None and message.from_user.is_bot
    return by_bot or (message.via_bot is not None and message.via_bot.id == me.id)


def _is_for_us(message: Message, me: Me) -> bool:
    if message.chat.type not in GROUPS:
        return True
    replied_to = message.reply_to_message
    if replied_to is not None and replied_to.from_user is not None and replied_to.from_user.id == me.id:
        return True
    if command := _COMMAND.fullmatch(message.text or ""):
        return command[2] is None or command[2].lower() == me.username.lower()
    return any(_names(entity, said, me) for entity, said in _mentions(message).items())


def _mentions(message: Message) -> dict[MessageEntity, str]:
    kinds: list[str | None] = [MessageEntity.MENTION, MessageEntity.TEXT_MENTION]
    return message.parse_entities(kinds) if message.text else message.parse_caption_entities(kinds)


def _names(entity: MessageEntity, said: str, me: Me) -> bool:
    if entity.user is not None:
        return entity.user.id == me.id
    return said.lower() == f"@{me.username}".lower()


def _without_name(text: str, me: Me) -> str:
    if not me.username:
        return text
    return re.sub(rf"@{re.escape(me.username)}\b", "", text, flags=re.IGNORECASE).strip()


def _read_command(text: str, phrases: Phrases) -> tuple[str, str | None]:
    """What is meant by a text, and the hamlet whose link brought the person."""
    command = _COMMAND.fullmatch(text)
    if command is None:
        return text, None
    name, rest = command[1].lower(), (command[3] or "").strip()
    if name == "start":
        hamlet = rest.lower() if _START_PAYLOAD.fullmatch(rest) else None
        return phrases("channels.telegram_says_start"), hamlet
    if name in MENU:
        return phrases(f"channels.telegram_says_{name}"), None
    return text, None
