"""
What a Groq plan allows each model: limits the headers show, and those they hide.

Headers tell requests a day and tokens a minute; requests a minute, tokens a day and the split of input and
output tokens show only in the text of a 429. Knowing the plan means knowing them beforehand.
Source: https://console.groq.com/docs/rate-limits, read 2026-10-01; developer figures 2026-09-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

Plan: TypeAlias = Literal["free", "developer"]


class TierLimits(msgspec.Struct, frozen=True, kw_only=True):
    """
    Limits of one model for one organisation; None where there is none or none is known.

    Attributes:
        plan: None when the headers fit neither plan we know.
        rpm, rpd: Requests a minute, a day.
        tpm, tpd: Tokens a minute, a day.
        itpm, otpm: Input and output tokens a minute, where they are counted apart.
        ash, asd: Seconds of audio an hour, a day.
    """

    plan: Plan | None = None
    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None
    itpm: int | None = None
    otpm: int | None = None
    ash: int | None = None
    asd: int | None = None


def _free(**limits: int) -> TierLimits:
    return TierLimits(plan="free", **limits)


def _developer(**limits: int) -> TierLimits:
    return TierLimits(plan="developer", **limits)


_TEXT = _free(rpm=30, rpd=1_000, tpm=8_000, tpd=200_000)
_TEXT_PAID = _developer(rpm=1_000, rpd=500_000, tpm=250_000)
_WHISPER = _free(rpm=20, rpd=2_000, ash=7_200, asd=28_800)
_ORPHEUS = (_free(rpm=10, rpd=100, tpm=1_200, tpd=3_600), _developer(rpm=250, rpd=100_000, tpm=50_000))
_GUARD = (_free(rpm=30, rpd=14_400, tpm=15_000, tpd=500_000), _developer(rpm=100, rpd=50_000, tpm=30_000))

LIMITS: Final[Mapping[str, tuple[TierLimits, ...]]] = MappingProxyType(
    {
        "openai/gpt-oss-120b": (_TEXT, _TEXT_PAID),
        "openai/gpt-oss-20b": (_TEXT, _TEXT_PAID),
        "openai/gpt-oss-safeguard-20b": (_TEXT, _developer(rpm=1_000, rpd=500_000, tpm=150_000)),
        "qwen/qwen3.8-27b": (
            _free(rpm=30, rpd=1_000, tpm=8_000, tpd=200_000, itpm=7_000, otpm=1_000),
            _TEXT_PAID,
        ),
        "whisper-large-v3": (_WHISPER, _developer(rpm=300, rpd=200_000, ash=200_000, asd=4_000_000)),
        "whisper-large-v3-turbo": (_WHISPER, _developer(rpm=400, rpd=200_000, ash=400_000, asd=4_000_000)),
        "canopylabs/orpheus-v1-english": _ORPHEUS,
        "canopylabs/orpheus-arabic-saudi": _ORPHEUS,
        "meta-llama/llama-prompt-guard-2-22m": _GUARD,
        "meta-llama/llama-prompt-guard-2-86m": _GUARD,
    }
)
"""Groq id to its limits under each plan."""


def limits_for(model_id: str, rpd_header: int | None, tpm_header: int | None) -> TierLimits:
    """
    Infer the plan from what the headers show, and with it what they hide.

    Args:
        model_id: Groq id, without provider.
        rpd_header: ``x-ratelimit-limit-requests``, which counts days.
        tpm_header: ``x-ratelimit-limit-tokens``, which counts minutes; None for audio, which has none.

    Returns:
        The plan's limits; or, where no known plan fits, only what the headers said.

    >>> limits_for("openai/gpt-oss-20b", 1000, 8000).rpm
    30
    """
    if rpd_header is not None or tpm_header is not None:
        for limits in LIMITS.get(model_id, ()):
            if rpd_header in (None, limits.rpd) and tpm_header in (None, limits.tpm):
                return limits
    return TierLimits(rpd=rpd_header, tpm=tpm_header)
