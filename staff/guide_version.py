"""One version of a guide: how it will look, what is wrong with it, what it would change; the way to live."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path as PathParameter
from fastapi import Response
from fastapi.responses import RedirectResponse

from knowledge.guide_form import fields_of
from knowledge.library import Library
from records import guide_versions
from records.guide_versions import (
    DRAFT,
    LIVE,
    OPEN,
    REJECTED,
    REPLACED,
    REVIEW,
    ChangedMeanwhile,
    NoSuchGuideVersion,
    OwnWork,
)
from records.models import GuideVersion
from retrieval.changes import Change, Changes
from staff.access import CurrentUser, FormText, StaffUser
from staff.fields import typed
from staff.guide_desk import PATH, Checked, checked, guides_of, in_words, version_of
from staff.guide_diff import differences, whole_text
from staff.guide_effect import answer_in_words, effect_of
from staff.guide_preview import preview
from staff.roles import Right
from staff.route import Refused
from staff.site import CurrentSite, Site

SHOWN = 100  # changes listed
VersionId = Annotated[int, PathParameter(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class ShownChange:
    question: str
    before: str
    after: str
    is_loss: bool
    is_gain: bool


def show(site: CurrentSite, user: CurrentUser, version_id: VersionId, thu: str = "") -> Response:
    """`thu`: also try what a draft would change; of a version in review that is always shown."""
    guides = guides_of(site)
    with site.database.read() as session:
        version = version_of(session, user, version_id)
        live = guide_versions.live_version(session, commune_id=user.commune_id, slug=version.slug)
    result = _checked(site, version)
    fields = fields_of(version.source)
    against, base = _compared(live, guides.shipped_source(version.slug), version)
    wants_effect = version.state == REVIEW or (bool(thu) and version.state in OPEN)
    changes = _effect(site, version, result) if wants_effect else None
    return site.page(
        "guide_version.html",
        user=user,
        version=version,
        title=result.guide.title if result.guide else version.slug,
        problems=[(problem.severity, problem.line, in_words(site, problem)) for problem in result.problems],
        is_ready=result.guide is not None and not result.errors,
        messages=preview(site.phrases, fields) if fields else None,
        against=against,
        rows=differences(base, whole_text(version.source, version.questions)) if base is not None else [],
        changes=changes,
        changed=_shown(site, user, changes, result) if changes else [],
        is_open=version.state in OPEN,
        can_submit=version.state in (DRAFT, REJECTED),
        can_restore=version.state == REPLACED,
        is_own_work=user.actor in version.authors,
        may_write=Right.write_guides in user.rights,
        may_review=Right.review_guides in user.rights,
    )


def submit(site: CurrentSite, user: CurrentUser, version_id: VersionId, edition: FormText = "") -> Response:
    with site.database.read() as session:
        version = version_of(session, user, version_id)
    _must_be_ready(site, version)
    with refusals(), site.database.write() as session:
        guide_versions.submit(
            session,
            commune_id=user.commune_id,
            version_id=version_id,
            edition=_number(edition),
            by=user.actor,
            now=site.clock(),
        )
    return RedirectResponse(f"{PATH}/ban/{version_id}", 303)


def publish(
    site: CurrentSite,
    user: CurrentUser,
    version_id: VersionId,
    edition: FormText = "",
    accept_drop: FormText = "",
) -> Response:
    """Only what passes every check, and a drop only when it was ticked."""
    with site.database.read() as session:
        version = version_of(session, user, version_id)
    result = _must_be_ready(site, version)
    changes = _effect(site, version, result)
    drop = changes.drop if changes else 0
    if drop and not accept_drop:
        raise Refused(400, "authoring.refused_drop")
    with refusals(), site.database.write() as session:
        guide_versions.publish(
            session,
            commune_id=user.commune_id,
            version_id=version_id,
            edition=_number(edition),
            by=user.actor,
            now=site.clock(),
            drop=drop,
        )
    guides_of(site).refresh(user.commune_id)
    return RedirectResponse(f"{PATH}/{version.slug}", 303)


def give_back(
    site: CurrentSite,
    user: CurrentUser,
    version_id: VersionId,
    edition: FormText = "",
    note: FormText = "",
) -> Response:
    if not note.strip():
        raise Refused(400, "authoring.refused_note")
    with refusals(), site.database.write() as session:
        version_of(session, user, version_id)
        guide_versions.give_back(
            session,
            commune_id=user.commune_id,
            version_id=version_id,
            edition=_number(edition),
            note=typed(site, note),
            by=user.actor,
            now=site.clock(),
        )
    return RedirectResponse(f"{PATH}/ban/{version_id}", 303)


def restore(site: CurrentSite, user: CurrentUser, version_id: VersionId) -> Response:
    """What was live before answers again; it must still pass every check."""
    with site.database.read() as session:
        version = version_of(session, user, version_id)
    _must_be_ready(site, version)
    with refusals(), site.database.write() as session:
        guide_versions.roll_back(
            session, commune_id=user.commune_id, version_id=version_id, by=user.actor, now=site.clock()
        )
    guides_of(site).refresh(user.commune_id)
    return RedirectResponse(f"{PATH}/{version.slug}", 303)


@contextmanager
def refusals() -> Iterator[None]:
    """What the records refuse, as pages that say what to do."""
    try:
        yield
    except OwnWork as error:
        raise Refused(403, "authoring.refused_own_work") from error
    except ChangedMeanwhile as error:
        raise Refused(409, "authoring.refused_changed") from error
    except NoSuchGuideVersion as error:
        raise Refused(409, "authoring.refused_state") from error


def _checked(site: Site, version: GuideVersion) -> Checked:
    return checked(site, version.commune_id, version.slug, version.source, version.questions)


def _must_be_ready(site: Site, version: GuideVersion) -> Checked:
    result = _checked(site, version)
    if result.guide is None or result.errors:
        raise Refused(400, "authoring.refused_problems")
    return result


def _compared(
    live: GuideVersion | None, shipped: str | None, version: GuideVersion
) -> tuple[str, str | None]:
    """(what the version is compared with, its text); None where nothing stands before it."""
    if live is not None and live.id != version.id:
        return "live", whole_text(live.source, live.questions)
    if shipped is not None:
        return "shipped", whole_text(shipped, ())
    return "nothing", None


def _effect(site: Site, version: GuideVersion, result: Checked) -> Changes | None:
    if result.guide is None or result.errors or version.state == LIVE:
        return None
    return effect_of(site, version.commune_id, result.guide, (version.id, version.edition))


def _shown(site: Site, user: StaffUser, changes: Changes, result: Checked) -> list[ShownChange]:
    library: Library = guides_of(site).library(user.commune_id)

    def row(change: Change) -> ShownChange:
        assert result.guide is not None  # there are changes only of what can be read
        return ShownChange(
            change.known.question,
            answer_in_words(site, change.before, library, result.guide),
            answer_in_words(site, change.after, library, result.guide),
            change.is_loss,
            change.is_gain,
        )

    return [row(change) for change in changes.changed[:SHOWN]]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused(400, "staff.refused_request")
    return int(text)
