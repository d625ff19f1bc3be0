"""Who is told what about a call for a person, and the words of two people carried between them.

Everything happens in one unit of work with the change itself (`records.handoffs`), so that what is
told is what is true, and a message is neither lost nor carried twice. Nothing here knows a phone
number: texts were masked at the door, and people go by a code and by a volunteer's name.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pushing import Pushing, can_be_reached, set_slots
from bot.volunteer_facts import call_facts
from handlers.base import Button, button
from handlers.helping import readable, summary, waited
from knowledge.address import DEFAULT, address
from records import codes, handoffs, volunteers
from records.community import Volunteer
from records.models import ChannelIdentity, Commune, Conversation, Hamlet, Handoff

ENDED = "ended:"  # what stands for the identity of who left the web chat (`bot.desk`)
_CALL_BUTTONS = ("call_send", "call_release", "call_close", "call_park")


@dataclass(frozen=True, slots=True)
class Wish:
    """Why a learner needs a person, and where they are."""

    reason: str  # asked, urgent, misses, error
    guide: str | None = None
    step: int | None = None
    question: str | None = None  # masked; None of a talk that is not kept
    tried: Sequence[dict[str, Any]] = ()


def call_person(push: Pushing, mine: Conversation, wish: Wish, *, text: str = "") -> None:
    """The learner needs a person; `text` is what they wrote, masked, for who has their call already."""
    session = push.session
    before = handoffs.of_learner(session, commune_id=mine.commune_id, learner_id=mine.learner_id)
    was_urgent = before is not None and before.reason == "urgent"
    handoff, is_new = handoffs.open_call(
        session,
        commune_id=mine.commune_id,
        learner_id=mine.learner_id,
        conversation_id=mine.id,
        reason=wish.reason,
        guide=wish.guide,
        step=wish.step,
        question=wish.question,
        tried=wish.tried,
        now=push.now,
    )
    is_urgent = wish.reason == "urgent"
    if handoff.state in handoffs.HAD:
        if is_urgent and text:
            to_volunteer(push, mine, text, is_urgent=True)
    elif is_new or (is_urgent and not was_urgent):
        offer(push, handoff)


# --- Cards ----------------------------------------------------------------------------------------


def offer(push: Pushing, handoff: Handoff, *, but: Collection[int] = ()) -> bool:
    """A card to who is on duty in the hamlet, or in the whole commune when nobody is there.

    `but`: volunteers who are left out. False when there is nobody to tell.
    """
    session, commune_id = push.session, handoff.commune_id
    hamlet = session.get(Hamlet, (commune_id, handoff.hamlet_id)) if handoff.hamlet_id else None
    near = _on_duty(session, handoff, hamlet.slug, but) if hamlet else []
    told = near or _on_duty(session, handoff, None, but)
    if not told or not _can_be_helped(session, handoff):
        return False
    is_open = handoffs.offer(
        session,
        commune_id=commune_id,
        handoff_id=handoff.id,
        volunteers=told,
        is_whole_commune=not near,
        now=push.now,
    )
    if is_open:
        _send_cards(push, handoff, told)
    return is_open


def escalate(push: Pushing, handoff: Handoff) -> bool:
    """Nobody took it in time: a card to everybody on duty in the commune who was not told yet."""
    session, commune_id = push.session, handoff.commune_id
    known = handoffs.told(session, commune_id=commune_id, handoff_id=handoff.id)
    told = _on_duty(session, handoff, None, known)
    if not _can_be_helped(session, handoff):
        return False
    is_open = handoffs.escalate(
        session, commune_id=commune_id, handoff_id=handoff.id, volunteers=told, now=push.now
    )
    if is_open:
        _send_cards(push, handoff, told)
    return is_open


def offer_waiting(push: Pushing, *, commune_id: int) -> int:
    """Cards for the calls of which nobody was told: nobody was on duty, or who had them left.

    Returns how many calls that were.
    """
    waiting = handoffs.waiting(push.session, commune_id=commune_id)
    return sum(offer(push, handoff) for handoff in waiting if handoff.offered_at is None)


# --- What a volunteer does ------------------------------------------------------------------------


def take(push: Pushing, mine: Conversation, volunteer: Volunteer, call_id: int) -> bool:
    """The volunteer wants the call; says to all whom it concerns who has it."""
    session, commune_id = push.session, volunteer.commune_id
    got = handoffs.take(
        session, commune_id=commune_id, handoff_id=call_id, volunteer_id=volunteer.id, now=push.now
    )
    if not got:
        push.say(mine, "help.taken_already")
        return False
    handoff = session.get_one(Handoff, (commune_id, call_id))
    _begin(push, mine, handoff, "help.taken_mine")
    push.say(_talk_of(session, handoff), "help.helper_came", helper=volunteer.name)
    told = handoffs.told(session, commune_id=commune_id, handoff_id=call_id) - {volunteer.id}
    others = session.scalars(
        select(Volunteer).where(
            Volunteer.commune_id == commune_id, Volunteer.id.in_(told), Volunteer.is_active
        )
    )
    for other in _chats(session, others):
        push.say(other, "help.taken_by_other", code=_code(push, handoff))
    return True


def to_learner(
    push: Pushing, mine: Conversation, volunteer: Volunteer, call_id: int, text: str
) -> Conversation | None:
    """What the volunteer wrote, to who called; None when the call is not theirs any more."""
    learner = _answered(push, volunteer, call_id)
    if learner is None:
        return None
    if _has_left(push.session, learner):
        push.say(mine, "help.learner_unreachable")
    text = readable(push.services.phrases, text)
    push.say(learner, "help.from_helper", helper=volunteer.name, text=text)
    return learner


def guide_to_learner(
    push: Pushing, mine: Conversation, volunteer: Volunteer, call_id: int, *, title: str, text: str
) -> bool:
    """A guide, to who called; False when the call is not the volunteer's any more."""
    learner = _answered(push, volunteer, call_id)
    if learner is None:
        return False
    code = _code(push, push.session.get_one(Handoff, (mine.commune_id, call_id)))
    _send_guide(push, mine, volunteer, learner, title=title, text=text, code=code)
    return True


