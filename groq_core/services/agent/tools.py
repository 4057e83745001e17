"""A tool: a typed Python function, its schema, and what a run must know before it lets a model call it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import math
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic import Field as PydanticField

Arguments: TypeAlias = dict[str, Any]

R = TypeVar("R")

TIMEOUT_S: Final = 30.0

MAX_RESULT: Final = 8_000
"""Characters of a result the model is told: 2000 tokens, a quarter of a free minute."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class ArgumentsError(ValueError):
    """Arguments that do not fit a tool's schema, in words for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """
    Something a model may call.

    Attributes:
        name: Letters, digits, ``_`` and ``-``, at most 64.
        parameters: JSON Schema of the arguments; loose on purpose, since Groq refuses a call that breaks it
            before anybody can tell the model why. What it leaves open is checked by ``check``.
        call: Runs it; raises whatever goes wrong, or :class:`ArgumentsError`.
        check: Checks and converts arguments; raises :class:`ArgumentsError`.
        dangerous: It changes something or costs something, so somebody must agree to each call.
        timeout: Seconds it may take.
        max_result: Characters of its result the model is told.
        threaded: It is not async, so it cannot be stopped, only abandoned.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    call: Callable[[Arguments], Awaitable[object]] = field(repr=False)
    check: Callable[[Arguments], Arguments] = field(repr=False, default=lambda arguments: arguments)
    dangerous: bool = False
    timeout: float = TIMEOUT_S
    max_result: int = MAX_RESULT
    threaded: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"{self.name!r} is no name for a tool: 1 to 64 letters, digits, _ or -")
        if not 0 < self.timeout < math.inf:
            raise ValueError(f"the timeout of tool {self.name} is {self.timeout!r}, and not a number above 0")
        if not isinstance(self.max_result, int) or self.max_result < 1:
            raise ValueError(f"max_result of tool {self.name} is {self.max_result!r}, and not a whole number from 1 on")

    @property
    def wire(self) -> dict[str, Any]:
        """The definition as an entry of ``tools``."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    dangerous: bool = False,
    timeout: float = TIMEOUT_S,
    max_result: int = MAX_RESULT,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    dangerous: bool = False,
    timeout: float = TIMEOUT_S,
    max_result: int = MAX_RESULT,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """
    Make a tool of a typed function, as a decorator or by calling it.

    The schema comes from the signature and the docstring (Google style: the first paragraph describes the tool,
    ``Args:`` its parameters). The function may be async or not; one that is not runs in a thread.

    Raises:
        TypeError: A parameter has no type, or takes any number of values.

    >>> def double(x: int) -> int:
    ...     "Double a number."
    ...     return 2 * x
    >>> tool(double).parameters["properties"]
    {'x': {'type': 'integer'}}
    """
    if function is None:
        return functools.partial(
            _make, name=name, description=description, dangerous=dangerous, timeout=timeout, max_result=max_result
        )
    return _make(
        function, name=name, description=description, dangerous=dangerous, timeout=timeout, max_result=max_result
    )


def _make(
    function: Callable[..., Any],
    *,
    name: str | None,
    description: str | None,
    dangerous: bool,
    timeout: float,
    max_result: int,
) -> Tool:
    typed = signature_source(function)
    summary, told = read_docstring(inspect.getdoc(typed) or "")
    model = _arguments_model(function, typed, told)
    is_async = any(map(inspect.iscoroutinefunction, (function, typed)))
    is_stream = inspect.isasyncgenfunction(typed)

    async def call(arguments: Arguments) -> object:
        if is_async or is_stream:
            return await _resolve(function(**arguments))
        return await _resolve(await in_thread(lambda: _list(function(**arguments))))

    def check(arguments: Arguments) -> Arguments:
        try:
            found = model.model_validate(arguments)
        except ValidationError as error:
            raise ArgumentsError(_wrong(error)) from None
        except Exception as error:  # a type's own validators may raise anything
            raise ArgumentsError(type(error).__name__) from None
        return {str(info.alias): getattr(found, field) for field, info in model.model_fields.items()}

    return Tool(
        name=name_of(function) if name is None else name,
        description=description if description is not None else summary,
        parameters=loose(model.model_json_schema(by_alias=True)),
        call=call,
        check=check,
        dangerous=dangerous,
        timeout=timeout,
        max_result=max_result,
        threaded=not (is_async or is_stream),
    )


def signature_source(function: Callable[..., Any]) -> Callable[..., Any]:
    """What of a callable has the types and the docstring: the function in a partial, the call of an object."""
    while isinstance(function, functools.partial | functools.partialmethod):
        function = function.func
    if inspect.isroutine(function) and (inner := inspect.unwrap(function)) is not function:
        return signature_source(inner)
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return signature_source(type(function).__call__) if inspect.isfunction(type(function).__call__) else function


def name_of(function: Callable[..., Any]) -> str:
    """
    Name a tool after its function, or after the class of an object that is called.

    >>> name_of(functools.partial(divmod, 7))
    'divmod'
    """
    while isinstance(function, functools.partial):
        function = function.func
    name = str(getattr(function, "__name__", "") or type(function).__name__)
    return re.sub(r"[^A-Za-z0-9_-]", "_", name).strip("_")[:64] or "tool"


MOST_ITEMS: Final = 10_000
"""Values that are taken from a tool that yields them one by one."""


MOST_LAYERS: Final = 10
"""Times that what a tool returns is awaited, where it gives something to await."""


async def _resolve(value: object) -> object:
    """What there is in the end: a coroutine's result, and what a generator yields."""
    for _ in range(MOST_LAYERS):
        if inspect.isawaitable(value):
            value = await value
        elif hasattr(type(value), "__anext__"):
            value = await _gather(value)
        elif inspect.isgenerator(value):
            value = await in_thread(functools.partial(_list, value))
        else:
            break
    return value


