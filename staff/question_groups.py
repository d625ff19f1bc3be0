"""Questions that want a guide, grouped by likeness; from a group to a guide, or to "no guide needed"."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path as PathParameter
from fastapi import Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.guide_form import GuideFields, StepFields, source_of
from knowledge.library import Library
from records import open_questions
from records.models import Hamlet
from records.open_questions import OpenQuestion
from retrieval.alike import group_alike
from retrieval.engine import Engine
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed
from staff.guide_desk import PATH as GUIDES_PATH
from staff.guide_desk import guides_of
from staff.guides import new_draft, open_draft
from staff.period import ChosenPeriod, Period, month_choices, quarter_choices
from staff.roles import Right
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/chua-tra-loi/nhom"
SHOWN, EXAMPLES = 100, 3
WORDINGS, NEAREST = 50, 3
QuestionId = Annotated[int, PathParameter(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    questions: tuple[OpenQuestion, ...]  # the one that says it best first

    @property
    def id(self) -> int:
        """Of the first that asked: it stays when others join."""
        return min(question.id for question in self.questions)

    @property
    def is_set_aside(self) -> bool:
        """All of them were; a new question brings the group back."""
        return all(question.batch is not None for question in self.questions)

    @property
    def new(self) -> int:
        return sum(question.batch is None for question in self.questions)

    @property
    def handed_off(self) -> int:
        return sum(question.handoff_id is not None for question in self.questions)

    @property
    def hamlets(self) -> int:
        return len({question.hamlet_id for question in self.questions if question.hamlet_id})

    @property
    def last_asked(self) -> dt.datetime:
        return max(question.asked_at for question in self.questions)

    @property
    def wordings(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(question.text for question in self.questions))


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod, bo_qua: str = "") -> Response:
    """`bo_qua`: those that were set aside instead."""
    groups = _groups(site, user, period)
    shown = [group for group in groups if group.is_set_aside == bool(bo_qua)]
    library, engine = guides_of(site).library(user.commune_id), guides_of(site).engine(user.commune_id)
    today = site.today()
    return site.page(
        "question_groups.html",
        user=user,
        period=period,
        months=month_choices(today),
        quarters=quarter_choices(today),
        groups=[(group, _nearest(group, library, engine, 1)) for group in shown[:SHOWN]],
        count=len(shown),
        questions=sum(len(group.questions) for group in shown),
        set_aside=sum(group.is_set_aside for group in groups),
        only_set_aside=bool(bo_qua),
        most=open_questions.MOST,
        is_cut=sum(len(group.questions) for group in groups) >= open_questions.MOST,
        examples=EXAMPLES,
        calculated_at=site.clock(),
    )


def show_one(site: CurrentSite, user: CurrentUser, question_id: QuestionId, period: ChosenPeriod) -> Response:
    """One group with its wordings, to be looked at by a named member of staff (audit log)."""
    group = _group(site, user, question_id, period)
    guides = guides_of(site)
    with site.database.write() as session:
        names = _hamlet_names(session, user.commune_id)
        replies = open_questions.replies_of_volunteers(
            session, commune_id=user.commune_id, handoffs=_handoffs(group)
        )
        note(
            session,
            commune_id=user.commune_id,
            actor=user.actor,
            action="questions.view",
            now=site.clock(),
            count=len(group.questions),
        )
    library = guides.library(user.commune_id)
    return site.page(
        "question_group.html",
        user=user,
        period=period,
        group=group,
        wordings=group.wordings[:WORDINGS],
        hamlets=sorted({names[q.hamlet_id] for q in group.questions if q.hamlet_id in names}),
        replies=replies,
        nearest=_nearest(group, library, guides.engine(user.commune_id), NEAREST),
        guides=sorted((guide.title, slug) for slug, guide in library.guides.items()),
        may_write=Right.write_guides in user.rights,
    )


def add_to_guide(
    site: CurrentSite,
    user: CurrentUser,
    question_id: QuestionId,
    period: ChosenPeriod,
    slug: FormText = "",
    wording: FormText = "",
) -> Response:
    """The wording becomes a question of the guide's draft; somebody else reviews it before it counts."""
    user.require(Right.write_guides)
    _group(site, user, question_id, period)
    wording = " ".join(typed(site, wording, limit=200).split())
    if not wording or slug not in guides_of(site).library(user.commune_id).guides:
        raise Refused(400, "authoring.refused_choose")
    version_id = open_draft(site, user, slug, add=[wording])
    return RedirectResponse(f"{GUIDES_PATH}/ban/{version_id}", 303)


