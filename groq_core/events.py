"""
What happens while something is answered: one stream for the answer and its story.

An answer is made of content (:class:`TextDelta` and its kin) and ends in exactly one :class:`Finished`.
The story tells how it came about: routed, waited, attempted, failed, restarted. Callers fold the stream
into a :class:`Reply`, into pixels, or into server-sent events; nobody registers a callback.

Events are `msgspec.Struct`s: making one costs 0.1 µs, a fifth of a frozen dataclass, and a fast model
makes a thousand a second for every reader.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from enum import StrEnum
from typing import Any, Literal, TypeAlias

import msgspec

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
Outcome: TypeAlias = Literal["running", "answered", "failed", "cancelled", "skipped"]


class Kind(StrEnum):
    """What kind of failure an attempt ended in. The words are part of the HTTP API."""

    RATE_LIMITED = "rate_limited"
    OVER_CAPACITY = "over_capacity"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_IDLE = "timeout_idle"
    STREAM_CUT = "stream_cut"
    STREAM_ERROR = "stream_error"
    EMPTY_ANSWER = "empty_answer"
    MALFORMED = "malformed"
    MODEL_GONE = "model_gone"
    NOT_PERMITTED = "not_permitted"
    TERMS_REQUIRED = "terms_required"
    AUTH = "auth"
    QUOTA_EXHAUSTED = "quota_exhausted"
    TOO_LARGE = "too_large"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    GENERATION_FAILED = "generation_failed"
    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    BUDGET = "budget"
    RESTING = "resting"
    DEADLINE = "deadline"


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an answer used, as the provider counted it.

    ``prompt_tokens`` includes ``cached_tokens``; ``completion_tokens`` includes ``reasoning_tokens``.
    Times are seconds measured by the provider; None where it does not tell.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    total_time: float | None = None
    audio_s: float | None = None
    characters: int | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """The model's own speed: completion tokens over completion time."""
        if self.completion_time and self.completion_tokens:
            return self.completion_tokens / self.completion_time
        return None


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One spoken word; times in seconds from the start of the recording."""

    word: str
    start: float
    end: float


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One phrase of a transcript; times in seconds from the start of the recording."""

    id: int
    start: float
    end: float
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was said in a recording.

    Attributes:
        text: The words, without the leading space the API sends.
        language: As the provider names it (``English``), or None.
        duration: Seconds, or None where the provider did not tell.
    """

    text: str
    language: str | None = None
    duration: float | None = None
    segments: tuple[Segment, ...] = ()
    words: tuple[Word, ...] = ()


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────


class TextDelta(Event, frozen=True):
    """New text of the answer: everything one read from the wire brought, not one token."""

    text: str


class ReasoningDelta(Event, frozen=True):
    """New text of the model's thinking, kept apart from the answer."""

    text: str


class ToolCallDelta(Event, frozen=True):
    """A tool call, or a piece of one; pieces with the same ``index`` belong together."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


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


# ── the story ────────────────────────────────────────────────────────────────────────────────────────


class Routed(Event, frozen=True, kw_only=True):
    """Which targets will be asked, in order (``provider:model``), and the reason in words."""

    request_id: str
    tier: str
    reason: str
    candidates: tuple[str, ...]


class CacheChecked(Event, frozen=True, kw_only=True):
    """``off``: not looked for, since the request may not be cached. Age in seconds; saving in USD."""

    result: Literal["hit", "miss", "off"]
    age_s: float | None = None
    saved_usd: float | None = None
    shared: bool = False


class Waiting(Event, frozen=True, kw_only=True):
    """Nothing happens for ``seconds``, and why; ``target`` is ``provider:model``."""

    seconds: float
    reason: str
    target: str = ""


class AttemptStarted(Event, frozen=True, kw_only=True):
    """
    One request is about to be sent upstream; ``number`` counts from 1 within one user request.

    ``hedge``: it runs beside the one before it, which has been silent for longer than is usual.
    """

    number: int
    provider: str
    model: str
    hedge: bool = False


class AttemptFailed(Event, frozen=True, kw_only=True):
    """
    It did not work; what was heard so far may be continued, restarted or given up.

    Attributes:
        rest_s: Seconds the target now rests; 0 when it does not.
        cancelled: We hung up ourselves (a lost race), so nothing is held against the target.
    """

    number: int
    provider: str
    model: str
    kind: Kind
    message: str
    status: int | None = None
    retry_after_s: float | None = None
    rest_s: float = 0.0
    ttft_s: float | None = None
    elapsed_s: float = 0.0
    tokens_out: int = 0
    cancelled: bool = False
    cost_usd: float | None = None


class AttemptSkipped(Event, frozen=True, kw_only=True):
    """A candidate was passed over without asking it: it rests, or the request would not fit its limits."""

    provider: str
    model: str
    kind: Kind
    message: str
    retry_after_s: float | None = None


class Continued(Event, frozen=True, kw_only=True):
    """The answer broke after ``at`` characters and goes on from there, written by another attempt."""

    provider: str
    model: str
    at: int


class Restarted(Event, frozen=True, kw_only=True):
    """What was shown no longer counts; a clean answer follows. ``kept`` is the old text, to fold away."""

    provider: str
    model: str
    kept: str


class Note(Event, frozen=True, kw_only=True):
    """Something was done to the request that its author should know, e.g. old turns were left out."""

    code: str
    text: str


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a document; ``page`` counts from 1 and is 0 where it has no pages."""

    document: str
    page: int
    text: str


