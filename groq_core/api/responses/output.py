"""What a model gave, as output items and as a response object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from groq_core.api.responses.flat_tools import ToolNames
from groq_core.events import Finished, ToolCall, Usage
from groq_core.reply import Receipt
from groq_core.requests import Message
from groq_core.streaming.completion import FALLBACK_MODEL, notes_object, now
from groq_core.streaming.custom_calls import text_given

Item = dict[str, Any]

INCOMPLETE: Final[Mapping[str, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Ends of an answer that are not its proper end, by a chat's name and this API's."""


def response_id(request_id: str) -> str:
    """
    Derive the response's id from the request's.

    >>> response_id("gc_01ABC")
    'resp_01ABC'
    """
    return "resp_" + request_id.removeprefix("gc_")


class ItemIds:
    """Ids of output items: unique, and told apart by what they name."""

    def __init__(self, request_id: str) -> None:
        self._tail = request_id.removeprefix("gc_")
        self._count = 0

    def __call__(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._tail}_{self._count}"


def reasoning_item(name: str, text: str, *, summary: bool) -> Item:
    """A model's thoughts, whole in either place: as a summary where one was asked for, else as its content."""
    if summary:
        return {"id": name, "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
    return {"id": name, "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": text}]}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message_item(name: str, text: str | None, status: str) -> Item:
    """A message; without text it has just begun."""
    content = [] if text is None else [text_part(text)]
    return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}


def call_prefix(call: ToolCall, names: ToolNames) -> str:
    """How the id of a call's item begins."""
    return "ctc" if call.name in names.custom else "fc"


def call_item(name: str, call: ToolCall, status: str, names: ToolNames) -> Item:
    """A call of a function, under its name in its namespace where it is of one, or of a custom tool."""
    item: Item = {"id": name, "type": "function_call", "status": status, "call_id": call.id, "name": call.name}
    if call.name in names.custom:
        return item | {"type": "custom_tool_call", "input": text_given(call.arguments)}
    if call.name in names.namespaces:
        namespace, function = names.namespaces[call.name]
        item |= {"name": function, "namespace": namespace}
    return item | {"arguments": call.arguments}


def items_of_hosted_tools(extra: Mapping[str, Any] | None, ids: ItemIds) -> Iterator[Item]:
    """Searches made and code run by the provider, from the `executed_tools` of its answer."""
    executed = (extra or {}).get("executed_tools")
    if not isinstance(executed, list):
        return
    for entry in executed:
        if not isinstance(entry, dict):
            continue
        name = str(entry.get("name") or entry.get("type") or "")
        if name.split(".")[0] in ("python", "code_interpreter"):
            yield _code_call(entry, ids("ci"))
        else:
            yield _search_call(name, entry, ids("ws"))


def _code_call(entry: Mapping[str, Any], name: str) -> Item:
    output = entry.get("output")
    outputs = [{"type": "logs", "logs": output}] if isinstance(output, str) and output else []
    return {
        "id": name,
        "type": "code_interpreter_call",
        "status": "completed",
        "container_id": "",
        "code": _argument(entry, "code"),
        "outputs": outputs,
    }


def _search_call(tool: str, entry: Mapping[str, Any], name: str) -> Item:
    if tool.endswith((".open", "visit")):
        action = {"type": "open_page", "url": _argument(entry, "url", "id")}
    else:
        action = {"type": "search", "query": _argument(entry, "query")}
    return {"id": name, "type": "web_search_call", "status": "completed", "action": action}


def _argument(entry: Mapping[str, Any], *names: str) -> str:
    """One argument of a call; the text of all of them where they are no JSON object with that name."""
    text = str(entry.get("arguments") or "")
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
    if not isinstance(arguments, dict):
        return text
    return next((str(arguments[name]) for name in names if name in arguments), text)


def response_usage(usage: Usage | None) -> dict[str, Any] | None:
    """Tokens under this API's names."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }


def frame(request_id: str, model: str, echo: Mapping[str, Any]) -> dict[str, Any]:
    """A response that has begun and has no output yet."""
    return {
        "id": response_id(request_id),
        "object": "response",
        "created_at": now(),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "usage": None,
        **echo,
    }


def end_status(finished: Finished) -> tuple[str, dict[str, str] | None]:
    """
    `status` and `incomplete_details` of an answer.

    >>> end_status(Finished(finish_reason="length"))
    ('incomplete', {'reason': 'max_output_tokens'})
    """
    reason = INCOMPLETE.get(finished.finish_reason)
    return ("completed", None) if reason is None else ("incomplete", {"reason": reason})


def final_response(
    begun: Mapping[str, Any], output: Sequence[Item], finished: Finished, receipt: Receipt
) -> dict[str, Any]:
    """The response object of an answer that is whole."""
    status, details = end_status(finished)
    return {
        **begun,
        "status": status,
        "completed_at": now() if status == "completed" else None,
        "incomplete_details": details,
        "model": FALLBACK_MODEL if receipt.degraded else finished.model,
        "output": list(output),
        "usage": response_usage(finished.usage),
        "service_tier": finished.service_tier or "default",
        **notes_object(receipt),
        "x_groq_core": receipt.as_dict(),
    }


def answer_message(text: str, calls: Sequence[ToolCall]) -> Message:
    """The answer as the next request's conversation holds it."""
    message: Message = {"role": "assistant", "content": text or (None if calls else "")}
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    return message
