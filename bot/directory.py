"""The communes as the conversation needs them: read rarely, kept for a short while."""

import time
from threading import Lock

from records.communes import CommuneProfile, commune_profile, list_communes
from records.database import Database

LIFE_S = 10.0  # how soon an edit by staff shows


class CommuneDirectory:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._by_slug: dict[str, CommuneProfile] = {}
        self._by_id: dict[int, CommuneProfile] = {}
        self._read_at = float("-inf")

    def by_slug(self, slug: str) -> CommuneProfile:
        """Raises `KeyError` for a commune that is not here."""
        self._refresh(slug not in self._by_slug)
        return self._by_slug[slug]

    def by_id(self, commune_id: int) -> CommuneProfile:
        self._refresh(commune_id not in self._by_id)
        return self._by_id[commune_id]

    def all(self) -> list[CommuneProfile]:
        self._refresh(False)
        return list(self._by_slug.values())

    def _refresh(self, is_unknown: bool) -> None:
        age = time.monotonic() - self._read_at
        if age < LIFE_S and not (is_unknown and age > 1):
            return
        with self._lock, self._database.read() as session:
            profiles = [commune_profile(session, commune) for commune in list_communes(session)]
            self._by_slug = {profile.slug: profile for profile in profiles}
            self._by_id = {profile.id: profile for profile in profiles}
            self._read_at = time.monotonic()
