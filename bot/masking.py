"""What staff type into free text is masked like what residents write: it may tell of them."""

from collections.abc import Collection

from handlers.guard import guard
from retrieval.text import clean


def mask_typed(text: str, *, keep: Collection[str] = ()) -> str:
    """`text` with its secrets masked, but for those of the kinds in `keep` (a number to call back)."""
    cleaned = clean(text)
    guarded = guard(cleaned)
    masked, at = "", 0
    for secret in guarded.secrets:
        masked += cleaned[at : secret.start]
        masked += secret.text if secret.kind in keep else f"‹{secret.kind}›"
        at = secret.start + len(secret.text)
    return masked + cleaned[at:]