class Quoted(Event, frozen=True, kw_only=True):
    """
    Of documents too long for one question, only these passages went along with it.

    Attributes:
        documents: Their names.
        pages: How many they have together; 0 where they have none.
        tokens: Of all that stands in them, estimated.
        whole: The question was about all of them, so the passages are from everywhere.
    """

    documents: tuple[str, ...]
    pages: int
    tokens: int
    quotes: tuple[Quote, ...]
    whole: bool = False


class PartStarted(Event, frozen=True, kw_only=True):
    """
    One part of a long recording is about to be transcribed.

    Attributes:
        index: Counted from 0, in the order of time.
        start_s, end_s: Where it lies in the recording.
        total_s: Length of the whole recording by its header; None where it does not say.
        again: It has failed before.
    """

    index: int
    start_s: float
    end_s: float
    total_s: float | None = None
    again: bool = False


class PartDone(Event, frozen=True, kw_only=True):
    """
    One part of a long recording is done, for good or ill.

    Attributes:
        index, start_s, end_s: As it was started.
        outcome: ``silent``: nothing is heard in it, so nobody was asked.
        number: Of the attempt that answered; 0 when nobody was asked (cache, silence).
        error: What a person is told about why it failed.
        text: What was heard in it, before parts are joined.
    """

    index: int
    start_s: float
    end_s: float
    outcome: Literal["answered", "failed", "silent"] = "answered"
    number: int = 0
    provider: str = ""
    model: str = ""
    ttft_s: float | None = None
    elapsed_s: float | None = None
    cost_usd: float | None = None
    error: str = ""
    text: str = ""


class Degraded(Event, frozen=True, kw_only=True):
    """Every target failed; a friendly sentence follows as the answer, marked as such."""

    message: str
    retry_after_s: float | None = None


# ── an agent's run: each step is an answer with its own story and its own ``Finished`` ────────────────

EndReason: TypeAlias = Literal[
    "answered", "length", "step_limit", "time_limit", "money_limit", "token_limit", "degraded", "paused", "broken"
]


class StepStarted(Event, frozen=True, kw_only=True):
    """The model is asked once more; ``step`` counts from 1. Text that follows belongs to this step."""

    step: int


class ApprovalAsked(Event, frozen=True, kw_only=True):
    """
    A tool marked dangerous waits for somebody's word.

    Attributes:
        arguments: JSON text, whole and as it would run; what cannot be seen in it is written as its escape.
        approval: Names this one call of this run with these arguments; it is good for once.
    """

    step: int
    call: str
    name: str
    arguments: str
    approval: str = ""


class ToolStarted(Event, frozen=True, kw_only=True):
    """
    A tool is about to run.

    Attributes:
        call: Id of the call, unique within the run.
        arguments: JSON text as the model wrote it, without keys.
        hosted: The provider ran it while the model wrote.
    """

    step: int
    call: str
    name: str
    arguments: str
    hosted: bool = False


class ToolFinished(Event, frozen=True, kw_only=True):
    """
    A tool is done, or was not let run.

    Attributes:
        result: What the model is told, bounded, without keys.
        error: What went wrong, the result then says it too; None when nothing did.
        elapsed_s: None where the provider ran it and does not tell.
    """

    step: int
    call: str
    name: str
    result: str
    error: str | None = None
    elapsed_s: float | None = None


class RunEnded(Event, frozen=True, kw_only=True):
    """
    The last event of a run.

    Attributes:
        reason: ``answered``, or what ended it; ``paused``: calls wait for approval, see ``state``; ``broken``: the
            error follows, and what was done so far stands in ``messages``.
        answer: The text it ended with; at a limit what could be said with what was known, empty where nothing.
        state: Of a paused run, to go on from: ``groq_core.services.agent.RunState``.
        messages: The conversation with everything the run added to it, in wire form, to go on from.
        cost_usd: Of all steps; None where no price is known.
    """

    reason: EndReason
    steps: int
    elapsed_s: float
    cost_usd: float | None = None
    messages: tuple[dict[str, Any], ...] = ()
    answer: str = ""
    state: Any = None


Content: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | AudioDelta | SegmentsFound
Answer: TypeAlias = Content | Finished
Events: TypeAlias = AsyncGenerator[Event, None]

Outlet: TypeAlias = Callable[[Event], bool]
"""Takes words past the stream of events, at once; false when its reader can take none now: they go the usual way."""

CONTENT = (TextDelta, ReasoningDelta, ToolCallDelta, AudioDelta, SegmentsFound)
"""For ``isinstance``: the events after which a reader has seen something."""


class AttemptRecord(msgspec.Struct, kw_only=True):
    """
    One line of a receipt. Field names and order are part of the HTTP API, which never says ``running``: what has not
    ended when a receipt is written has been cancelled.

    ``started_s`` counts from the start of the user request; all ``_s`` are seconds.
    """

    provider: str
    model: str
    outcome: Outcome
    error: Kind | None = None
    status: int | None = None
    retry_after_s: float | None = None
    started_s: float | None = None
    ttft_s: float | None = None
    elapsed_s: float | None = None
    tokens_out: int = 0


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A complete tool call; ``arguments`` is JSON text as the model wrote it, which may not parse."""

    id: str
    name: str
    arguments: str
