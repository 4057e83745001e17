"""
What happens while something is answered: one stream for the answer and its story.

An answer is made of content (:class:`TextDelta` and its kin) and ends in exactly one :class:`Finished`.
The story tells how it came about: routed, waited, attempted, failed, restarted. Callers fold the stream
into a :class:`Reply`, into pixels, or into server-sent events; nobody registers a callback.

Events are `msgspec.Struct`s: making one costs 0.1 µs, a fifth of a frozen dataclass, and a fast model
makes a thousand a second for every reader.

- ``agent_steps``: An agent's run: each step is an answer with its own story and its own ``Finished``.
- ``content``: The answer: its content as it comes, and its end.
- ``kinds``: What kind of failure an attempt ended in, and the words for how an answer ended.
- ``story``: The story of an answer: routed, waited, attempted, failed, continued, restarted.
- ``values``: What events hold: usage, the words of a recording, a tool call, a line of a receipt.

Imported by ``api``, ``cli``, ``connections``, ``errors``, ``fallback``, ``gradio``, ``incoming``, ``media``,
``middleware``, ``models``, ``pipeline``, ``providers``, ``reply``, ``requests``, ``services``, ``store``, ``streaming``
and ``ui``.
"""

from __future__ import annotations

from groq_core.events.agent_steps import ApprovalAsked, EndReason, RunEnded, StepStarted, ToolFinished, ToolStarted
from groq_core.events.content import (
    CONTENT,
    CONTENT_KINDS,
    Answer,
    AudioDelta,
    Content,
    Event,
    Events,
    Finished,
    Outlet,
    ReasoningDelta,
    SegmentsFound,
    TextDelta,
    ToolCallDelta,
)
from groq_core.events.kinds import FinishReason, Kind, Outcome
from groq_core.events.story import (
    AttemptFailed,
    AttemptSkipped,
    AttemptStarted,
    CacheChecked,
    Continued,
    Degraded,
    Note,
    PartDone,
    PartStarted,
    Quote,
    Quoted,
    Restarted,
    Routed,
    Waiting,
)
from groq_core.events.values import AttemptRecord, Segment, ToolCall, Transcript, Usage, Word

__all__ = [
    "CONTENT",
    "CONTENT_KINDS",
    "Answer",
    "ApprovalAsked",
    "AttemptFailed",
    "AttemptRecord",
    "AttemptSkipped",
    "AttemptStarted",
    "AudioDelta",
    "CacheChecked",
    "Content",
    "Continued",
    "Degraded",
    "EndReason",
    "Event",
    "Events",
    "FinishReason",
    "Finished",
    "Kind",
    "Note",
    "Outcome",
    "Outlet",
    "PartDone",
    "PartStarted",
    "Quote",
    "Quoted",
    "ReasoningDelta",
    "Restarted",
    "Routed",
    "RunEnded",
    "Segment",
    "SegmentsFound",
    "StepStarted",
    "TextDelta",
    "ToolCall",
    "ToolCallDelta",
    "ToolFinished",
    "ToolStarted",
    "Transcript",
    "Usage",
    "Waiting",
    "Word",
]
