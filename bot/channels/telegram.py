"""Telegram: a bot of the commune, by webhook or by fetching updates.

An update is acknowledged once the desk has it, so a crash repeats it and never loses it; its id makes
the repetition harmless. What only pleases the eye (the end of a button's spinner, the menu) is tried
once and may fail.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from telegram import (
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.channels.accounts import TelegramAccount
from bot.channels.base import Part, SendError
from bot.channels.build import ChannelParts
from bot.channels.capabilities import CAPABILITIES, TELEGRAM
from bot.channels.telegram_bot import GONE, TelegramBot, as_send_error
from bot.channels.telegram_polling import AWAY, Attempts, BotIsUnknown, Pauses, Poller, note_failure
from bot.channels.telegram_sending import Spacing, for_staff, keyboard
from bot.channels.telegram_setup import show_menu, webhook_path, who_am_i
from bot.channels.telegram_updates import (
    Left,
    Me,
    Moved,
    Said,
    Searched,
    Texts,
    needs_name,
    read_update,
)
from bot.channels.webhook import check_secret, read_body
from bot.render import utf16_length
from bot.voice.sending import made_in_time

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
MAX_BODY = 1024 * 1024
RETRY_AFTER_S = 5
INLINE_CACHE_S = 60
MAX_CAPTION = 1_024  # of a picture or a file; the platform's limit
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

_log = structlog.get_logger()


class TelegramChannel:
    name = TELEGRAM
    capabilities = CAPABILITIES[TELEGRAM]

    def __init__(
        self,
        account: TelegramAccount,
        parts: ChannelParts,
        *,
        bot: TelegramBot | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`pause` waits so many seconds: between messages to a chat, and before trying again."""
        self.commune = account.commune
        self._account, self._parts, self._desk = account, parts, parts.desk
        self._bot = bot or TelegramBot(account)
        self._pause, self._spacing = pause, Spacing(pause)
        # The first part of a token is the bot's id; the platform says later what is wrong with others.
        number = self._bot.token.partition(":")[0]
        self._me = Me(int(number) if number.isdecimal() else 0, username="")
        self._texts, self._attempts = Texts(), Attempts()
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, address: str, part: Part) -> str | None:
        await self._spacing.wait(address)
        try:
            spoken = await self._sent_aloud(int(address), part.voice) if part.voice else None
            if spoken is not None or not part.text:  # what was to be heard stands there to be read, too
                return str(spoken.message_id) if spoken else None
            message = await self._sent_with_file(int(address), part) or await self._bot.send_message(
                int(address), part.text, reply_markup=keyboard(part.buttons), link_preview_options=NO_PREVIEW
            )
        except ChatMigrated as error:
            new_id = str(error.new_chat_id)
            await self._in_thread(self._desk.moved, external_id=address, new_id=new_id)
            raise self._as_send_error(error) from None
        except TelegramError as error:
            raise self._as_send_error(error) from None
        return str(message.message_id)

    async def _sent_with_file(self, chat: int, part: Part) -> Message | None:
        """The part beneath its picture or paper, as one message; None where only its text can be sent.

        What the platform says of the file itself is no reason to keep the text from the person.
        """
        path = part.picture or part.paper
        if path is None or utf16_length(part.text) > MAX_CAPTION:
            return None
        content = await to_thread.run_sync(self._parts.file, path)
        if content is None:
            return None
        name, markup = path.rpartition("/")[2], keyboard(part.buttons)
        try:
            if part.picture:
                return await self._bot.send_photo(
                    chat, content, caption=part.text, filename=name, reply_markup=markup
                )
            return await self._bot.send_document(
                chat, content, caption=part.text, filename=name, reply_markup=markup
            )
        except BadRequest as error:
            if any(sign in error.message.lower() for sign in GONE):
                raise
            _log.warning("a text goes without its file", channel=self.name, file=name)
            return None

    async def _sent_aloud(self, chat: int, words: str) -> Message | None:
        """A voice message; None where there is none, or the person takes none."""
        sound = await made_in_time(partial(self._parts.sound, self.commune, words, "ogg"))
        if sound is None:
            return None
        try:
            return await self._bot.send_voice(chat, sound, filename="nghe.ogg")
        except BadRequest as error:
            if any(sign in error.message.lower() for sign in GONE):
                raise
            _log.warning("a reply is not heard", channel=self.name, reason="the platform takes no voice")
            return None

    async def delete(self, address: str, message: str) -> None:
        """Also when somebody else has taken it away."""
        try:
            await self._bot.delete_message(int(address), int(message))
        except BadRequest as error:
            if "message to delete not found" not in error.message.lower():
                raise self._as_send_error(error) from None
        except TelegramError as error:
            raise self._as_send_error(error) from None

    def _as_send_error(self, error: TelegramError) -> SendError:
        return for_staff(as_send_error(error, token=self._bot.token), self._parts.phrases)

    def router(self) -> APIRouter | None:
        if self._account.mode != "webhook":
            return None
        router = APIRouter(include_in_schema=False)
        router.add_api_route(webhook_path(self.commune), self._receive, methods=["POST"])
        return router

    async def run(self) -> None:
        await self._bot.connect()
        try:
            await self._introduce()
            if self._account.mode == "webhook":
                await asyncio.Event().wait()
            with self._parts.fetching(f"{self.name} {self.commune}") as post:
                poller = Poller(
                    self._bot,
                    self.take,
                    self._parts.clock,
                    self._pause,
                    commune=self.commune,
                    may_fetch=post.is_mine,
                )
                await poller.run()
        finally:
            for task in self._tasks:
                task.cancel()
            await self._bot.disconnect()

    async def take(self, update: dict[str, Any]) -> None:
        """Do what an update asks for; returns once that is durable. Raises what the desk does.

        Raises `BotIsUnknown` where the bot's name is needed and the platform cannot be asked.
        """
        try:
            read = Update.de_json(update, self._bot)
        except Exception as error:
            # It would fail however often it is sent, so it counts as done.
            _log.error("an update could not be read", channel=self.name, error=type(error).__name__)
            return
        if needs_name(read) and not self._me.username:
            await self._ask_who_i_am()
        happening = read_update(
            read, commune=self.commune, me=self._me, phrases=self._parts.phrases, texts=self._texts
        )
        match happening:
            case Said():
                await self._parts.intake.receive(happening.message)
                if happening.written is not None:
                    self._texts.note(happening.written, happening.message.text)
                if happening.callback is not None:
                    self._try_later(self._bot.answer_callback_query(happening.callback))
            case Left(external_id):
                await self._in_thread(self._desk.left, external_id=external_id)
            case Moved(external_id, new_id):
                await self._in_thread(self._desk.moved, external_id=external_id, new_id=new_id)
            case Searched(query_id, query):
                self._try_later(self._answer_search(query_id, query))
            case None:
                pass

    async def _receive(self, request: Request) -> Response:
        check_secret(request.headers.get(SECRET_HEADER), self._account.secret)
        body = await read_body(request, limit=MAX_BODY)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if not isinstance(update, dict):
            return Response(status_code=400)
        try:
            await self.take(update)
        except AWAY as error:
            _log.warning("an update was sent back", channel=self.name, error=type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        except Exception as error:
            if not self._attempts.are_over(update.get("update_id", 0), error):
                return Response(status_code=500)
        return Response()

    async def _introduce(self) -> None:
        """Meet the platform, however long it takes, and leave the menu with it."""
        pauses = Pauses()
        while True:
            try:
                self._me = await who_am_i(self._bot)
                if self._account.mode == "polling":
                    await self._bot.delete_webhook()  # else nothing can be fetched
                break
            except TelegramError as error:
                pause_s = pauses.after(error)
                note_failure(error, pause_s, commune=self.commune)
                await self._pause(pause_s)
        await _quietly(show_menu(self._bot, self._parts.phrases))

    async def _ask_who_i_am(self) -> None:
        try:
            self._me = await who_am_i(self._bot)
        except TelegramError as error:
            raise BotIsUnknown from error

    async def _answer_search(self, query_id: str, query: str) -> None:
        """Offer guides as whole texts, for a volunteer to put into the chat where they type."""
        pages = await to_thread.run_sync(self._parts.guide_pages, query)
        results = [
            InlineQueryResultArticle(
                slug, title, InputTextMessageContent(text, link_preview_options=NO_PREVIEW)
            )
            for slug, title, text in pages
        ]
        # What is being learnt about is nobody else's matter, and guides change.
        await self._bot.answer_inline_query(query_id, results, cache_time=INLINE_CACHE_S, is_personal=True)

    def _try_later(self, call: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(_quietly(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_thread(self, tell: Callable[..., None], **ids: str) -> None:
        await to_thread.run_sync(partial(tell, commune=self.commune, channel=self.name, **ids))


async def _quietly(call: Coroutine[Any, Any, Any]) -> None:
    """Once, and a failure is only worth a line: nobody loses a reply by it."""
    try:
        await call
    except Exception as error:
        _log.info("Telegram did without", error=type(error).__name__)
