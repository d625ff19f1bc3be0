"""What every staff page needs: the database, the words, the guides, the clock, the templates."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from knowledge.library import Library
from knowledge.phrases import Phrases
from records.database import Database
from staff import formats, stylesheet
from staff.passwords import PasswordThreads

PREFIX = "/staff"
TEMPLATES = Path(__file__).parent / "templates"


class Site:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        library: Callable[[], Library],
        *,
        clock: Callable[[], dt.datetime],
        secure_cookies: bool,
    ) -> None:
        self.database, self.phrases, self.library = database, phrases, library
        self.clock, self.secure_cookies = clock, secure_cookies
        self.passwords = PasswordThreads()
        self._templates = _environment(phrases)

    def today(self) -> dt.date:
        return formats.local(self.clock()).date()

    def page(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        """A whole page. `user` is the signed-in person; pages before the sign-in have none."""
        values.setdefault("user", None)
        return HTMLResponse(self._templates.get_template(template).render(values), status)

    def label(self, group: str, value: str) -> str:
        """The words for a value of records, such as ('reason', 'urgent'); a new value as it stands."""
        return _label(self.phrases, group, value)


def site_of(request: Request) -> Site:
    site: Site = request.state.site  # put there by staff.route
    return site


CurrentSite = Annotated[Site, Depends(site_of)]


def _environment(phrases: Phrases) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        t=phrases,
        label=partial(_label, phrases),
        home=PREFIX,
        stylesheet=PREFIX + stylesheet.versioned_path(),
    )
    environment.filters.update(
        number=formats.number,
        day=formats.day,
        moment=formats.moment,
        duration=partial(formats.duration, phrases),
    )
    return environment


def _label(phrases: Phrases, group: str, value: str) -> str:
    key = f"staff.{group}_{value.replace('-', '_')}"
    return phrases(key) if key in phrases else value