def guide_by_code(
    push: Pushing, mine: Conversation, volunteer: Volunteer, code: str, *, title: str, text: str
) -> None:
    """A guide, to the learner with this code, where they wrote last."""
    session, commune_id = push.session, mine.commune_id
    found = codes.learner_with(session, commune_id=commune_id, code=code)
    talks = session.scalars(
        select(Conversation)
        .where(Conversation.commune_id == commune_id, Conversation.learner_id == (found.id if found else 0))
        .order_by(Conversation.updated_at.desc())
    )
    here = [talk for talk in talks if can_be_reached(talk) and not _has_left(session, talk)]
    if found is None:
        push.say(mine, "help.send_unknown", code=code)
    elif not here:
        push.say(mine, "help.learner_unreachable")
    else:
        _send_guide(push, mine, volunteer, here[0], title=title, text=text, code=code)


def release(push: Pushing, mine: Conversation, volunteer: Volunteer, call_id: int) -> bool:
    """The volunteer gives the call to the next one; False when it is not theirs any more."""
    session, commune_id = push.session, volunteer.commune_id
    is_released = handoffs.release(
        session, commune_id=commune_id, handoff_id=call_id, volunteer_id=volunteer.id, now=push.now
    )
    if not is_released:
        return False
    handoff = session.get_one(Handoff, (commune_id, call_id))
    push.say(mine, "help.released", code=_code(push, handoff))
    _pass_on(push, handoff, volunteer)
    _go_on(push, mine, volunteer)
    return True


def close(push: Pushing, mine: Conversation, volunteer: Volunteer, call_id: int, reason: str) -> bool:
    """The volunteer is done with the call; False when it is not theirs any more."""
    session, commune_id = push.session, volunteer.commune_id
    is_closed = handoffs.close(
        session,
        commune_id=commune_id,
        handoff_id=call_id,
        reason=reason,
        actor=f"volunteer:{volunteer.id}",
        volunteer_id=volunteer.id,
        now=push.now,
    )
    if not is_closed:
        return False
    handoff = session.get_one(Handoff, (commune_id, call_id))
    push.say(mine, "help.closed", code=_code(push, handoff))
    push.say(_talk_of(session, handoff), "help.helper_closed", helper=volunteer.name)
    _go_on(push, mine, volunteer)
    return True


