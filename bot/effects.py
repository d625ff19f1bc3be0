"""Record what an Action said should be (`handlers.effects`), in the transaction of its turn."""

from collections.abc import Mapping

from bot import effects_classes, effects_help, effects_learning, effects_people
from bot.effect_context import EffectContext, Recorder
from handlers.effects import Effect
from records import audit, erasure, learners, questions, requests

# Effects that unlogged talks do not have.
ABOUT_QUESTIONS = frozenset(("question", "resolved", "completion", "path"))


def apply_effect(context: EffectContext, effect: Effect) -> None:
    """Raises ValueError for a kind that nobody records."""
    kind = effect["kind"]
    if context.conversation.is_unlogged and kind in ABOUT_QUESTIONS:
        return
    if kind not in KINDS:
        raise ValueError(f"found effect {kind!r}, expected one of handlers.effects")
    KINDS[kind](context, effect)


def _question(context: EffectContext, effect: Effect) -> None:
    questions.record_question(
        context.session,
        commune_id=context.commune_id,
        inbox_id=context.message.id,
        learner_id=context.learner_id,
        channel=context.message.channel,
        redacted=effect.get("said") or context.message.text,
        outcome=effect["outcome"],
        guide=effect["guide"],
        score=effect["score"],
        candidates=effect["candidates"],
        now=context.now,
    )


def _resolved(context: EffectContext, effect: Effect) -> None:
    questions.resolve_question(
        context.session, commune_id=context.commune_id, learner_id=context.learner_id, guide=effect["guide"]
    )


def _completion(context: EffectContext, effect: Effect) -> None:
    questions.record_completion(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        channel=context.message.channel,
        guide=effect["guide"],
        grade=effect["grade"],
        now=context.now,
    )


def _hamlet(context: EffectContext, effect: Effect) -> None:
    if hamlet := context.profile.hamlet(effect["hamlet"]):
        learners.set_hamlet(
            context.session,
            commune_id=context.commune_id,
            learner_id=context.learner_id,
            hamlet_id=hamlet.id,
        )


def _consent(context: EffectContext, effect: Effect) -> None:
    learners.note_consent(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        what=effect["what"],
        version=effect["version"],
        now=context.now,
    )


def _request(context: EffectContext, effect: Effect) -> None:
    requests.open_request(
        context.session,
        commune_id=context.commune_id,
        kind=effect["request"],
        source="chat",
        reference=effect["reference"],
        learner_id=context.learner_id,
        by="learner",
        now=context.now,
    )
    _audit(context, "request_opened", reference=effect["reference"], kind=effect["request"])


def _erase(context: EffectContext, effect: Effect) -> None:
    effects_help.before_erasure(context)
    erasure.erase_learner(
        context.session,
        context.conversation,
        keep=context.message,
        receipt=effect["receipt"],
        now=context.now,
    )
    _audit(context, "erase", receipt=effect["receipt"])


def _outcome(_context: EffectContext, _effect: Effect) -> None:
    """How the message ended is counted, not stored."""


def _audit(context: EffectContext, action: str, **detail: str) -> None:
    audit.append(
        context.session,
        commune_id=context.commune_id,
        actor="learner",
        action=action,
        detail=detail,
        now=context.now,
    )


KINDS: Mapping[str, Recorder] = {
    "question": _question,
    "resolved": _resolved,
    "completion": _completion,
    "hamlet": _hamlet,
    "consent": _consent,
    "request": _request,
    "erase": _erase,
    "outcome": _outcome,
    **effects_classes.KINDS,
    **effects_help.KINDS,
    **effects_learning.KINDS,
    **effects_people.KINDS,
}
