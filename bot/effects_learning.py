"""Record what an Action said about learning (`handlers.effects_learning`)."""

import datetime as dt
from collections.abc import Mapping

from bot.effect_context import EffectContext, Recorder
from handlers.effects import Effect
from records import codes, learners, profiles, progress, reminders


def _take_back(context: EffectContext, effect: Effect) -> None:
    progress.take_back(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        guide=effect["guide"],
        now=context.now,
    )


def _give_back(context: EffectContext, effect: Effect) -> None:
    progress.give_back(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        guide=effect["guide"],
    )


def _path(context: EffectContext, effect: Effect) -> None:
    progress.set_path(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        group=effect["group"],
        level=effect["level"],
    )


def _give_code(context: EffectContext, _effect: Effect) -> None:
    codes.code_of(context.session, commune_id=context.commune_id, learner_id=context.learner_id)


def _remind(context: EffectContext, effect: Effect) -> None:
    reminders.set_reminder(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        conversation_id=context.conversation.id,
        kind=effect["every"],
        guide=effect["guide"],
        at=dt.datetime.fromisoformat(effect["at"]),
        now=context.now,
    )


def _stop_reminding(context: EffectContext, _effect: Effect) -> None:
    reminders.stop_reminders(context.session, commune_id=context.commune_id, learner_id=context.learner_id)


def _news(context: EffectContext, effect: Effect) -> None:
    """News goes to a phone: whoever uses it says yes or no for whose account it is."""
    learners.note_consent(
        context.session,
        commune_id=context.commune_id,
        learner_id=profiles.owner_of(context.session, context.conversation),
        what="announce_consent",
        version=effect["version"],
        now=context.now,
    )


KINDS: Mapping[str, Recorder] = {
    "take_back": _take_back,
    "give_back": _give_back,
    "path": _path,
    "give_code": _give_code,
    "remind": _remind,
    "stop_reminding": _stop_reminding,
    "news": _news,
}
