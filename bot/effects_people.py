"""Record who uses a phone, in the transaction of the turn (`handlers.effects_people`)."""

from collections.abc import Mapping

from bot.effect_context import EffectContext, Recorder
from handlers.effects import Effect
from records import audit, erasure, profiles


def _switch_profile(context: EffectContext, effect: Effect) -> None:
    profiles.switch(
        context.session,
        context.conversation,
        name=effect["name"],
        leaving_name=effect["leaving_name"],
        leaving=effect["leaving"],
        now=context.now,
    )


def _remove_profile(context: EffectContext, effect: Effect) -> None:
    erasure.erase_profile(
        context.session,
        context.conversation,
        name=effect["name"],
        keep=context.message,
        receipt=effect["receipt"],
        now=context.now,
    )
    audit.append(
        context.session,
        commune_id=context.commune_id,
        actor="learner",
        action="erase",
        detail={"receipt": effect["receipt"]},
        now=context.now,
    )


KINDS: Mapping[str, Recorder] = {"switch_profile": _switch_profile, "remove_profile": _remove_profile}
