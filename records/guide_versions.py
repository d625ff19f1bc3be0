"""The guides a commune's staff wrote: draft → in review → live, and what was live before.

Who wrote a version never approves it, and what is approved is what the reviewer saw (`edition`). A
version that is live or was, stays as it is: changing one begins another. Whether a text may go live
at all is `knowledge.check_version`'s to say, before `publish` is called.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from records import audit
from records.models import Commune, GuideVersion

DRAFT, REVIEW, LIVE, REPLACED, REJECTED = "draft", "review", "live", "replaced", "rejected"
OPEN = (DRAFT, REVIEW, REJECTED)  # not live yet; can be changed
MAX_LISTED = 1_000
MAX_VERSIONS = 100  # shown of one guide


class NoSuchGuideVersion(Exception):
    """The commune has no such version, or it is past what was asked for."""


class ChangedMeanwhile(Exception):
    """Somebody changed the version since it was shown."""


class OwnWork(Exception):
    """Nobody approves what they wrote themselves."""


def add_draft(
    session: Session,
    *,
    commune_id: int,
    slug: str,
    source: str,
    questions: Sequence[str],
    shipped: str | None,
    review_by: dt.date | None = None,
    by: str,
    now: dt.datetime,
) -> GuideVersion:
    """A new version that answers nothing yet."""
    _lock(session, commune_id)
    last = session.scalar(
        select(func.max(GuideVersion.version)).where(
            GuideVersion.commune_id == commune_id, GuideVersion.slug == slug
        )
    )
    draft = GuideVersion(
        commune_id=commune_id,
        slug=slug,
        version=(last or 0) + 1,
        state=DRAFT,
        edition=1,
        source=source,
        questions=list(questions),
        shipped=shipped,
        review_by=review_by,
        authors=[by],
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    session.add(draft)
    session.flush()
    _note(session, draft, "guide.draft", by=by, now=now)
    return draft


def save_draft(
    session: Session,
    *,
    commune_id: int,
    version_id: int,
    edition: int,
    source: str,
    questions: Sequence[str],
    review_by: dt.date | None,
    by: str,
    now: dt.datetime,
) -> GuideVersion:
    """Change what is not live yet; what was in review is a draft again."""
    version = _held(session, commune_id, version_id, states=OPEN, edition=edition)
    version.source, version.questions, version.review_by = source, list(questions), review_by
    version.state, version.edition, version.updated_at = DRAFT, version.edition + 1, now
    if by not in version.authors:
        version.authors = [*version.authors, by]
    session.flush()
    return version


def submit(
    session: Session, *, commune_id: int, version_id: int, edition: int, by: str, now: dt.datetime
) -> GuideVersion:
    """Ask for a review. Raises `NoSuchGuideVersion`, `ChangedMeanwhile`."""
    version = _held(session, commune_id, version_id, states=(DRAFT, REJECTED), edition=edition)
    version.state, version.note, version.updated_at = REVIEW, None, now
    _note(session, version, "guide.submit", by=by, now=now)
    return version


def publish(
    session: Session,
    *,
    commune_id: int,
    version_id: int,
    edition: int,
    by: str,
    now: dt.datetime,
    drop: int = 0,
) -> GuideVersion:
    """Answer with this version from now on; the one before is kept.

    `drop`: how many known questions fewer are answered rightly, as the reviewer was told. Raises
    `OwnWork` for who wrote any of it, `NoSuchGuideVersion`, `ChangedMeanwhile`.
    """
    version = _held(session, commune_id, version_id, states=(REVIEW,), edition=edition)
    if by in version.authors:
        raise OwnWork(f"{version.slug}: found {by} as author and reviewer, expected two people")
    version.reviewed_by, version.reviewed_at = by, now
    _go_live(session, version, now)
    _note(session, version, "guide.publish", by=by, now=now, drop=drop)
    return version


def give_back(
    session: Session, *, commune_id: int, version_id: int, edition: int, note: str, by: str, now: dt.datetime
) -> GuideVersion:
    """The reviewer says what is to be mended; `note` is masked."""
    version = _held(session, commune_id, version_id, states=(REVIEW,), edition=edition)
    if by in version.authors:
        raise OwnWork(f"{version.slug}: found {by} as author and reviewer, expected two people")
    version.state, version.note, version.updated_at = REJECTED, note, now
    version.reviewed_by, version.reviewed_at = by, now
    _note(session, version, "guide.return", by=by, now=now)
    return version


def roll_back(
    session: Session, *, commune_id: int, version_id: int, by: str, now: dt.datetime
) -> GuideVersion:
    """Bring back a version that was live; somebody else approved it then."""
    version = _held(session, commune_id, version_id, states=(REPLACED,))
    _go_live(session, version, now)
    _note(session, version, "guide.rollback", by=by, now=now)
    return version


def retire(session: Session, *, commune_id: int, slug: str, by: str, now: dt.datetime) -> GuideVersion:
    """Answer with the shipped guide again, or with none where none is shipped."""
    _lock(session, commune_id)
    version = live_version(session, commune_id=commune_id, slug=slug)
    if version is None:
        raise NoSuchGuideVersion(f"{slug}: found no live version, expected one to take out of use")
    version.state, version.updated_at = REPLACED, now
    session.flush()
    _note(session, version, "guide.retire", by=by, now=now)
    return version


def find_guide_version(session: Session, *, commune_id: int, version_id: int) -> GuideVersion | None:
    return session.get(GuideVersion, (commune_id, version_id))


def live_version(session: Session, *, commune_id: int, slug: str) -> GuideVersion | None:
    return session.scalar(
        select(GuideVersion).where(
            GuideVersion.commune_id == commune_id, GuideVersion.slug == slug, GuideVersion.state == LIVE
        )
    )


def open_version(session: Session, *, commune_id: int, slug: str) -> GuideVersion | None:
    """The newest one that is not live yet."""
    return session.scalar(
        select(GuideVersion)
        .where(
            GuideVersion.commune_id == commune_id,
            GuideVersion.slug == slug,
            GuideVersion.state.in_(OPEN),
        )
        .order_by(GuideVersion.version.desc())
        .limit(1)
    )


def versions_of(session: Session, *, commune_id: int, slug: str) -> list[GuideVersion]:
    """Newest first."""
    return list(
        session.scalars(
            select(GuideVersion)
            .where(GuideVersion.commune_id == commune_id, GuideVersion.slug == slug)
            .order_by(GuideVersion.version.desc())
            .limit(MAX_VERSIONS)
        )
    )


def current_versions(session: Session, *, commune_id: int) -> list[GuideVersion]:
    """Those that are live or waited on, by slug, newest first."""
    return list(
        session.scalars(
            select(GuideVersion)
            .where(GuideVersion.commune_id == commune_id, GuideVersion.state.in_((LIVE, *OPEN)))
            .order_by(GuideVersion.slug, GuideVersion.version.desc())
            .limit(MAX_LISTED)
        )
    )


def live_versions(session: Session, *, commune: str) -> list[GuideVersion]:
    """What stands for or beside the shipped guides in the commune of that slug, by slug of the guide."""
    return list(
        session.scalars(
            select(GuideVersion)
            .join(Commune, Commune.id == GuideVersion.commune_id)
            .where(Commune.slug == commune, GuideVersion.state == LIVE)
            .order_by(GuideVersion.slug)
        )
    )


_LIVE_IDS = (
    select(GuideVersion.id)
    .join(Commune, Commune.id == GuideVersion.commune_id)
    .where(Commune.slug == bindparam("commune"), GuideVersion.state == LIVE)
    .order_by(GuideVersion.slug)
)


def live_ids(connection: Session | Connection, *, commune: str) -> tuple[int, ...]:
    """The ids of `live_versions`: what is live never changes, so they tell whether it is the same."""
    return tuple(connection.execute(_LIVE_IDS, {"commune": commune}).scalars())


def _lock(session: Session, commune_id: int) -> None:
    """One change of a commune's guides at a time (SQLite lets one writer in anyway)."""
    session.execute(select(Commune.id).where(Commune.id == commune_id).with_for_update(key_share=True))


