"""From a model's words to a tool's result: whatever goes wrong on the way is told to the model, never raised."""

from __future__ import annotations

import asyncio
import difflib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groq_core.events import ToolCall
from groq_core.redaction import redact
from groq_core.services.agent.results import MOST_PICTURES, picture_urls, to_text
from groq_core.services.agent.tools import Arguments, ArgumentsError, Tool
from groq_core.services.agent.visible import whole_call

_LONGEST_ERROR = 500


MOST_SHOWN: Final = 20_000
"""Characters of a call that a person is asked to approve; nobody reads more, so more is not asked for."""

_REDACTED_AHEAD: Final = 2_000
"""Characters beyond a bound that are looked at for keys, so that none is cut in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCall:
    """
    One call that a model made, fit to be run.

    Attributes:
        arguments: As the tool gets them.
        approval: Id of the approval it needs: bound to the run, the call and its arguments, good for once.
    """

    id: str
    tool: Tool
    arguments: Arguments = field(repr=False)
    step: int
    approval: str = ""

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def arguments_text(self) -> str:
        """The arguments down to the last character; what is shown is what runs."""
        return whole_call(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What the model is told.

    Attributes:
        text: Bounded, and without keys.
        error: What went wrong, in short; None when nothing did.
        pictures: What it may look at as well, as data URLs.
    """

    text: str
    error: str | None = None
    elapsed_s: float = 0.0
    pictures: tuple[str, ...] = ()


def refusal(reason: str) -> Result:
    return Result(text=f"Error: {reason}", error=reason)


def read_call(call: ToolCall, tools: Mapping[str, Tool], step: int) -> BoundCall | Result:
    """
    Find the tool of a call and read its arguments.

    Returns:
        The call, or what the model is told instead.
    """
    tool = tools.get(call.name)
    if tool is None:
        near = difflib.get_close_matches(call.name, tools, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return refusal(f"there is no tool called {call.name!r}.{hint} Tools: {', '.join(tools) or 'none'}")
    try:
        return BoundCall(id=call.id, tool=tool, arguments=tool.check(read_arguments(call.arguments)), step=step)
    except ArgumentsError as error:
        return refusal(f"wrong arguments for {call.name}: {error}")


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
        found = _decode(found) if found.strip() else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ArgumentsError("an object with the parameters by name is needed")
    return found


def _decode(text: str) -> object:
    """Numbers are read as they are written, and what could be read in two ways is not read at all."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
    except ArgumentsError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArgumentsError(f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ArgumentsError(f"the name {twice!r} stands twice in one object")
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ArgumentsError(f"the number {text[:40]} is too large")
    return value


def _constant(text: str) -> object:
    raise ArgumentsError(f"{text} is no number of JSON")


async def run_call(call: BoundCall, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> Result:
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
            return _failure(f"{call.name} took longer than {allowed:.3g} s and was given up{left}", clock() - started)
        # A value of many megabytes takes its time to be written down, and others wait for the loop.
        return await asyncio.to_thread(_result_of, call, task.result(), clock() - started)
    except ArgumentsError as error:
        return _failure(f"wrong arguments for {call.name}: {error}", clock() - started)
    except asyncio.CancelledError:
        if task.cancelled():
            return _failure(f"{call.name} was cancelled", clock() - started)
        raise
    except Exception as error:  # a tool may raise anything, and none of it ends the run
        said = redact(_words(error)[: 4 * _LONGEST_ERROR]).strip()[:_LONGEST_ERROR]
        return _failure(f"{call.name} failed: {type(error).__name__}{': ' + said if said else ''}", clock() - started)
    finally:
        task.cancel()


def _words(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # its own words may fail as well
        return ""


def _failure(reason: str, elapsed_s: float) -> Result:
    return Result(text=f"Error: {reason}", error=reason, elapsed_s=elapsed_s)


def _result_of(call: BoundCall, value: object, elapsed_s: float) -> Result:
    pictures = tuple(picture_urls(value))
    text = clip(to_text(value), call.tool.max_result)
    return Result(text=text, elapsed_s=elapsed_s, pictures=pictures[:MOST_PICTURES])


def cut_off(text: str, most: int, *, of: int | None = None) -> str:
    """Cut a text off after ``most`` characters, and say so."""
    of = len(text) if of is None else of
    if len(text) <= most and of <= most:
        return text
    return f"{text[:most]}\n[cut off: the first {most} of {of} characters]"


def clip(text: str, most: int) -> str:
    """
    Bound a text and take keys out of it.

    It is bounded first: twenty million characters would be searched for seconds, while everybody waits.
    """
    if len(text) <= most + _REDACTED_AHEAD:
        return cut_off(redact(text), most)
    # What the cut may have torn in two is not shown.
    clean = redact(text[: most + _REDACTED_AHEAD])
    return cut_off(clean[: max(0, min(most, len(clean) - 500))], most, of=len(text))
