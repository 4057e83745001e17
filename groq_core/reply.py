"""Fold a stream of events into what it amounts to: the answer so far, and its receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from groq_core.events import (
    AttemptFailed,
    AttemptRecord,
    AttemptSkipped,
    AttemptStarted,
    AudioDelta,
    CacheChecked,
    Continued,
    Degraded,
    Event,
    Finished,
    Note,
    PartDone,
    ReasoningDelta,
    Restarted,
    Routed,
    Segment,
    SegmentsFound,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Waiting,
)


class Receipt(msgspec.Struct, eq=False):
    """
    Who answered, after what: the fold of the story.

    It may be read at any moment; :meth:`as_dict` is the ``x_groq_core`` object of the HTTP API.
    """

    request_id: str = ""
    tier: str = ""
    reason: str = ""
    candidates: tuple[str, ...] = ()
    cache: Literal["hit", "miss", "off"] = "off"
    cache_age_s: float | None = None
    saved_usd: float | None = None
    degraded: bool = False
    waited_s: float = 0.0
    attempts: list[AttemptRecord] = []
    notes: list[Note] = []
    seams: list[Continued | Restarted] = []
    finished: Finished | None = None
    cost_usd: float | None = None
    _open: dict[int, AttemptRecord] = {}

    def note(self, event: Event, elapsed_s: float = 0.0) -> None:
        """
        Take an event into account.

        Args:
            event: Any event; content is passed over.
            elapsed_s: Seconds since the user request began.
        """
        if (take := _STORY.get(type(event))) is not None:
            take(self, event, elapsed_s)

    def _note_route(self, event: Routed, _: float) -> None:
        self.request_id, self.tier, self.reason = event.request_id, event.tier, event.reason
        self.candidates = event.candidates

    def _note_cache(self, event: CacheChecked, _: float) -> None:
        self.cache, self.cache_age_s, self.saved_usd = event.result, event.age_s, event.saved_usd

    def _note_start(self, event: AttemptStarted, elapsed_s: float) -> None:
        record = AttemptRecord(
            provider=event.provider, model=event.model, outcome="running", started_s=round(elapsed_s, 4)
        )
        self._open[event.number] = record
        self.attempts.append(record)

    def _note_failure(self, event: AttemptFailed, _: float) -> None:
        if (failed := self._open.pop(event.number, None)) is not None:
            failed.outcome = "cancelled" if event.cancelled else "failed"
            failed.error = None if event.cancelled else event.kind
            failed.status, failed.retry_after_s = event.status, event.retry_after_s
            failed.ttft_s, failed.elapsed_s = _round(event.ttft_s), _round(event.elapsed_s)
            failed.tokens_out = event.tokens_out
        self._add_cost(event.cost_usd)

    def _note_skip(self, event: AttemptSkipped, elapsed_s: float) -> None:
        self.attempts.append(
            AttemptRecord(
                provider=event.provider,
                model=event.model,
                outcome="skipped",
                error=event.kind,
                retry_after_s=event.retry_after_s,
                started_s=round(elapsed_s, 4),
            )
        )

    def _note_finish(self, event: Finished, _: float) -> None:
        self.finished = event
        if (answered := self._open.pop(event.number, None)) is not None:
            answered.outcome = "answered"
            answered.ttft_s, answered.elapsed_s = _round(event.ttft_s), _round(event.elapsed_s)
            answered.tokens_out = event.usage.completion_tokens if event.usage else 0
        self._add_cost(event.cost_usd)

    def _note_part(self, event: PartDone, _: float) -> None:
        if (answered := self._open.pop(event.number, None)) is not None:
            answered.outcome = "answered"
            answered.ttft_s, answered.elapsed_s = _round(event.ttft_s), _round(event.elapsed_s)
        self._add_cost(event.cost_usd)

    def _note_degradation(self, _event: Degraded, _: float) -> None:
        self.degraded = True

    def _note_wait(self, event: Waiting, _: float) -> None:
        if not self.attempts:
            self.waited_s += event.seconds

    def _note_note(self, event: Note, _: float) -> None:
        self.notes.append(event)

    def _note_seam(self, event: Continued | Restarted, _: float) -> None:
        self.seams.append(event)

    def _add_cost(self, usd: float | None) -> None:
        if usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + usd

    def close_attempts(self) -> list[AttemptRecord]:
        """The attempts as they stand if nothing more comes: what was under way has been cancelled."""
        return [
            msgspec.structs.replace(record, outcome="cancelled") if record.outcome == "running" else record
            for record in self.attempts
        ]

    @property
    def served_by(self) -> dict[str, str] | None:
        """Provider and model that wrote the answer; None before it is finished and after a degradation."""
        if self.finished is None or self.degraded or not self.finished.provider:
            return None
        return {"provider": self.finished.provider, "model": self.finished.model}

    def as_dict(self) -> dict[str, Any]:
        """The ``x_groq_core`` object, with the keys and order of the HTTP API."""
        usage = self.finished.usage if self.finished else None
        return {
            "request_id": self.request_id,
            "tier": self.tier,
            "reason": self.reason,
            "cache": self.cache,
            "served_by": self.served_by,
            "degraded": self.degraded,
            "attempts": [msgspec.to_builtins(record) for record in self.close_attempts()],
            "usage": msgspec.to_builtins(usage) if usage else None,
            "cost_usd": self.cost_usd,
        }


_STORY: Final[Mapping[type, Callable[..., None]]] = {
    Routed: Receipt._note_route,
    CacheChecked: Receipt._note_cache,
    AttemptStarted: Receipt._note_start,
    AttemptFailed: Receipt._note_failure,
    AttemptSkipped: Receipt._note_skip,
    Finished: Receipt._note_finish,
    PartDone: Receipt._note_part,
    Degraded: Receipt._note_degradation,
    Waiting: Receipt._note_wait,
    Note: Receipt._note_note,
    Continued: Receipt._note_seam,
    Restarted: Receipt._note_seam,
}
"""What a receipt takes from an event, by its kind: a receipt is asked about every event of every answer."""


class Reply(msgspec.Struct, eq=False):
    """
    The answer so far, and its receipt.

    Attributes:
        text, reasoning, audio: What counts now; a restart empties them.
        kept: Text of answers that broke and were started anew, oldest first.
    """

    receipt: Receipt = msgspec.field(default_factory=Receipt)
    kept: list[str] = []
    segments: list[Segment] = []
    _text: list[str] = []
    _reasoning: list[str] = []
    _audio: list[bytes] = []
    _calls: dict[int, ToolCall] = {}

    def _clear(self) -> None:
        self._text, self._reasoning, self._audio = [], [], []
        self._calls, self.segments = {}, []

    @property
    def text(self) -> str:
        if len(self._text) > 1:
            self._text = ["".join(self._text)]
        return self._text[0] if self._text else ""

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def audio(self) -> bytes:
        return b"".join(self._audio)

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The calls in the order of their index, pieces joined."""
        return [call for _, call in sorted(self._calls.items())]

    @property
    def finished(self) -> Finished | None:
        return self.receipt.finished

    def apply(self, event: Event, elapsed_s: float = 0.0) -> None:
        """Take the next event into account; ``elapsed_s`` counts from the start of the user request."""
        if (take := _STORY.get(type(event))) is not None and type(event) is not Restarted:
            take(self.receipt, event, elapsed_s)
            return
        match event:
            case TextDelta():
                self._text.append(event.text)
            case ReasoningDelta():
                self._reasoning.append(event.text)
            case ToolCallDelta():
                was = self._calls.get(event.index) or ToolCall(id="", name="", arguments="")
                self._calls[event.index] = ToolCall(
                    id=was.id or event.id,
                    name=was.name + event.name,
                    arguments=was.arguments + event.arguments,
                    custom=was.custom or event.custom,
                )
            case AudioDelta():
                self._audio.append(event.data)
            case SegmentsFound():
                self.segments.extend(event.segments)
            case Restarted():
                self.kept.append(event.kept)
                self._clear()
                self.receipt.note(event, elapsed_s)


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


async def collect(events: AsyncIterator[Event]) -> Reply:
    """Not streaming is streaming with nobody watching."""
    reply = Reply()
    async for event in events:
        reply.apply(event)
    return reply