def _held(
    session: Session,
    commune_id: int,
    version_id: int,
    *,
    states: Sequence[str],
    edition: int | None = None,
) -> GuideVersion:
    """The version, with nobody else changing the commune's guides."""
    _lock(session, commune_id)
    version = session.get(GuideVersion, (commune_id, version_id), populate_existing=True)
    if version is None:
        raise NoSuchGuideVersion(f"found no version {version_id}, expected one of this commune")
    if edition is not None and version.edition != edition:
        raise ChangedMeanwhile(f"{version.slug}: found edition {version.edition}, expected {edition}")
    if version.state not in states:
        raise NoSuchGuideVersion(f"{version.slug}: found {version.state}, expected {' or '.join(states)}")
    return version


def _go_live(session: Session, version: GuideVersion, now: dt.datetime) -> None:
    before = live_version(session, commune_id=version.commune_id, slug=version.slug)
    if before is not None:
        before.state = REPLACED
        session.flush()  # first: two live ones would break the unique index
    version.state, version.live_at, version.updated_at = LIVE, now, now
    session.flush()


def _note(
    session: Session, version: GuideVersion, action: str, *, by: str, now: dt.datetime, drop: int = 0
) -> None:
    detail: dict[str, object] = {"slug": version.slug, "version": version.version}
    if drop:
        detail["drop"] = drop
    audit.append(session, commune_id=version.commune_id, actor=by, action=action, now=now, detail=detail)
