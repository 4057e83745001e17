"""A whole answer as most are, one text and how it ended, read without what the others need a decoder for."""

from __future__ import annotations

from groq_core.events import Event, Finished, ReasoningDelta, TextDelta
from groq_core.streaming.thoughts import begins_plainly
from groq_core.streaming.wire_types import FINISH_REASONS, Choice, Chunk, Delta, XGroq, read_usage

_NOTHING = XGroq()


def read_plain(chunk: Chunk) -> list[Event] | None:
    """
    What a completion says that has one text and nothing else to be told.

    Returns:
        The events that the decoder would give; None for any other, which it has to read.
    """
    if chunk.choices is None or len(chunk.choices) != 1 or chunk.error:
        return None
    choice, x_groq = chunk.choices[0], chunk.x_groq or _NOTHING
    message, reason = choice.message, choice.finish_reason
    if message is None or (reason != "stop" and reason != "length") or x_groq.error:
        return None
    text, thought = message.content, message.reasoning
    if not isinstance(text, str) or not begins_plainly(text) or message != Delta(content=text, reasoning=thought):
        return None
    if choice != Choice(message=message, finish_reason=reason, index=choice.index):
        return None
    finished = Finished(
        model=chunk.model or "",
        finish_reason=FINISH_REASONS[reason],
        usage=read_usage(chunk.usage) or read_usage(x_groq.usage),
        request_id=x_groq.id or None,
        system_fingerprint=chunk.system_fingerprint or None,
        service_tier=chunk.service_tier or None,
        seed=x_groq.seed,
    )
    return [ReasoningDelta(thought), TextDelta(text), finished] if thought else [TextDelta(text), finished]
