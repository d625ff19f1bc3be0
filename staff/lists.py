"""The lists behind the overview's numbers: questions, calls, people who were helped, guides done.

People stand here by their short code and hamlet, never by name; of completions only numbers.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Query, Response

from knowledge.guide import TOPICS
from knowledge.library import Library
from records.desk_counts import desk_figures, waiting_now
from records.desk_lists import (
    CalledBy,
    Pick,
    count_calls,
    count_questions,
    list_calls,
    list_helped,
    list_questions,
    list_waiting,
)
from records.desk_rows import Scope
from staff.access import CurrentUser, StaffUser
from staff.desk_filters import NONE, ChosenDesk, Desk, channel_name
from staff.figures import guide_rows, title_of
from staff.route import Refused
from staff.site import CurrentSite

ROWS = 50  # on a page
LAST_PAGE = 1_000_000

PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Slug = Annotated[str, Query(max_length=80)]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which rows of a list are on the page."""

    page: int
    total: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * ROWS

    @property
    def before(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def after(self) -> int | None:
        return self.page + 1 if self.page * ROWS < self.total else None

    @property
    def last(self) -> int:
        return max(1, -(-self.total // ROWS))

    def of(self, everything: Sequence[_T]) -> Sequence[_T]:
        return everything[self.offset : self.offset + ROWS]


@dataclass(frozen=True, slots=True)
class Asked:
    at: dt.datetime
    code: str | None
    hamlet: str | None
    channel: str
    text: str  # masked; "" when its time to be kept is over
    outcome: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Call:
    row: CalledBy
    hamlet: str | None
    title: str | None
    waited: dt.timedelta | None  # until a person answered, or until now; None: closed without an answer


def show_questions(
    site: CurrentSite,
    user: CurrentUser,
    desk: ChosenDesk,
    huong_dan: Annotated[str, Query(alias="huong-dan", max_length=80)] = "",
    chu_de: Annotated[str, Query(alias="chu-de", max_length=80)] = "",
    gio: Annotated[int | None, Query(ge=0, le=23)] = None,
    loai: Annotated[str, Query(pattern="^(chua-tra-loi)?$")] = "",
    trang: PageNumber = 1,
) -> Response:
    library = site.library_of(user.commune_id)
    guides, other_than = _guides_of(huong_dan, chu_de, library)
    pick = Pick(guides, other_than, gio, None, loai == "chua-tra-loi")
    scope = _scope(user, desk)
    with site.database.read() as session:
        paging = Paging(trang, count_questions(session, scope, pick))
        found = list_questions(session, scope, pick, limit=ROWS, offset=paging.offset)
    names = _names(desk)
    rows = [
        Asked(
            at=row.question.created_at,
            code=row.code,
            hamlet=names.get(row.question.hamlet_id),
            channel=channel_name(site, row.question.channel),
            text=row.question.redacted,
            outcome=row.question.outcome,
            title=title_of(row.question.guide, library),
        )
        for row in found
    ]
    picked = [
        title_of(huong_dan, library) if huong_dan and huong_dan != NONE else None,
        site.phrases("staff.guide_none") if huong_dan == NONE else None,
        _topic_name(site, chu_de) if chu_de else None,
        site.phrases("desk.hour_of", hour=gio) if gio is not None else None,
        site.phrases("staff.column_unanswered") if loai else None,
    ]
    more: dict[str, str | int | None] = {
        "huong_dan": huong_dan or None,
        "chu_de": chu_de or None,
        "gio": gio,
        "loai": loai or None,
    }
    return site.page(
        "desk_questions.html",
        user=user,
        desk=desk,
        period=desk.period,
        paging=paging,
        rows=rows,
        picked=[name for name in picked if name],
        more=more,
        calculated_at=site.clock(),
    )


def show_calls(
    site: CurrentSite,
    user: CurrentUser,
    desk: ChosenDesk,
    huong_dan: Annotated[str, Query(alias="huong-dan", max_length=80)] = "",
    buoc: Annotated[int | None, Query(ge=1, le=1000)] = None,
    loai: Annotated[str, Query(pattern="^(dang-cho)?$")] = "",
    trang: PageNumber = 1,
) -> Response:
    """Those made in the period; with `loai=dang-cho` those nobody has taken, now."""
    library, now = site.library_of(user.commune_id), site.clock()
    pick = Pick(guides=_one_guide(huong_dan), step=buoc)
    scope = _scope(user, desk)
    with site.database.read() as session:
        if loai:
            waiting = waiting_now(session, commune_id=user.commune_id, filters=desk.filters)
            paging = Paging(trang, waiting.calls)
            found = list_waiting(
                session, commune_id=user.commune_id, filters=desk.filters, limit=ROWS, offset=paging.offset
            )
        else:
            paging = Paging(trang, count_calls(session, scope, pick))
            found = list_calls(session, scope, pick, limit=ROWS, offset=paging.offset)
    names = _names(desk)
    rows = [
        Call(row, names.get(row.call.hamlet_id), title_of(row.call.guide, library), _waited(row, now))
        for row in found
    ]
    picked = [
        title_of(huong_dan, library) if huong_dan and huong_dan != NONE else None,
        site.phrases("staff.waiting_step", step=buoc) if buoc else None,
    ]
    return site.page(
        "desk_calls.html",
        user=user,
        desk=desk,
        period=desk.period,
        paging=paging,
        rows=rows,
        is_waiting=bool(loai),
        picked=[name for name in picked if name],
        more={"huong_dan": huong_dan or None, "buoc": buoc, "loai": loai or None},
        calculated_at=now,
    )


def show_helped(site: CurrentSite, user: CurrentUser, desk: ChosenDesk, trang: PageNumber = 1) -> Response:
    with site.database.read() as session:
        found = list_helped(session, _scope(user, desk))
    order = {hamlet_id: place for place, hamlet_id in enumerate(desk.slugs)}
    found.sort(key=lambda row: (order[row.hamlet_id], -row.questions, row.code or "", row.learner_id))
    paging = Paging(trang, len(found))
    return site.page(
        "desk_helped.html",
        user=user,
        desk=desk,
        period=desk.period,
        paging=paging,
        rows=paging.of(found),
        names=_names(desk),
        picked=[],
        more={},
        calculated_at=site.clock(),
    )


def show_guides(site: CurrentSite, user: CurrentUser, desk: ChosenDesk) -> Response:
    period = desk.period
    with site.database.read() as session:
        figures = desk_figures(
            session, commune_id=user.commune_id, start=period.start, end=period.end, filters=desk.filters
        )
    return site.page(
        "desk_guides.html",
        user=user,
        desk=desk,
        period=period,
        rows=guide_rows(figures.guides, site.library_of(user.commune_id)),
        total=figures.total.counts,
        picked=[],
        more={},
        calculated_at=site.clock(),
    )


def _scope(user: StaffUser, desk: Desk) -> Scope:
    return Scope(user.commune_id, desk.period.start, desk.period.end, desk.filters)


def _names(desk: Desk) -> dict[int | None, str]:
    """hamlet → name."""
    names = {option.value: option.name for option in desk.options.hamlets}
    return {hamlet_id: names[slug] for hamlet_id, slug in desk.slugs.items()}


def _one_guide(slug: str) -> tuple[str, ...] | None:
    if not slug:
        return None
    return () if slug == NONE else (slug,)


def _guides_of(slug: str, topic: str, library: Library) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """(guides to take, guides to leave out)."""
    if slug or not topic:
        return _one_guide(slug), None
    if topic == NONE:
        return None, tuple(library.guides)
    if topic not in TOPICS:
        raise Refused(400, "desk.refused_filter")
    return tuple(guide.slug for guide in library.guides.values() if guide.topic == topic) or ("",), None


def _topic_name(site: CurrentSite, topic: str) -> str:
    return site.phrases("staff.topic_none") if topic == NONE else site.label("topic", topic)


def _waited(row: CalledBy, now: dt.datetime) -> dt.timedelta | None:
    call = row.call
    if call.answered_at is None and call.state == "closed":
        return None
    return (call.answered_at or now) - call.created_at
