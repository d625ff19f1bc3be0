"""Kho hướng dẫn: every guide of the commune, what waits to be done, and one guide with its versions."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path as PathParameter
from fastapi import Response
from fastapi.responses import RedirectResponse

from knowledge.guide import TOPICS, Guide
from knowledge.library import Library
from records import guide_versions
from records.communes import slug_of
from records.guide_versions import LIVE, NoSuchGuideVersion
from records.models import GuideVersion
from staff.access import CurrentUser, FormText, StaffUser
from staff.fields import typed
from staff.guide_desk import PATH, guides_of
from staff.guide_diff import differences, whole_text
from staff.guides_port import DeskGuides
from staff.roles import Right
from staff.route import Refused
from staff.site import CurrentSite, Site

SOON = dt.timedelta(days=60)  # before a guide expires
REVIEW_AFTER = dt.timedelta(days=365)  # since its facts were checked, where no day was set
TODO = ("review", "rejected", "expired", "expires", "to_check", "newer")
STATES = ("shipped", "own", "open")
GuideSlug = Annotated[str, PathParameter(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]

NEW_GUIDE = """---
title: {title}
topic: ky-nang
summary: ""
level: 1
groups: [nguoi-dan]
sources: []
reviewed: {today}
check: ""
quiz: []
---

## Chuẩn bị

## Các bước

## Lỗi hay gặp

## Hỏi ai
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A guide in the list: as it answers now, and what waits beside it."""

    slug: str
    title: str
    topic: str
    is_own: bool  # the commune's own version answers
    waiting: GuideVersion | None
    reviewed: dt.date | None
    expires: dt.date | None
    todo: tuple[str, ...]


def show(
    site: CurrentSite, user: CurrentUser, chu_de: str = "", trang_thai: str = "", viec: str = ""
) -> Response:
    """`chu_de` a topic, `trang_thai` one of `STATES`, `viec` one of `TODO`; others show everything."""
    guides = guides_of(site)
    with site.database.read() as session:
        versions = guide_versions.current_versions(session, commune_id=user.commune_id)
    listed = _listed(guides, guides.library(user.commune_id), versions, site.today())
    todo = {name: sum(name in each.todo for each in listed) for name in TODO}
    shown = [
        each
        for each in listed
        if (chu_de not in TOPICS or each.topic == chu_de)
        and (viec not in TODO or viec in each.todo)
        and _has_state(each, trang_thai)
    ]
    return site.page(
        "guides.html",
        user=user,
        shown=shown,
        total=len(listed),
        todo={name: count for name, count in todo.items() if count},
        topics=TOPICS,
        states=STATES,
        topic=chu_de,
        state=trang_thai,
        job=viec,
        may_write=Right.write_guides in user.rights,
    )


def show_one(site: CurrentSite, user: CurrentUser, slug: GuideSlug) -> Response:
    guides = guides_of(site)
    with site.database.read() as session:
        versions = guide_versions.versions_of(session, commune_id=user.commune_id, slug=slug)
    guide = guides.library(user.commune_id).guides.get(slug)
    if guide is None and not versions:
        raise Refused(404, "staff.refused_missing")
    live = next((version for version in versions if version.state == LIVE), None)
    return site.page(
        "guide.html",
        user=user,
        slug=slug,
        title=guide.title if guide else _title(versions[0]),
        guide=guide,
        live=live,
        versions=versions,
        is_shipped=slug in guides.shipped().guides,
        newer=_newer(guides, live),
        may_write=Right.write_guides in user.rights,
        may_review=Right.review_guides in user.rights,
    )


def begin(site: CurrentSite, user: CurrentUser, slug: GuideSlug) -> Response:
    """A draft of what answers now; one that is begun already is gone on with."""
    version_id = open_draft(site, user, slug)
    return RedirectResponse(f"{PATH}/ban/{version_id}/sua", 303)


def begin_new(site: CurrentSite, user: CurrentUser, title: FormText = "") -> Response:
    """A guide of the commune's own. Its name in addresses comes from the title and never changes."""
    version_id = new_draft(site, user, title, questions=())
    return RedirectResponse(f"{PATH}/ban/{version_id}/sua", 303)


def retire(site: CurrentSite, user: CurrentUser, slug: GuideSlug) -> Response:
    """Back to the shipped guide; a guide of the commune alone is no longer answered with."""
    _must_exist(site, user, slug)
    try:
        with site.database.write() as session:
            guide_versions.retire(
                session, commune_id=user.commune_id, slug=slug, by=user.actor, now=site.clock()
            )
    except NoSuchGuideVersion as error:
        raise Refused(409, "authoring.refused_state") from error
    guides_of(site).refresh(user.commune_id)
    return RedirectResponse(f"{PATH}/{slug}", 303)


