"""What chunks say, folded into events: words joined as far as one read brought them, and how the answer ended."""

from __future__ import annotations

from typing import Any

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from groq_core.failures.classify import from_event
from groq_core.streaming.chunk_template import ChunkTemplate
from groq_core.streaming.halves import Halves
from groq_core.streaming.loose import spoken_in, thoughts_in
from groq_core.streaming.thoughts import Thoughts
from groq_core.streaming.tool_calls import ToolCalls
from groq_core.streaming.wire_types import (
    BROKEN_OFF,
    FINISH_REASONS,
    NO_FINISH,
    NO_USAGE,
    Choice,
    Chunk,
    Delta,
    WireToolCall,
    XGroq,
    read_usage,
)


class AnswerReader:
    """
    Take the chunks of one answer.

    Attributes:
        done: Nothing that follows matters: ``[DONE]`` was read, or an error.
        finish_reason: None as long as the answer goes on.
        malformed: Lines that were no JSON and were skipped.
        odd: Chunks with something in them that was not of the type it should be; their words were read.
        chunks: Chunks read that had a choice in them.

    Args:
        split_thoughts: Take ``<think>…</think>`` at the beginning of the content for reasoning.
    """

    # What an answer seldom has is the same for all until it has it: one is made for every attempt.
    done = False
    finish_reason: FinishReason | None = None
    malformed = 0
    odd = 0
    chunks = 0
    _maybe_finished = False
    # Indices of choices that were seen beside the one that is the answer.
    _others: frozenset[int] = frozenset()
    _error: ProviderError | None = None
    _spoke = False
    # A chunk had nothing in any field that we know.
    _silent = False
    _calls: ToolCalls | None = None
    _usage: Usage | None = None
    _model = ""
    _request_id: str | None = None
    _fingerprint: str | None = None
    _service_tier: str | None = None
    _seed: int | None = None

    def __init__(self, *, split_thoughts: bool = True) -> None:
        self._thoughts = Thoughts() if split_thoughts else None
        self._halves = Halves()
        self._thought_halves = Halves()
        self._executed: dict[int, Any] = {}
        self._annotations: list[Any] = []
        self._template = ChunkTemplate()
        # Text not yet handed out: pieces of one kind, joined when another kind comes or the read ends.
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._events: list[Event] = []

    def take(self, chunk: Chunk) -> None:
        """Take one decoded chunk, or a whole completion, into account."""
        last = not chunk.choices
        if chunk.choices:
            self.chunks += 1
            if len(chunk.choices) == 1 and not self._others:
                last = self._take_choice(chunk.choices[0])
            else:
                for choice in self._answering(chunk.choices):
                    last = self._take_choice(choice) or last
        # All but a handful of a thousand chunks have nothing but text.
        if last or self.chunks == 1 or chunk.usage is not NO_USAGE or chunk.x_groq or chunk.error:
            self._read_margin(chunk)

    def _answering(self, choices: list[Choice]) -> list[Choice]:
        """One answer was asked for: of choices side by side the one with the lowest index is it, then and later."""
        if len(choices) > 1:
            places = {choice.index or 0 for choice in choices}
            self._others |= places - {min(places)}
        if not self._others:
            return choices
        return [choice for choice in choices if (choice.index or 0) not in self._others]

    def _take_choice(self, choice: Choice) -> bool:
        """Take one choice into account; returns whether it says that the answer is finished."""
        if choice.error:
            self._fail(from_event({"error": choice.error}))
        delta = choice.delta or choice.message or (Delta(content=choice.text) if choice.text else None)
        if delta is not None:
            if delta.reasoning or delta.reasoning_content:
                self._think(delta.reasoning or delta.reasoning_content or "")
            if delta.content or delta.refusal:
                if isinstance(delta.content, list) and (thought := thoughts_in(delta.content)):
                    self._think(thought)
                self._say(delta.content or delta.refusal or "")
            elif not (delta.reasoning or delta.reasoning_content or choice.finish_reason or delta.tool_calls):
                self._silent = delta.content is None
            if delta.tool_calls or delta.function_call or delta.executed_tools or delta.annotations:
                self._use_tools(delta, apart=choice.message is not None)
        if choice.finish_reason:
            return self._finish(choice.finish_reason)
        return False

    def _read_margin(self, chunk: Chunk) -> None:
        if chunk.usage is not NO_USAGE:
            self._usage = read_usage(chunk.usage) or self._usage
        if chunk.x_groq is not None:
            self._read_x_groq(chunk.x_groq)
        if chunk.error:
            self._fail(from_event(chunk.error if isinstance(chunk.error, dict) else {"message": chunk.error}))
        self._model = chunk.model or self._model
        self._fingerprint = chunk.system_fingerprint or self._fingerprint
        self._service_tier = chunk.service_tier or self._service_tier

    def take_repeated(self, text: str, chunks: int) -> None:
        """Take the words of so many chunks that say nothing else."""
        self.chunks += chunks
        if text and self._template.key == "content":
            self._say(text)
        elif text:
            self._think(text)

    def _say(self, content: str | list[Any]) -> None:
        text = content if isinstance(content, str) else spoken_in(content)
        if self.odd:
            # Only what was read loosely has halves of letters in it.
            text = self._halves.join(text)
        if self._thoughts is None:
            if self._reasoning:
                self._flush(self._reasoning, ReasoningDelta)
            if text:
                self._text.append(text)
                self._spoke = True
            self._maybe_finished = False
            return
        self._part(self._thoughts.feed(text))
        self._maybe_finished = False
        if self._thoughts is not None and self._thoughts.over:
            self._thoughts = None

    def _part(self, pieces: list[tuple[bool, str]]) -> None:
        for thought, piece in pieces:
            if thought:
                self._add_thought(piece)
            else:
                self._add_text(piece)

    def _add_text(self, text: str) -> None:
        if self._reasoning:
            self._flush(self._reasoning, ReasoningDelta)
        if text:
            self._text.append(text)
            self._spoke = True

    def _think(self, text: str) -> None:
        if self.odd:
            text = self._thought_halves.join(text)
        self._maybe_finished = False
        self._add_thought(text)

    def _add_thought(self, text: str) -> None:
        if self._text:
            self._flush(self._text, TextDelta)
        if text:
            self._reasoning.append(text)
            self._spoke = True

    def _use_tools(self, delta: Delta, *, apart: bool) -> None:
        """
        Args:
            apart: Every call of the list is one of its own, as in a whole message.
        """
        calls = delta.tool_calls or []
        if delta.function_call is not None:
            calls = [*calls, WireToolCall(index=0, function=delta.function_call)]
        if calls and self._calls is None:
            self._calls = ToolCalls()
        for position, call in enumerate(calls):
            if apart and call.index is None:
                call.index = position
            if self._calls is not None and (event := self._calls.read(call)) is not None:
                self._flush_all()
                self._events.append(event)
        for tool in delta.executed_tools or []:
            # Each comes twice: when it starts, and again with its output.
            if isinstance(tool, dict):
                place = tool.get("index", len(self._executed))
                place = place if isinstance(place, int) else len(self._executed)
                self._executed[place] = {**self._executed.get(place, {}), **tool}
        self._annotations.extend(delta.annotations or [])

    def _read_x_groq(self, x_groq: XGroq) -> None:
        self._request_id = x_groq.id or self._request_id
        self._seed = x_groq.seed if x_groq.seed is not None else self._seed
        if self._usage is None:
            # The same numbers as at the top level: taken instead of those, never added.
            self._usage = read_usage(x_groq.usage)
        if x_groq.error:
            self._fail(from_event(x_groq.error if isinstance(x_groq.error, dict) else {"message": x_groq.error}))

    def _finish(self, reason: str) -> bool:
        """Whether the word means that the answer is finished."""
        word = reason.strip().lower().removeprefix("finishreason.").removeprefix("finish_reason_")
        if word in NO_FINISH:
            return False
        if word in BROKEN_OFF:
            self._fail(ProviderError(Kind.STREAM_ERROR, f"the provider finished the answer with {word!r}"))
        if word in FINISH_REASONS or word in BROKEN_OFF:
            self.finish_reason = FINISH_REASONS.get(word, "stop")
            return True
        # A word nobody knows is a finish where the stream then ends, and means nothing where it goes on.
        self._maybe_finished = True
        return False

    def _fail(self, error: ProviderError) -> None:
        error.request_id = error.request_id or self._request_id
        self._error, self.done = self._error or error, True

    # ── handing out ──────────────────────────────────────────────────────────────────────────────────

    def _flush(self, pieces: list[str], delta: type[TextDelta] | type[ReasoningDelta]) -> None:
        if pieces:
            self._events.append(delta(pieces[0] if len(pieces) == 1 else "".join(pieces)))
            pieces.clear()

    def _flush_all(self) -> None:
        # One of them is empty: what comes first is flushed when the other begins.
        self._flush(self._reasoning, ReasoningDelta)
        self._flush(self._text, TextDelta)

    def _drain(self) -> list[Event]:
        if not self._events and len(self._text) == 1 and not self._reasoning:
            return [TextDelta(self._text.pop())]
        self._flush_all()
        events, self._events = self._events, []
        return events

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────

    def _end_text(self) -> None:
        """Hand out what was held back because it could have gone on."""
        if rest := self._halves.rest():
            self._say(rest)
        if self._thoughts is not None:
            self._part(self._thoughts.close())
        if rest := self._thought_halves.rest():
            self._think(rest)

    def _final_event(self) -> Finished:
        spoke = self._spoke or self._calls is not None or self._executed
        if self.finish_reason is None:
            if self.malformed and not spoke:
                raise ProviderError(Kind.MALFORMED, f"no answer in {self.malformed} lines that were no JSON")
            if not self.chunks:
                raise ProviderError(Kind.EMPTY_ANSWER, "the stream ended before it began")
            raise ProviderError(Kind.STREAM_CUT, "the stream ended without a finish reason")
        if self.finish_reason == "content_filter":
            raise ProviderError(Kind.CONTENT_FILTER, "the provider's content filter stopped the answer")
        # An answer cut at its first token by max_completion_tokens is empty and as long as was asked.
        if not spoke and self.finish_reason != "length":
            raise ProviderError(Kind.EMPTY_ANSWER, "the answer has nothing in it")
        extra: dict[str, Any] = {}
        if self._executed:
            extra["executed_tools"] = [tool for _, tool in sorted(self._executed.items())]
        if self._annotations:
            extra["annotations"] = self._annotations
        return Finished(
            model=self._model,
            finish_reason=self.finish_reason,
            usage=self._usage,
            request_id=self._request_id,
            system_fingerprint=self._fingerprint,
            service_tier=self._service_tier,
            seed=self._seed,
            extra=extra or None,
            unread=self.malformed + self.odd,
        )

    def _last_calls(self) -> list[Event]:
        """What the calls still lack: an id to answer to, and arguments that are JSON where none came."""
        return [] if self._calls is None else [*self._calls.close()]