def write_guide(
    site: CurrentSite,
    user: CurrentUser,
    question_id: QuestionId,
    period: ChosenPeriod,
    title: FormText = "",
) -> Response:
    """A draft with the group's wordings as its questions and volunteers' words as its first steps."""
    user.require(Right.write_guides)
    group = _group(site, user, question_id, period)
    with site.database.read() as session:
        replies = open_questions.replies_of_volunteers(
            session, commune_id=user.commune_id, handoffs=_handoffs(group)
        )
    title = " ".join(typed(site, title, limit=80).split())
    version_id = new_draft(
        site,
        user,
        title,
        questions=[site.mask(wording) for wording in group.wordings[:WORDINGS]],
        source=_begun(title, [site.mask(reply) for reply in replies], site.today()),
    )
    return RedirectResponse(f"{GUIDES_PATH}/ban/{version_id}/sua", 303)


def set_aside(
    site: CurrentSite,
    user: CurrentUser,
    question_id: QuestionId,
    period: ChosenPeriod,
    lai: FormText = "",
) -> Response:
    """No guide is needed; with `lai` one may be needed after all."""
    group = _group(site, user, question_id, period)
    numbers = [question.id for question in group.questions]
    with site.database.write() as session:
        if lai:
            open_questions.bring_back(session, commune_id=user.commune_id, questions=numbers)
        else:
            open_questions.set_aside(
                session, commune_id=user.commune_id, questions=numbers, by=user.actor, now=site.clock()
            )
        note(
            session,
            commune_id=user.commune_id,
            actor=user.actor,
            action="questions.bring_back" if lai else "questions.set_aside",
            now=site.clock(),
            count=len(numbers),
        )
    return RedirectResponse(f"{PATH}?{period.query}", 303)


def _groups(site: Site, user: StaffUser, period: Period) -> list[QuestionGroup]:
    """Largest first, counting only what is not set aside."""
    with site.database.read() as session:
        questions = open_questions.open_questions(
            session, commune_id=user.commune_id, start=period.start, end=period.end
        )
    # People ask in the same words: each wording is encoded once.
    places = {text: place for place, text in enumerate(dict.fromkeys(each.text for each in questions))}
    vectors = guides_of(site).encode(list(places))[[places[question.text] for question in questions]]
    groups = [QuestionGroup(tuple(questions[row] for row in group.rows)) for group in group_alike(vectors)]
    return sorted(groups, key=lambda group: -(group.new or len(group.questions)))


def _group(site: Site, user: StaffUser, question_id: int, period: Period) -> QuestionGroup:
    """The group in which the question stands now: others may have joined it."""
    for group in _groups(site, user, period):
        if any(question.id == question_id for question in group.questions):
            return group
    raise Refused(404, "staff.refused_missing")


def _nearest(group: QuestionGroup, library: Library, engine: Engine, count: int) -> list[tuple[str, str]]:
    """(slug, title) of the guides nearest to how the group asks."""
    candidates = engine.ask(group.questions[0].text).candidates
    return [
        (candidate.guide, library.guides[candidate.guide].title)
        for candidate in candidates[:count]
        if candidate.guide in library.guides
    ]


def _handoffs(group: QuestionGroup) -> list[int]:
    return [question.handoff_id for question in group.questions if question.handoff_id is not None]


def _hamlet_names(session: Session, commune_id: int) -> dict[int, str]:
    return {
        hamlet.id: hamlet.name
        for hamlet in session.scalars(select(Hamlet).where(Hamlet.commune_id == commune_id))
    }


def _begun(title: str, replies: Sequence[str], today: dt.date) -> str:
    """A guide's file to go on with: each line a volunteer wrote is the begin of a step."""
    lines = [line for reply in replies for line in reply.splitlines() if line.strip()]
    return source_of(
        GuideFields(
            short={"title": title, "topic": "ky-nang", "level": "1", "reviewed": today.isoformat()},
            lists={"groups": ("nguoi-dan",)},
            steps=tuple(StepFields(action=line) for line in lines),
        )
    )
