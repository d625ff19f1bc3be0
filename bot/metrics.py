"""Counters for Prometheus; `GET /metrics` shows them. Numbers only, nothing people typed."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "hocvuso_turns_total", "Turns done", ["channel", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "hocvuso_turn_seconds",
            "Seconds a turn took, lock and commit included",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
            registry=self.registry,
        )
        self._dead = Counter(
            "hocvuso_dead_total", "Messages set aside after three failures", registry=self.registry
        )

        self._sent = Counter(
            "hocvuso_sends_total",
            "Attempts to send a reply by how they ended: sent, again, dead",
            ["channel", "end"],
            registry=self.registry,
        )
        self._sent_again = Counter(
            "hocvuso_sent_again_total",
            "Replies offered again because their sender died: some arrived twice",
            ["channel"],
            registry=self.registry,
        )

    def turn(self, channel: str, outcome: str, seconds: float) -> None:
        self._turns.labels(channel, outcome).inc()
        self._seconds.observe(seconds)

    def dead(self) -> None:
        self._dead.inc()

    def sent(self, channel: str, end: str) -> None:
        self._sent.labels(channel, end).inc()

    def sent_again(self, channel: str, count: int) -> None:
        self._sent_again.labels(channel).inc(count)
