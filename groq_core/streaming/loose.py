"""
Read a chunk whose fields are not of the types they should be: whatever can be told from it is.

A server that sends a number for a fingerprint, an object for annotations or a list for its thinking has said its words
all the same. Nothing here is fast, and nothing has to be: it is asked for the odd chunk alone.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from groq_core.incoming.whole_numbers import whole_number
from groq_core.streaming.halves import whole
from groq_core.streaming.wire_types import NO_USAGE, Choice, Chunk, Delta, Function, WireToolCall, XGroq

_TEXTS: Final = ("text", "content", "reasoning", "thinking", "summary", "refusal", "value")
"""Keys under which a part of a message keeps its words."""

_ANSWERS: Final = ("content", "text", "output_text")
_THOUGHTS: Final = ("reasoning", "thinking", "thought", "reasoning_text", "thinking_content", "reasoning_details")
"""What others call the fields, in small letters."""

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
    return chunk_in(found), found


def chunk_in(found: object) -> Chunk | None:
    """The chunk, or the whole completion, that JSON is; None where it is something else."""
    if not isinstance(found, dict) or not found.keys() & {"choices", "usage", "x_groq", "error"}:
        return None
    return _chunk(found)


def says_something(chunk: Chunk) -> bool:
    """Whether anything can be told from a chunk: words, calls, an end, what it took, an error."""
    for choice in chunk.choices or ():
        delta = choice.delta or choice.message
        if choice.finish_reason or choice.error or (delta and any(msgspec.structs.astuple(delta))):
            return True
    return bool(chunk.usage or chunk.error)


def words_elsewhere(found: object) -> tuple[str, str]:
    """
    The words of a chunk under names that are not this wire's: another's, or in capitals.

    Returns:
        What is thinking, and what is the answer.

    >>> words_elsewhere({"choices": [{"delta": {"thinking": "hm"}}]}), words_elsewhere({"choices": [{"text": "a"}]})
    (('hm', ''), ('', 'a'))
    """
    choices = found.get("choices") if isinstance(found, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    for place in (choice.get("delta"), choice.get("message"), choice):
        fields = {str(key).lower(): value for key, value in place.items()} if isinstance(place, dict) else {}
        thought, text = (
            next((words for key in keys if (words := text_in(fields.get(key)))), "") for keys in (_THOUGHTS, _ANSWERS)
        )
        if thought or text:
            return thought, text
    return "", ""


def unwrapped(found: object) -> object:
    """
    What an envelope that we do not know holds: a text that is JSON itself, or a chunk under some name.

    >>> unwrapped('{"choices": []}'), unwrapped({"event": "message", "data": {"choices": [1]}}), unwrapped({"a": 1})
    ({'choices': []}, {'choices': [1]}, None)
    """
    if isinstance(found, str):
        inner = _json_in(found)
        return None if inner == found else inner
    if isinstance(found, dict):
        inside = (_json_in(one) for one in found.values())
        return next((one for one in inside if isinstance(one, dict) and "choices" in one), None)
    return None


def _json_in(found: object) -> object:
    """The JSON in a text that is some; anything else as it is."""
    if not isinstance(found, str) or found.lstrip()[:1] not in ("{", "[", '"'):
        return found
    try:
        return json.loads(found, strict=False)
    except (ValueError, RecursionError):
        return found


def split_values(data: bytes) -> list[bytes]:
    """
    Part JSON values that stand one behind another, with an end mark or the names of fields between them.

    Returns:
        The values; none where something else is among them.

    >>> split_values(b'{"a": 1}data: {"b": 2} data: [DONE]')
    [b'{"a": 1}', b'{"b": 2}', b'[DONE]']
    """
    text = data.decode("utf-8", "replace")
    values: list[bytes] = []
    at = 0
    while found := _BETWEEN.match(text, at):
        at = found.end()
        if at == len(text):
            return values
        if text.startswith("[DONE]", at):
            return [*values, b"[DONE]"]
        try:
            _, end = _decode(text, at)
        except (ValueError, RecursionError):
            return []
        values.append(text[at:end].encode("utf-8", "replace"))
        at = end
    return values


_BETWEEN: Final = re.compile(r"(?:\s|data:)*")
_decode: Final = json.JSONDecoder(strict=False).raw_decode


def _chunk(found: dict[str, Any]) -> Chunk:
    choices = _json_in(found.get("choices"))
    if isinstance(choices, dict):
        choices = [choices] if choices.keys() & {"delta", "message", "text"} else list(choices.values())
    return Chunk(
        choices=None
        if choices is None
        else [_choice(one) for one in map(_json_in, _list(choices)) if isinstance(one, dict)],
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
        delta=_delta(delta), message=_delta(message), finish_reason=_reason(found.get("finish_reason")),
        index=_number(found.get("index")), error=found.get("error"),
    )  # fmt: skip


def _delta(found: object) -> Delta | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        return Delta(content=text_in(found))
    calls = found.get("tool_calls")
    executed, annotations = found.get("executed_tools"), found.get("annotations")
    content = found.get("content")
    return Delta(
        content=content if isinstance(content, list) else text_in(content),
        reasoning=text_in(found.get("reasoning")) or None,
        reasoning_content=text_in(found.get("reasoning_content")) or None,
        refusal=text_in(found.get("refusal")) or None,
        tool_calls=[_call(call) for call in map(_json_in, _calls(calls)) if isinstance(call, dict)] or None,
        function_call=_function(found.get("function_call")),
        executed_tools=executed if isinstance(executed, list) else None,
        annotations=annotations if isinstance(annotations, list) else None,
    )


def _call(found: dict[str, Any]) -> WireToolCall:
    function = _json_in(found.get("function"))
    return WireToolCall(
        id=_name(found.get("id")),
        index=_number(found.get("index")),
        function=_function(function),
        name=_name(function) or _name(found.get("name")),
        arguments=found.get("arguments"),
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


def _calls(found: object) -> list[Any]:
    """A list of calls, one alone, or calls by their index; or any of them as a text."""
    found = _json_in(found)
    if (
        isinstance(found, dict)
        and found
        and all(whole_number(key, None) is not None and isinstance(one, dict) for key, one in found.items())
    ):
        return [{"index": whole_number(key, 0)} | one for key, one in found.items()]
    return _list(found)


def _reason(found: object) -> str | None:
    """The word in what should have been one."""
    if isinstance(found, list):
        return next((one for one in found if isinstance(one, str)), None)
    if isinstance(found, dict):
        return next((word for key in ("reason", "type", "finish_reason") if (word := _word(found.get(key)))), None)
    return _word(found)


def thoughts_in(parts: list[Any]) -> str:
    """The words of those parts of a content that are thinking."""
    return "".join(text_in(one) for one in parts if _is_thought(one))


def spoken_in(parts: list[Any]) -> str:
    """The words of all the other parts."""
    return "".join(text_in(one) for one in parts if not _is_thought(one))


def _is_thought(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in ("thinking", "reasoning", "thought")


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
    return whole(found) if isinstance(found, str) else None


def _name(found: object) -> str | None:
    """A name or an id: a number is one too."""
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else _word(found)


def _number(found: object) -> int | None:
    if isinstance(found, str):
        return whole_number(found, None)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _raw(found: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(found).encode()) if found is not None else NO_USAGE
