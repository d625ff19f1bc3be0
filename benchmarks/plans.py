"""How plan questions fare through the whole conversation, guides included.

Reads the plan documents next to the project (../shared/seeds) and the questions of
tests/data/plan_questions.jsonl. Run: python -m benchmarks.plans
"""

import json
from pathlib import Path

from bot.assembly import build_conversation, load_content, utc_now
from bot.conversation import Message, Turn
from bot.plans import PlanShelf
from bot.settings import Settings
from knowledge.glossary import load_glossary
from knowledge.phrases import load_phrases
from knowledge.plan_file import read_plan_file
from knowledge.plan_structure import parse_plan
from knowledge.plan_words import load_plan_words
from records.communes import CommuneProfile
from retrieval.plan_background import PlanBackground
from retrieval.plan_search import PlanFound, PlanIndex

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
QUESTIONS = ROOT / "tests" / "data" / "plan_questions.jsonl"


class SeedPlans(PlanShelf):
    """A commune for each document, named like its file."""

    def __init__(self, texts: list[str]) -> None:
        background = PlanBackground(load_glossary(), load_plan_words(), texts)
        plans = {path.name: parse_plan(read_plan_file(path), name=path.name) for path in SEEDS.glob("*.txt")}
        self._by_file = {name: PlanIndex([(name, plan)], background) for name, plan in plans.items()}

    def ask(self, commune: str, question: str) -> PlanFound | None:
        return self._by_file[commune].ask(question)


class Anywhere:
    def by_slug(self, slug: str) -> CommuneProfile:
        return CommuneProfile(1, slug, "xã", "xã", "bac", None, None, None, True, ())


def main() -> None:
    content = load_content(Settings(_env_file=None))
    texts = [text for guide in content.library().guides.values() for text in guide.questions]
    conversation = build_conversation(content, load_phrases(), Anywhere(), SeedPlans(texts), utc_now, None)
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    turns = [
        (row, conversation.respond(Message("1", row["q"]), {}, commune=row["doc"], channel="b", sender="b"))
        for row in rows
    ]
    asked = [(row, turn) for row, turn in turns if not row.get("unanswerable")]
    other = [turn for row, turn in turns if row.get("unanswerable")]
    first = [turn for row, turn in asked if _holds(turn, row["answer_facts"])]
    print(f"the passage with the answer first: {len(first)} of {len(asked)}")
    print(f"  answered from the plan alone: {sum(map(_from_plan, first))}")
    left = sum(not _from_plan(turn) for turn in other)
    print(f"not in the plan, not answered from it: {left} of {len(other)}")


def _from_plan(turn: Turn) -> bool:
    return bool(turn.outcome["outcome"] == "plan")


def _holds(turn: Turn, facts: list[str]) -> bool:
    passages = turn.outcome.get("passages") or []
    shown = bool(passages) and turn.outcome["outcome"] in ("plan", "guide")
    text = _plain(passages[0]["text"]) if shown else ""
    return all(_plain(fact) in text for fact in facts) and bool(text)


def _plain(text: str) -> str:
    return text.lower().replace(" ", "")


if __name__ == "__main__":
    main()
