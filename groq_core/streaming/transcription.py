"""From the body of a transcription to its events."""

from __future__ import annotations

from typing import Any

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import Event, Finished, Segment, SegmentsFound, TextDelta, Transcript, Usage, Word
from groq_core.failures.classify import from_event
from groq_core.streaming.wire_types import NO_USAGE, XGroq, read_usage


class _Transcription(msgspec.Struct):
    text: str | None = None
    language: str | None = None
    duration: float | None = None
    segments: list[dict[str, Any]] | None = None
    words: list[dict[str, Any]] | None = None
    usage: msgspec.Raw = NO_USAGE
    x_groq: XGroq | None = None
    error: Any = None


_decode_transcription = msgspec.json.Decoder(_Transcription, strict=False).decode


def read_transcription(body: bytes, content_type: str = "application/json") -> list[Event]:
    """
    Read a transcript: ``json`` and ``verbose_json``, or the bare words of ``text``.

    No words are no failure: silence was recorded.

    Raises:
        ProviderError: JSON was promised and is not there, or an error came in a 200.
    """
    if "json" not in content_type:
        return _transcript_events(_Transcription(text=body.decode(errors="replace")))
    try:
        found = _decode_transcription(body)
    except msgspec.DecodeError as error:
        raise ProviderError(Kind.MALFORMED, f"the body is not a transcript: {error}") from None
    if found.error is not None:
        raise from_event(body)
    if found.text is None and found.segments is None:
        raise ProviderError(Kind.EMPTY_ANSWER, "the body has no transcript in it")
    return _transcript_events(found)


def _transcript_events(found: _Transcription) -> list[Event]:
    segments = tuple(_segment(place, fields) for place, fields in enumerate(found.segments or []))
    text = found.text if found.text is not None else "".join(segment.text for segment in segments)
    usage = read_usage(found.usage)
    transcript = Transcript(
        # Groq's begins with a space, in every format.
        text=text.strip(),
        language=found.language,
        duration=found.duration if found.duration is not None else (usage and usage.audio_s) or None,
        segments=segments,
        words=tuple(
            Word(word=str(fields.get("word", "")), start=_seconds(fields, "start"), end=_seconds(fields, "end"))
            for fields in found.words or []
        ),
    )
    events: list[Event] = []
    if transcript.text:
        events.append(TextDelta(transcript.text))
    if segments:
        events.append(SegmentsFound(segments))
    if usage is None and transcript.duration is not None:
        usage = Usage(audio_s=transcript.duration)
    x_groq = found.x_groq or XGroq()
    events.append(Finished(usage=usage, transcript=transcript, request_id=x_groq.id))
    return events


def _segment(place: int, fields: dict[str, Any]) -> Segment:
    return Segment(
        id=fields["id"] if isinstance(fields.get("id"), int) else place,
        start=_seconds(fields, "start"),
        end=_seconds(fields, "end"),
        text=str(fields.get("text", "")).strip(),
        avg_logprob=_optional(fields, "avg_logprob"),
        no_speech_prob=_optional(fields, "no_speech_prob"),
        compression_ratio=_optional(fields, "compression_ratio"),
    )


def _optional(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    return float(value) if isinstance(value, int | float) else None


def _seconds(fields: dict[str, Any], name: str) -> float:
    return _optional(fields, name) or 0.0
