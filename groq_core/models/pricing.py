"""What an answer costs, by the registry's prices."""

from __future__ import annotations

from typing import Final

from groq_core.events import Usage
from groq_core.models.spec import ModelSpec

BILLED_AUDIO_S: Final = 10.0
"""Groq bills a shorter recording as ten seconds (console.groq.com/docs/speech-to-text, read 2026-10-01)."""

BATCH_DISCOUNT: Final = 0.5
"""Part of the price that Groq's Batch API asks for; cached tokens are not cheaper still (docs/batch, read 2026-05)."""


def cost_usd(spec: ModelSpec, usage: Usage) -> float | None:
    """
    Price one answer by the registry.

    Cached prompt tokens cost ``usd_cached`` where the provider has such a price.

    Returns:
        US dollars, or None where the registry has no price for what was used.
    """
    if spec.usd_hour is not None:
        least = BILLED_AUDIO_S if spec.provider == "groq" else 0.0
        return None if usage.audio_s is None else spec.usd_hour * max(usage.audio_s, least) / 3600
    if spec.usd_characters is not None:
        return None if usage.characters is None else spec.usd_characters * usage.characters / 1e6
    if spec.usd_in is None or spec.usd_out is None:
        return None
    usd_cached = spec.usd_in if spec.usd_cached is None else spec.usd_cached
    fresh = usage.prompt_tokens - usage.cached_tokens
    return (fresh * spec.usd_in + usage.cached_tokens * usd_cached + usage.completion_tokens * spec.usd_out) / 1e6
