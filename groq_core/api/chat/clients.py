"""
What clients really send: spellings that differ and mean the same, brought to one; what was changed is noted.

Nothing is refused here. What is left as it came goes on to the checks, which name the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from groq_core.events import Note

BOOKKEEPING: Final = frozenset(
    {
        "client_id", "client_metadata", "conversation_id", "extra_body", "extra_headers", "extra_query",
        "litellm_metadata", "litellm_params", "metadata", "moderation", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "request_id", "request_timeout", "safety_identifier", "session_id", "store", "tags",
        "timeout", "trace", "trace_id", "user", "user_id",
    }
)  # fmt: skip
"""Parameters about the caller's books: no answer is another for them."""

WHOLE: Final = ("max_tokens", "max_completion_tokens", "seed", "n", "top_logprobs")


def mend_params(params: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """Bring parameters to the spelling that every server knows."""
    params = dict(params)
    notes: list[Note] = []
    for name in WHOLE:
        value = params.get(name)
        if isinstance(value, float) and value.is_integer():
            params[name] = int(value)
    for name in ("max_tokens", "max_completion_tokens"):
        value = params.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value in (-1, 0):
            del params[name]
            notes.append(Note(code="max_tokens_left_out", text=f"`{name}` of {value} was taken as no limit"))
    if params.get("stop") in ("", [], [""]):
        del params["stop"]
    _mend_choice(params)
    return params, notes


def _mend_choice(params: dict[str, Any]) -> None:
    choice = params.get("tool_choice")
    if isinstance(choice, str):
        params["tool_choice"] = {"any": "required"}.get(choice, choice)
        return
    if not isinstance(choice, dict):
        return
    match choice:
        case {"type": "auto" | "none" | "required" as word}:
            params["tool_choice"] = word
        case {"type": "any"}:
            params["tool_choice"] = "required"
        case {"type": "allowed_tools"}:
            _allow(params, choice)
        case {"type": "function" | "tool", "name": str(name)} if "function" not in choice:
            params["tool_choice"] = {"type": "function", "function": {"name": name}}
        case {"name": str(name)} if "function" not in choice and "type" not in choice:
            params["tool_choice"] = {"type": "function", "function": {"name": name}}


def _allow(params: dict[str, Any], choice: dict[str, Any]) -> None:
    """Offer only the tools that are allowed, and choose among them by the mode."""
    inner = choice.get("allowed_tools")
    allowed = inner if isinstance(inner, dict) else choice
    listed, tools = allowed.get("tools"), params.get("tools")
    if not isinstance(listed, list) or not isinstance(tools, list):
        return
    names = {_tool_name(tool) for tool in listed}
    params["tools"] = [tool for tool in tools if _tool_name(tool) in names]
    params["tool_choice"] = "required" if allowed.get("mode") == "required" else "auto"


def _tool_name(tool: object) -> str:
    if not isinstance(tool, dict):
        return ""
    function = tool.get("function")
    found = function.get("name") if isinstance(function, dict) else tool.get("name") or tool.get("type")
    return found if isinstance(found, str) else ""


# ── the conversation ─────────────────────────────────────────────────────────────────────────────────


def mend_messages(messages: Any) -> Any:
    """
    Bring a conversation to the wire of today.

    An answer, a result or an old question without text is an empty one; `function_call` and the role `function`
    become calls and their results; a refusal becomes the text it is; an address of a picture may stand alone.
    """
    if not isinstance(messages, list):
        return messages
    newest = max(
        (i for i, one in enumerate(messages) if isinstance(one, dict) and one.get("role") == "user"), default=0
    )
    mended: list[Any] = []
    pending: list[str] = []
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            mended.append(message)
            continue
        message = _mend_function(dict(message), index, pending)
        message = _mend_content(message, old=index < newest)
        mended.append(message)
    return mended


def _mend_function(message: dict[str, Any], index: int, pending: list[str]) -> dict[str, Any]:
    """Turn a function call of old into a call with an id, and its result into that call's."""
    called = message.get("function_call")
    if message.get("role") == "assistant" and isinstance(called, dict) and not message.get("tool_calls"):
        id = f"call_{index}"
        pending.append(id)
        message["tool_calls"] = [{"id": id, "type": "function", "function": called}]
        del message["function_call"]
    elif message.get("role") == "function" and pending:
        message["role"], message["tool_call_id"] = "tool", pending.pop(0)
        message.pop("name", None)
    return message


def _mend_content(message: dict[str, Any], *, old: bool) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if isinstance(content, list):
        message["content"] = [_mend_part(part) for part in content]
    elif content is None:
        refusal = message.get("refusal")
        silent = role == "assistant" and not message.get("tool_calls")
        if role == "assistant" and isinstance(refusal, str) and refusal:
            message["content"] = refusal
        elif silent or role in ("tool", "function") or (role == "user" and old):
            message["content"] = ""
    if message.get("content") == [] and (old or role != "user"):
        message["content"] = ""
    return message


def _mend_part(part: Any) -> Any:
    match part:
        case {"type": "refusal", "refusal": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image_url", "image_url": str(url)}:
            return {"type": "image_url", "image_url": {"url": url}}
        case _:
            return part


# ── letters ──────────────────────────────────────────────────────────────────────────────────────────


def mend_letters(value: Any) -> Any:
    """Replace halves of letters (lone surrogates) in every text of a value: no server takes them."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [mend_letters(one) for one in value]
    if isinstance(value, dict):
        return {mend_letters(key): mend_letters(one) for key, one in value.items()}
    return value


def loads_with_halves(raw: bytes) -> Any:
    """
    Decode JSON in which letters are cut in half.

    Raises:
        ValueError: It is no JSON for another reason.
    """

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    decode: Callable[..., Any] = json.loads
    try:
        return mend_letters(decode(raw, parse_constant=refuse))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
