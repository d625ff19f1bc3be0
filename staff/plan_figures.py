"""Targets with what was reached, as the site counts them: with its paths and its guides' topics."""

import datetime as dt
from collections import defaultdict

from sqlalchemy.orm import Session

from knowledge.library import Library
from records.plan_targets import TargetRow, targets_with_actuals
from staff.formats import VIETNAM
from staff.site import Site


def plan_targets(
    site: Site, session: Session, *, commune_id: int, first: dt.date, last: dt.date
) -> tuple[TargetRow, ...]:
    """See `records.plan_targets.targets_with_actuals`; how a row is said is `staff.plan_words`."""
    return targets_with_actuals(
        session,
        commune_id=commune_id,
        first=first,
        last=last,
        lessons=site.paths.first_lessons(),
        topics=guides_by_topic(site.library_of(commune_id)),
        today=site.clock().astimezone(VIETNAM).date(),
    )


def guides_by_topic(library: Library) -> dict[str, list[str]]:
    topics: dict[str, list[str]] = defaultdict(list)
    for slug, guide in library.guides.items():
        topics[guide.front.topic].append(slug)
    return dict(topics)
