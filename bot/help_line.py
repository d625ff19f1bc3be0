"""What staff did with a call for a person, told to those concerned in their chats (`staff.site.HelpLine`)."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot import relay
from bot.pushing import Pushing, can_be_reached
from bot.volunteer_facts import call_facts
from handlers.services import Services
from records import codes
from records.communes import CommuneProfile
from records.community import Volunteer
from records.models import Conversation, Handoff


class HelpLine:
    """Senders look for what nobody called for, so nothing is woken here."""

    def __init__(self, services: Services, commune: Callable[[int], CommuneProfile]) -> None:
        self._services, self._commune = services, commune

    def given(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        push = self._pushing(session, handoff)
        code = codes.code_of(session, commune_id=handoff.commune_id, learner_id=handoff.learner_id)
        self._to_volunteer(push, volunteer, "help_desk.tell_given", code)
        if learner := _learner(push, handoff):
            push.say(learner, "help.helper_came", helper=volunteer.name)

    def taken_away(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        code = call_facts(session, handoff).code
        self._to_volunteer(self._pushing(session, handoff), volunteer, "help_desk.tell_taken_away", code)

    def released(self, session: Session, handoff: Handoff, volunteer: Volunteer) -> None:
        push = self._pushing(session, handoff)
        if learner := _learner(push, handoff):
            phone = self._commune(handoff.commune_id).phone
            push.say(learner, "help.helper_left", helper=volunteer.name, phone=phone)
        relay.offer(push, handoff)

    def closed(self, session: Session, handoff: Handoff) -> None:
        push = self._pushing(session, handoff)
        if learner := _learner(push, handoff):
            place = self._commune(handoff.commune_id).name
            push.say(learner, "help_desk.tell_closed", place=place)

    def _pushing(self, session: Session, handoff: Handoff) -> Pushing:
        services = self._services.of(self._commune(handoff.commune_id).slug)
        return Pushing(session, services, services.clock())

    def _to_volunteer(self, push: Pushing, volunteer: Volunteer, key: str, code: str) -> None:
        if volunteer.conversation_id is None:
            return
        conversation = push.session.get_one(Conversation, (volunteer.commune_id, volunteer.conversation_id))
        push.say(conversation, key, code=code)


def _learner(push: Pushing, handoff: Handoff) -> Conversation | None:
    """Who called; None where a Rasa server leads the talk."""
    talk = push.session.get_one(Conversation, (handoff.commune_id, handoff.conversation_id))
    return talk if can_be_reached(talk) else None
