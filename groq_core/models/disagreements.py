"""
Where a price list of others says something else than the registry, and why the registry stands.

Two are read as witnesses, in the tests: ``genai-prices`` and LiteLLM's map. A line here answers for one figure of one
of them; when the witness changes its mind, the line no longer holds and has to be looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        theirs: What the witness says.
        why: Why ours is right all the same, a sentence.
    """

    theirs: float
    why: str


_QWEN = Reason(
    theirs=131_072,
    why="Groq's pages say both; with the smaller, no request is sent that the model might refuse for thirty tokens.",
)

REASONS: Final[Mapping[tuple[str, str, str], Reason]] = MappingProxyType(
    {
        ("groq:qwen/qwen3.8-27b", "context_window", "genai-prices"): _QWEN,
        ("groq:qwen/qwen3.8-27b", "context_window", "LiteLLM"): _QWEN,
        ("groq:openai/gpt-oss-safeguard-20b", "usd_cached", "genai-prices"): Reason(
            theirs=0.0375, why="Groq's page on models prints 0.037 for this one, and so does LiteLLM."
        ),
        ("openai:gpt-6-luna", "context_window", "LiteLLM"): Reason(
            theirs=922_000, why="That map counts the prompt alone: 922,000, and 128,000 of an answer, make 1,050,000."
        ),
    }
)
"""By the model's name, the registry's field and the witness."""
