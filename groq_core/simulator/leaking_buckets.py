"""
Rate limits as Groq keeps them: one leaking bucket per organisation, model and dimension.

A bucket of size ``limit`` empties at ``limit / window`` a second, so there is no midnight at which everything is
free again. Derived from 226 recorded header sets and 12 error bodies, which all fit:

    wait         = (used + requested - limit) * window / limit
    reset header = (limit - remaining) * window / limit
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from groq_core.simulator.model_profiles import ModelLimits, SimModel
from groq_core.simulator.wire_format import WireError, go_duration, whole_seconds

Setting: TypeAlias = Literal["free", "developer", "off"]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# Field of Limits, words and abbreviation of the message, type of the error, window in seconds.
DIMENSIONS = (
    ("rpm", "requests per minute (RPM)", "requests", MINUTE),
    ("rpd", "requests per day (RPD)", "requests", DAY),
    ("tpm", "tokens per minute (TPM)", "tokens", MINUTE),
    ("itpm", "input tokens per minute (ITPM)", "tokens", MINUTE),
    ("otpm", "output tokens per minute (OTPM)", "tokens", MINUTE),
    ("tpd", "tokens per day (TPD)", "tokens", DAY),
    ("ash", "seconds of audio per hour (ASPH)", "seconds", HOUR),
    ("asd", "seconds of audio per day (ASPD)", "seconds", DAY),
)

UPGRADE = "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"


@dataclass(slots=True)
class SimulatedBucket:
    """Holds what was used and has not leaked out yet."""

    limit: float
    window: float
    used: float = 0.0
    at: float = 0.0

    def level(self, now: float) -> float:
        """What is in it at ``now``; the bucket is brought up to date."""
        self.used = max(0.0, self.used - (now - self.at) * self.limit / self.window)
        self.at = now
        return self.used

    def wait(self, requested: float, now: float) -> float:
        """Seconds until ``requested`` more would fit."""
        return max(0.0, (self.level(now) + requested - self.limit) * self.window / self.limit)


@dataclass(slots=True, frozen=True)
class SimulatedCost:
    """What one request asks for, by an estimate made before it runs."""

    input_tokens: int = 0
    output_tokens: int = 0
    expected_output: int = 0
    audio_seconds: float = 0.0

    def of(self, dimension: str) -> float:
        match dimension:
            case "rpm" | "rpd":
                return 1.0
            case "tpm" | "tpd":
                return float(self.input_tokens + self.output_tokens)
            case "itpm":
                return float(self.input_tokens)
            case "otpm":
                return float(self.expected_output)
            case _:
                return self.audio_seconds


@dataclass(slots=True)
class UsageMeter:
    """All buckets of one organisation for one model; ``headers`` and refusals speak from here."""

    model: SimModel
    organisation: str
    plan: ModelLimits
    enforce: bool
    clock: Callable[[], float]
    buckets: dict[str, SimulatedBucket] = field(default_factory=dict)

    def charge(self, cost: SimulatedCost) -> None:
        """
        Take what a request asks for.

        Raises:
            WireError: 413 when it could never fit, 429 when waiting helps (and for output tokens, always 429).
        """
        now = self.clock()
        if self.enforce:
            self._refuse(cost, now)
        for name, bucket in self._open(now):
            bucket.used += cost.of(name)

    def settle(self, cost: SimulatedCost, actual: SimulatedCost) -> None:
        """Give back what was asked for and not used, or add what was used beyond it."""
        for name, bucket in self._open(self.clock()):
            bucket.used = max(0.0, bucket.used + actual.of(name) - cost.of(name))

    def headers(self) -> dict[str, str]:
        """``x-ratelimit-*``: requests are per day, tokens per minute, audio seconds per hour; the rest is hidden."""
        now = self.clock()
        shown: dict[str, str] = {}
        buckets = dict(self._open(now))
        # OpenAI, which counts no days, shows its requests per minute.
        requests = "rpd" if "rpd" in buckets else "rpm"
        names = (("requests", requests), ("tokens", "tpm"), ("audio-seconds", "ash"))
        for kind, dimension in names:
            if (bucket := buckets.get(dimension)) is not None:
                shown[f"x-ratelimit-limit-{kind}"] = str(int(bucket.limit))
        for kind, dimension in names:
            if (bucket := buckets.get(dimension)) is not None:
                shown[f"x-ratelimit-remaining-{kind}"] = str(max(0, int(bucket.limit - bucket.used)))
        for kind, dimension in names:
            if (bucket := buckets.get(dimension)) is not None:
                full_in = min(bucket.used, bucket.limit) * bucket.window / bucket.limit
                shown[f"x-ratelimit-reset-{kind}"] = go_duration(full_in)
        return shown

    def _refuse(self, cost: SimulatedCost, now: float) -> None:
        for name, words, type_, _ in DIMENSIONS:
            bucket = self._bucket(name, now)
            if bucket is None:
                continue
            requested = cost.of(name)
            if requested > bucket.limit and name not in ("tpd", "asd"):
                raise self._too_large(name, words, type_, bucket, requested)
            if (seconds := bucket.wait(requested, now)) > 0:
                raise self._limit_error(words, type_, bucket, requested, seconds)

    def _too_large(self, name: str, words: str, type_: str, bucket: SimulatedBucket, requested: float) -> WireError:
        advice = f"please reduce your message size and try again. {UPGRADE}"
        status = 413
        if name == "otpm":
            advice = (
                "The request's expected output tokens exceed the enforced limit; reduce max_tokens (or the "
                "request's expected output) and try again."
            )
            status = 429
        joint = ". " if name == "otpm" else ", "
        return WireError(
            status,
            f"Request too large for {self._where()} on {words}: Limit {bucket.limit:.0f}, "
            f"Requested {requested:.0f}{joint}{advice}",
            type=type_,
            code="rate_limit_exceeded",
            ran=True,
        )

    def _limit_error(
        self, words: str, type_: str, bucket: SimulatedBucket, requested: float, seconds: float
    ) -> WireError:
        return WireError(
            429,
            f"Rate limit reached for {self._where()} on {words}: Limit {bucket.limit:.0f}, Used {bucket.used:.0f}, "
            f"Requested {requested:.0f}. Please try again in {go_duration(seconds)}. {UPGRADE}",
            type=type_,
            code="rate_limit_exceeded",
            headers={"retry-after": str(whole_seconds(seconds))},
            ran=True,
        )

    def _where(self) -> str:
        return f"model `{self.model.id}` in organization `{self.organisation}` service tier `on_demand`"

    def _open(self, now: float) -> list[tuple[str, SimulatedBucket]]:
        return [(name, bucket) for name, *_ in DIMENSIONS if (bucket := self._bucket(name, now)) is not None]

    def _bucket(self, name: str, now: float) -> SimulatedBucket | None:
        limit: int | None = getattr(self.plan, name)
        if limit is None:
            return None
        if (bucket := self.buckets.get(name)) is None:
            window = next(seconds for dimension, _, _, seconds in DIMENSIONS if dimension == name)
            bucket = self.buckets[name] = SimulatedBucket(float(limit), window, at=now)
        bucket.level(now)
        return bucket


class RateLimits:
    """
    Hands out the meter of an organisation and a model.

    Args:
        setting: ``free``, ``developer``, or ``off``: count and show the developer's limits, refuse nothing.
        scale: Multiplies every limit.
        clock: Seconds, monotonic.
    """

    def __init__(self, setting: Setting, scale: float, clock: Callable[[], float]) -> None:
        self.setting = setting
        self.scale = scale
        self.clock = clock
        self._meters: dict[tuple[str, str], UsageMeter] = {}

    def meter(self, organisation: str, model: SimModel) -> UsageMeter:
        key = organisation, model.id
        if (meter := self._meters.get(key)) is None:
            plan = model.limits("free" if self.setting == "free" else "developer")
            meter = self._meters[key] = UsageMeter(
                model, organisation, _scale(plan, self.scale), self.setting != "off", self.clock
            )
        return meter

    def reset(self) -> None:
        self._meters.clear()


def _scale(limits: ModelLimits, scale: float) -> ModelLimits:
    if scale == 1.0:
        return limits
    names = ModelLimits.__struct_fields__
    return ModelLimits(**{n: max(1, round(v * scale)) for n in names if (v := getattr(limits, n)) is not None})
