"""
Find the call in what a model wrote when Groq says it failed to call a tool.

A 400 ``tool_use_failed`` carries the model's words as ``failed_generation``, and often there is nothing wrong
with them but their form. See freellmapi#291, langchain#31440, pydantic-ai#4354, and the recordings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groq_core.errors import ChainError
from groq_core.events import ToolCall
from groq_core.services.agent.tools import ArgumentsError, Tool

MOST_CALLS: Final = 16

LONGEST: Final = 100_000
"""Characters of what a model wrote that are looked through."""

_TAGGED = re.compile(
    r"<function[=(]\s*[\"']?([\w.-]+)[\"']?\)?\s*[=>]?\s*(.*?)(?:</function>|(?=<function)|\Z)", re.DOTALL
)
_WRAPPED = re.compile(r"<tool_call>\s*(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_FENCED = re.compile(r"```(?:json|python)?\s*+(.*?)```", re.DOTALL)
_CALL_SIGNS: Final = ("<function", "<tool_call", "<|", "{", "[")


@dataclass(frozen=True, slots=True)
class Rescued:
    """What could be saved: calls, or a text that is an answer, or neither."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.calls or self.text)


def rescue(error: ChainError, tools: Mapping[str, Tool]) -> Rescued:
    """Look through the failures of a chain, the newest first."""
    for failure in reversed(error.failures):
        generation = (failure.failed_generation or "")[:LONGEST]
        if generation and (found := read_generation(generation, tools)):
            return found
    return Rescued()


def read_generation(text: str, tools: Mapping[str, Tool]) -> Rescued:
    """
    Read what a model wrote.

    Args:
        tools: Those it could call; arguments without a name are taken for the one tool they fit.

    >>> read_generation('<function=add={"a": 1}</function>', {}).calls[0].name
    'add'
    """
    calls = []
    for place, (name, arguments) in enumerate(_calls(text, tools)):
        if place == MOST_CALLS:
            break
        calls.append(ToolCall(id=f"rescued_{place}", name=name, arguments=arguments))
    if calls:
        return Rescued(tuple(calls))
    plain = text.strip()
    # A text that began as a call and got lost on the way is no answer.
    return Rescued() if not plain or plain.startswith(_CALL_SIGNS) else Rescued(text=plain)


def _calls(text: str, tools: Mapping[str, Tool]) -> Iterator[tuple[str, str]]:
    if tagged := list(_TAGGED.finditer(text)):
        for match in tagged:
            value = _first_json(match[2])
            if isinstance(value, dict) or not match[2].rstrip().strip("=> "):
                yield match[1], json.dumps(value or {})
        return
    for candidate in _candidates(text):
        found = list(_find_calls(candidate, tools))
        yield from found
        if found:
            return


def _candidates(text: str) -> Iterator[Any]:
    """Every place where JSON may stand, the likeliest first."""
    if wrapped := _WRAPPED.findall(text):
        yield [value for inside in wrapped if (value := _first_json(inside)) is not None]
    for inside in _FENCED.findall(text):
        yield _first_json(inside)
    yield _first_json(text)


def _first_json(text: str) -> Any:
    """Decode the first object or list in a text; None where there is none."""
    for match in re.finditer(r"[{\[]", text):
        try:
            return json.JSONDecoder().raw_decode(text, match.start())[0]
        except (ValueError, RecursionError):
            if match.start() > 2_000:
                break
    return None


def _find_calls(value: Any, tools: Mapping[str, Tool]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _find_calls(item, tools)
        return
    if not isinstance(value, dict):
        return
    function = value.get("function")
    inner = function if isinstance(function, dict) else value
    name = inner.get("name")
    arguments = next((inner[key] for key in ("arguments", "parameters", "args") if key in inner), None)
    if isinstance(name, str) and name and (arguments is not None or set(inner) <= {"name", "type", "id"}):
        yield name, arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    elif isinstance(nested := value.get("tool_calls"), list):
        yield from _find_calls(nested, tools)
    elif (fitting := _fitting(value, tools)) is not None:
        yield fitting, json.dumps(value)


def _fitting(arguments: dict[str, Any], tools: Mapping[str, Tool]) -> str | None:
    """Name the one tool that bare arguments fit."""
    fitting = []
    for name, tool in tools.items():
        try:
            tool.check(arguments)
        except ArgumentsError:
            continue
        if arguments and set(arguments) <= set(tool.parameters.get("properties", {})):
            fitting.append(name)
    return fitting[0] if len(fitting) == 1 else None
