"""Record what an Action said about classes, mentors and households (`handlers.effects_classes`)."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select

from bot.effect_context import EffectContext, Recorder
from bot.pushing import Pushing
from handlers.base import button
from handlers.effects import Effect
from records import classes, codes, confirmations, households, mentorships, progress, questions, volunteers
from records.class_counts import TRADERS
from records.community import Volunteer
from records.models import ChannelIdentity, Conversation, Learner


def _class_note(context: EffectContext, effect: Effect) -> None:
    volunteer = _volunteer(context)
    if volunteer is None:
        return
    hamlet = context.profile.hamlet(effect["hamlet"])
    classes.save_note(
        context.session,
        commune_id=context.commune_id,
        inbox_id=context.message.id,
        volunteer_id=volunteer.id,
        entered_by=f"volunteer:{volunteer.id}",
        kind=effect["note"],
        hamlet_id=hamlet.id if hamlet else None,
        day=dt.date.fromisoformat(effect["day"]),
        guides=effect["guides"],
        total=effect["total"],
        codes=effect["codes"],
        note="; ".join(effect["topics"]) or None,
        now=context.now,
        **effect["parts"],
    )


def _void_note(context: EffectContext, effect: Effect) -> None:
    if volunteer := _volunteer(context):
        classes.void_note(
            context.session,
            commune_id=context.commune_id,
            volunteer_id=volunteer.id,
            note_id=effect["id"],
        )


def _confirm(context: EffectContext, effect: Effect) -> None:
    volunteer, learner = _volunteer(context), _learner(context, effect["code"])
    if volunteer is None or learner is None or learner.id == context.learner_id:
        return
    is_new = questions.record_completion(
        context.session,
        commune_id=context.commune_id,
        learner_id=learner.id,
        channel=context.message.channel,
        guide=effect["guide"],
        grade=confirmations.GRADE,
        volunteer_id=volunteer.id,
        now=context.now,
    )
    if not is_new or context.services is None:
        return
    guide = context.services.library().guides.get(effect["guide"])
    _ask(
        context,
        learner.id,
        "classes.told_confirmed",
        [
            ("classes.told_right", "confirmation_keep", {"means": "yes"}),
            ("classes.told_wrong", "confirmation_refuse", {"guide": effect["guide"], "means": "no"}),
        ],
        name=volunteer.name,
        title=guide.title if guide else effect["guide"],
    )


def _refuse_confirmation(context: EffectContext, effect: Effect) -> None:
    confirmations.refuse(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        guide=effect["guide"],
        now=context.now,
    )


def _mentor_ask(context: EffectContext, effect: Effect) -> None:
    volunteer, learner = _volunteer(context), _learner(context, effect["code"])
    if volunteer is None or learner is None or learner.id == context.learner_id:
        return
    _ask(
        context,
        learner.id,
        "classes.mentor_offer",
        [
            ("classes.mentor_offer_yes", "mentor_yes", {"volunteer": volunteer.id, "means": "yes"}),
            ("classes.mentor_offer_no", "mentor_no", {"volunteer": volunteer.id, "means": "no"}),
        ],
        name=volunteer.name,
    )


def _mentor_begin(context: EffectContext, effect: Effect) -> None:
    mentor = context.session.get(Volunteer, (context.commune_id, effect["volunteer"]))
    if mentor is None or not mentor.is_active:
        return
    code = codes.code_of(context.session, commune_id=context.commune_id, learner_id=context.learner_id)
    is_new = mentorships.begin(
        context.session,
        commune_id=context.commune_id,
        volunteer_id=mentor.id,
        learner_id=context.learner_id,
        now=context.now,
    )
    if is_new:
        _tell_mentor(context, mentor, "classes.mentee_said_yes", code)


def _mentor_refuse(context: EffectContext, effect: Effect) -> None:
    mentor = context.session.get(Volunteer, (context.commune_id, effect["volunteer"]))
    if mentor is not None:
        code = codes.code_of(context.session, commune_id=context.commune_id, learner_id=context.learner_id)
        _tell_mentor(context, mentor, "classes.mentee_said_no", code)


def _mentee_end(context: EffectContext, effect: Effect) -> None:
    volunteer, learner = _volunteer(context), _learner(context, effect["code"])
    if volunteer is not None and learner is not None:
        mentorships.end(
            context.session,
            commune_id=context.commune_id,
            volunteer_id=volunteer.id,
            learner_id=learner.id,
            now=context.now,
        )


def _mentor_end(context: EffectContext, effect: Effect) -> None:
    mentorships.end(
        context.session,
        commune_id=context.commune_id,
        volunteer_id=effect["volunteer"],
        learner_id=context.learner_id,
        now=context.now,
    )


def _household_join(context: EffectContext, effect: Effect) -> None:
    households.join_household(
        context.session,
        commune_id=context.commune_id,
        learner_id=context.learner_id,
        code=effect["code"],
        now=context.now,
    )


def _household_leave(context: EffectContext, _effect: Effect) -> None:
    households.leave_household(context.session, commune_id=context.commune_id, learner_id=context.learner_id)


def _trader(context: EffectContext, effect: Effect) -> None:
    learner = _learner(context, effect["code"])
    if _volunteer(context) is not None and learner is not None:
        progress.set_path(
            context.session, commune_id=context.commune_id, learner_id=learner.id, group=TRADERS
        )


def _volunteer(context: EffectContext) -> Volunteer | None:
    """The volunteer who writes; looked at again, for they may have been switched off meanwhile."""
    return volunteers.of_conversation(
        context.session, commune_id=context.commune_id, conversation_id=context.conversation.id
    )


def _learner(context: EffectContext, code: str) -> Learner | None:
    return codes.learner_with(context.session, commune_id=context.commune_id, code=code)


def _ask(
    context: EffectContext,
    learner_id: int,
    key: str,
    choices: list[tuple[str, str, dict[str, object]]],
    **values: object,
) -> None:
    """Ask a learner where they wrote last; who cannot be reached is not asked."""
    conversation = _talk_of(context, learner_id)
    if context.services is None or conversation is None:
        return
    pushing = Pushing(context.session, context.services, context.now, context.pushed_on)
    buttons = [
        button(pushing.phrase(conversation, title), intent, **entities) for title, intent, entities in choices
    ]
    pushing.ask(conversation, pushing.phrase(conversation, key, **values), buttons)


def _tell_mentor(context: EffectContext, mentor: Volunteer, key: str, code: str) -> None:
    if context.services is None or mentor.conversation_id is None:
        return
    conversation = context.session.get(Conversation, (context.commune_id, mentor.conversation_id))
    if conversation is not None:
        pushing = Pushing(context.session, context.services, context.now, context.pushed_on)
        pushing.say(conversation, key, of=context.conversation.id, code=code)


def _talk_of(context: EffectContext, learner_id: int) -> Conversation | None:
    """The conversation in which the learner wrote last and can still be written to."""
    return context.session.scalar(
        select(Conversation)
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            Conversation.commune_id == context.commune_id,
            Conversation.learner_id == learner_id,
            ChannelIdentity.left_at.is_(None),
        )
        .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
        .limit(1)
    )


KINDS: Mapping[str, Recorder] = {
    "class_note": _class_note,
    "void_note": _void_note,
    "confirm": _confirm,
    "refuse_confirmation": _refuse_confirmation,
    "mentor_ask": _mentor_ask,
    "mentor_begin": _mentor_begin,
    "mentor_refuse": _mentor_refuse,
    "mentee_end": _mentee_end,
    "mentor_end": _mentor_end,
    "household_join": _household_join,
    "household_leave": _household_leave,
    "trader": _trader,
}
