"""Compare what was recorded with what the simulator sends: keys, their order and types, never values."""

from __future__ import annotations

import json
from typing import Any

from tests.recordings import Recording


def differences(recorded: Any, simulated: Any, *, ordered: bool = True, at: str = "$") -> list[str]:
    """
    Where two JSON values differ in shape, as lines ``path: what``.

    >>> differences({"a": 1, "b": None}, {"b": "x", "a": 2.5, "c": 0})
    ['$.c: only simulated', '$: order a, b and not b, a', '$.b: null and not string']
    """
    if kind(recorded) != kind(simulated):
        return [f"{at}: {kind(recorded)} and not {kind(simulated)}"]
    if isinstance(recorded, list):
        return _list(recorded, simulated, ordered, at)
    if not isinstance(recorded, dict):
        return []
    found = [f"{at}.{key}: only recorded" for key in recorded if key not in simulated]
    found += [f"{at}.{key}: only simulated" for key in simulated if key not in recorded]
    ours = [key for key in recorded if key in simulated]
    theirs = [key for key in simulated if key in recorded]
    if ordered and ours != theirs:
        found.append(f"{at}: order {', '.join(ours)} and not {', '.join(theirs)}")
    for key in ours:
        found += differences(recorded[key], simulated[key], ordered=ordered, at=f"{at}.{key}")
    return found


def kind(value: Any) -> str:
    """The JSON type; whole and broken numbers are one type, as they are in JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def events(body: bytes) -> list[tuple[str, Any]]:
    """The events of a stream as (name, data); ``[DONE]`` stays text."""
    found = []
    for block in body.decode().replace("\r\n", "\n").split("\n\n"):
        name, data = "", ""
        for line in block.split("\n"):
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data += value
        if data:
            found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found


def phases(body: bytes) -> list[tuple[str, Any]]:
    """A stream as its phases in order (first, reasoning, content, tool_calls, finish, usage, error, done), with one
    event of each; a phase that comes back counts once."""
    found: list[tuple[str, Any]] = []
    for name, data in events(body):
        phase = _phase(name, data, first=not found)
        if phase not in [known for known, _ in found]:
            found.append((phase, data))
    return found


def stream_differences(recorded: bytes, simulated: bytes, *, ordered: bool) -> list[str]:
    """Phases that only one has, their order, and the shapes within each."""
    theirs, ours = phases(recorded), phases(simulated)
    found = [f"{phase}: only recorded" for phase, _ in theirs if phase not in dict(ours)]
    found += [f"{phase}: only simulated" for phase, _ in ours if phase not in dict(theirs)]
    common = [phase for phase, _ in theirs if phase in dict(ours)]
    if common != [phase for phase, _ in ours if phase in dict(theirs)]:
        found.append(f"order of phases: {[p for p, _ in theirs]} and not {[p for p, _ in ours]}")
    for phase in common:
        found += differences(dict(theirs)[phase], dict(ours)[phase], ordered=ordered, at=phase)
    return found


def keeps_order(recording: Recording) -> bool:
    """One recorder (rig) sorted the keys; of its recordings only the set of keys says something."""
    return "/rig-" not in recording.name


def _phase(name: str, data: Any, *, first: bool) -> str:
    if data == "[DONE]":
        return "done"
    if name == "error" or "error" in data:
        return "error"
    if not data["choices"]:
        return "usage"
    choice = data["choices"][0]
    if choice["finish_reason"]:
        return "finish"
    delta = choice["delta"]
    if first:
        return "first"
    for known in ("reasoning", "tool_calls", "executed_tools", "content"):
        if known in delta:
            return known
    return "empty"


def _list(recorded: list[Any], simulated: list[Any], ordered: bool, at: str) -> list[str]:
    if not recorded or not simulated:
        return [] if not recorded and not simulated else [f"{at}: one is empty"]
    return differences(recorded[0], simulated[0], ordered=ordered, at=f"{at}[]")
