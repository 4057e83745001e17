"""A conversation and its parameters, mended and checked, with what was changed; what every surface calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from groq_core.events import Note
from groq_core.incoming.clients import mend_messages, mend_params
from groq_core.incoming.custom_tools import check_names, custom_names, grammar_notes
from groq_core.incoming.field_errors import bad
from groq_core.incoming.json_bodies import LETTERS_REPLACED, mend_letters
from groq_core.incoming.message_checks import MAX_MESSAGES, check_messages
from groq_core.incoming.parameters import check_params, part_params
from groq_core.requests import Message

MESSAGES_HINT: Final = 'Send at least [{"role": "user", "content": "…"}].'


class ChatFields(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is to be answered, as every provider understands it.

    Attributes:
        by_function_call: Asked with `functions`, as before there were tools: calls go back as `function_call`.
        custom: The names of custom tools, which stand among the tools as functions of one text.
        notes: What was changed in it that its author should know.
    """

    messages: tuple[Message, ...]
    params: dict[str, Any]
    by_function_call: bool = False
    custom: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


def read_fields(messages: Any, params: Mapping[str, Any]) -> ChatFields:
    """
    Mend and check what came as JSON.

    Args:
        messages: None where there are none.
        params: Everything beside them that may change the answer, under its wire name; null means "not set".

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    if messages is None:
        hint = "A body with `input` is for POST /v1/responses." if "input" in params else MESSAGES_HINT
        raise bad("messages", "`messages` is missing", hint)
    checked = tuple(map(dict, messages)) if are_plain(messages) else check_messages(mend_messages(messages))
    if not params:
        return ChatFields(messages=checked, params={})
    mended, changed = mend_params(dict(params))
    kept, passed_over = part_params(mended)
    custom = custom_names(params.get("tools"))
    if custom:
        check_names(mended["tools"], custom)
        changed += grammar_notes(params["tools"])
    return ChatFields(
        messages=checked,
        params=check_params(kept),
        by_function_call=bool(params.get("functions")) and not params.get("tools"),
        custom=custom,
        notes=(*changed, *passed_over),
    )


class _PlainMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A message in which there is nothing to mend."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str


class _PlainMessages(msgspec.Struct):
    """A struct around the list, since of a bare one msgspec finds out anew each time what its type means."""

    messages: Annotated[list[_PlainMessage], msgspec.Meta(min_length=1, max_length=MAX_MESSAGES)]


def are_plain(messages: Any) -> bool:
    """
    Whether a conversation is nothing but texts, as most are: in those there is nothing to mend, and nothing wrong.

    To find that out message by message costs many times as much.

    >>> are_plain([{"role": "user", "content": "Hi"}]), are_plain([{"role": "user", "content": " "}])
    (True, False)
    """
    try:
        found = msgspec.convert({"messages": messages}, _PlainMessages).messages
    except msgspec.ValidationError:
        return False
    newest = next((one for one in reversed(found) if one.role == "user"), None)
    return newest is None or bool(newest.content.strip())


def read_values(messages: str | Sequence[Message], params: Mapping[str, Any]) -> ChatFields:
    """
    The same for values of Python: a text is one message of the user, and halves of letters are replaced, as decoding
    does for what comes as JSON.

    Raises:
        RequestError: As for :func:`read_fields`.
    """
    said: Any = messages
    if isinstance(messages, str):
        said = [{"role": "user", "content": messages}]
    elif isinstance(messages, Iterable) and not isinstance(messages, Mapping | bytes | bytearray):
        said = list(messages)
    given = dict(params)
    if not has_halves([said, given]):
        return read_fields(said, given)
    fields = read_fields(mend_letters(said), mend_letters(given))
    return msgspec.structs.replace(fields, notes=(LETTERS_REPLACED, *fields.notes))


def has_halves(value: Any) -> bool:
    """
    Whether a text in a value holds half a letter (a lone surrogate).

    >>> has_halves({"a": ["b", "\\ud83d"]}), has_halves("😀")
    (True, False)
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return True
        return False
    if isinstance(value, dict):
        return any(has_halves(key) or has_halves(one) for key, one in value.items())
    return isinstance(value, list | tuple) and any(has_halves(one) for one in value)
