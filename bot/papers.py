"""What the assistant can put on paper, and the address each paper leads to.

Papers of a commune have its guides and its numbers on them. Only the commune whose chat is on the web
has an address there, so the papers of the others have no QR code.
"""

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from bot.handout import Handout, Maker
from bot.pictures import Pictures
from knowledge.guide import TOPICS, Guide
from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.communes import CommuneProfile
from staff.formats import local

KEPT = 128  # handouts in memory, 30 kB each
KEPT_BOOKLETS = 16  # some 400 kB each
PREFIX, ENDING = "/huong-dan/", ".pdf"

Key = TypeVar("Key")
Made = TypeVar("Made")


class _Kept(Generic[Key, Made]):
    """What was made last, as long as what it was made from stays the same: setting text takes a while."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Key, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made


class Papers:
    def __init__(
        self,
        pictures: Pictures,
        phrases: Phrases,
        paths: Paths,
        *,
        library: Callable[[str], Library],
        commune: Callable[[str], CommuneProfile],
        public_url: str | None,
        served: str,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`library` and `commune` go by the slug of a commune; `served` is the one whose chat is at
        `public_url`, where there is one."""
        self._pictures, self._phrases, self.paths = pictures, phrases, paths
        self._library, self._commune, self._clock = library, commune, clock
        self._public_url, self._served = (public_url or "").rstrip("/"), served
        self._handouts = _Kept[tuple[CommuneProfile, Guide], Handout](KEPT)
        self._booklets = _Kept[tuple[CommuneProfile, str, tuple[Guide, ...]], bytes](KEPT_BOOKLETS)

    @property
    def served(self) -> str:
        """Slug of the commune whose people use the chat on the web."""
        return self._served

    def path_of(self, guide: Guide) -> str:
        """Of its handout, below the public address."""
        return f"{PREFIX}{guide.slug}{ENDING}"

    def file(self, path: str) -> bytes | None:
        """The handout at a path that `path_of` gave, as the commune of the web chat has it."""
        slug = path.removeprefix(PREFIX).removesuffix(ENDING)
        return self.handout_pdf(self._served, slug) if path == f"{PREFIX}{slug}{ENDING}" else None

    def handout_pdf(self, commune: str, slug: str) -> bytes | None:
        handout = self.handout(commune, slug)
        return handout.pdf if handout else None

    def handout(self, commune: str, slug: str) -> Handout | None:
        """None for a guide the commune does not have, or whose facts have expired."""
        guide = self._guides(commune).get(slug)
        if guide is None:
            return None
        return self._handouts.get(
            (self._commune(commune), guide), lambda: self._maker(commune).handout(guide)
        )

    def booklet_of_topic(self, commune: str, topic: str) -> bytes | None:
        if topic not in TOPICS:
            return None
        guides = [guide for guide in self._guides(commune).values() if guide.topic == topic]
        return self._booklet(commune, self._phrases(f"chat.topics_{topic}"), guides)

    def booklet_of_path(self, commune: str, path: str) -> bytes | None:
        """All the guides of a learning path, in the order in which they are learnt."""
        found = self.paths.by_slug.get(path)
        if found is None:
            return None
        guides = self._guides(commune)
        slugs = [slug for level in found.levels for slug in level if slug in guides]
        return self._booklet(commune, found.name, [guides[slug] for slug in slugs])

    def chat_at(self, commune: str, *, guide: str = "", hamlet: str = "") -> str:
        """The address that opens the chat; "" where the commune has none that others can reach."""
        if not self._public_url or commune != self._served:
            return ""
        query = f"?viec={guide}" if guide else f"?xom={hamlet}" if hamlet else ""
        return f"{self._public_url}/{query}"

    def _guides(self, commune: str) -> dict[str, Guide]:
        return self._library(commune).answerable(local(self._clock()).date())

    def _booklet(self, commune: str, title: str, guides: Sequence[Guide]) -> bytes | None:
        if not guides:
            return None
        return self._booklets.get(
            (self._commune(commune), title, tuple(guides)),
            lambda: self._maker(commune).booklet(title, guides),
        )

    def _maker(self, commune: str) -> Maker:
        return Maker(
            self._phrases,
            self._commune(commune),
            partial(self._pictures.svg_of, has_note=False),
            lambda slug: self.chat_at(commune, guide=slug),
        )
