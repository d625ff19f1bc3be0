"""What every staff page needs: the database, the words, the guides, the clock, the templates."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Protocol

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.announcements import Outlet, Words
from records.community import Volunteer
from records.database import Database
from records.models import Handoff
from records.retention import Periods
from records.vault import Vault
from staff import formats, plan_words, stylesheet
from staff.guides_port import DeskGuides
from staff.headers import new_nonce, page_policy
from staff.papers_port import Papers
from staff.passwords import PasswordThreads
from staff.remembered import Remembered
from staff.sso_port import SignOn
from staff.suppression import THRESHOLD
from staff.window import MovingWindow

PREFIX = "/staff"
TRIES_A_MINUTE = 20  # of passwords, codes and links, from one part of the network
TEMPLATES = Path(__file__).parent / "templates"


class Mask(Protocol):
    def __call__(self, text: str, *, keep: Collection[str] = ()) -> str:
        """The text with its secrets masked, but for kinds in `keep`."""


class HelpLine(Protocol):
    """Tells those concerned in their chats, in the unit of work that changes a call for a person."""

    def given(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        """Staff gave the call to this volunteer."""

    def taken_away(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        """Staff gave the call this volunteer had to somebody else, or closed it."""

    def released(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        """Staff switched off the volunteer who had the call: it waits for the next."""

    def closed(self, session: Session, handoff: Handoff) -> None:
        """Staff closed the call: the learner's talk is the assistant's again."""


class Announcer(Protocol):
    """How the commune's news arrives in people's chats, in the words they get."""

    def outlets(self, commune_id: int) -> Sequence[Outlet]:
        """The channels of the commune."""

    def looks_like_scam(self, text: str) -> bool:
        """Whether residents who forward such a text are warned of it."""

    def preview(self, commune_id: int, words: Words, channel: str) -> list[str]:
        """The messages as they arrive there, letter for letter."""

    def try_out(self, session: Session, commune_id: int, words: Words, volunteer: Volunteer) -> bool:
        """Send it to one of the team; False when they are in no chat."""


class Site:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        library: Callable[[], Library],
        *,
        vault: Vault,
        clock: Callable[[], dt.datetime],
        secure_cookies: bool,
        needs_second_factor: bool,
        mask: Mask,
        periods: Periods,
        days_off: Collection[dt.date],
        help_line: HelpLine | None,
        paths: Paths,
        public_url: str | None = None,
        sso: SignOn | None = None,
        guides: DeskGuides | None = None,
        papers: Papers | None = None,
        announcer: Announcer | None = None,
        masked_below: int = THRESHOLD,
    ) -> None:
        self.database, self.phrases, self.library, self.vault = database, phrases, library, vault
        self.clock, self.secure_cookies = clock, secure_cookies
        self.needs_second_factor = needs_second_factor
        self.mask, self.periods, self.days_off = mask, periods, days_off
        self.help_line, self.paths, self.guides = help_line, paths, guides
        self.public_url, self.sso, self.announcer = public_url, sso, announcer
        self.papers = papers
        self.masked_below = masked_below  # people, in what is printed or sent to others
        self.passwords = PasswordThreads()
        self.report_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="staff-report")
        self.tried = Remembered()  # what guides would change
        self.tries = MovingWindow(TRIES_A_MINUTE, 60, lambda: clock().timestamp())
        self.told = MovingWindow(1, 60, lambda: clock().timestamp())  # a flood is one line in the log
        self.used_states = MovingWindow(1, 3600, lambda: clock().timestamp())  # of single sign-on
        self._templates = _environment(phrases)

    def cookie(self, name: str) -> str:
        """The name of a cookie; browsers hold one called __Host-… to https, this host and every path."""
        return f"__Host-{name}" if self.secure_cookies else name

    @property
    def cookie_path(self) -> str:
        return "/" if self.secure_cookies else PREFIX

    def library_of(self, commune_id: int) -> Library:
        """The guides as the commune has them."""
        return self.guides.library(commune_id) if self.guides else self.library()

    def base_url(self, request: Request) -> str:
        """What stands before the path in links for other people, without a slash at its end."""
        return (self.public_url or str(request.base_url)).rstrip("/")

    def today(self) -> dt.date:
        return formats.local(self.clock()).date()

    def page(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        """A whole page. `user` is the signed-in person; pages before the sign-in have none."""
        values.setdefault("user", None)
        nonce = new_nonce()
        html = self._templates.get_template(template).render(values, nonce=nonce)
        return HTMLResponse(html, status, headers={"Content-Security-Policy": page_policy(nonce)})

    def label(self, group: str, value: str) -> str:
        """The words for a value of records, such as ('reason', 'urgent'); a new value as it stands."""
        return _label(self.phrases, group, value)


def site_of(request: Request) -> Site:
    site: Site = request.state.site  # put there by staff.route
    return site


CurrentSite = Annotated[Site, Depends(site_of)]


@cache  # compiling the templates takes longer than a page
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
        decimal=plan_words.decimal,
        assigned=partial(plan_words.assigned, phrases),
        actual=partial(plan_words.actual, phrases),
        target_value=partial(plan_words.target_value, phrases),
        changed_fields=partial(plan_words.changed_fields, phrases),
        iso_moment=formats.iso_moment,
    )
    return environment


def _label(phrases: Phrases, group: str, value: str) -> str:
    key = f"staff.{group}_{value.replace('-', '_')}"
    return phrases(key) if key in phrases else value
