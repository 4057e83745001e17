"""Check a conversation: every message, part and call, by its path."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from groq_core.incoming.field_errors import bad, kind_of, mapping
from groq_core.requests import Message

MAX_MESSAGES: Final = 10_000
MAX_PARTS: Final = 1_000
"""Nobody writes so many; a body of 30 MB could hold a million, and checking them would stop the loop for seconds."""

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")


def check_messages(messages: Any) -> tuple[Message, ...]:
    """
    Check the conversation; it goes on as it came.

    Raises:
        RequestError: 400 with the path of what is wrong, such as `messages[2].content[0].image_url.url`.
    """
    if not isinstance(messages, list):
        raise bad("messages", f"`messages` must be a list, not {kind_of(messages)}")
    if not messages:
        raise bad("messages", "`messages` is empty", "Send at least one message of the user.")
    if len(messages) > MAX_MESSAGES:
        raise bad("messages", f"`messages` has {len(messages)} entries; at most {MAX_MESSAGES} are possible")
    newest = max(
        (i for i, one in enumerate(messages) if isinstance(one, dict) and one.get("role") == "user"), default=0
    )
    for index, message in enumerate(messages):
        _check_message(message, index, newest=index == newest)
    return tuple(messages)


def _check_message(message: Any, index: int, *, newest: bool) -> None:
    path = f"messages[{index}]"
    if not isinstance(message, dict):
        raise bad(path, f"`{path}` must be an object, not {kind_of(message)}")
    role = message.get("role")
    if role not in ROLES:
        raise bad(f"{path}.role", f"`{path}.role` must be one of {', '.join(ROLES)}")
    content = message.get("content")
    if isinstance(content, str):
        if role == "user" and not content.strip() and newest:
            raise bad(f"{path}.content", f"`{path}.content` is empty", "Write something, or leave the message out.")
    elif isinstance(content, list):
        _check_parts(content, role, f"{path}.content", newest=newest)
    elif content is not None:
        raise bad(f"{path}.content", f"`{path}.content` must be text or a list of parts, not {kind_of(content)}")
    elif not (role == "assistant" and (message.get("tool_calls") or message.get("function_call"))):
        raise bad(f"{path}.content", f"`{path}.content` is missing", "Only an assistant's tool calls need no text.")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise bad(f"{path}.tool_call_id", f"`{path}.tool_call_id` is missing", "Name the call this is the result of.")
    if message.get("tool_calls") is not None:
        _check_calls(message["tool_calls"], role, f"{path}.tool_calls")


def _check_parts(parts: list[Any], role: str, path: str, *, newest: bool) -> None:
    if not parts:
        raise bad(path, f"`{path}` is empty", "Send at least one part with text or a picture.")
    if len(parts) > MAX_PARTS:
        raise bad(path, f"`{path}` has {len(parts)} parts; at most {MAX_PARTS} are possible")
    says_something = role != "user" or not newest
    for index, part in enumerate(parts):
        at = f"{path}[{index}]"
        match mapping(part, at).get("type"):
            case "text":
                if not isinstance(part.get("text"), str):
                    raise bad(f"{at}.text", f"`{at}.text` must be text")
                says_something = says_something or bool(part["text"].strip())
            case "image_url" if role == "user":
                _check_image(part.get("image_url"), f"{at}.image_url")
                says_something = True
            case "image_url":
                raise bad(at, f"`{at}`: pictures belong in messages of the user, not of role {role}")
            case "refusal" if role == "assistant":
                pass
            case "input_audio":
                raise bad(f"{at}.type", f"`{at}`: chat models here take no audio", "Use POST /v1/audio/transcriptions.")
            case "file":
                raise bad(f"{at}.type", f"`{at}`: files are not read here", "Send their text, or use POST /v1/extract.")
            case _:
                raise bad(f"{at}.type", f"`{at}.type` must be text or image_url")
    if not says_something:
        raise bad(path, f"`{path}` has no text", "Write something, or leave the message out.")


def _check_image(image: Any, path: str) -> None:
    url = mapping(image, path, '{"url": "data:image/png;base64,…"}').get("url")
    path = f"{path}.url"
    if not isinstance(url, str) or not url:
        raise bad(path, f"`{path}` is missing", "Send a data URL or a http(s) address.")
    if url[:5].lower() == "data:":
        return  # looked into by `groq_core.services.sent_pictures`, which decodes it anyway
    try:
        address = urlsplit(url)
        well_formed = address.scheme.lower() in ("http", "https") and bool(address.hostname)
    except ValueError:
        well_formed = False
    if not well_formed or not url.isprintable() or " " in url:
        raise bad(path, f"`{path}` must be a data URL or a http(s) address")


def _check_calls(calls: Any, role: str, path: str) -> None:
    if role != "assistant":
        raise bad(path, f"`{path}` belongs in messages of the assistant")
    if not isinstance(calls, list):
        raise bad(path, f"`{path}` must be a list, not {kind_of(calls)}")
    for index, call in enumerate(calls):
        at = f"{path}[{index}]"
        if "custom" in mapping(call, at) and call.get("function") is None:
            _check_custom(mapping(call["custom"], f"{at}.custom"), f"{at}.custom")
        function = mapping(call.get("function"), f"{at}.function")
        if not isinstance(call.get("id"), str):
            raise bad(f"{at}.id", f"`{at}.id` must be text")
        for field in ("name", "arguments"):
            if not isinstance(function.get(field), str):
                raise bad(f"{at}.function.{field}", f"`{at}.function.{field}` must be text")


def _check_custom(custom: dict[str, Any], path: str) -> None:
    """A call of a custom tool that is as it should be has become one of a function by now."""
    wrong = "input" if isinstance(custom.get("name"), str) else "name"
    raise bad(f"{path}.{wrong}", f"`{path}.{wrong}` must be text")
