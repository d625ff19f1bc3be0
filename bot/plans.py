"""The official plans that are answered from: a commune's approved one, else its shipped digest.

An index is built when a commune is first asked about. When another version is approved, a thread
builds its index while the one before goes on answering, and they are swapped in one assignment: old
and new never answer together, and nobody waits. A build that fails leaves the old one serving.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from bot.shelf import LOOK_S, Shelf, Shelved
from knowledge.glossary import load_glossary
from knowledge.library import CONTENT
from knowledge.plan_digest import PlanDigest, load_plan_digests
from knowledge.plan_structure import Plan, plan_from_data
from knowledge.plan_words import load_plan_words
from records.communes import find_commune
from records.database import Database
from records.plans import current_plan, current_plan_id
from retrieval.plan_background import PlanBackground
from retrieval.plan_search import PlanFound, PlanIndex


class PlanShelf(Shelf[PlanIndex, str]):
    """`texts` are other words people use (the guides' questions), for reading slips."""

    what = "plans"

    def __init__(
        self,
        database: Database | None,
        texts: Callable[[], Iterable[str]],
        folder: Path | None = None,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        super().__init__(look_s=look_s)
        self._database, self._texts = database, texts
        self._glossary = load_glossary(folder or CONTENT)
        self._words = load_plan_words(folder or CONTENT)
        self._digests = {digest.commune: digest for digest in load_plan_digests(folder or CONTENT)}
        self._read: tuple[tuple[str, ...], PlanBackground] | None = None  # the guides', as last read

    @property
    def digests(self) -> tuple[PlanDigest, ...]:
        return tuple(self._digests.values())

    def ask(self, commune: str, question: str) -> PlanFound | None:
        """What the commune's plan says to a question; None when it has no plan here."""
        index = self.of(commune)
        return index.ask(question) if index else None

    def _stamp(self, commune: str) -> str:
        if self._database is not None:
            with self._database.read_rows() as connection:
                version = current_plan_id(connection, commune=commune)
            if version is not None:
                return f"version {version}"
        return "digest" if commune in self._digests else "none"

    def _build(self, commune: str, before: Shelved[PlanIndex, str] | None) -> Shelved[PlanIndex, str]:
        stamp, name, plan = self._current(commune)
        if plan is None:
            return Shelved(stamp, None)
        return Shelved(stamp, PlanIndex([(name, plan)], self._background()))

    def _background(self) -> PlanBackground:
        texts = tuple(self._texts())
        if self._read is None or self._read[0] != texts:
            self._read = texts, PlanBackground(self._glossary, self._words, texts)
        return self._read[1]

    def _current(self, commune: str) -> tuple[str, str, Plan | None]:
        """(what tells versions apart, name of the document, the plan), read in one transaction."""
        if self._database is not None:
            with self._database.read() as session:
                row = find_commune(session, commune)
                version = current_plan(session, row) if row else None
                if version is not None:
                    data = {"name": version.name, "head": version.head, "passages": version.passages}
                    return f"version {version.id}", version.name, plan_from_data(data)
        digest = self._digests.get(commune)
        if digest is None:
            return "none", "", None
        return "digest", digest.plan.name, digest.plan
