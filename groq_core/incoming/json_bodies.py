"""Decode a body that must be one JSON object; what is wrong is told by its place, never by the text around it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from groq_core.encoding import json_bytes
from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.incoming.field_errors import bad, kind_of

BOM: Final = b"\xef\xbb\xbf"

MAX_DEPTH: Final = 64
"""Levels of nesting; schemas of real tools have about ten."""

LETTERS_REPLACED: Final = Note(code="letters_replaced", text="a letter that was cut in half was replaced by a mark")

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_PLACE: Final = re.compile(r"^(?:JSON is malformed: )?(.*?) \(byte (\d+)\)$")


def json_object(raw: bytes) -> dict[str, Any]:
    """As :func:`read_object`, for those whose answer has no room for notes."""
    return read_object(raw)[0]


def read_object(raw: bytes, what: str = "body") -> tuple[dict[str, Any], list[Note]]:
    """
    Decode what must be one JSON object, and tell what had to be changed for it.

    Args:
        what: What it is called where it is none, such as the line of a file.

    Raises:
        RequestError: 400; it tells the place of the fault, never the text around it.
    """
    raw = raw.removeprefix(BOM)
    if not raw.strip():
        raise bad(None, f"the {what} is empty", "Send a JSON object.", code="invalid_json")
    notes: list[Note] = []
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not isinstance(error, UnicodeDecodeError) and not _SURROGATE.search(raw):
            raise _no_json(error, raw, what) from None
        try:
            body = loads_with_halves(raw)
        except ValueError:
            raise _no_json(error, raw, what) from None
        notes.append(LETTERS_REPLACED)
    if not isinstance(body, dict):
        raise bad(None, f"the {what} must be a JSON object, not {kind_of(body)}", code="invalid_json")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth_exceeds(body, MAX_DEPTH):
        raise bad(None, f"the {what} is nested deeper than {MAX_DEPTH} levels", code="invalid_json")
    return body, notes


def _no_json(error: Exception, raw: bytes, what_it_is: str) -> RequestError:
    if isinstance(error, RecursionError):
        what = "it is nested too deep"
    elif isinstance(error, UnicodeDecodeError):
        what = "it is not UTF-8"
    elif (found := _PLACE.match(str(error))) is not None:
        before = raw[: int(found[2])]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        what = f"{found[1]} at line {line}, column {column}"
    else:
        what = "it ends in the middle" if "truncated" in str(error) else str(error).partition(" - at ")[0].lower()
    return bad(None, f"the {what_it_is} is not JSON: {what}", code="invalid_json")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def mend_letters(value: Any) -> Any:
    """Replace halves of letters (lone surrogates) in every text of a value: no server takes them."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list | tuple):
        return [mend_letters(one) for one in value]
    if isinstance(value, dict):
        return {mend_letters(key): mend_letters(one) for key, one in value.items()}
    return value


def whole_letters(raw: bytes) -> bytes:
    r"""
    JSON for others to decode, in which no letter is cut in half; whatever is no JSON is given as it came.

    >>> whole_letters(rb'["a\ud83d"]').decode()
    '["a�"]'
    """
    if not _SURROGATE.search(raw):
        return raw
    try:
        msgspec.json.decode(raw)
    except msgspec.DecodeError:
        try:
            return json_bytes(loads_with_halves(raw))
        except ValueError:
            return raw
    except RecursionError:
        return raw
    return raw


def loads_with_halves(raw: bytes) -> Any:
    """
    Decode JSON in which letters are cut in half.

    Raises:
        ValueError: It is no JSON for another reason.
    """

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    decode: Callable[..., Any] = json.loads
    try:
        return mend_letters(decode(raw, parse_constant=refuse))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
