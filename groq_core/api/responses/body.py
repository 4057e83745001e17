"""Read the body of `POST /v1/responses`: a request, or an error that names the field and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from groq_core.api.asgi import ApiExchange
from groq_core.api.chat.body import check_model, json_object
from groq_core.api.field_errors import bad, kind_of, mapping
from groq_core.api.responses.items import Item, messages_of, read_items
from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.api.responses.parameters import chat_params, check_names, object_field
from groq_core.events import Note
from groq_core.requests import ChatRequest, Message

MAX_METADATA: Final = 16

SUMMARIES: Final = ("auto", "concise", "detailed", "none")


class ResponseCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client asked for.

    Attributes:
        items: The new input, as it came.
        said: The conversation up to here, without instructions, which do not carry over.
        echo: The fields of a response object that repeat the request.
        summary: Thoughts are to go out as a summary.
        store: The response is to be kept.
        notes: What was passed over.
    """

    request: ChatRequest
    items: list[Item]
    said: tuple[Message, ...]
    echo: dict[str, Any]
    stream: bool
    summary: bool
    store: bool
    notes: tuple[Note, ...] = ()


def read_response(raw: bytes, exchange: ApiExchange, store: ResponseStore) -> ResponseCall:
    """
    Turn a body into a call.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    body = json_object(raw)
    notes = check_names(body)
    switches = {name: _switch(body, name) for name in ("stream", "store", "parallel_tool_calls")}
    items = read_items(body.get("input"))
    echo = _echo(body, switches)
    said = _conversation(body, items, exchange, store)
    return ResponseCall(
        request=ChatRequest(
            messages=(*_instructions(body.get("instructions")), *said),
            model=check_model(body.get("model"), default="auto"),
            params=chat_params(body),
            stream=bool(switches["stream"]),
            revisable=not switches["stream"],
            keep_all=body.get("truncation") == "disabled",
            cost_sensitive=bool(_switch(body, "cost_sensitive")),
            no_store=exchange.no_store,
            caller=exchange.caller,
            request_id=exchange.request_id,
        ),
        items=items,
        said=said,
        echo=echo,
        stream=bool(switches["stream"]),
        summary=bool(echo["reasoning"]["summary"]),
        store=switches["store"] is not False,
        notes=tuple(notes),
    )


def _conversation(
    body: dict[str, Any], items: list[Item], exchange: ApiExchange, store: ResponseStore
) -> tuple[Message, ...]:
    owner = exchange.caller
    messages = _before(body.get("previous_response_id"), exchange, store)
    messages += messages_of(items, lambda name: store.item(owner, name))
    if not any(message["role"] in ("user", "tool") for message in messages):
        raise bad("input", "`input` holds nothing of the user", "Send at least one message of the user.")
    return tuple(messages)


def _instructions(value: Any) -> list[Message]:
    if value is None:
        return []
    if not isinstance(value, str):
        raise bad("instructions", f"`instructions` must be text, not {kind_of(value)}")
    return [{"role": "system", "content": value}] if value.strip() else []


def _before(previous: Any, exchange: ApiExchange, store: ResponseStore) -> list[Message]:
    """What was said up to an earlier response; its instructions do not carry over."""
    if previous is None:
        return []
    kept = store.find(exchange.caller, previous) if isinstance(previous, str) else None
    if kept is None:
        raise bad(
            "previous_response_id",
            "`previous_response_id` names no response that is kept here",
            "Responses are kept for an hour, unless `store` is false; send the whole conversation as `input`.",
            code="previous_response_not_found",
        )
    if kept.response["status"] == "failed":
        raise bad("previous_response_id", "`previous_response_id` names a response that failed", "Ask it again.")
    return list(kept.messages)


def _echo(body: dict[str, Any], switches: Mapping[str, bool | None]) -> dict[str, Any]:
    """What a response repeats of its request; fields a client may count on are there even where it sent none."""
    truncation = body.get("truncation")
    if truncation not in (None, "auto", "disabled"):
        raise bad("truncation", "`truncation` must be auto or disabled")
    reasoning, text = object_field(body, "reasoning"), object_field(body, "text")
    return {
        "background": False,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": _metadata(body.get("metadata")),
        "parallel_tool_calls": switches["parallel_tool_calls"] is not False,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": _summary(reasoning)},
        "safety_identifier": body.get("safety_identifier"),
        "store": switches["store"] is not False,
        "temperature": body.get("temperature"),
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p"),
        # The chain makes a long conversation fit unless told not to, so that is what is said.
        "truncation": truncation or "auto",
        "user": body.get("user"),
    }


def _summary(reasoning: dict[str, Any]) -> str | None:
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    if summary not in (None, *SUMMARIES):
        raise bad("reasoning.summary", "`reasoning.summary` must be auto, concise or detailed")
    return None if summary == "none" else summary


def _metadata(metadata: Any) -> dict[str, str]:
    if metadata is None:
        return {}
    if len(mapping(metadata, "metadata")) > MAX_METADATA:
        raise bad("metadata", f"`metadata` has {len(metadata)} entries; at most {MAX_METADATA} are possible")
    for name, value in metadata.items():
        if not isinstance(value, str) or len(name) > 64 or len(value) > 512:
            raise bad("metadata", "`metadata` takes names of at most 64 and texts of at most 512 characters")
    return dict(metadata)


def _switch(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad(name, f"`{name}` must be true or false, not {kind_of(value)}")
    return value
