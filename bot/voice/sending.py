"""Sound for a message that is being sent: in time, or none."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from anyio import to_thread

SOUND_S = 15.0  # below the sender's own limit for a call; a reply takes less than a second

Made = TypeVar("Made")

_log = structlog.get_logger()


async def made_in_time(make: Callable[[], Made | None], *, timeout_s: float = SOUND_S) -> Made | None:
    """What `make` makes in a thread; None, and a line in the log, where it fails or takes too long."""
    try:
        async with asyncio.timeout(timeout_s):
            return await to_thread.run_sync(make, abandon_on_cancel=True)
    except Exception as error:
        # No traceback: it could hold what was to be said.
        _log.warning("a reply was not spoken", reason=type(error).__name__)
        return None
