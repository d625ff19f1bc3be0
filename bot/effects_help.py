"""Record what an Action said about volunteers and calls for a person (`handlers.effects_help`).

What depends on who came first is answered here, for the Action could not know it.
"""

import datetime as dt
from collections.abc import Mapping

from bot import relay
from bot.effect_context import EffectContext, Outdated, Recorder
from bot.pushing import Pushing, can_be_reached, set_slots
from handlers.effects import Effect
from records import audit, codes, handoffs, volunteers
from records.community import Volunteer
from records.models import Conversation
from records.relayed import MARK

FREE_TRIES = 5  # wrong invitation codes, within:
TRIES_IN = dt.timedelta(hours=1)


def pushing(context: EffectContext) -> Pushing | None:
    """None where a Rasa server leads the talk."""
    if context.services is None:
        return None
    return Pushing(context.session, context.services, context.now, context.pushed_on)


def _handoff(context: EffectContext, effect: Effect) -> None:
    wish = relay.Wish(
        effect["reason"],
        effect["guide"],
        effect["step"],
        None if context.conversation.is_unlogged else effect["question"],
        effect.get("tried") or (),
    )
    if push := pushing(context):
        relay.call_person(push, context.conversation, wish, text=context.message.text)
    else:
        handoffs.open_call(
            context.session,
            commune_id=context.commune_id,
            learner_id=context.learner_id,
            conversation_id=context.conversation.id,
            reason=wish.reason,
            guide=wish.guide,
            step=wish.step,
            question=wish.question,
            tried=wish.tried,
            now=context.now,
        )


def _withdraw_call(context: EffectContext, _effect: Effect) -> None:
    if push := pushing(context):
        relay.tell_of_withdrawal(push, context.conversation)
    handoffs.withdraw(context.session, commune_id=context.commune_id, learner_id=context.learner_id)


def before_erasure(context: EffectContext) -> None:
    """Who helps them is told; whom they help get somebody else."""
    push = pushing(context)
    if push is None:
        return
    relay.tell_of_withdrawal(push, context.conversation)
    if volunteer := _volunteer(context):
        relay.leave(push, volunteer)


def _join(context: EffectContext, effect: Effect) -> None:
    """A code is tried a few times an hour; which of a wrong, an old and a used one it was is not said."""
    push = _needed(context)
    mine, since = context.conversation, context.now - TRIES_IN
    tries = [at for at in mine.slots.get("join_tries") or () if dt.datetime.fromisoformat(at) > since]
    volunteer = None
    if len(tries) < FREE_TRIES:
        volunteer = volunteers.redeem(
            context.session,
            commune_id=context.commune_id,
            code=effect["code"],
            conversation_id=mine.id,
            now=context.now,
        )
    context.message.text = ""  # a code that was not used yet is not kept
    if volunteer is None:
        set_slots(mine, {"join_tries": [*tries, context.now.isoformat()][-FREE_TRIES:]})
        push.say(mine, "help.code_wrong", place=context.profile.name)
        return
    set_slots(mine, {"join_tries": None, "call": None})
    names = [hamlet.name for hamlet in context.profile.hamlets if hamlet.slug in volunteer.hamlets]
    hamlets = ", ".join(names) or push.services.phrases("help.whole_commune")
    push.say(mine, "help.welcome", helper=volunteer.name, place=context.profile.name, hamlets=hamlets)
    audit.append(
        context.session,
        commune_id=context.commune_id,
        actor=f"volunteer:{volunteer.id}",
        action="volunteer_joined",
        now=context.now,
    )
    relay.offer_waiting(push, commune_id=context.commune_id)


def _claim_code(context: EffectContext, effect: Effect) -> None:
    is_theirs = codes.claim(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        code=effect["code"],
    )
    if not is_theirs:
        raise Outdated


def _duty(context: EffectContext, effect: Effect) -> None:
    volunteer = _known(context)
    volunteers.set_duty(context.session, volunteer, effect["is_on_duty"])
    if effect["is_on_duty"]:
        relay.offer_waiting(_needed(context), commune_id=context.commune_id)


def _take_call(context: EffectContext, effect: Effect) -> None:
    relay.take(_needed(context), context.conversation, _known(context), effect["call"])


def _release_call(context: EffectContext, effect: Effect) -> None:
    if not relay.release(_needed(context), context.conversation, _known(context), effect["call"]):
        raise Outdated


def _close_call(context: EffectContext, effect: Effect) -> None:
    volunteer, reason = _known(context), effect["reason"]
    if not relay.close(_needed(context), context.conversation, volunteer, effect["call"], reason):
        raise Outdated


def _end_call(context: EffectContext, _effect: Effect) -> None:
    if not relay.end(_needed(context), context.conversation):
        raise Outdated


def _to_volunteer(context: EffectContext, effect: Effect) -> None:
    if not relay.to_volunteer(_needed(context), context.conversation, effect["text"]):
        raise Outdated


def _to_learner(context: EffectContext, effect: Effect) -> None:
    push, volunteer = _needed(context), _known(context)
    learner = relay.to_learner(push, context.conversation, volunteer, effect["call"], effect["text"])
    if learner is None:
        raise Outdated
    _mark(context, learner)


def _send_guide(context: EffectContext, effect: Effect) -> None:
    push, mine, volunteer = _needed(context), context.conversation, _known(context)
    what = {"title": effect["title"], "text": effect["text"]}
    if effect["code"]:
        relay.guide_by_code(push, mine, volunteer, effect["code"], **what)
    elif not relay.guide_to_learner(push, mine, volunteer, effect["call"], **what):
        raise Outdated


def _mark(context: EffectContext, learner: Conversation) -> None:
    """Whose business the volunteer's words are; of a talk that is not kept, they are not kept here either."""
    message = context.message
    message.context = {**(message.context or {}), MARK: str(learner.id)}
    if learner.is_unlogged:
        message.text = ""


def _volunteer(context: EffectContext) -> Volunteer | None:
    return volunteers.of_conversation(
        context.session, commune_id=context.commune_id, conversation_id=context.conversation.id
    )


def _known(context: EffectContext) -> Volunteer:
    """The volunteer who writes; raises `Outdated` when they were switched off meanwhile."""
    volunteer = _volunteer(context)
    if volunteer is None:
        raise Outdated
    return volunteer


def _needed(context: EffectContext) -> Pushing:
    push = pushing(context)
    if push is None or not can_be_reached(context.conversation):
        raise ValueError(f"found a talk on {context.conversation.channel}, expected one of our channels")
    return push


KINDS: Mapping[str, Recorder] = {
    "handoff": _handoff,
    "withdraw_call": _withdraw_call,
    "join": _join,
    "claim_code": _claim_code,
    "duty": _duty,
    "take_call": _take_call,
    "release_call": _release_call,
    "close_call": _close_call,
    "end_call": _end_call,
    "to_volunteer": _to_volunteer,
    "to_learner": _to_learner,
    "send_guide": _send_guide,
}
