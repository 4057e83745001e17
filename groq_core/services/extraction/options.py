"""How to extract, and how much of a text may be sent at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from groq_core.requests import Caller, estimate_tokens
from groq_core.services.extraction.merge import Prefer
from groq_core.services.extraction.schema import Schema
from groq_core.services.extraction.text_parts import chunk_chars
from groq_core.status.snapshot import Snapshot

CHUNK_CHARS: Final = 12_000
"""Characters of a part where no limit is known: 3000 tokens, and the answer, fit the 8000 a minute of Groq's free
plan."""

MOST_CHUNK_CHARS: Final = 24_000
"""Characters of the largest part, whatever the limits: from longer ones models leave things out."""

SPOKEN_TOKENS: Final = 500
"""What is said around a text."""

OVERLAP_CHARS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionOptions:
    """
    How to extract.

    Attributes:
        instructions: Further words to the model about what is wanted.
        model: A tier, a model id, or ``provider:id``.
        retries: Further tries where an answer does not fit the schema.
        max_tokens: Of an answer; one that is cut off is asked for again with four times as many.
        chunk_chars: Characters of the parts a long text is cut into; None chooses by the limits of whoever will
            be asked. Halved where a model finds them too large all the same.
        overlap_chars: Characters that neighbouring parts share.
        parallel: Parts that are asked about at once.
        prefer: Who decides where parts contradict each other.
    """

    instructions: str = ""
    model: str = "auto"
    retries: int = 2
    max_tokens: int = 2048
    chunk_chars: int | None = None
    overlap_chars: int = OVERLAP_CHARS
    parallel: int = 4
    prefer: Prefer = "majority"
    caller: Caller = field(default_factory=Caller)


def part_chars(options: ExtractionOptions, schema: Schema[Any], snapshot: Snapshot | None) -> int:
    """Choose the size of a part: as asked for, else as the limits allow, as far as any are known."""
    if options.chunk_chars:
        return options.chunk_chars
    per_minute = tokens_per_minute(snapshot, options.model) if snapshot else None
    if per_minute is None:
        return CHUNK_CHARS
    reserved = options.max_tokens + SPOKEN_TOKENS + estimate_tokens(schema.strict.schema)
    return min(MOST_CHUNK_CHARS, chunk_chars(tokens_per_minute=per_minute, reserved=reserved))


def tokens_per_minute(snapshot: Snapshot, model: str) -> float | None:
    """Tell the tightest limit on tokens of whoever will be asked first; None while nobody has said one."""
    asked = next((tier.target for tier in snapshot.tiers if tier.tier == model), None)
    if asked is None:
        asked = next((tier.target for tier in snapshot.tiers if tier.tier == "quality"), None)
    limits = (
        limit.limit
        for target in snapshot.targets
        if target.name in (asked, model, f"groq:{model}")
        for limit in target.limits
        if limit.window_s == 60 and limit.kind in ("tokens", "input_tokens")
    )
    return min(limits, default=None)
