"""From the body of a transcription to its events: its words are read whatever stands beside them."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from groq_core.errors import Kind, ProviderError
from groq_core.events import Event, Finished, Segment, SegmentsFound, TextDelta, Transcript, Usage, Word
from groq_core.failures.classify import from_event, is_complaint
from groq_core.streaming.halves import whole
from groq_core.streaming.loose import text_in
from groq_core.streaming.wire_types import read_usage

BOM = b"\xef\xbb\xbf"

_MARKUP = (b"<!doctype", b"<html", b"<?xml")
"""How the page of an edge or a proxy begins, which nobody spoke."""


def read_transcription(body: bytes, content_type: str = "application/json") -> list[Event]:
    """
    Read a transcript: ``json`` and ``verbose_json`` however they are labelled, or the bare words of ``text``.

    No words are no failure: silence was recorded.

    Raises:
        ProviderError: JSON was promised and is not there, or an error came in a 200.
    """
    body = body.removeprefix(BOM)
    bare = "json" not in content_type and not body.lstrip()[:9].lower().startswith(_MARKUP)
    try:
        found = json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        if not bare:
            raise ProviderError(Kind.MALFORMED, f"the body is not a transcript: {error}") from None
        found = body.decode(errors="replace")
    if bare and not isinstance(found, dict | str):
        found = body.decode(errors="replace")  # a number that was spoken
    if isinstance(found, str):
        found = {"text": found}
    if not isinstance(found, dict):
        raise ProviderError(Kind.MALFORMED, "the body is not a transcript")
    if found.get("text") is None and not isinstance(found.get("segments"), list):
        if is_complaint(found):
            raise from_event(body)
        raise ProviderError(Kind.EMPTY_ANSWER, "the body has no transcript in it")
    return _events(found)


def _events(found: dict[str, Any]) -> list[Event]:
    segments = tuple(_segment(place, fields) for place, fields in enumerate(_objects(found.get("segments"))))
    said = text_in(found["text"]) if found.get("text") is not None else "".join(one.text for one in segments)
    text = whole(said).strip()  # Groq's begins with a space, in every format
    usage = read_usage(json.dumps(found.get("usage")).encode())
    duration = _optional(found, "duration")
    transcript = Transcript(
        text=text,
        language=found["language"] if isinstance(found.get("language"), str) else None,
        duration=duration if duration is not None and duration >= 0 else (usage and usage.audio_s) or None,
        segments=segments,
        words=tuple(
            Word(word=str(fields.get("word", "")), start=_seconds(fields, "start"), end=_seconds(fields, "end"))
            for fields in _objects(found.get("words"))
        ),
    )
    events: list[Event] = []
    if transcript.text:
        events.append(TextDelta(transcript.text))
    if segments:
        events.append(SegmentsFound(segments))
    if usage is None and transcript.duration is not None:
        usage = Usage(audio_s=transcript.duration)
    x_groq = found.get("x_groq")
    request_id = x_groq.get("id") if isinstance(x_groq, dict) else None
    events.append(
        Finished(usage=usage, transcript=transcript, request_id=request_id if isinstance(request_id, str) else None)
    )
    return events


def _objects(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _segment(place: int, fields: dict[str, Any]) -> Segment:
    return Segment(
        id=fields["id"] if isinstance(fields.get("id"), int) else place,
        start=_seconds(fields, "start"),
        end=_seconds(fields, "end"),
        text=whole(text_in(fields.get("text"))).strip(),
        avg_logprob=_optional(fields, "avg_logprob"),
        no_speech_prob=_optional(fields, "no_speech_prob"),
        compression_ratio=_optional(fields, "compression_ratio"),
    )


def _optional(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 and isfinite(value) else None


def _seconds(fields: dict[str, Any], name: str) -> float:
    return _optional(fields, name) or 0.0
