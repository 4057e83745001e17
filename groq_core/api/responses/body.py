"""Read the body of `POST /v1/responses`: a request, or an error that names the field and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from groq_core.api.asgi import ApiExchange
from groq_core.api.chat.clients import mend_stop, whole_numbers
from groq_core.api.field_errors import bad
from groq_core.api.json_body import json_object
from groq_core.api.responses.flat_tools import Namespaces, namespaces_of
from groq_core.api.responses.items import Item, messages_of, read_items
from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.api.responses.parameters import FIELDS, chat_params, note_names
from groq_core.events import Note
from groq_core.requests import ChatRequest, Message


class ResponseCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client asked for.

    Attributes:
        items: The new input, as it came.
        said: The conversation up to here, without instructions, which do not carry over.
        echo: The fields of a response object that repeat the request.
        summary: Thoughts are to go out as a summary.
        store: The response is to be kept.
        namespaces: Of the functions that may be called.
        notes: What was passed over.
    """

    request: ChatRequest
    items: list[Item]
    said: tuple[Message, ...]
    echo: dict[str, Any]
    stream: bool
    summary: bool
    store: bool
    namespaces: Namespaces
    notes: tuple[Note, ...] = ()


def read_response(raw: bytes, exchange: ApiExchange, store: ResponseStore) -> ResponseCall:
    """
    Turn a body into a call.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    sent = json_object(raw)
    notes = note_names(sent)
    sent = whole_numbers(sent)
    mend_stop(sent)
    body = FIELDS.check(sent)
    stream, store_it = body.get("stream", False), body.get("store", True)
    items = read_items(body["input"])
    echo = _echo(body)
    said = _conversation(body, items, exchange, store)
    return ResponseCall(
        request=ChatRequest(
            messages=(*_instructions(body.get("instructions", "")), *said),
            model=body.get("model", "auto").strip(),
            params=chat_params(body),
            stream=stream,
            revisable=not stream,
            keep_all=body.get("truncation") == "disabled",
            cost_sensitive=body.get("cost_sensitive", False),
            no_store=exchange.no_store,
            caller=exchange.caller,
            request_id=exchange.request_id,
        ),
        items=items,
        said=said,
        echo=echo,
        stream=stream,
        summary=bool(echo["reasoning"]["summary"]),
        store=store_it,
        namespaces=namespaces_of(body.get("tools")),
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


def _instructions(said: str) -> list[Message]:
    return [{"role": "system", "content": said}] if said.strip() else []


def _before(previous: str | None, exchange: ApiExchange, store: ResponseStore) -> list[Message]:
    """What was said up to an earlier response; its instructions do not carry over."""
    if previous is None:
        return []
    kept = store.find(exchange.caller, previous)
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


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    """What a response repeats of its request; fields a client may count on are there even where it sent none."""
    reasoning, text = body.get("reasoning", {}), body.get("text", {})
    return {
        "background": False,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": body.get("metadata", {}),
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": _summary(reasoning)},
        "safety_identifier": body.get("safety_identifier"),
        "store": body.get("store", True),
        "temperature": body.get("temperature"),
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p"),
        # The chain makes a long conversation fit unless told not to, so that is what is said.
        "truncation": body.get("truncation", "auto"),
        "user": body.get("user"),
    }


def _summary(reasoning: Mapping[str, Any]) -> str | None:
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    return None if summary == "none" else summary
