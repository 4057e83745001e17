"""The types of a chat request's fields, so that whatever looks at a body later can rely on them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from groq_core.simulator.wire_format import Json


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class _Tool(msgspec.Struct):
    type: str
    function: _Function | None = None


class _CalledFunction(msgspec.Struct):
    name: str
    arguments: str


class _ToolCall(msgspec.Struct):
    function: _CalledFunction
    id: str
    type: str = "function"


class _Message(msgspec.Struct):
    role: str | None = None
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None


class _Named(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct):
    type: str
    function: _Named


class _JsonSchema(msgspec.Struct):
    schema: dict[str, Any]
    name: str = ""
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: str
    json_schema: _JsonSchema | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    """Fields both APIs have, and Groq's own; what is missing here is checked by nobody."""

    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    reasoning_effort: str | None = None
    reasoning_format: str | None = None
    include_reasoning: bool | None = None
    service_tier: str | None = None
    disable_tool_validation: bool | None = None


class Mistake(msgspec.Struct, frozen=True):
    """
    A field of the wrong type.

    Attributes:
        path: Steps to it, e.g. ``("messages", "0", "role")``.
        expected: JSON types it may have; empty where a property is missing.
        missing: Name of a property that is not there.
    """

    path: tuple[str, ...]
    expected: tuple[str, ...] = ()
    missing: str = ""


def mistake(body: Json) -> Mistake | None:
    """
    The first field of a wrong type.

    >>> mistake({"messages": [{"role": 1}]})
    Mistake(path=('messages', '0', 'role'), expected=('string',), missing='')
    >>> mistake({})
    Mistake(path=(), expected=(), missing='messages')
    """
    try:
        msgspec.convert(body, _Body)
    except msgspec.ValidationError as error:
        return _read(str(error))
    return None


_NAMES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def _read(message: str) -> Mistake:
    """Msgspec tells the place as ``$.messages[0].role`` after the words."""
    words, _, place = message.partition(" - at `$")
    path = tuple(re.findall(r"[^.\[\]`]+", place))
    if (missing := re.search(r"missing required field `(\w+)`", words)) is not None:
        return Mistake(path, missing=missing.group(1))
    told = re.search(r"Expected `([^`]+)`", words)
    expected = (_NAMES.get(name.strip(), name.strip()) for name in (told.group(1) if told else "object").split("|"))
    return Mistake(path, tuple(name for name in expected if name != "null"))
