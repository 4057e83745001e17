"""Say what is wrong with a field."""

from __future__ import annotations

from typing import Any

from groq_core.errors import RequestError

_KINDS = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}


def bad(param: str | None, message: str, hint: str = "", *, code: str = "invalid_value") -> RequestError:
    """Make the error for a field that is missing or wrong; ``param`` is its path, e.g. `messages[0].role`."""
    return RequestError(message, param=param, code=code, hint=hint)


def kind_of(value: Any) -> str:
    """
    Name the type of a value, as JSON does where it can, since the value itself may be private.

    >>> kind_of({}), kind_of(None), kind_of(b"")
    ('an object', 'null', 'bytes')
    """
    return _KINDS.get(type(value)) or ("null" if value is None else type(value).__name__)


def insist(value: Any, kinds: type[Any] | tuple[type[Any], ...], name: str, wanted: str, hint: str = "") -> None:
    """
    Insist that a program gave an argument of the right type.

    Raises:
        RequestError: 400 naming the argument, what it was and what is wanted.
    """
    if not isinstance(value, kinds):
        raise bad(name, f"`{name}` must be {wanted}, not {kind_of(value)}", hint)


def mapping(value: Any, path: str, example: str = "") -> dict[str, Any]:
    """
    Insist on an object.

    Raises:
        RequestError: 400 naming ``path``.
    """
    if not isinstance(value, dict):
        was = "is missing" if value is None else f"must be an object, not {kind_of(value)}"
        raise bad(path, f"`{path}` {was}", f"It looks like {example}." if example else "")
    return value


def rename_param(error: RequestError, *names: tuple[str, str]) -> RequestError:
    """Tell of the same fault in other names, since the client knows the field by those."""
    message, param = error.message, error.param
    for old, new in names:
        message = message.replace(old, new)
        param = param and param.replace(old, new)
    return RequestError(message, status=error.status, param=param, code=error.code, hint=error.hint)
