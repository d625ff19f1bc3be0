"""Ask the whole conversation a question as a new learner; records nothing (the `ask` contract).

A database that is there already is read for the communes' approved plans and own guides.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.assembly import build_conversation, database_url, load_content, open_plans, utc_now
from bot.guide_shelf import GuideShelf
from bot.one_question import one_question
from bot.settings import Settings
from knowledge.library import CONTENT
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile
from records.database import Database, open_database
from records.migrate import current_revision, head_revision

NOBODYS_COMMUNE = CommuneProfile(0, "", "xã nhà", "xã", "bac", None, None, None, True, ())


class _NoDirectory:
    """Communes without a database: any slug is a commune without hamlets or numbers."""

    def by_slug(self, slug: str) -> CommuneProfile:
        return replace(NOBODYS_COMMUNE, slug=slug)


def _existing_database(settings: Settings) -> Database | None:
    """Where approved plans and own guides are, if there is one: asking makes no database."""
    if settings.database_url is None and not (settings.data_folder / "hocvuso.db").exists():
        return None
    database = open_database(database_url(settings))
    return database if current_revision(database) == head_revision() else None


def open_asker(settings: Settings) -> Callable[[str, str, str | None], dict[str, Any]]:
    """A function (id, question, commune) → the JSON object of design.md."""
    content = load_content(settings)
    phrases = load_phrases(settings.content_folder or CONTENT)
    database = _existing_database(settings)
    plans = open_plans(content, database, settings.content_folder)
    conversation = build_conversation(
        content,
        phrases,
        _NoDirectory(),
        plans,
        utc_now,
        settings.content_folder,
        guides=GuideShelf(content, database),
    )

    ask = one_question(conversation)
    return lambda number, question, commune: ask(number, question, commune or settings.commune)
