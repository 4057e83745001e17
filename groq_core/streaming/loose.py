"""
Read a chunk whose fields are not of the types they should be: whatever can be told from it is.

A server that sends a number for a fingerprint, an object for annotations or a list for its thinking has said its words
all the same. Nothing here is fast, and nothing has to be: it is asked for the odd chunk alone.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from groq_core.streaming.wire_types import NO_USAGE, Choice, Chunk, Delta, Function, WireToolCall, XGroq

_TEXTS: Final = ("text", "content", "reasoning", "thinking", "summary", "refusal", "value")
"""Keys under which a part of a message keeps its words."""

_DEEPEST: Final = 8


def read_loose(data: bytes) -> tuple[Chunk | None, object]:
    """
    Read a chunk, or a whole completion, of any shape.

    Returns:
        The chunk, None where the JSON is of another shape altogether; and the JSON.

    Raises:
        ValueError: It is no JSON, not even with NaN, halves of letters and control characters in it.
    """
    try:
        found = json.loads(data.decode("utf-8", "replace"), strict=False)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        return None, found
    if not found.keys() & {"choices", "usage", "x_groq", "error"}:
        return None, found
    return _chunk(found), found


def _chunk(found: dict[str, Any]) -> Chunk:
    choices = found.get("choices")
    if isinstance(choices, dict):
        choices = [choices] if choices.keys() & {"delta", "message", "text"} else list(choices.values())
    return Chunk(
        choices=None if choices is None else [_choice(one) for one in _list(choices) if isinstance(one, dict)],
        model=_word(found.get("model")),
        x_groq=_x_groq(found.get("x_groq")),
        usage=_raw(found.get("usage")),
        system_fingerprint=_word(found.get("system_fingerprint")),
        service_tier=_word(found.get("service_tier")),
        error=found.get("error"),
    )


def _choice(found: dict[str, Any]) -> Choice:
    delta, message = found.get("delta"), found.get("message")
    if delta is None and message is None:
        delta = found.get("text")
    return Choice(
        delta=_delta(delta), message=_delta(message), finish_reason=_word(found.get("finish_reason")),
        index=_number(found.get("index")),
    )  # fmt: skip


def _delta(found: object) -> Delta | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        return Delta(content=text_in(found))
    calls = found.get("tool_calls")
    executed, annotations = found.get("executed_tools"), found.get("annotations")
    return Delta(
        content=text_in(found.get("content")),
        reasoning=text_in(found.get("reasoning")) or None,
        reasoning_content=text_in(found.get("reasoning_content")) or None,
        refusal=text_in(found.get("refusal")) or None,
        tool_calls=[_call(call) for call in _list(calls) if isinstance(call, dict)] or None,
        function_call=_function(found.get("function_call")),
        executed_tools=executed if isinstance(executed, list) else None,
        annotations=annotations if isinstance(annotations, list) else None,
    )


def _call(found: dict[str, Any]) -> WireToolCall:
    return WireToolCall(
        id=_name(found.get("id")), index=_number(found.get("index")), function=_function(found.get("function"))
    )


def _function(found: object) -> Function | None:
    if not isinstance(found, dict):
        return None
    return Function(name=_name(found.get("name")), arguments=found.get("arguments"))


def _x_groq(found: object) -> XGroq | None:
    if not isinstance(found, dict):
        return None
    return XGroq(
        id=_word(found.get("id")),
        seed=_number(found.get("seed")),
        usage=_raw(found.get("usage")),
        error=found.get("error"),
    )


def text_in(found: object, depth: int = 0) -> str:
    """
    All the words in a value that should have been a text: a list of parts, an object with a text, a number.

    >>> text_in([{"type": "text", "text": "a"}, "b", {"summary": [{"text": "c"}]}])
    'abc'
    """
    if isinstance(found, str):
        return found
    if found is None or isinstance(found, bool) or depth > _DEEPEST:
        return ""
    if isinstance(found, int | float):
        return str(found)
    if isinstance(found, list):
        return "".join(text_in(one, depth + 1) for one in found)
    if isinstance(found, dict):
        return "".join(text_in(found[key], depth + 1) for key in _TEXTS if key in found)
    return ""


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _word(found: object) -> str | None:
    return found if isinstance(found, str) else None


def _name(found: object) -> str | None:
    """A name or an id: a number is one too."""
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else _word(found)


def _number(found: object) -> int | None:
    if isinstance(found, str) and found.isdecimal():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _raw(found: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(found).encode()) if found is not None else NO_USAGE
