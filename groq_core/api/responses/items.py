"""Input items of the Responses API as messages of a chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from groq_core.api.responses.flat_tools import name_in_chat
from groq_core.errors import RequestError
from groq_core.incoming.clients import mend_call, mend_messages, mend_part
from groq_core.incoming.custom_tools import INPUT, arguments_of
from groq_core.incoming.field_errors import bad, kind_of, mapping, rename_param
from groq_core.incoming.message_checks import MAX_MESSAGES, check_messages
from groq_core.incoming.schema_parts import TEXT, Schema, either, object_of
from groq_core.requests import Message

Item = dict[str, Any]
Find = Callable[[str], Item | None]
"""From an item's id to the item, as far as it is kept."""

CALL_FIELDS: Final = ("name", "arguments")

PICTURE_NAMES: Final = ((".image_url.url", ".image_url"),)

RESULTS: Final = ("function_call_output", "custom_tool_call_output")

LEFT_OUT: Final = frozenset({"reasoning", "web_search_call", "code_interpreter_call"})
"""Items that are taken back and not sent on: models do no better for reading their old thoughts, and cost more."""

TEXTS: Final = frozenset({"input_text", "output_text", "text"})


ITEM: Final[Schema] = either(
    object_of({"type": {"const": "message"}, "role": {"enum": ["user", "assistant", "system", "developer"]}}, "role"),
    object_of({"type": {**TEXT, "not": {"const": "message"}}}, "type"),
)
"""What :func:`read_items` takes, in the API's description."""


def read_items(value: Any) -> list[Item]:
    """
    Insist on text or a list of items; a text is one message of the user.

    Raises:
        RequestError: 400 naming `input`.
    """
    if value is None:
        raise bad("input", "`input` is missing", "Send a text, or a list of items.")
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    if not isinstance(value, list):
        raise bad("input", f"`input` must be text or a list of items, not {kind_of(value)}")
    if not value:
        raise bad("input", "`input` is empty", "Send at least one message of the user.")
    if len(value) > MAX_MESSAGES:
        raise bad("input", f"`input` has {len(value)} items; at most {MAX_MESSAGES} are possible")
    return value


def messages_of(items: list[Item], find: Find) -> tuple[list[Message], list[str]]:
    """
    Turn items into messages: calls that follow each other become one turn of the assistant. What clients spell
    otherwise is mended as in a chat.

    Args:
        find: Resolves an `item_reference`.

    Returns:
        They, and for each the path of the item it was made of; see :func:`in_items`.

    Raises:
        RequestError: 400 with the path of what is wrong, such as `input[2].content[0].image_url`.
    """
    conversation = _Conversation()
    for index, item in enumerate(items):
        path = f"input[{index}]"
        if mapping(item, path).get("type") == "item_reference":
            item = _refer(item, path, find)
        conversation.add(item, path)
    return conversation.whole(), conversation.paths


def in_items(text: str, paths: Sequence[str]) -> str:
    """
    What begins with a path into a chat's messages, with the path into the items that they were made of.

    >>> in_items("messages[1].content[0].image_url.url: cut", ["instructions", "input[4]"])
    'input[4].content[0].image_url: cut'
    """
    found = _IN_MESSAGES.match(text)
    if found is None or int(found[1]) >= len(paths):
        return text
    path = paths[int(found[1])]
    within = found[2].replace(".image_url.url", ".image_url") if path.endswith("]") else ""
    return f"{path}{within}{text[found.end() :]}"


_IN_MESSAGES: Final = re.compile(r"messages\[(\d{1,9})\]((?:\.\w+|\[\d+\])*)")


def _refer(item: Item, path: str, find: Find) -> Item:
    found = find(item["id"]) if isinstance(item.get("id"), str) else None
    if found is None:
        raise bad(
            f"{path}.id",
            f"`{path}.id` names no item that is kept here",
            "Items are kept for an hour, unless `store` is false; send the item itself.",
            code="item_not_found",
        )
    return found


