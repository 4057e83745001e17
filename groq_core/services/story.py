"""The story of one answer, as the page saves it: its events with their times, to be told again."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from groq_core.errors import RequestError

FORMAT: Final = "groq-core story 1"
MAX_BYTES: Final = 20_000_000


class Story(msgspec.Struct, frozen=True):
    """
    What happened while one answer was written.

    Attributes:
        format: :data:`FORMAT`.
        texts: The words are in it; otherwise as many letters stand in their place.
        events: Seconds since the question, and the line the page got then (``ui/stream.py`` says what is in one).
    """

    format: str
    texts: bool
    events: tuple[tuple[float, dict[str, Any]], ...]


def read_story(data: bytes) -> Story:
    """
    Read a saved story.

    Raises:
        RequestError: It is too large, none, or its times do not run forward.
    """
    if len(data) > MAX_BYTES:
        raise RequestError(f"a story has at most {MAX_BYTES // 1_000_000} MB", status=413, param="file")
    try:
        story = msgspec.json.decode(data, type=Story)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(
            f"this is no saved story: {error}", param="file", hint="Save one from an answer's receipt."
        ) from None
    if story.format != FORMAT:
        raise RequestError(f"this is no {FORMAT!r} but {story.format[:40]!r}", param="file", hint="Save it anew.")
    times = [at for at, _ in story.events]
    if times != sorted(times) or (times and times[0] < 0):
        raise RequestError("the times of this story do not run forward", param="file", hint="Save it anew.")
    return story


def remark(event: dict[str, Any]) -> str:
    """
    An event of the story in a line for people; empty for words of the answer.

    >>> remark({"e": "attempt_failed", "provider": "groq", "model": "m", "kind": "timeout_idle", "message": "silent"})
    'groq:m failed: timeout_idle, silent'
    >>> remark({"t": "Hello"})
    ''
    """
    target = f"{event.get('provider')}:{event.get('model')}"
    match event.get("e"):
        case "routed":
            return f"route {event.get('tier')}: {', '.join(map(str, event.get('candidates') or ()))}"
        case "waiting":
            return f"waiting {event.get('seconds')} s: {event.get('reason')}"
        case "attempt_started":
            return f"asking {target}"
        case "attempt_failed":
            return f"{target} failed: {event.get('kind')}, {event.get('message')}"
        case "attempt_skipped":
            return f"{target} passed over: {event.get('kind')}"
        case "continued" | "restarted":
            return f"{event['e']} by {event.get('model')}"
        case "finished":
            return f"{target} finished: {event.get('finish_reason')}"
        case "error":
            return f"error: {event.get('message')}"
        case "receipt":
            return f"{len(event.get('attempts') or ())} attempts"
        case None:
            return ""
        case other:
            return str(other)
