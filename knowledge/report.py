"""The guides in figures: words a step, questions and sources of each; Markdown for docs/guides.md."""

from collections.abc import Iterable, Iterator
from statistics import mean

from knowledge.guide import TOPICS, Guide


def report(guides: Iterable[Guide]) -> Iterator[str]:
    """Lines of a Markdown page: a table of topics, then one of guides."""
    rows = list(guides)
    yield "# The guides in figures"
    yield ""
    yield "Written by `hocvuso knowledge report > docs/guides.md`."
    yield ""
    yield "| topic | guides | steps | words a step | questions | sources |"
    yield "|---|---|---|---|---|---|"
    for topic in (*TOPICS, None):
        chosen = [guide for guide in rows if topic in (guide.topic, None)]
        if chosen:
            yield _row(topic or "**all**", len(chosen), chosen)
    yield ""
    yield "| guide | level | steps | words a step (longest) | questions | sources | reviewed | expires |"
    yield "|---|---|---|---|---|---|---|---|"
    for guide in rows:
        words = [len(f"{step.action} {step.appears}".split()) for step in guide.steps]
        yield (
            f"| {guide.slug} | {guide.front.level} | {len(guide.steps)} | {mean(words):.0f} ({max(words)}) "
            f"| {len(guide.questions)} | {len(guide.front.sources)} | {guide.front.reviewed} "
            f"| {guide.front.expires or ''} |"
        )


def _row(name: str, count: int, guides: list[Guide]) -> str:
    steps = [step for guide in guides for step in guide.steps]
    words = mean(len(f"{step.action} {step.appears}".split()) for step in steps)
    questions = sum(len(guide.questions) for guide in guides)
    sources = sum(len(guide.front.sources) for guide in guides)
    return f"| {name} | {count} | {len(steps)} | {words:.1f} | {questions} | {sources} |"