def leave(push: Pushing, volunteer: Volunteer) -> None:
    """The volunteer is none any more: who they helped are told, and others get the calls."""
    released = handoffs.release_all(
        push.session,
        commune_id=volunteer.commune_id,
        volunteer_id=volunteer.id,
        actor=f"volunteer:{volunteer.id}",
        now=push.now,
    )
    for call_id in released:
        _pass_on(push, push.session.get_one(Handoff, (volunteer.commune_id, call_id)), volunteer)


# --- What a learner does --------------------------------------------------------------------------


def to_volunteer(push: Pushing, mine: Conversation, text: str, *, is_urgent: bool = False) -> bool:
    """What the learner wrote, to the volunteer who has their call; False when nobody has it."""
    session = push.session
    handoff = _own(session, mine)
    if handoff is None or handoff.state not in handoffs.HAD:
        return False
    volunteer, helper = _helper(session, handoff)
    if helper is None:  # gone without giving it back
        assert volunteer is not None
        leave(push, volunteer)
        return True
    if is_urgent:
        key = "help.urgent_from_learner"
    else:
        key = "help.from_learner" if helper.slots.get("call") == handoff.id else "help.from_parked"
    text = readable(push.services.phrases, text)
    push.say(helper, key, of=mine.id, code=_code(push, handoff), text=text)
    return True


def end(push: Pushing, mine: Conversation) -> bool:
    """The learner does not want to go on; False when nobody helps them any more."""
    handoff = _own(push.session, mine)
    if handoff is None or handoff.state not in handoffs.HAD:
        return False
    _tell_helper(push, handoff, "help.learner_ended")
    return handoffs.close(
        push.session,
        commune_id=mine.commune_id,
        handoff_id=handoff.id,
        reason="gone",
        actor="learner",
        now=push.now,
    )


def tell_of_withdrawal(push: Pushing, mine: Conversation) -> None:
    """Before the learner's call is deleted: who has it is told."""
    handoff = _own(push.session, mine)
    if handoff is not None and handoff.state in handoffs.HAD:
        _tell_helper(push, handoff, "help.learner_gone")


# --- Parts ----------------------------------------------------------------------------------------


def _send_cards(push: Pushing, handoff: Handoff, told: Iterable[Volunteer]) -> None:
    code, phrases = _code(push, handoff), push.services.phrases
    call = call_facts(push.session, handoff)
    card = phrases(
        "help.card",
        is_urgent=call.reason == "urgent",
        code=code,
        hamlet=call.hamlet,
        waited=waited(phrases, push.now - call.since),
        about=summary(push.services, call),
    ).strip()
    buttons = [
        button(phrases("help.card_take"), "take_call", call=call.id),
        button(phrases("help.card_more"), "call_more", call=call.id),
    ]
    for chat in _chats(push.session, told):
        push.ask(chat, card, buttons, of=handoff.conversation_id)


def _begin(push: Pushing, mine: Conversation, handoff: Handoff, key: str) -> None:
    """From now on what the volunteer writes goes to who called."""
    about = summary(push.services, call_facts(push.session, handoff))
    text = push.phrase(mine, key, code=_code(push, handoff), about=about).strip()
    set_slots(mine, {"call": handoff.id, "looked_up": None})
    push.ask(mine, text, _call_buttons(push), of=handoff.conversation_id)


def _go_on(push: Pushing, mine: Conversation, volunteer: Volunteer) -> None:
    """To the next call that the volunteer has, if any."""
    set_slots(mine, {"call": None, "looked_up": None})
    left = handoffs.of_volunteer(push.session, commune_id=volunteer.commune_id, volunteer_id=volunteer.id)
    if left:
        _begin(push, mine, left[0], "help.next_call")


