"""How often something may happen: a moving window for each of many names, kept in memory.

Names are people or parts of the network; the chat counts with it, too. Each process counts for
itself, and after a restart anew.
"""

import ipaddress
import threading
from collections import deque
from collections.abc import Callable

from fastapi import Request

Now = Callable[[], float]  # seconds, never going back by much


class MovingWindow:
    """At most `most` times in `seconds` for each name; 0: any number of times."""

    def __init__(self, most: int, seconds: float, now: Now) -> None:
        self._most, self._seconds, self._now = most, seconds, now
        self._times: dict[str, deque[float]] = {}
        self._sweep_at = now() + seconds
        self._lock = threading.Lock()

    def hit(self, name: str) -> float:
        """Count one more and return 0; beyond the limit count nothing and return the seconds to wait."""
        if self._most == 0:
            return 0.0
        with self._lock:
            now = self._now()
            if now >= self._sweep_at:
                self._sweep(now)
            wait_s = self._wait_s(name, now)
            if not wait_s:
                self._times.setdefault(name, deque(maxlen=self._most)).append(now)
            return wait_s

    def wait_s(self, name: str) -> float:
        """What `hit` would return, without counting."""
        with self._lock:
            return self._wait_s(name, self._now())

    def _wait_s(self, name: str, now: float) -> float:
        times = self._times.get(name)
        if times is None or len(times) < self._most:
            return 0.0
        return max(0.0, times[0] + self._seconds - now)

    def __len__(self) -> int:
        """Names that are remembered."""
        return len(self._times)

    def _sweep(self, now: float) -> None:
        """Forget who has not come for a whole window."""
        self._sweep_at = now + self._seconds
        for name in [name for name, times in self._times.items() if times[-1] + self._seconds <= now]:
            del self._times[name]


def network_of(request: Request) -> str:
    """The part of the Internet a request comes from: an IPv4 address, or the /64 of an IPv6 one.

    One household has 2^64 addresses of IPv6, so a single one says nothing. Behind a proxy uvicorn
    has put the client in, if the proxy is one of `trusted_proxy`.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a socket file
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
