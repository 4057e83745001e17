"""
What a scraper reads: Prometheus metrics under the names of the OpenTelemetry GenAI conventions, and a few of ours.

Labels never hold a prompt, a key or a user's name. A model id comes from the caller and could be anything, so
only ids of the catalogue become labels; the rest is ``other``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 60.0)
FIRST_TOKEN_SECONDS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OVERHEAD_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25)

STATES = {"healthy": 0, "probing": 1, "resting": 2, "gone": 3, "no_key": 3}


class LimitReading(Protocol):
    """What a scrape tells of one rate limit; the status snapshot's ``LimitStatus`` is one."""

    @property
    def kind(self) -> str: ...
    @property
    def window_s(self) -> int: ...
    @property
    def remaining(self) -> float: ...


class TargetReading(Protocol):
    """What a scrape tells of one target; the status snapshot's ``TargetStatus`` is one."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def limits(self) -> Sequence[LimitReading]: ...


class _Counter(Counter):
    """The library's, without its looking on every call whether this is a counter of its own or one for each label."""

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        self._value.inc(amount)


class _Histogram(Histogram):
    """The same; and a value's bucket is found by halves, not one after another."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        self._sum.inc(amount)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(1)


class TargetStats:
    """
    What was seen of one target, for the panel and for hedging.

    ``ttfts`` holds the newest times to first token in seconds.
    """

    __slots__ = ("answered", "attempts", "failed", "inflight", "tokens_per_s", "ttfts")

    def __init__(self) -> None:
        self.attempts = 0
        self.answered = 0
        self.failed = 0
        self.inflight = 0
        self.tokens_per_s: float | None = None
        self.ttfts: deque[float] = deque(maxlen=100)

    def ttft_quantile(self, q: float) -> float | None:
        """Seconds; None before the first answer."""
        if not self.ttfts:
            return None
        ordered = sorted(self.ttfts)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class Metrics:
    """
    Counters of one process.

    Args:
        known: Whether a model id is in the catalogue and may become a label.
    """

    def __init__(self, known: Callable[[str], bool] = lambda model: True) -> None:
        self.registry = CollectorRegistry()
        self._known = known
        self.targets: dict[str, TargetStats] = {}
        self.requests = 0
        self.degraded = 0
        self.fallbacks = 0
        self.cache_hits = 0
        self.cache_misses = 0
        registry = self.registry
        self.operation_duration = _Histogram(
            "gen_ai_client_operation_duration_seconds",
            "Whole requests, every attempt included.",
            ("operation", "provider", "model", "error"),
            buckets=SECONDS,
            registry=registry,
        )
        self.time_to_first_token = _Histogram(
            "gen_ai_client_time_to_first_token_seconds",
            "From the start of an attempt to its first content.",
            ("provider", "model"),
            buckets=FIRST_TOKEN_SECONDS,
            registry=registry,
        )
        self.unread = _Counter(
            "groq_core_unread_lines",
            "Lines of answers with something in them that could not be read; the words beside it were.",
            ("provider", "model"),
            registry=registry,
        )
        self.token_usage = _Counter(
            "gen_ai_client_token_usage",
            "Tokens as the provider counted them.",
            ("provider", "model", "type"),
            registry=registry,
        )
        self.attempts = _Counter(
            "groq_core_attempts",
            "Upstream requests and candidates passed over, by how they ended.",
            ("provider", "model", "outcome", "error"),
            registry=registry,
        )
        self.fallbacks_made = _Counter(
            "groq_core_fallbacks", "Times the chain went on to another target.", ("from", "to"), registry=registry
        )
        self.cache = _Counter("groq_core_cache", "Look-ups in the cache.", ("result",), registry=registry)
        self.inflight = Gauge("groq_core_inflight", "User requests being answered now.", registry=registry)
        self.overhead = _Histogram(
            "groq_core_overhead_seconds",
            "From a request's arrival to its first attempt, waiting for limits left out.",
            buckets=OVERHEAD_SECONDS,
            registry=registry,
        )

        for labelled in (self.operation_duration, self.time_to_first_token, self.token_usage, self.attempts):
            # A child is there for good once it is made; the library looks it up under a lock each time.
            labelled.labels = lru_cache(maxsize=4096)(labelled.labels)  # type: ignore[method-assign, assignment]

    def of(self, name: str) -> TargetStats:
        """The counters of a target (``provider:model``)."""
        stats = self.targets.get(name)
        if stats is None:
            if len(self.targets) > 500:  # ids come from callers: this must not grow with what they make up
                return TargetStats()
            stats = self.targets[name] = TargetStats()
        return stats

    def label(self, model: str) -> str:
        """The model id, or ``other`` where it is not one of the catalogue's."""
        return model if self._known(model) else "other"

    def fell_back(self, source: str, target: str) -> None:
        """The chain went from one target to another (``provider:model`` each)."""
        self.fallbacks += 1
        self.fallbacks_made.labels(self._label_of(source), self._label_of(target)).inc()

    def _label_of(self, name: str) -> str:
        provider, _, model = name.partition(":")
        return f"{provider}:{self.label(model)}"

    def watch(self, targets: Callable[[], Iterable[TargetReading]]) -> None:
        """Let a scrape read target states and rate limits as they are at that moment."""
        self.registry.register(_TargetCollector(targets))


class _TargetCollector(Collector):
    def __init__(self, targets: Callable[[], Iterable[TargetReading]]) -> None:
        self._targets = targets

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        states = GaugeMetricFamily(
            "groq_core_target_state", "0 healthy, 1 probing, 2 resting, 3 gone.", labels=("provider", "model")
        )
        remaining = GaugeMetricFamily(
            "groq_core_ratelimit_remaining", "What is left of a rate limit.", labels=("model", "kind")
        )
        for target in self._targets():
            states.add_metric((target.provider, target.model), STATES[target.state])
            for limit in target.limits:
                remaining.add_metric((target.model, f"{limit.kind}_per_{_window(limit.window_s)}"), limit.remaining)
        yield states
        yield remaining


def _window(seconds: int) -> str:
    return {60: "minute", 3600: "hour", 86400: "day"}.get(seconds, f"{seconds}s")
