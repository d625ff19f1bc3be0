"""Đại sứ số: a volunteer and the people they teach, "ít nhất 5" by the plans. Chợ số: who sells there.

Nobody is taught without having said yes; either of the two can end it with a word.
"""

from handlers import effects, effects_classes
from handlers.base import ServiceAction, Turn, button
from handlers.class_note import NotingAction
from handlers.confirm import known_learner
from handlers.services import VolunteerFacts
from records.mentorships import ENOUGH

LISTED = 10  # people, in one message


class ActionMentees(NotingAction):
    """ "Người tôi hướng dẫn": how far on the way to five, and what each of them has done."""

    intent = "mentees"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        taught = turn.services.community.mentees(turn.commune.id, turn.sender)
        lines = [_progress(turn, len(taught))]
        guides = turn.services.library().guides
        for mentee in taught[:LISTED]:
            latest = guides.get(mentee.latest or "")
            key = "classes.mentee_latest" if latest else "classes.mentee"
            title = latest.title if latest else None
            lines.append(turn.phrase(key, code=mentee.code, done=mentee.done, title=title))
        lines.append(turn.phrase("classes.mentees_how"))
        turn.say_text("\n".join(lines))


class ActionMentorAsk(NotingAction):
    """ "kèm K7M4B": the learner is asked."""

    intent = "mentor_ask"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        learner = known_learner(turn, str(turn.entities["code"]))
        if learner is None:
            return
        if learner.is_mentee:
            turn.say("classes.mentee_already", code=learner.code)
            return
        turn.effects.append(effects_classes.mentor_ask(learner.code))
        turn.say("classes.mentor_asked", code=learner.code)


class ActionMenteeEnd(NotingAction):
    intent = "mentee_end"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        learner = known_learner(turn, str(turn.entities["code"]))
        if learner is None:
            return
        if not learner.is_mentee:
            turn.say("classes.mentee_none", code=learner.code)
            return
        turn.effects.append(effects_classes.mentee_end(learner.code))
        turn.say("classes.mentee_ended", code=learner.code)


class ActionMentorYes(ServiceAction):
    intent = "mentor_yes"

    def act(self, turn: Turn) -> None:
        mentor = int(turn.entities["volunteer"])
        turn.effects += [effects.outcome("command"), effects_classes.mentor_begin(mentor)]
        turn.say("classes.mentor_begun")


class ActionMentorNo(ServiceAction):
    intent = "mentor_no"

    def act(self, turn: Turn) -> None:
        mentor = int(turn.entities["volunteer"])
        turn.effects += [effects.outcome("command"), effects_classes.mentor_refuse(mentor)]
        turn.say("classes.mentor_refused")


class ActionMentors(ServiceAction):
    """ "Ai kèm tôi": who teaches the learner, and the way to end it."""

    intent = "mentors"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        found = turn.services.community.mentors(turn.commune.id, turn.sender)
        if not found:
            turn.say("classes.mentor_none")
            return
        buttons = [
            button(turn.phrase("classes.mentor_leave", name=mentor.name), "mentor_end", volunteer=mentor.id)
            for mentor in found[:3]
        ]
        turn.say("classes.mentor_who", names=", ".join(mentor.name for mentor in found), buttons=buttons)


class ActionMentorEnd(ServiceAction):
    intent = "mentor_end"

    def act(self, turn: Turn) -> None:
        mentor = int(turn.entities["volunteer"])
        turn.effects += [effects.outcome("command"), effects_classes.mentor_end(mentor)]
        turn.say("classes.mentor_ended")


class ActionTrader(NotingAction):
    """ "chợ số K7M4B": they sell at the market, so their path is that of Chợ số."""

    intent = "trader"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        learner = known_learner(turn, str(turn.entities["code"]))
        if learner is None:
            return
        turn.effects.append(effects_classes.trader(learner.code))
        turn.say("classes.trader_set", code=learner.code)


def _progress(turn: Turn, count: int) -> str:
    if count == 0:
        return turn.phrase("classes.mentees_none", enough=ENOUGH)
    if count < ENOUGH:
        return turn.phrase("classes.mentees_some", count=count, enough=ENOUGH, left=ENOUGH - count)
    return turn.phrase("classes.mentees_enough", count=count, enough=ENOUGH)
