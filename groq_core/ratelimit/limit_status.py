"""One bucket of a target as the status panel shows it."""

from __future__ import annotations

import msgspec


class LimitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    One bucket of a target: what is left of it now, and when it is full again.

    Attributes:
        kind: ``requests``, ``tokens``, ``input_tokens``, ``output_tokens`` or ``audio_seconds``.
        window_s: 60, 3600 or 86400.
        full_in_s: Seconds until the bucket is full, not a waiting time.
    """

    kind: str
    window_s: int
    limit: float
    remaining: float
    full_in_s: float
