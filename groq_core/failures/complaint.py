"""
What a failed response says, whichever envelope it came in.

Groq's and OpenAI's, vLLM's without one, Ollama's string, FastAPI's ``detail``, Google's list, an API gateway's
``fault`` or bare ``message``, an HTML page, plain text, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec


class Complaint(msgspec.Struct, kw_only=True):
    """
    What a failed response says.

    Attributes:
        status: Of the response, or the status in the body of an error event.
        retry_after: Seconds to wait, where the body has a field for them.
        plain: The body was no JSON, so an edge, a proxy or a wrong address answered, not the API.
    """

    status: int = 0
    message: str = ""
    type: str = ""
    code: str = ""
    param: str | None = None
    failed_generation: str | None = None
    retry_after: str = ""
    plain: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """Code and type as most spell them: ``ResourceExhausted`` and ``RESOURCE_EXHAUSTED`` are one word."""
        return _spell(self.code), _spell(self.type)


LONGEST_COMPLAINT: Final = 32_768
"""Characters of a complaint that are read: many times the longest that is shown, and no work for the event loop."""

LONGEST_WORD: Final = 1024
"""Characters of a code, a type or a field's name."""

_TITLE = re.compile(r"<title>(.*?)(</title>|\Z)", re.IGNORECASE | re.DOTALL)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_WRAPPERS: Final = ("error", "errors", "detail", "fault")
_MESSAGES: Final = ("message", "msg", "error_message", "error_msg", "errorMessage", "faultstring", "title")
_CODES: Final = ("code", "error_code", "errorCode", "errorcode")
_STATUSES: Final = ("status_code", "statusCode", "http_code", "http_status", "status", "code")
_DEEPEST: Final = 6


def read_complaint(body: bytes | str | Mapping[str, Any]) -> Complaint:
    """
    Read an error body in any envelope.

    >>> read_complaint('{"error":{"message":"Invalid API Key","code":"invalid_api_key"}}').code
    'invalid_api_key'
    >>> read_complaint("error code: 1010").plain
    True
    """
    if isinstance(body, Mapping):
        found: object = body
    else:
        text = body if isinstance(body, str) else body.decode(errors="replace")
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            text = text[:LONGEST_COMPLAINT]
            title = _TITLE.search(text)
            return Complaint(message=title[1].strip() if title and title[2] else text.strip(), plain=bool(text.strip()))
    inner = _unwrap(found)
    if not isinstance(inner, Mapping):
        return Complaint(message=_text(inner)[:LONGEST_COMPLAINT])
    failed = inner["failed_generation"] if isinstance(inner.get("failed_generation"), str) else None
    message = next((_text(inner[key]) for key in _MESSAGES if inner.get(key) is not None), "")
    if failed:
        # Before it is cut, since a part of it would not be found any more.
        message = message.replace(failed, "…")
    code = next((_text(inner[key]) for key in _CODES if inner.get(key) is not None), "")
    status = next((status for key in _STATUSES if (status := _status(inner.get(key)))), 0)
    if _status(code):
        code = ""  # vLLM and llama.cpp put the HTTP status where others put a word
    word = inner.get("status")
    return Complaint(
        status=status,
        message=message[:LONGEST_COMPLAINT],
        type=_text(inner.get("type"))[:LONGEST_WORD],
        code=(code or (word if isinstance(word, str) and not _status(word) else ""))[:LONGEST_WORD],
        param=_text(inner.get("param"))[:LONGEST_WORD] or None,
        failed_generation=failed,
        retry_after=_wait(inner),
    )


def has_complaint(found: Mapping[str, Any]) -> bool:
    """
    Whether JSON without an answer in it is made as an error is, in whichever envelope.

    >>> has_complaint({"object": "error", "message": "no"}), has_complaint({"object": "list"})
    (True, False)
    """
    if found.get("object") == "error" or found.get("type") == "error" or any(found.get(key) for key in _WRAPPERS):
        return True
    named = any(isinstance(found.get(key), str) for key in _MESSAGES)
    return named and any(found.get(key) for key in (*_CODES, *_STATUSES))


def _unwrap(found: object, depth: int = 0) -> object:
    """The mapping that tells what happened, or the words where there is no such."""
    if isinstance(found, list) and found and depth < _DEEPEST:
        # Google's servers put it into a list. FastAPI's list says in each entry where a field is wrong: all is told.
        first = found[0]
        return found if isinstance(first, Mapping) and "loc" in first else _unwrap(first, depth + 1)
    if not isinstance(found, Mapping) or depth >= _DEEPEST:
        return found
    spoken = any(isinstance(found.get(key), str) for key in _MESSAGES)
    for key in _WRAPPERS:
        within = found.get(key)
        if not within or within is True or (spoken and not (key == "error" and isinstance(within, Mapping | list))):
            continue
        inner = _unwrap(within, depth + 1)
        # Code and status may stand beside the words.
        return inner if isinstance(inner, Mapping) else {**found, "message": inner}
    return found


def _wait(inner: Mapping[str, Any]) -> str:
    """Anthropic's and OpenRouter's field, or what stands among Google's details; as a header would say it."""
    places = [inner, inner.get("metadata"), *(inner["details"] if isinstance(inner.get("details"), list) else ())]
    for place in places:
        for key in ("retry_after", "retry_after_seconds", "retryAfter", "retryDelay"):
            if isinstance(place, Mapping) and isinstance(value := place.get(key), int | float | str):
                return _text(value)[:LONGEST_WORD]
    return ""


def _status(value: object) -> int:
    """An HTTP status that tells of an error, however it is written; 0 for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 400 <= value <= 599 and value == int(value) else 0


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list() | dict():
            return msgspec.json.encode(value).decode(errors="replace")
        case _:
            return str(value)


def _spell(word: str) -> str:
    return _HUMP.sub("_", word).lower() if word else ""
