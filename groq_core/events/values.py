"""What events hold: usage, the words of a recording, a tool call, a line of a receipt."""

from __future__ import annotations

import msgspec

from groq_core.events.kinds import Kind, Outcome


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


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    A complete tool call; ``arguments`` is JSON text as the model wrote it, which may not parse.

    Attributes:
        custom: Of a custom tool, which takes a text: that is what ``arguments`` is.
    """

    id: str
    name: str
    arguments: str
    custom: bool = False


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