class _Conversation:
    """
    Messages so far, each with the path of its item; pictures that tools gave wait until the tools have all been heard.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self.paths: list[str] = []
        self._pictures: list[dict[str, Any]] = []
        self._shown_by = ""

    def whole(self) -> list[Message]:
        """
        Raises:
            RequestError: 400; a message is not what a chat takes, told in the names of this API.
        """
        self._show()
        if not self._messages:
            return []
        mended = mend_messages(self._messages)
        try:
            check_messages(mended)
        except RequestError as error:
            place = int((re.match(r"messages\[(\d+)\]", error.param or "") or ("", "0"))[1])
            names = (f"messages[{place}]", self.paths[place]), (".tool_call_id", ".call_id"), *PICTURE_NAMES
            raise rename_param(error, *names) from None
        return list(mended)

    def _say(self, message: Message, path: str) -> None:
        self._messages.append(message)
        self.paths.append(path)

    def add(self, item: Item, path: str) -> None:
        kind = item.get("type") or "message"
        if isinstance(kind, str) and kind in LEFT_OUT:
            return
        if kind not in RESULTS:
            self._show()
        match kind:
            case "message":
                self._say(_message(item, path), path)
            case "function_call":
                self._call(item, path)
            case "custom_tool_call":
                self._call(item | {"arguments": arguments_of(item.get(INPUT))}, path)
            case "function_call_output" | "custom_tool_call_output":
                self._result(item, path)
            case _:
                name = kind if isinstance(kind, str) else kind_of(kind)
                raise bad(
                    f"{path}.type",
                    f"`{path}`: items of type {name[:40]} are not possible here",
                    "Possible are message, function_call, custom_tool_call, their outputs, reasoning, item_reference.",
                )

    def _call(self, item: Item, path: str) -> None:
        function = {name: item[name] for name in CALL_FIELDS if name in item}
        call = mend_call(
            {"id": item.get("call_id"), "type": "function", "function": function}, f"call_{len(self.paths)}"
        )
        for field, value in (("call_id", call["id"]), *((name, call["function"].get(name)) for name in CALL_FIELDS)):
            if not isinstance(value, str):
                field = INPUT if field == "arguments" and item.get("type") == "custom_tool_call" else field
                raise bad(f"{path}.{field}", f"`{path}.{field}` must be text")
        if isinstance(namespace := item.get("namespace"), str) and namespace:
            call["function"]["name"] = name_in_chat(namespace, call["function"]["name"])
        last = self._messages[-1] if self._messages else None
        if last is not None and last["role"] == "assistant":
            self._messages[-1] = {**last, "tool_calls": [*last.get("tool_calls", ()), call]}
        else:
            self._say({"role": "assistant", "content": None, "tool_calls": [call]}, path)

    def _result(self, item: Item, path: str) -> None:
        output = item.get("output")
        if isinstance(output, list):
            parts = _parts(output, f"{path}.output")
            if pictures := [part for part in parts if part["type"] == "image_url"]:
                self._shown_by = self._shown_by if self._pictures else f"{path}.output"
                self._pictures += pictures
            output = "\n".join(part["text"] for part in parts if part["type"] == "text")
        self._say({"role": "tool", "tool_call_id": item.get("call_id"), "content": output}, path)

    def _show(self) -> None:
        if self._pictures:
            # A chat knows no pictures in a tool's result; the user shows them instead.
            self._say({"role": "user", "content": self._pictures}, self._shown_by)
            self._pictures = []


def _message(item: Item, path: str) -> Message:
    content, role = item.get("content"), item.get("role")
    if isinstance(content, dict):
        content = [content]  # one part without a list around it
    if isinstance(content, list):
        content = _parts(content, f"{path}.content")
    role = role.lower() if isinstance(role, str) else role
    if role not in ("user", "assistant", "system", "developer"):
        raise bad(f"{path}.role", f"`{path}.role` must be user, assistant, system or developer")
    refusal = {"refusal": item["refusal"]} if "refusal" in item else {}
    return {"role": role, "content": content, **refusal}


def _parts(parts: list[Any], path: str) -> list[dict[str, Any]]:
    found = [mend_part(part) for part in parts]
    return [_part(mapping(part, f"{path}[{index}]"), f"{path}[{index}]") for index, part in enumerate(found)]


def _part(part: dict[str, Any], path: str) -> dict[str, Any]:
    match part.get("type"):
        case str(kind) if kind in TEXTS:
            return _text(part, "text", path)
        case "refusal":
            return _text(part, "refusal", path)
        case "image_url":
            return part
        case "input_image":
            return _picture(part, path)
        case "input_file":
            raise bad(f"{path}.type", f"`{path}`: files are not read here", "Send their text, or use POST /v1/extract.")
        case "input_audio":
            raise bad(f"{path}.type", f"`{path}`: chat models here take no audio", "Use POST /v1/audio/transcriptions.")
        case _:
            raise bad(f"{path}.type", f"`{path}.type` must be input_text, input_image or output_text")


def _text(part: dict[str, Any], field: str, path: str) -> dict[str, Any]:
    text = part.get(field)
    if not isinstance(text, str):
        raise bad(f"{path}.{field}", f"`{path}.{field}` must be text, not {kind_of(text)}")
    return {"type": "text", "text": text}


def _picture(part: dict[str, Any], path: str) -> dict[str, Any]:
    if part.get("file_id") is not None:
        raise bad(f"{path}.file_id", f"`{path}.file_id`: pictures are not kept here", "Send a data URL in `image_url`.")
    image: dict[str, Any] = {"url": part.get("image_url")}
    if isinstance(part.get("detail"), str):
        image["detail"] = part["detail"]
    return {"type": "image_url", "image_url": image}
