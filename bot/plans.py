"""The official plans that are answered from: a commune's approved one, else its shipped digest.

An index is built when a commune is first asked about and again when another version is approved;
old and new never answer together.
"""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from knowledge.glossary import load_glossary
from knowledge.library import CONTENT
from knowledge.plan_digest import PlanDigest, load_plan_digests
from knowledge.plan_structure import Plan, plan_from_data
from knowledge.plan_words import load_plan_words
from records.communes import find_commune
from records.database import Database
from records.plans import current_plan
from retrieval.plan_search import PlanFound, PlanIndex

LIFE_S = 10.0  # how soon an approval shows


class PlanShelf:
    """`texts` are other words people use (the guides' questions), for reading slips."""

    def __init__(
        self, database: Database | None, texts: Callable[[], Iterable[str]], folder: Path | None = None
    ) -> None:
        self._database, self._texts = database, texts
        self._glossary = load_glossary(folder or CONTENT)
        self._words = load_plan_words(folder or CONTENT)
        self._digests = {digest.commune: digest for digest in load_plan_digests(folder or CONTENT)}
        self._lock = threading.Lock()
        self._indexes: dict[str, tuple[str, PlanIndex | None]] = {}
        self._looked_at: dict[str, float] = {}

    @property
    def digests(self) -> tuple[PlanDigest, ...]:
        return tuple(self._digests.values())

    def ask(self, commune: str, question: str) -> PlanFound | None:
        """What the commune's plan says to a question; None when it has no plan here."""
        index = self._index(commune)
        return index.ask(question) if index else None

    def _index(self, commune: str) -> PlanIndex | None:
        now = time.monotonic()
        with self._lock:
            if now - self._looked_at.get(commune, float("-inf")) >= LIFE_S:
                self._looked_at[commune] = now
                stamp, name, plan = self._current(commune)
                if self._indexes.get(commune, ("", None))[0] != stamp:
                    self._indexes[commune] = (stamp, self._build(name, plan) if plan else None)
            return self._indexes[commune][1]

    def _current(self, commune: str) -> tuple[str, str, Plan | None]:
        """(what tells versions apart, name of the document, the plan)."""
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

    def _build(self, name: str, plan: Plan) -> PlanIndex:
        return PlanIndex([(name, plan)], self._glossary, texts=self._texts(), words=self._words)
