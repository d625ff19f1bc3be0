"""What the pages of guides share: a version read and checked, and what is wrong with it in words."""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from knowledge.check import Problem
from knowledge.guide import ContentError, Guide
from knowledge.own_guide import MAX_SOURCE, broken, check_own, own_guide
from records.guide_versions import find_guide_version
from records.models import GuideVersion
from staff.access import StaffUser
from staff.guides_port import DeskGuides
from staff.route import Refused
from staff.site import PREFIX, Site

PATH = f"{PREFIX}/kho-huong-dan"


@dataclass(frozen=True, slots=True)
class Checked:
    """A version as far as it can be read; `guide` is None when the text breaks off somewhere."""

    guide: Guide | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def guides_of(site: Site) -> DeskGuides:
    if site.guides is None:
        raise Refused(404, "staff.refused_missing")
    return site.guides


def version_of(session: Session, user: StaffUser, version_id: int) -> GuideVersion:
    version = find_guide_version(session, commune_id=user.commune_id, version_id=version_id)
    if version is None:
        raise Refused(404, "staff.refused_missing")
    return version


def checked(site: Site, commune_id: int, slug: str, source: str, questions: list[str]) -> Checked:
    guides = guides_of(site)
    if len(source) > MAX_SOURCE:
        raise Refused(400, "authoring.refused_long")
    shipped = guides.shipped().guides.get(slug)
    try:
        guide = own_guide(slug, source, questions, shipped)
    except ContentError as error:
        return Checked(None, (broken(error, source),))
    library = guides.library(commune_id)
    problems = check_own(guide, library, extra=questions, shipped=shipped, today=site.today())
    return Checked(guide, tuple(sorted(problems, key=lambda problem: problem.severity)))


def in_words(site: Site, problem: Problem) -> str:
    """The rule that was broken, as an editor reads it."""
    return site.phrases(
        f"authoring.rule_{problem.rule}",
        line=problem.line,
        found=problem.found,
        expected=problem.expected,
        quoted=_quoted(problem.found),
        instead=_quoted(problem.expected),
        number=_first_number(problem.found),
    )


def _first_number(text: str) -> str:
    match = re.search(r"\d+(?:\.\d+)?", text)
    return match[0].replace(".", ",") if match else ""


def _quoted(text: str) -> str:
    match = re.search(r"'([^']*)'", text)
    return match[1] if match else text