def open_draft(site: Site, user: StaffUser, slug: str, *, add: Sequence[str] = ()) -> int:
    """The id of the draft of a guide, begun now if there is none, with these questions added."""
    guides = guides_of(site)
    shipped = guides.shipped_source(slug)
    with site.database.write() as session:
        waiting = guide_versions.open_version(session, commune_id=user.commune_id, slug=slug)
        if waiting is not None:
            if new := [question for question in add if question not in waiting.questions]:
                guide_versions.save_draft(
                    session,
                    commune_id=user.commune_id,
                    version_id=waiting.id,
                    edition=waiting.edition,
                    source=waiting.source,
                    questions=[*waiting.questions, *new],
                    review_by=waiting.review_by,
                    by=user.actor,
                    now=site.clock(),
                )
            return waiting.id
        live = guide_versions.live_version(session, commune_id=user.commune_id, slug=slug)
        source = live.source if live else shipped
        if source is None:
            raise Refused(404, "staff.refused_missing")
        known = list(live.questions) if live else []
        draft = guide_versions.add_draft(
            session,
            commune_id=user.commune_id,
            slug=slug,
            source=source,
            questions=list(dict.fromkeys((*known, *add))),
            shipped=shipped,
            by=user.actor,
            now=site.clock(),
        )
        return draft.id


def new_draft(
    site: Site, user: StaffUser, title: str, *, questions: Sequence[str], source: str | None = None
) -> int:
    """The id of a draft of a guide that nobody has yet. Raises `Refused` without a title."""
    title = " ".join(typed(site, title, limit=80).split())
    base = slug_of(title)[:70].strip("-")
    if not base:
        raise Refused(400, "authoring.refused_title")
    taken = set(guides_of(site).library(user.commune_id).guides)
    with site.database.write() as session:
        versions = guide_versions.current_versions(session, commune_id=user.commune_id)
        taken |= {version.slug for version in versions}
        # No shipped guide is called so, now or later.
        names = (f"xa-{base}{f'-{number}' if number > 1 else ''}" for number in range(1, len(taken) + 2))
        slug = next(name for name in names if name not in taken)
        draft = guide_versions.add_draft(
            session,
            commune_id=user.commune_id,
            slug=slug,
            source=source or NEW_GUIDE.format(title=_quoted(title), today=site.today().isoformat()),
            questions=questions,
            shipped=None,
            by=user.actor,
            now=site.clock(),
        )
        return draft.id


def _must_exist(site: Site, user: StaffUser, slug: str) -> None:
    with site.database.read() as session:
        versions = guide_versions.versions_of(session, commune_id=user.commune_id, slug=slug)
    if not versions and slug not in guides_of(site).library(user.commune_id).guides:
        raise Refused(404, "staff.refused_missing")


def _quoted(text: str) -> str:
    """As a value in YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(
    guides: DeskGuides, library: Library, versions: Sequence[GuideVersion], today: dt.date
) -> list[Listed]:
    live = {version.slug: version for version in versions if version.state == LIVE}
    waiting: dict[str, GuideVersion] = {}
    for version in versions:
        if version.state != LIVE:
            waiting.setdefault(version.slug, version)
    listed = [
        _one(guides, guide, live.get(slug), waiting.pop(slug, None), today)
        for slug, guide in library.guides.items()
    ]
    drafts = [
        Listed(slug, _title(version), "", False, version, None, None, _waits(version))
        for slug, version in waiting.items()
    ]
    return sorted(drafts + listed, key=lambda each: (not each.todo, not each.waiting, each.slug))


def _one(
    guides: DeskGuides, guide: Guide, live: GuideVersion | None, waiting: GuideVersion | None, today: dt.date
) -> Listed:
    front = guide.front
    expires, reviewed = front.expires, front.reviewed
    todo = list(_waits(waiting))
    if expires and today > expires:
        todo.append("expired")
    elif expires and expires - today <= SOON:
        todo.append("expires")
    due = (live.review_by if live else None) or reviewed + REVIEW_AFTER
    if today >= due:
        todo.append("to_check")
    if _newer(guides, live):
        todo.append("newer")
    return Listed(
        guide.slug, guide.title, guide.topic, live is not None, waiting, reviewed, expires, tuple(todo)
    )


def _waits(version: GuideVersion | None) -> tuple[str, ...]:
    return (version.state,) if version is not None and version.state in TODO else ()


def _has_state(listed: Listed, state: str) -> bool:
    match state:
        case "shipped":
            return not listed.is_own and listed.reviewed is not None
        case "own":
            return listed.is_own
        case "open":
            return listed.waiting is not None
        case _:
            return True


def _newer(guides: DeskGuides, live: GuideVersion | None) -> list[object]:
    """What the release changed in a guide since the commune began its own version of it."""
    if live is None or live.shipped is None:
        return []
    shipped = guides.shipped_source(live.slug)
    if shipped is None:
        return []
    return list(differences(whole_text(live.shipped, ()), whole_text(shipped, ())))


def _title(version: GuideVersion) -> str:
    """Of a draft, which need not be readable."""
    line = next((line for line in version.source.splitlines() if line.startswith("title:")), "")
    return line.removeprefix("title:").strip().strip("\"'") or version.slug
