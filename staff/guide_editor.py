"""The editor of a draft: fields of a form, or the text itself; both are the same file."""

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from knowledge.guide import GROUPS, TOPICS
from knowledge.guide_form import (
    GuideFields,
    QuizFields,
    SourceFields,
    StepFields,
    fields_of,
    source_of,
)
from knowledge.own_guide import MAX_QUESTION, MAX_QUESTIONS, MAX_SOURCE
from records import guide_versions
from records.guide_versions import OPEN
from records.models import GuideVersion
from staff.access import CurrentUser
from staff.guide_days import day_of, for_file, for_form
from staff.guide_desk import PATH, checked, guides_of, in_words, version_of
from staff.guide_preview import preview
from staff.guide_version import VersionId, refusals
from staff.route import Refused
from staff.site import CurrentSite, Site

STEPS, FAULTS, SOURCES, QUIZ = 9, 8, 4, 3  # rows of the form at least
DATES = ("reviewed", "expires")


async def _form(request: Request) -> FormData:
    """All the fields: there are as many as the guide has steps."""
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


def show(site: CurrentSite, user: CurrentUser, version_id: VersionId, cach: str = "") -> Response:
    """`cach` 'van-ban' for the text; a text that no form can show comes as text in any case."""
    with site.database.read() as session:
        version = version_of(session, user, version_id)
    if version.state not in OPEN:
        raise Refused(409, "authoring.refused_state")
    review_by = f"{version.review_by:%d/%m/%Y}" if version.review_by else ""
    return _page(site, user, version, version.source, version.questions, review_by, as_text=cach == "van-ban")


def save(site: CurrentSite, user: CurrentUser, version_id: VersionId, form: Form) -> Response:
    """Save, or with `xem_thu` only show what it would look like."""
    with site.database.read() as session:
        version = version_of(session, user, version_id)
    as_text = "van_ban" in form
    source = _text(form, "van_ban") if as_text else source_of(_fields(form))
    source = source.replace("\r\n", "\n")
    questions = [site.mask(question) for question in _lines(form, "questions")]
    if len(source) > MAX_SOURCE or len(questions) > 2 * MAX_QUESTIONS:
        raise Refused(400, "authoring.refused_long")
    questions = [question[: 2 * MAX_QUESTION] for question in dict.fromkeys(questions)]
    review_by = _text(form, "review_by")
    if review_by.strip() and day_of(review_by) is None:
        raise Refused(400, "authoring.refused_day")
    if "xem_thu" in form:
        return _page(site, user, version, source, questions, review_by, as_text=as_text, is_saved=False)
    with refusals(), site.database.write() as session:
        guide_versions.save_draft(
            session,
            commune_id=user.commune_id,
            version_id=version_id,
            edition=_edition(form),
            source=source,
            questions=questions,
            review_by=day_of(review_by),
            by=user.actor,
            now=site.clock(),
        )
    if "xong" in form:
        return RedirectResponse(f"{PATH}/ban/{version_id}", 303)
    way = "?cach=van-ban" if as_text else ""
    return RedirectResponse(f"{PATH}/ban/{version_id}/sua{way}", 303)


def _page(
    site: Site,
    user: CurrentUser,
    version: GuideVersion,
    source: str,
    questions: list[str],
    review_by: str,
    *,
    as_text: bool,
    is_saved: bool = True,
) -> Response:
    fields = fields_of(source)
    result = checked(site, user.commune_id, version.slug, source, questions)
    shipped = guides_of(site).shipped().guides.get(version.slug)
    return site.page(
        "guide_editor.html",
        user=user,
        version=version,
        title=(fields.short["title"] if fields else "") or version.slug,
        source=source,
        fields=_padded(fields) if fields else None,
        as_text=as_text or fields is None,
        no_form=fields is None,
        questions=questions,
        shipped_questions=len(shipped.questions) if shipped else 0,
        review_by=review_by,
        problems=[(problem.severity, problem.line, in_words(site, problem)) for problem in result.problems],
        messages=preview(site.phrases, fields) if fields else None,
        is_saved=is_saved,
        topics=TOPICS,
        groups=GROUPS,
    )


def _padded(fields: GuideFields) -> GuideFields:
    """With empty rows to fill in, and days as people write them."""
    steps = (*fields.steps, *[StepFields()] * max(STEPS - len(fields.steps), 0))
    faults = (*fields.faults, *[("", "")] * max(FAULTS - len(fields.faults), 1))
    sources = (*fields.sources, *[SourceFields()] * max(SOURCES - len(fields.sources), 1))
    quiz = (*fields.quiz, *[QuizFields()] * max(QUIZ - len(fields.quiz), 0))
    short = {name: for_form(text) if name in DATES else text for name, text in fields.short.items()}
    return GuideFields(short, fields.lists, sources, quiz, fields.prepare, steps, faults, fields.ask)


def _fields(form: FormData) -> GuideFields:
    short = {
        name: _text(form, name)
        for name in ("title", "choice", "topic", "summary", "level", "safety", "check")
    }
    return GuideFields(
        short=short | {name: for_file(_text(form, name)) for name in DATES},
        lists={
            "groups": tuple(str(group) for group in form.getlist("groups") if group in GROUPS),
            "prerequisites": _slugs(form, "prerequisites"),
            "related": _slugs(form, "related"),
        },
        sources=tuple(
            SourceFields(
                _text(form, f"source_name_{at}"),
                _text(form, f"source_address_{at}"),
                for_file(_text(form, f"source_date_{at}")),
            )
            for at in _rows(form, "source_name_")
        ),
        quiz=tuple(
            QuizFields(
                _text(form, f"quiz_question_{at}"),
                tuple(_lines(form, f"quiz_options_{at}")),
                _text(form, f"quiz_answer_{at}"),
                _text(form, f"quiz_why_{at}"),
            )
            for at in _rows(form, "quiz_question_")
        ),
        prepare=tuple(_lines(form, "prepare")),
        steps=tuple(
            StepFields(
                _text(form, f"step_action_{at}"),
                _text(form, f"step_appears_{at}"),
                _text(form, f"step_if_not_{at}"),
                _text(form, f"step_picture_{at}"),
            )
            for at in _rows(form, "step_action_")
        ),
        faults=tuple(
            (_text(form, f"fault_sign_{at}").strip(), _text(form, f"fault_remedy_{at}").strip())
            for at in _rows(form, "fault_sign_")
        ),
        ask=tuple(_lines(form, "ask")),
    )


def _rows(form: FormData, name: str) -> list[int]:
    """The numbers of the rows that were sent, in order; a person sends no hundreds of them."""
    numbers = (key.removeprefix(name) for key in form if key.startswith(name))
    return sorted({int(number) for number in numbers if re.fullmatch(r"\d{1,2}", number, re.ASCII)})


def _text(form: FormData, name: str) -> str:
    """What was typed into a field; a file in its place is nothing. Zeros no keyboard types are left out."""
    value = form.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _lines(form: FormData, name: str) -> list[str]:
    return [" ".join(line.split()) for line in _text(form, name).splitlines() if line.strip()]


def _slugs(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(slug for slug in re.split(r"[\s,;]+", _text(form, name)) if slug)


def _edition(form: FormData) -> int:
    text = _text(form, "edition")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise Refused(400, "staff.refused_request")
    return int(text)
