"""Guard, triage and scam check on labelled messages, and what they cost: python -m benchmarks.safety

Files: tests/data/safety. A secret counts as found when nothing of its span is left in what is kept.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from handlers.guard import guard
from handlers.scam import ScamCheck
from handlers.triage import Triage
from knowledge.glossary import load_glossary
from knowledge.library import load_library
from knowledge.safety_rules import load_scam_rules, load_urgent_rules
from retrieval.engine import make_repairer
from retrieval.text import clean

DATA = Path(__file__).parents[1] / "tests" / "data" / "safety"
QUESTIONS = DATA.parent / "questions" / "dev.jsonl"


def rows(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / name).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def is_found(span: str, text: str) -> bool:
    guarded = guard(clean(text))
    return clean(span) not in guarded.redacted and any(
        clean(span) in secret.text or secret.text in clean(span) for secret in guarded.secrets
    )


def show(name: str, hits: list[bool]) -> None:
    print(f"| {name} | {sum(hits)} of {len(hits)} | {sum(hits) / len(hits):.1%} |")


def cost(name: str, judge: Callable[[str], object], texts: list[str]) -> None:
    spent = []
    for text in texts:
        started = time.perf_counter()
        judge(text)
        spent.append((time.perf_counter() - started) * 1000)
    spent.sort()
    print(f"| {name} | p50 {statistics.median(spent):.2f} ms | p99 {spent[int(len(spent) * 0.99)]:.2f} ms |")


def main() -> None:
    repairer = make_repairer(load_library(), load_glossary())
    urgent_rules = load_urgent_rules()

    def reader(text: str) -> str:
        return repairer.read(text).text

    triage = Triage(reader, rules=urgent_rules)
    scam = ScamCheck(load_scam_rules(), urgent_rules.ideas, reader=reader)
    for name in ("secrets_blind", "secrets_blind2", "secrets_blind3"):
        secrets = list(rows(f"{name}.jsonl"))
        spans = [(span["text"], row["text"]) for row in secrets for span in row["secrets"]]
        show(f"secrets found, {name}", [is_found(*span) for span in spans])
        harmless = [row["text"] for row in secrets if not row["secrets"]]
        show(f"harmless messages masked, {name}", [bool(guard(clean(text)).secrets) for text in harmless])
    urgent = []
    for name in ("urgent_blind3", "urgent_blind4", "urgent_blind5", "urgent_blind6"):
        told = list(rows(f"{name}.jsonl"))
        urgent += told
        heard = {row["id"]: triage.urgent(guard(row["text"]).redacted) is not None for row in told}
        show(f"emergencies recognised, {name}", [heard[row["id"]] for row in told if row["urgent"]])
        asked = [row for row in told if row["kind"] in ("howto", "general")]
        show(f"questions called urgent, {name}", [heard[row["id"]] for row in asked])
        near = [row for row in told if not row["urgent"] and row not in asked]
        show(f"near misses called urgent, {name}", [heard[row["id"]] for row in near])
    messages = []
    for name in ("scam_blind2", "scam_blind3", "scam_blind4"):
        sent = list(rows(f"{name}.jsonl"))
        messages += sent
        verdicts = {row["id"]: scam(guard(row["text"]).redacted) for row in sent}
        known = {key: found.verdict if found else None for key, found in verdicts.items()}
        show(
            f"scams at least suspicious, {name}",
            [known[row["id"]] in ("likely", "suspicious") for row in sent if row["scam"]],
        )
        show(
            f"honest called likely, {name}", [known[row["id"]] == "likely" for row in sent if not row["scam"]]
        )
    dangers = [row["text"] for row in urgent] + [row["text"] for row in messages]
    questions = [json.loads(line)["q"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    for name, texts in (("ordinary questions", questions), ("emergencies and scams", dangers)):
        print(f"{name}, {statistics.median(len(text.split()) for text in texts):.0f} words:")
        cost("guard", guard, texts)
        cost("triage", triage.urgent, texts)
        cost("scam check", scam, texts)
        # As a message goes: what is urgent is judged no further.
        cost("the whole guard", lambda text: (guard(text), triage.urgent(text) or scam(text)), texts)


if __name__ == "__main__":
    main()
