"""A guide as one text: all its steps at once, to be copied or sent on by who helps others."""

from handlers.services import Guides
from knowledge.address import DEFAULT, address
from knowledge.guide import Guide
from knowledge.phrases import Phrases

MOST = 5


def guide_pages(query: str, *, content: Guides, phrases: Phrases) -> list[tuple[str, str, str]]:
    """(slug, title, whole text) of the guides for a query, best first, at most `MOST`."""
    library = content.library()
    found = content.ask(query) if query.strip() else None
    slugs = [candidate.guide for candidate in found.candidates] if found else list(library.guides)
    guides = [library.guides[slug] for slug in slugs[:MOST]]
    return [(guide.slug, guide.title, whole_guide(guide, phrases)) for guide in guides]


def whole_guide(guide: Guide, phrases: Phrases, form: str = DEFAULT) -> str:
    """Title, what is needed, every step, the warning, the source: plain text."""
    source = guide.front.sources[0]
    lines = [
        phrases("guide.intro", title=guide.title, steps=len(guide.steps)),
        *(f"- {item}" for item in guide.prepare),
        *(f"{number}. {step.action} {step.appears}".strip() for number, step in enumerate(guide.steps, 1)),
        *([f"⚠️ {guide.front.safety}"] if guide.front.safety else []),
        phrases("guide.source", name=source.name, reviewed=guide.front.reviewed.strftime("%d/%m/%Y")),
    ]
    return address("\n".join(lines), form)
