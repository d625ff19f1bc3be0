"""Say what a forwarded message or address looks like, and what to do; never that it is safe."""

from handlers import effects
from handlers.base import ServiceAction, Turn, button

GUIDE = "at-kiem-tra-lua-dao"
MAX_SIGNS = 3  # that are explained; more are not read


class ActionScam(ServiceAction):
    intent = "scam"

    def act(self, turn: Turn) -> None:
        verdict, signs = str(turn.entities["verdict"]), list(turn.entities["signs"])
        addresses = list(turn.entities["addresses"])
        found = turn.services.ask(turn.text)
        candidates = [{"guide": one.guide, "score": round(one.score, 4)} for one in found.candidates]
        turn.effects.append(
            effects.question(
                "scam_check", score=1.0, candidates=candidates, scam={"verdict": verdict, "signs": signs}
            )
        )
        turn.slots.update(misses=0)
        turn.warn_if_vietnamese(f"safety.verdict_{verdict}")
        lines = [turn.phrase(f"safety.verdict_{verdict}")]
        if signs:
            lines.append(turn.phrase("safety.signs_are"))
            lines += [f"- {turn.phrase(f'safety.sign_{sign}')}" for sign in signs[:MAX_SIGNS]]
        if addresses:
            lines.append(turn.phrase("safety.not_opened"))
        turn.say_text("\n".join(lines))
        buttons = [button(turn.phrase("safety.person"), "person", means="no")]
        if GUIDE in turn.services.library().guides:
            buttons.insert(0, button(turn.phrase("safety.guide"), "start_guide", guide=GUIDE, means="yes"))
        turn.say(f"safety.do_{verdict}", buttons=buttons)
