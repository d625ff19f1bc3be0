"""The web application: chat, staff site, health and metrics, over one assistant."""

import asyncio
import datetime as dt
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address

import structlog
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.api import Api, build_api_router
from bot.assembly import Assistant, periods
from bot.channels.webchat import build_webchat_router
from bot.desk_guides import StaffGuides
from bot.door import Door
from bot.embedding import embedded_routers
from bot.masking import mask_typed
from bot.single_sign_on import sign_on
from bot.web.sound import step_sounds
from knowledge.address import DEFAULT, address
from knowledge.lessons import load_paths
from knowledge.library import CONTENT
from records import erasure, inbox, unlogged
from staff.app import add_staff_site
from staff.headers import CarefulHeaders, add_headers
from staff.site import Site

_log = structlog.get_logger()

HOUSEKEEPING_S = 60.0
STOP_S = 4.0  # for sends under way; with what `hocvuso serve` gives to requests, less than ten in all
SHELL_LIFE = dt.timedelta(hours=1)  # until the rest of an erased talk is taken away
QUIET = (
    "httpx",
    "httpx2",
    "telegram",
    "httpcore",
    "httpcore2",
)  # they write addresses that hold a bot's token


def build_app(assistant: Assistant) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        is_only_process = assistant.database.is_sqlite  # the data folder is locked by one server
        stopping = asyncio.Event()
        keeping = asyncio.create_task(_keep_house(assistant))
        channels = asyncio.create_task(assistant.switchboard.run(stopping, is_only_process=is_only_process))
        yield
        stopping.set()
        keeping.cancel()
        await asyncio.wait([keeping, channels], timeout=STOP_S)

    app = FastAPI(title="Học Vụ Số", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    settings, profile = assistant.settings, assistant.directory.by_slug(assistant.settings.commune)
    voice = assistant.voices.of(profile.slug)
    paths = load_paths(settings.content_folder or CONTENT)
    app.add_middleware(Door, sentence=address(assistant.phrases("web.full"), DEFAULT))
    app.add_middleware(CarefulHeaders, is_https=settings.secure_cookies)
    app.add_exception_handler(Exception, partial(_broken, is_https=settings.secure_cookies))
    # First, for routes are tried in their order, and webhooks are what comes by the hundred a second.
    for router in assistant.switchboard.routers():
        app.include_router(router)
    app.include_router(
        build_webchat_router(
            assistant.desk,
            assistant.phrases,
            commune=profile.slug,
            place=profile.name,
            key=assistant.vault.signing_keys[0],
            older_keys=assistant.vault.signing_keys[1:],
            secure_cookies=settings.secure_cookies,
            clock=assistant.clock,
            limits=assistant.limits,
            certificate=lambda token: assistant.certificates.of_talk(
                commune=profile.slug, channel="webchat", external_id=token
            ),
            library=lambda: assistant.guides.view(profile.slug).library(),
            basics=paths.first_lessons()[None],
            papers=assistant.papers,
            pictures=assistant.pictures,
            hear=partial(voice, kind="mp3") if voice.is_there else None,
            languages=assistant.languages,
            recogniser=assistant.recogniser,
        )
    )
    add_staff_site(
        app,
        Site(
            assistant.database,
            assistant.phrases,
            assistant.content.library,
            vault=assistant.vault,
            clock=assistant.clock,
            secure_cookies=settings.secure_cookies,
            needs_second_factor=settings.secure_cookies,  # what is on https is open to the Internet
            mask=mask_typed,
            periods=periods(settings),
            days_off=settings.holidays,
            help_line=assistant.help_line,
            paths=paths,
            guides=StaffGuides(assistant.content, assistant.guides, assistant.directory.by_id),
            public_url=settings.public_url,
            sso=sign_on(settings),
            announcer=assistant.announcer,
            papers=assistant.papers,
            masked_below=settings.masked_below,
        ),
    )
    for router in embedded_routers(
        assistant.database,
        assistant.desk,
        assistant.phrases,
        assistant.directory.all(),
        keys=assistant.vault.signing_keys,
        secure_cookies=settings.secure_cookies,
        clock=assistant.clock,
        limits=assistant.limits,
        certificate=lambda commune, token: assistant.certificates.of_talk(
            commune=commune, channel="webchat", external_id=token
        ),
        languages=assistant.languages,
    ):
        app.include_router(router)
    app.include_router(
        build_api_router(
            Api(
                assistant.database,
                assistant.phrases,
                ask=assistant.ask,
                library=lambda slug: assistant.guides.view(slug).library(),
                clock=assistant.clock,
                per_key=settings.rate_api,
                per_address=settings.rate_address,
            ),
            is_https=settings.secure_cookies,
        )
    )
    app.include_router(step_sounds(assistant.voices.file))
    _add_health(app, assistant)
    return app


async def _broken(_request: Request, _error: Exception, *, is_https: bool) -> Response:
    """The last resort: what no page of ours answers. The server logs the error."""
    response = PlainTextResponse("500", status_code=500)
    add_headers(response.headers, is_https=is_https)
    return response


def _from_inside(request: Request) -> None:
    """Numbers about the service are for who keeps it: on the Internet there is no such page."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:  # a socket file
        return
    if address.is_global:
        raise HTTPException(404)


def _add_health(app: FastAPI, assistant: Assistant) -> None:
    inside = [Depends(_from_inside)] if assistant.settings.secure_cookies else []

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> Response:
        """The process lives and its worker does; what this says no to, a restart can mend."""
        return PlainTextResponse("ok" if assistant.worker.is_alive else "worker stopped",
                                 status_code=200 if assistant.worker.is_alive else 503)  # fmt: skip

    @app.get("/readyz", include_in_schema=False, dependencies=inside)
    def readyz() -> Response:
        """Messages can be taken in: the database answers, and not too many wait. Else 503 and why.

        Says what is wrong with the content, too.
        """
        try:
            with assistant.database.read() as session:
                pending: int | None = inbox.depth(session)
            problem = "too many messages wait" if assistant.crowd.is_full else None
        except SQLAlchemyError:
            pending, problem = None, "the database does not answer"
        guides = len(assistant.content.library().guides)
        return JSONResponse({"ready": problem is None, "problem": problem, "pending": pending,
                             "guides": guides, "content_problem": assistant.content.problem},
                            status_code=200 if problem is None else 503)  # fmt: skip

    @app.get("/metrics", include_in_schema=False, dependencies=inside)
    def metrics() -> Response:
        return Response(generate_latest(assistant.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _keep_house(assistant: Assistant) -> None:
    """Once a minute: reload changed content, send reminders that are due, escalate calls, take away
    what erased and unlogged talks left, empty the log, and at night do the night's jobs."""
    while True:
        try:
            await asyncio.to_thread(_housekeeping, assistant)
        except Exception:
            _log.exception("housekeeping failed")
        await asyncio.sleep(HOUSEKEEPING_S)


def _housekeeping(assistant: Assistant) -> None:
    assistant.content.reload_if_changed()
    assistant.erasures.add_from(assistant.database)
    assistant.database.checkpoint()
    if not assistant.clock_leader.is_mine():  # another worker does the rest
        return
    assistant.reminders.send_due()
    assistant.announcer.run_due()
    assistant.stuck_offers.run_due()
    assistant.escalation.run_due()
    now = assistant.clock()
    with assistant.database.write() as session:
        erasure.remove_shells(session, before=now - SHELL_LIFE)
        unlogged.forget_talks(session, now=now)
    assistant.jobs.run_due()


def set_up_logs(level: str) -> None:
    """JSON lines on standard error; what other libraries log comes from WARNING up."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    others = logging.StreamHandler(sys.stderr)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[others])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
