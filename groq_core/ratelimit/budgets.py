"""Where the buckets live, by credential and target, and how the panel shows them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from groq_core.ratelimit.buckets import Bucket
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.ratelimit.waiting import TargetBuckets
from groq_core.requests import SERVER, credential_at


class LocalBudgets:
    """
    Buckets in this process, by credential and ``provider:model``.

    Args:
        rpm, tpm: Our own ceilings per model; None for none.
        capacity: Targets kept; one more makes the one that was asked for longest ago forgotten.

    Attributes:
        share: The part of the limits of a target that is new here; below 1 where other processes ask it too.
    """

    def __init__(
        self,
        *,
        rpm: int | None = None,
        tpm: int | None = None,
        share: float = 1.0,
        capacity: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpm, self._tpm, self._clock = rpm, tpm, clock
        self.share = share
        self._capacity = capacity
        self._targets: OrderedDict[tuple[str, str], TargetBuckets] = OrderedDict()

    def of(self, credential: str, name: str) -> TargetBuckets:
        credential = credential_at(name.partition(":")[0], credential)
        key = credential, name
        buckets = self._targets.get(key)
        if buckets is None:
            if len(self._targets) >= self._capacity:
                self._targets.popitem(last=False)
            buckets = self._targets[key] = TargetBuckets(self._clock, self.share if credential == SERVER else 1.0)
            if self._rpm is not None:
                buckets.cap("requests", 60, self._rpm, own=True)
            if self._tpm is not None:
                buckets.cap("tokens", 60, self._tpm, own=True)
        else:
            self._targets.move_to_end(key)
        return buckets

    def find(self, credential: str, name: str) -> TargetBuckets | None:
        return self._targets.get((credential_at(name.partition(":")[0], credential), name))

    def under(self, credential: str) -> list[tuple[str, TargetBuckets]]:
        """All targets under a credential."""
        return [(name, buckets) for (of, name), buckets in list(self._targets.items()) if of == credential]


def limit_status(buckets: TargetBuckets, now: float) -> tuple[LimitStatus, ...]:
    """The buckets as the status panel shows them: of a provider's limit and our ceiling, the one that leaves less."""
    tightest: dict[tuple[str, int], Bucket] = {}
    for bucket in buckets:
        beside = tightest.setdefault((bucket.kind, bucket.window_s), bucket)
        if bucket.level(now) - bucket.held < beside.level(now) - beside.held:
            tightest[bucket.kind, bucket.window_s] = bucket
    return tuple(
        LimitStatus(
            kind=bucket.kind,
            window_s=bucket.window_s,
            limit=bucket.limit,
            remaining=round(max(0.0, bucket.level(now) - bucket.held) / bucket.share, 1),
            full_in_s=round((bucket.limit - bucket.level(now) / bucket.share) * bucket.window_s / bucket.limit, 1),
        )
        for bucket in tightest.values()
        if bucket.limit > 0 and bucket.share > 0
    )
