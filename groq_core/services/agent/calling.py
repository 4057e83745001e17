"""From a model's words to a tool's result: whatever goes wrong on the way is told to the model, never raised."""

from __future__ import annotations

import asyncio
import difflib
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from groq_core.events import ToolCall
from groq_core.redaction import redact
from groq_core.services.agent.results import read_result
from groq_core.services.agent.tools import Arguments, ArgumentsError, Tool, in_thread
from groq_core.services.agent.visible import as_json, is_plain, whole_call

_LONGEST_ERROR = 500


MOST_SHOWN: Final = 20_000
"""Characters of a call that a person is asked to approve; nobody reads more, so more is not asked for."""

DEEPEST: Final = 100
"""Objects and lists in one another in the arguments of a call."""

_REDACTED_AHEAD: Final = 2_000
"""Characters beyond a bound that are looked at for keys, so that none is cut in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCall:
    """
    One call that a model made, fit to be run.

    Attributes:
        arguments: As the tool gets them.
        written: As the model wrote them.
        approval: Id of the approval it needs: bound to the run, the call and its arguments, good for once.
    """

    id: str
    tool: Tool
    arguments: Arguments = field(repr=False)
    written: Arguments = field(repr=False, default_factory=dict)
    step: int
    approval: str = ""

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def arguments_text(self) -> str:
        """The arguments down to the last character; what is shown is what runs."""
        return whole_call({name: self._showable(name, value) for name, value in self.arguments.items()})

    def _showable(self, name: str, value: object) -> object:
        """
        A value as it is shown: as the tool's own type writes it, where that reads back to the very same.

        Where it does not (a secret shows stars, a field keeps itself out), what the model wrote is shown.
        """
        if is_plain(value) or name not in self.written:
            return value
        shown = as_json(value)
        try:
            same = self.tool.check({**self.written, name: shown})[name] == value
        except Exception:  # a type compares and refuses in its own way
            same = False
        return shown if same is True else self.written[name]


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
        written = read_arguments(call.arguments, exact=tool.dangerous)
        return BoundCall(id=call.id, tool=tool, arguments=tool.check(written), written=written, step=step)
    except ArgumentsError as error:
        return refusal(f"wrong arguments for {call.name}: {error}")


def read_arguments(text: str, *, exact: bool = False) -> dict[str, Any]:
    """
    Read the arguments of a call.

    A tool without parameters is called with ``{}``, with nothing, or with the text ``null``; now and then the
    object comes as JSON within JSON.

    Args:
        exact: A number that loses digits when it is read is refused, since somebody is to agree to it as it stands.

    Raises:
        ArgumentsError: They are no JSON object.

    >>> read_arguments("null"), read_arguments('"{\\\\"a\\\\": 1}"')
    ({}, {'a': 1})
    """
    found: object = text
    for _ in range(2):
        if not isinstance(found, str):
            break
        found = _decode(found, _exact_float if exact else _float) if found.strip() else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ArgumentsError("an object with the parameters by name is needed")
    if _is_deeper(found, DEEPEST):
        raise ArgumentsError(f"it is nested more than {DEEPEST} times")
    return found


def _is_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _decode(text: str, parse_float: Callable[[str], float]) -> object:
    """Numbers are read as they are written, and what could be read in two ways is not read at all."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=parse_float, parse_constant=_constant)
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
    if not value and text.lower().partition("e")[0].strip("-0."):
        raise ArgumentsError(f"the number {text[:40]} is too small")
    return value


def _exact_float(text: str) -> float:
    value = _float(text)
    if Decimal(repr(value)) != Decimal(text):
        raise ArgumentsError(f"the number {text[:40]} has more digits than can be kept; write fewer, or a text")
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
    task = asyncio.ensure_future(_contain(call.tool.call(call.arguments)))
    # Whatever an abandoned tool raises later is nobody's any more.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({task}, timeout=max(0.0, allowed))
        elapsed = clock() - started
        if not task.done():
            left = "; it may still be at work" if call.tool.threaded else ""
            return _failure(f"{call.name} took longer than {allowed:.3g} s and was given up{left}", elapsed)
        if task.cancelled():
            return _failure(f"{call.name} was cancelled", elapsed)
        if (error := task.exception()) is not None:
            return _failure(_told(call, error), elapsed)
        # A value of many megabytes takes its time to be written down, and others wait for the loop.
        value = task.result()
        return await in_thread(lambda: _result_of(call, value, elapsed))
    except Exception as error:  # the value may refuse in its own way to be written down
        return _failure(_told(call, error), clock() - started)
    finally:
        task.cancel()


async def _contain(work: Awaitable[object]) -> object:
    """A tool that ends the program ends itself; the event loop would take it at its word."""
    try:
        return await work
    except SystemExit as ended:
        raise RuntimeError("SystemExit") from ended


def _told(call: BoundCall, error: BaseException) -> str:
    """What went wrong in a tool, whatever it raised; none of it ends the run."""
    if isinstance(error, ArgumentsError):
        return f"wrong arguments for {call.name}: {error}"
    said = redact(_words(error)[: 4 * _LONGEST_ERROR]).strip()[:_LONGEST_ERROR]
    return f"{call.name} failed: {type(error).__name__}{': ' + said if said else ''}"


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # its own words may fail as well
        return ""


def _failure(reason: str, elapsed_s: float) -> Result:
    return Result(text=f"Error: {reason}", error=reason, elapsed_s=elapsed_s)


def _result_of(call: BoundCall, value: object, elapsed_s: float) -> Result:
    most = call.tool.max_result
    found = read_result(value, most + 2 * _REDACTED_AHEAD)
    of = len(found.text) if found.of is None else found.of
    text = clip(found.text, most, of=of, more=found.of is None)
    return Result(text=text, elapsed_s=elapsed_s, pictures=found.pictures)


def cut_off(text: str, most: int, *, of: int | None = None, more: bool = False) -> str:
    """
    Cut a text off after ``most`` characters, and say so.

    Args:
        of: Characters it had before; with ``more`` there were more than those.
    """
    of = len(text) if of is None else of
    if len(text) <= most and of <= most:
        return text
    return f"{text[:most]}\n[cut off: the first {most} of {'more than ' if more else ''}{of} characters]"


def clip(text: str, most: int, *, of: int | None = None, more: bool = False) -> str:
    """
    Bound a text and take keys out of it.

    It is bounded first: twenty million characters would be searched for seconds, while everybody waits.
    """
    of = len(text) if of is None else of
    if max(len(text), of) <= most + _REDACTED_AHEAD:
        return cut_off(redact(text), most, more=more)
    # What the cut may have torn in two is not shown.
    clean = redact(text[: most + _REDACTED_AHEAD])
    return cut_off(clean[: max(0, min(most, len(clean) - 500))], most, of=of, more=more)
