"""What the staff site needs of the papers, from the room that makes them."""

from typing import Protocol


class Papers(Protocol):
    """Goes by slugs of communes; answers None for what the commune does not have."""

    def handout_pdf(self, commune: str, slug: str) -> bytes | None: ...

    def booklet_of_topic(self, commune: str, topic: str) -> bytes | None: ...

    def booklet_of_path(self, commune: str, path: str) -> bytes | None: ...

    def chat_at(self, commune: str, *, guide: str = "", hamlet: str = "") -> str:
        """The address that opens the chat; "" where the commune has none that others can reach."""
