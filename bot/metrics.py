"""Numbers for Prometheus; `GET /metrics` shows them. Nothing people typed, and no id of anybody.

Here is what is counted while it happens. What is looked up when somebody asks (how much waits, how old
the backup is) is `bot.gauges`.
"""

import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from retrieval.encoder import Encoder, Vectors

TURN_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
WAIT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
CALL_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 40)
ENCODER_BUCKETS = (0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5)


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # memory, processor time, open files
        self._messages = Counter(
            "hocvuso_messages_total",
            "Messages that channels brought by what became of them: new, again, flood, overload, failed",
            ["channel", "taken"],
            registry=registry,
        )
        self._turns = Counter("hocvuso_turns_total", "Turns done", ["channel", "outcome"], registry=registry)
        self._seconds = Histogram(
            "hocvuso_turn_seconds",
            "Seconds a turn took, lock and commit included",
            buckets=TURN_BUCKETS,
            registry=registry,
        )
        self._answer_seconds = Histogram(
            "hocvuso_answer_seconds",
            "Seconds from a message's arrival until its reply was stored",
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        self._dead = Counter(
            "hocvuso_dead_total", "Messages set aside after three failures", registry=registry
        )
        self._sent = Counter(
            "hocvuso_sends_total",
            "Attempts to send a reply by how they ended: sent, again, dead",
            ["channel", "end"],
            registry=registry,
        )
        self._sent_again = Counter(
            "hocvuso_sent_again_total",
            "Replies offered again because their sender died: some arrived twice",
            ["channel"],
            registry=registry,
        )
        self._call_seconds = Histogram(
            "hocvuso_send_seconds",
            "Seconds that a channel took for one call",
            ["channel"],
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self._encoder_seconds = Histogram(
            "hocvuso_encoder_seconds",
            "Seconds that one call of the encoder took",
            buckets=ENCODER_BUCKETS,
            registry=registry,
        )
        self._encoder_texts = Counter(
            "hocvuso_encoder_texts_total",
            "Texts encoded; vectors of passages are kept when content changes, and not counted again",
            registry=registry,
        )

    def message(self, channel: str, taken: str) -> None:
        self._messages.labels(channel, taken).inc()

    def turn(self, channel: str, outcome: str, seconds: float, *, since_arrival_s: float) -> None:
        self._turns.labels(channel, outcome).inc()
        self._seconds.observe(seconds)
        # The two clocks of an arrival and an answer may be set meanwhile.
        self._answer_seconds.observe(max(0.0, since_arrival_s))

    def dead(self) -> None:
        self._dead.inc()

    def sent(self, channel: str, end: str) -> None:
        self._sent.labels(channel, end).inc()

    def sent_again(self, channel: str, count: int) -> None:
        self._sent_again.labels(channel).inc(count)

    def call(self, channel: str, seconds: float) -> None:
        self._call_seconds.labels(channel).observe(seconds)

    def encoded(self, texts: int, seconds: float) -> None:
        self._encoder_texts.inc(texts)
        self._encoder_seconds.observe(seconds)


class MeasuredEncoder:
    """An encoder that tells `Metrics` of each call."""

    def __init__(self, encoder: Encoder, metrics: Metrics) -> None:
        self._encoder, self._metrics = encoder, metrics
        self.dimension = encoder.dimension

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        started = time.perf_counter()
        vectors = self._encoder.encode(texts, as_passages=as_passages)
        self._metrics.encoded(len(texts), time.perf_counter() - started)
        return vectors
