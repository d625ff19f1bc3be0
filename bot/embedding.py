"""The chat in a frame on the commune's portal: the script that opens it, and the talk below /nhung.

Each commune has its own address there, and only pages of the origins that its keys name may show it
(records.api_keys). Whoever talks there has a cookie of its own, apart from the ordinary chat's.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from fastapi import APIRouter, Response

from bot.channels.webchat import build_webchat_router
from bot.messages import Desk
from bot.rate_limit import RateLimits
from bot.web.page import WEB
from knowledge.address import DEFAULT, address
from knowledge.languages import Languages
from knowledge.phrases import Phrases
from records.api_keys import EMBED, live_origins
from records.communes import CommuneProfile
from records.database import Database
from staff.headers import NO_PAGE

PREFIX = "/nhung"
SCRIPT = "/nhung.js"
KEPT_S = 3600  # by browsers; its address stays the same


def embedded_routers(
    database: Database,
    desk: Desk,
    phrases: Phrases,
    communes: Iterable[CommuneProfile],
    *,
    keys: tuple[bytes, ...],
    secure_cookies: bool,
    clock: Callable[[], dt.datetime],
    limits: RateLimits | None,
    certificate: Callable[[str, str], bytes | None],
    languages: Languages,
) -> Iterator[APIRouter]:
    """One for each commune, and one for the script; `certificate` takes a commune's slug and a token."""
    yield _script_router(phrases)
    for commune in communes:
        yield build_webchat_router(
            desk,
            phrases,
            commune=commune.slug,
            place=commune.name,
            key=keys[0],
            older_keys=keys[1:],
            secure_cookies=secure_cookies,
            clock=clock,
            limits=limits,
            certificate=partial(certificate, commune.slug),
            base=f"{PREFIX}/{commune.slug}",
            framed_by=partial(_origins, database, clock, commune.id),
            languages=languages,
        )


def _origins(database: Database, clock: Callable[[], dt.datetime], commune_id: int) -> set[str]:
    with database.read() as session:
        return live_origins(session, now=clock(), commune_id=commune_id, scope=EMBED)


def _script_router(phrases: Phrases) -> APIRouter:
    words = {
        name: address(phrases(f"embed.{key}"), DEFAULT)
        for name, key in (
            ("open", "open"),
            ("close", "close"),
            ("title", "title"),
            ("noCommune", "no_commune"),
        )
    }
    script = (WEB / "static" / "embed.js").read_text(encoding="utf-8")
    content = f"const WORDS = {json.dumps(words, ensure_ascii=False)};\n{script}"
    router = APIRouter(include_in_schema=False)

    @router.get(SCRIPT)
    def show() -> Response:
        return Response(
            # In a block, so that the portal's own scripts may have a WORDS, too.
            f"{{\n{content}}}\n",
            media_type="text/javascript",
            headers={
                "Cache-Control": f"public, max-age={KEPT_S}",
                "Content-Security-Policy": NO_PAGE,
                "Cross-Origin-Resource-Policy": "cross-origin",  # it is there for pages of other sites
            },
        )

    return router
