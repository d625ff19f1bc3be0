"""Answer in another language: "English please", "nói tiếng Thái". Kept as a preference of the person.

Slot `language`: the tag of the language; None for Vietnamese.
"""

from handlers import effects
from handlers.base import Button, ServiceAction, Turn, button, topic_buttons
from handlers.steps import show_where_we_are, walked
from knowledge.guide import VIETNAMESE

SHOWN = 3  # languages as choices


class ActionLanguage(ServiceAction):
    intent = "language"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        tag = str(turn.entities.get("tag") or "")
        if tag == VIETNAMESE:
            turn.slots["language"] = None
            _go_on(turn, turn.phrase("languages.vietnamese"))
        elif turn.in_vietnamese.languages.get(tag):
            turn.slots["language"] = tag
            assert turn.language is not None
            _go_on(turn, turn.phrase("languages.switched", language=turn.language.name))
        else:
            _say_not_here(turn, str(turn.entities.get("name") or tag))


def _go_on(turn: Turn, said: str) -> None:
    if guide := walked(turn):
        turn.say_text(said)
        show_where_we_are(turn, guide)
    else:
        turn.say_text(said, buttons=topic_buttons(turn))


def _say_not_here(turn: Turn, asked: str) -> None:
    languages = list(turn.in_vietnamese.languages.by_tag.values())
    buttons: list[Button] = [
        {**button(language.name, "language", tag=language.tag), "language": language.tag}
        for language in languages[:SHOWN]
    ]
    others = ", ".join(language.file.vietnamese_name for language in languages)
    turn.say("languages.not_here", language=asked, others=others, buttons=buttons)
