"""What a model is: what may be asked of it, its figures, its price, where it is in its life."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal, TypeAlias, get_args

import msgspec

Tier: TypeAlias = Literal["speed", "quality", "vision", "audio", "speech"]
Status: TypeAlias = Literal["active", "announced", "retired", "enterprise"]

TIER_NAMES: Final[tuple[Tier, ...]] = get_args(Tier)


def tier_of(name: str) -> Tier | None:
    """The tier of that name; None where it is a model's, or ``auto``."""
    return next((tier for tier in TIER_NAMES if tier == name), None)


class Capability(StrEnum):
    """What may be asked of a model."""

    CHAT = "chat"
    VISION = "vision"
    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"
    STRICT_SCHEMA = "strict_schema"  # decoding is constrained to the schema, not merely asked to follow it
    REASONING = "reasoning"
    PREFILL = "prefill"  # continues an assistant message that stands last
    BROWSER_SEARCH = "browser_search"
    CODE_INTERPRETER = "code_interpreter"
    TRANSCRIPTION = "transcription"
    TIMESTAMPS = "timestamps"  # tells when each segment and word was spoken
    TRANSLATION = "translation"
    SPEECH = "speech"
    CLASSIFY = "classify"


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """
    One model on one provider, as the provider documents it.

    Attributes:
        id: Name on the wire, exactly as the API expects it.
        provider: ``groq`` or ``openai`` (any OpenAI-compatible backup).
        title: Name for people; the id where there is none.
        capabilities: What may be asked of it.
        context_window: Tokens, prompt and completion together; 0 when unknown.
        max_output: Tokens in one completion; 0 when unknown.
        tokens_per_s: Speed as the provider states it.
        usd_in, usd_cached, usd_out: Per million tokens.
        usd_hour: Per hour of audio (transcription).
        usd_characters: Per million characters (speech).
        max_images: Pictures in one request; 0 when it takes none or the number is unknown.
        max_file_bytes: Size of an uploaded recording.
        efforts: Values ``reasoning_effort`` may take; empty where it may not be sent.
        effort_with_tools: The only effort that may go with tools; empty where any may.
        voices: Of a speech model; the first is the default.
        one_speed: Of a speech model that cannot be told how fast to speak.
        status: ``enterprise``: shut down for self-serve keys, alive under contract.
        shutdown: The day it was or will be shut down for self-serve keys.
        replacement: Official successor's id.
        source: Page the figures were read from.
        checked: Day they were read; None for what only a live list told us.
    """

    id: str
    provider: str = "groq"
    title: str = ""
    capabilities: frozenset[Capability]
    context_window: int = 0
    max_output: int = 0
    tokens_per_s: float | None = None
    usd_in: float | None = None
    usd_cached: float | None = None
    usd_out: float | None = None
    usd_hour: float | None = None
    usd_characters: float | None = None
    max_images: int = 0
    max_file_bytes: int = 0
    efforts: tuple[str, ...] = ()
    effort_with_tools: str = ""
    voices: tuple[str, ...] = ()
    one_speed: bool = False
    status: Status = "active"
    shutdown: date | None = None
    replacement: str | None = None
    source: str = ""
    checked: date | None = None

    @property
    def label(self) -> str:
        return self.title or self.id

    @cached_property
    def name(self) -> str:
        """Unique across providers, e.g. ``groq:openai/gpt-oss-20b``; everything but the wire uses this."""
        return f"{self.provider}:{self.id}"

    def can(self, *needed: Capability) -> bool:
        return self.capabilities.issuperset(needed)
