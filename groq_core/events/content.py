"""The answer: its content as it comes, and its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeAlias

import msgspec

from groq_core.events.kinds import FinishReason
from groq_core.events.values import Segment, Transcript, Usage


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class TextDelta(Event, frozen=True):
    """New text of the answer: everything one read from the wire brought, not one token."""

    text: str


class ReasoningDelta(Event, frozen=True):
    """New text of the model's thinking, kept apart from the answer."""

    text: str


class ToolCallDelta(Event, frozen=True):
    """
    A tool call, or a piece of one; pieces with the same ``index`` belong together.

    Attributes:
        custom: Of a custom tool, which takes a text: that is what ``arguments`` is.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    custom: bool = False


class AudioDelta(Event, frozen=True):
    """Bytes of spoken audio."""

    data: bytes


class SegmentsFound(Event, frozen=True):
    """Phrases of a transcript, as soon as they are known; the text also comes as ``TextDelta``."""

    segments: tuple[Segment, ...]


class Finished(Event, frozen=True, kw_only=True):
    """
    The answer is whole. There is exactly one, it comes last, and nothing is finished without it.

    Attributes:
        provider, model: Who really answered.
        number: Which attempt it was, counted from 1; 0 when nobody was asked (cache, degradation).
        finish_reason: As the provider said; a stream without one is a cut and never gets here.
        usage: None when the provider sent none.
        ttft_s: Seconds from the start of the attempt to its first content.
        elapsed_s: Seconds from the start of the attempt to its end.
        cost_usd: Price of this attempt by the registry, or None where the price is unknown.
        request_id: The provider's id.
        extra: Fields of the body that are passed through unread (``executed_tools``, ``annotations``).
        unread: Lines with something in them that could not be read; the words beside it were.
    """

    provider: str = ""
    model: str = ""
    number: int = 0
    finish_reason: FinishReason = "stop"
    usage: Usage | None = None
    ttft_s: float | None = None
    elapsed_s: float | None = None
    cost_usd: float | None = None
    request_id: str | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    seed: int | None = None
    transcript: Transcript | None = None
    extra: dict[str, Any] | None = None
    unread: int = 0


Content: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | AudioDelta | SegmentsFound
Answer: TypeAlias = Content | Finished
Events: TypeAlias = AsyncGenerator[Event, None]

Outlet: TypeAlias = Callable[[str, bool], bool]
"""
Takes words past the stream of events, at once: the words, and whether they are thoughts. False when its reader can take
none now: they go the usual way.
"""

CONTENT = (TextDelta, ReasoningDelta, ToolCallDelta, AudioDelta, SegmentsFound)
"""For ``isinstance``: the events after which a reader has seen something."""

CONTENT_KINDS = frozenset(CONTENT)
"""
The same for whoever is told of every event: to ask ``isinstance`` of classes with a metaclass, as msgspec's are, takes
several times as long. No event has a kind below it.
"""