def _pass_on(push: Pushing, handoff: Handoff, volunteer: Volunteer) -> None:
    """The call is open again: the learner is told, and the others get it."""
    phone = push.session.get_one(Commune, handoff.commune_id).phone
    push.say(_talk_of(push.session, handoff), "help.helper_left", helper=volunteer.name, phone=phone)
    offer(push, handoff, but={volunteer.id})


def _answered(push: Pushing, volunteer: Volunteer, call_id: int) -> Conversation | None:
    """The talk of the learner whom the volunteer writes to; None when the call is not theirs."""
    is_theirs = handoffs.answer(
        push.session,
        commune_id=volunteer.commune_id,
        handoff_id=call_id,
        volunteer_id=volunteer.id,
        now=push.now,
    )
    if not is_theirs:
        return None
    return _talk_of(push.session, push.session.get_one(Handoff, (volunteer.commune_id, call_id)))


def _send_guide(
    push: Pushing,
    mine: Conversation,
    volunteer: Volunteer,
    learner: Conversation,
    *,
    title: str,
    text: str,
    code: str,
) -> None:
    push.say(learner, "help.guide_from_helper", helper=volunteer.name)
    push.text(learner, address(text, learner.slots.get("address") or DEFAULT).strip())
    if _has_left(push.session, learner):
        push.say(mine, "help.learner_unreachable")
    else:
        push.say(mine, "help.sent", title=title, code=code)


def _tell_helper(push: Pushing, handoff: Handoff, key: str) -> None:
    _, helper = _helper(push.session, handoff)
    if helper is not None:
        push.say(helper, key, code=_code(push, handoff))


def _helper(session: Session, handoff: Handoff) -> tuple[Volunteer | None, Conversation | None]:
    """Who has the call, and where they can be written to."""
    volunteer = session.get(Volunteer, (handoff.commune_id, handoff.volunteer_id or 0))
    if volunteer is None or not volunteer.is_active or volunteer.conversation_id is None:
        return volunteer, None
    return volunteer, session.get(Conversation, (handoff.commune_id, volunteer.conversation_id))


def _own(session: Session, mine: Conversation) -> Handoff | None:
    """The call from this talk, as it is now."""
    found = handoffs.of_talk(session, commune_id=mine.commune_id, conversation_id=mine.id)
    return handoffs.lock(session, commune_id=mine.commune_id, handoff_id=found.id) if found else None


def _on_duty(session: Session, handoff: Handoff, hamlet: str | None, but: Collection[int]) -> list[Volunteer]:
    """Without `but`, and without who calls: a volunteer, too, may need a person."""
    return [
        volunteer
        for volunteer in volunteers.on_duty(session, commune_id=handoff.commune_id, hamlet=hamlet)
        if volunteer.id not in but and volunteer.conversation_id != handoff.conversation_id
    ]


def _chats(session: Session, people: Iterable[Volunteer]) -> list[Conversation]:
    """Their chats in the order of their numbers: every unit of work that locks several does so in it."""
    by_commune = [(each.commune_id, each.conversation_id) for each in people if each.conversation_id]
    found = (session.get(Conversation, key) for key in sorted(by_commune))
    return [chat for chat in found if chat is not None]


def _talk_of(session: Session, handoff: Handoff) -> Conversation:
    return session.get_one(Conversation, (handoff.commune_id, handoff.conversation_id))


def _can_be_helped(session: Session, handoff: Handoff) -> bool:
    return can_be_reached(_talk_of(session, handoff))


def _has_left(session: Session, talk: Conversation) -> bool:
    identity = session.get_one(ChannelIdentity, (talk.commune_id, talk.identity_id))
    return identity.left_at is not None or identity.external_hash.startswith(ENDED)


def _code(push: Pushing, handoff: Handoff) -> str:
    return codes.code_of(push.session, commune_id=handoff.commune_id, learner_id=handoff.learner_id)


def _call_buttons(push: Pushing) -> list[Button]:
    return [button(push.services.phrases(f"help.{name}"), name) for name in _CALL_BUTTONS]
