"""Xác nhận hoàn thành: a volunteer saw a learner do what a guide teaches, and says so by their code."""

from handlers import effects, effects_classes
from handlers.base import ServiceAction, Turn, button
from handlers.class_guides import guides_of
from handlers.class_note import NotingAction
from handlers.class_note_parse import is_code
from handlers.community import LearnerFacts
from handlers.services import VolunteerFacts
from retrieval.text import fold

GRADE = "confirmed"


class ActionConfirmStart(NotingAction):
    intent = "confirm_start"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.slots.update(class_asked="confirm_code", choices=None)
        turn.say("classes.confirm_code")


class ActionConfirm(NotingAction):
    """ "xác nhận K7M4B vneid-cai-dat": code and guide at once, or the code alone."""

    intent = "confirm"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        code = str(turn.entities["code"])
        learner = known_learner(turn, code)
        if learner is None:
            return
        said = str(turn.entities.get("said") or "").strip()
        if guide := turn.entities.get("guide"):
            _ask(turn, learner, str(guide))
        elif said:
            _find(turn, learner, said)
        else:
            turn.slots.update(class_asked="confirm_guide", class_code=learner.code, choices=None)
            turn.say("classes.confirm_guide", code=learner.code)


class ActionConfirmAnswer(NotingAction):
    """The code, then the guide, in words."""

    intent = "confirm_answer"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        words = [word for word in turn.text.replace(",", " ").split() if is_code(word)]
        code = words[0] if words else turn.slot("class_code")
        rest = turn.text.replace(words[0], " ").strip(" .,:;") if words else turn.text
        if turn.slot("class_asked") == "confirm_code" and not words:
            turn.slots.update(choices=None)
            turn.say("classes.confirm_code_again")
            return
        learner = known_learner(turn, str(code))
        if learner is None:
            return
        if rest:
            _find(turn, learner, rest)
        else:
            turn.slots.update(class_asked="confirm_guide", class_code=learner.code, choices=None)
            turn.say("classes.confirm_guide", code=learner.code)


class ActionConfirmYes(NotingAction):
    intent = "confirm_yes"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        code, guide = str(turn.entities["code"]), str(turn.entities["guide"])
        turn.slots.update(class_asked=None, class_code=None)
        turn.effects.append(effects_classes.confirm(code, guide))
        turn.say("classes.confirmed", code=code)


class ActionConfirmNo(NotingAction):
    intent = "confirm_no"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.slots.update(class_asked=None, class_code=None)
        turn.say("classes.confirm_dropped")


class ActionConfirmationKeep(ServiceAction):
    """The learner was told, and agrees."""

    intent = "confirmation_keep"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.say("classes.confirmation_kept")


class ActionConfirmationRefuse(ServiceAction):
    """The learner was told, and says that it is not so."""

    intent = "confirmation_refuse"

    def act(self, turn: Turn) -> None:
        guide = str(turn.entities["guide"])
        turn.effects += [effects.outcome("command"), effects_classes.refuse_confirmation(guide)]
        turn.say("classes.confirmation_refused")


def known_learner(turn: Turn, code: str) -> LearnerFacts | None:
    """Whose code it is; says so when it is nobody's or the volunteer's own."""
    learner = turn.services.community.learner(turn.commune.id, turn.sender, code)
    if learner is None:
        turn.say("classes.nobody", code=code.upper())
    elif learner.is_oneself:
        turn.say("classes.oneself")
        return None
    return learner


def _find(turn: Turn, learner: LearnerFacts, said: str) -> None:
    library = turn.services.library()
    found = guides_of(fold(said) if fold(said) in library.guides else said, library, turn.services.ask)
    if len(found) == 1:
        _ask(turn, learner, found[0])
        return
    if not found:
        turn.slots.update(class_asked="confirm_guide", class_code=learner.code, choices=None)
        turn.say("classes.confirm_guide_again")
        return
    turn.slots.update(class_asked="confirm_guide", class_code=learner.code)
    buttons = [button(library.guide(slug).title, "confirm", code=learner.code, guide=slug) for slug in found]
    turn.say("classes.ask_which", said=said, buttons=buttons)


def _ask(turn: Turn, learner: LearnerFacts, slug: str) -> None:
    title = turn.services.library().guide(slug).title
    turn.slots.update(class_asked=None, class_code=None)
    if GRADE in learner.done.get(slug, ()):
        turn.say("classes.confirmed_before", code=learner.code, title=title)
        return
    buttons = [
        button(turn.phrase("classes.confirm_yes"), "confirm_yes", code=learner.code, guide=slug, means="yes"),
        button(turn.phrase("classes.confirm_no"), "confirm_no", means="no"),
    ]
    turn.say("classes.confirm_ask", code=learner.code, title=title, buttons=buttons)