async def _gather(values: Any) -> object:
    """What is yielded one by one: a text where all of it is text, else a list."""
    found = []
    try:
        async for value in values:
            found.append(value)
            if len(found) == MOST_ITEMS:
                break
    finally:
        if (close := getattr(values, "aclose", None)) is not None:
            await close()
    return _join(found)


def _list(value: object) -> object:
    return _join(list(islice(value, MOST_ITEMS))) if inspect.isgenerator(value) else value


def _join(values: list[Any]) -> object:
    return "".join(values) if values and all(isinstance(value, str) for value in values) else values


def _arguments_model(
    function: Callable[..., Any], typed: Callable[..., Any], told: Mapping[str, str]
) -> type[BaseModel]:
    hints = get_type_hints(typed, include_extras=True)
    bound = _bound_names(function)
    fields: dict[str, Any] = {}
    for place, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if name in bound:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"a tool's parameters are named one by one; {name!r} is not")
        if name not in hints:
            raise TypeError(f"parameter {name!r} of tool {getattr(function, '__name__', '?')!r} has no type")
        default = ... if parameter.default is parameter.empty else parameter.default
        info: Any = PydanticField(default=default, alias=name)
        if name in told:  # None would wipe out a description in the annotation
            info = PydanticField(default=default, alias=name, description=told[name])
        # The field's own name is ours: a parameter may be called "schema" or "json", a model's field may not.
        fields[f"argument_{place}"] = (hints[name], info)
    return create_model("Arguments", __config__=ConfigDict(extra="forbid"), **fields)


def _bound_names(function: Callable[..., Any]) -> set[str]:
    """Keywords that a partial gives: whoever bound them leaves no model the choice, nor shows it a default."""
    found = set[str]()
    while isinstance(function, functools.partial):
        found |= set(function.keywords)
        function = function.func
    return found


def _wrong(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False)[:5]:
        place = ".".join(map(str, problem["loc"]))
        lines.append(f"{place}: {problem['msg']}" if place else problem["msg"])
    return "; ".join(lines)


_SECTION = re.compile(r"^(Args|Arguments|Parameters):\s*$", re.MULTILINE)
_ANY_SECTION = re.compile(r"^[A-Z][A-Za-z ]+:\s*$", re.MULTILINE)
_ENTRY = re.compile(r"(\w++)\s*+(?:\([^)]*+\))?:\s*+(.*)")


def read_docstring(docstring: str) -> tuple[str, dict[str, str]]:
    """
    Read a docstring in Google style.

    Returns:
        What stands before its sections, and the description of each parameter.

    >>> text = "Add.\\n\\nArgs:\\n    a: One,\\n        or more.\\n    b (int): Two.\\n\\nReturns:\\n    c: Three."
    >>> read_docstring(text)
    ('Add.', {'a': 'One, or more.', 'b': 'Two.'})
    """
    first = _ANY_SECTION.search(docstring)
    summary = " ".join((docstring[: first.start()] if first else docstring).split())
    section = _SECTION.search(docstring)
    if section is None:
        return summary, {}
    after = _ANY_SECTION.search(docstring, section.end())
    lines = docstring[section.end() : after.start() if after else None].strip("\n").splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    told: dict[str, str] = {}
    name = ""
    for line in lines:
        entry = _ENTRY.match(line[indent:])
        if entry and not line[indent:].startswith(" "):
            name, told[entry[1]] = entry[1], entry[2].strip()
        elif name and line.strip():
            told[name] = f"{told[name]} {line.strip()}".strip()
    return summary, told


_DROPPED: Final = frozenset(("title", "additionalProperties", "pattern", "format", "default", "$schema"))
_BOUNDS: Final = frozenset(
    (
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    )
)


def loose(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a tool's schema what only makes Groq refuse calls; names and types stay."""

    def node(value: Any, *, named: bool = False) -> Any:
        if isinstance(value, list):
            return [node(item) for item in value]
        if not isinstance(value, dict):
            return value
        if named:
            return {name: node(child) for name, child in value.items()}
        return {
            key: node(child, named=key in ("properties", "$defs"))
            for key, child in value.items()
            if key not in _DROPPED and key not in _BOUNDS
        }

    found: dict[str, Any] = node(schema)
    found.setdefault("type", "object")
    found.setdefault("properties", {})
    return found


async def in_thread(function: Callable[[], R]) -> R:
    """
    Run a function in a thread of its own, which the end of the process does not wait for.

    A pool would run out of threads when tools are abandoned, and would hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[R] = loop.create_future()
    context = contextvars.copy_context()

    def settle(finish: Callable[[], None]) -> None:
        if not outcome.done():
            finish()

    def run() -> None:
        finish: Callable[[], None]
        try:
            finish = functools.partial(outcome.set_result, context.run(function))
        except StopIteration:
            finish = functools.partial(outcome.set_exception, RuntimeError("StopIteration"))  # a future refuses it
        except Exception as raised:
            finish = functools.partial(outcome.set_exception, raised)
        except BaseException as raised:  # a tool that calls sys.exit() ends itself, not the app
            finish = functools.partial(outcome.set_exception, RuntimeError(type(raised).__name__))
        try:
            loop.call_soon_threadsafe(settle, finish)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    threading.Thread(target=run, name="tool", daemon=True).start()
    return await outcome
