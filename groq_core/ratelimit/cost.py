"""What a request takes of a provider's limits."""

from __future__ import annotations

import msgspec


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a request takes from the buckets: known before it is sent (``sent``), or estimated (``answer``)."""

    tokens_in: float = 0
    tokens_out: float = 0
    audio_s: float = 0

    def of(self, kind: str) -> tuple[float, float]:
        """The two parts of the cost in a dimension: what is charged at the start, and what as it answers."""
        match kind:
            case "requests":
                return 1, 0
            case "tokens":
                return self.tokens_in, self.tokens_out
            case "input_tokens":
                return self.tokens_in, 0
            case "output_tokens":
                return 0, self.tokens_out
            case "audio_seconds":
                return self.audio_s, 0
            case _:
                return 0, 0

    def within(self, kind: str, limit: float) -> Cost:
        """The same, with no more than ``limit`` in a dimension."""
        start, answer = self.of(kind)
        if start + answer <= limit:
            return self
        start = min(start, limit)
        match kind:
            case "tokens":
                return Cost(tokens_in=start, tokens_out=limit - start, audio_s=self.audio_s)
            case "input_tokens":
                return msgspec.structs.replace(self, tokens_in=start)
            case "output_tokens":
                return msgspec.structs.replace(self, tokens_out=limit)
            case "audio_seconds":
                return msgspec.structs.replace(self, audio_s=start)
            case _:
                return self
