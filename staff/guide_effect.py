"""What a version would change if it went live: known questions asked of both, before and after.

Takes a few seconds, in the thread of the request. What came out is remembered for a while, for the
page, its reload and the approval are about the same; what residents asked is kept no longer than that.
"""

import datetime as dt

from sqlalchemy.orm import Session

from knowledge.guide import Guide
from knowledge.library import Library
from records.open_questions import answered_questions
from retrieval.changes import Changes, Known, spread, what_changes
from retrieval.decide import Choices, Decision, OneGuide
from staff.guide_desk import guides_of
from staff.remembered import Key
from staff.site import Site

SAMPLE = 2_000  # questions
LOGGED, LOGGED_FOR = 800, dt.timedelta(days=90)


def effect_of(site: Site, commune_id: int, guide: Guide, key: Key) -> Changes:
    """`key` tells versions and their editions apart."""
    guides, now = guides_of(site), site.clock()
    before = guides.engine(commune_id)
    whole_key = (commune_id, id(before), *key)
    if known := site.tried.get(whole_key, now):
        return known
    with site.database.read() as session:
        asked = _known(session, commune_id, guides.library(commune_id), guide, now)
    changes = what_changes(asked, before=before, after=guides.engine_with(commune_id, guide))
    site.tried.put(whole_key, changes, now)
    return changes


def answer_in_words(site: Site, decision: Decision, library: Library, guide: Guide) -> str:
    """The guide that answers, those asked back between, or that there is none."""
    titles = {slug: each.title for slug, each in library.guides.items()} | {guide.slug: guide.title}
    match decision:
        case OneGuide(slug):
            return titles.get(slug, slug)
        case Choices(slugs):
            names = [titles.get(slug, slug) for slug in slugs]
            return site.phrases("authoring.answer_choices", titles=names)
        case _:
            return site.phrases("authoring.answer_none")


def _known(
    session: Session, commune_id: int, library: Library, guide: Guide, now: dt.datetime
) -> list[Known]:
    """The guide's own questions, what was asked lately, and of the other guides' as many as there is room."""
    before = library.guides.get(guide.slug)
    old = set(before.questions) if before else set()
    own = [Known(question, guide.slug, is_new=question not in old) for question in guide.questions]
    lately = answered_questions(session, commune_id=commune_id, since=now - LOGGED_FOR, limit=LOGGED)
    logged = [Known(text, None) for text, _ in lately]
    others = [
        Known(question, slug)
        for slug, each in library.guides.items()
        if slug != guide.slug
        for question in each.questions
    ]
    return [*own, *logged, *spread(others, max(SAMPLE - len(own) - len(logged), 0))]
