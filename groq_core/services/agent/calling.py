"""From a model's words to a tool's result: whatever goes wrong on the way is told to the model, never raised."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic_core import to_json

from groq_core.events import ToolCall
from groq_core.redaction import redacted
from groq_core.services.agent.tools import Arguments, ArgumentsError, Tool

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that a model made, fit to be run."""

    id: str
    tool: Tool
    arguments: Arguments = field(repr=False)
    step: int

    @property
    def name(self) -> str:
        return self.tool.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What the model is told.

    Attributes:
        text: Bounded, and without keys.
        error: What went wrong, in short; None when nothing did.
    """

    text: str
    error: str | None = None
    elapsed_s: float = 0.0


def refused(reason: str) -> Result:
    return Result(text=f"Error: {reason}", error=reason)


def read_call(call: ToolCall, tools: Mapping[str, Tool], step: int) -> Call | Result:
    """
    Find the tool of a call and read its arguments.

    Returns:
        The call, or what the model is told instead.
    """
    tool = tools.get(call.name)
    if tool is None:
        near = difflib.get_close_matches(call.name, tools, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return refused(f"there is no tool called {call.name!r}.{hint} Tools: {', '.join(tools) or 'none'}")
    try:
        return Call(id=call.id, tool=tool, arguments=tool.check(read_arguments(call.arguments)), step=step)
    except ArgumentsError as error:
        return refused(f"wrong arguments for {call.name}: {error}")


def read_arguments(text: str) -> dict[str, Any]:
    """
    Read the arguments of a call.

    A tool without parameters is called with ``{}``, with nothing, or with the text ``null``; now and then the
    object comes as JSON within JSON.

    Raises:
        ArgumentsError: They are no JSON object.

    >>> read_arguments("null"), read_arguments('"{\\\\"a\\\\": 1}"')
    ({}, {'a': 1})
    """
    found: object = text
    for _ in range(2):
        if not isinstance(found, str):
            break
        try:
            found = msgspec.json.decode(found) if found.strip() else None
        except (msgspec.DecodeError, RecursionError) as error:
            raise ArgumentsError(f"not JSON: {error}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ArgumentsError("an object with the parameters by name is needed")
    return found


async def run_call(call: Call, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> Result:
    """
    Run a call to its end, or until ``seconds`` are over.

    A tool that is cut short is cancelled; one in a thread cannot be, and is abandoned with a note.
    """
    started = clock()
    allowed = min(seconds, call.tool.timeout)
    task = asyncio.ensure_future(call.tool.call(call.arguments))
    # Whatever an abandoned tool raises later is nobody's any more.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({task}, timeout=max(0.0, allowed))
        if not task.done():
            left = "; it may still be at work" if call.tool.threaded else ""
            return _failed(f"{call.name} took longer than {allowed:.3g} s and was given up{left}", clock() - started)
        return _told(call, task.result(), clock() - started)
    except ArgumentsError as error:
        return _failed(f"wrong arguments for {call.name}: {error}", clock() - started)
    except asyncio.CancelledError:
        if task.cancelled():
            return _failed(f"{call.name} was cancelled", clock() - started)
        raise
    except Exception as error:  # a tool may raise anything, and none of it ends the run
        said = redacted(str(error)).strip()[:_LONGEST_ERROR]
        return _failed(f"{call.name} failed: {type(error).__name__}{': ' + said if said else ''}", clock() - started)
    finally:
        task.cancel()


def _failed(reason: str, elapsed_s: float) -> Result:
    return Result(text=f"Error: {reason}", error=reason, elapsed_s=elapsed_s)


def _told(call: Call, value: object, elapsed_s: float) -> Result:
    return Result(text=bounded(redacted(written(value)), call.tool.max_result), elapsed_s=elapsed_s)


def written(value: object) -> str:
    """
    Write a result down for a model: text as it is, all else as JSON.

    >>> written({"a": (1, 2)}), written(None)
    ('{"a":[1,2]}', 'done')
    """
    if isinstance(value, str):
        return value
    return "done" if value is None else to_json(value, fallback=str, inf_nan_mode="strings").decode()


def bounded(text: str, most: int) -> str:
    """Cut a text off after ``most`` characters, and say so."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[cut off: the first {most} of {len(text)} characters]"
