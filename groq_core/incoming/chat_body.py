"""Read the body of `POST /v1/chat/completions`: a request, or an error that names the field and the mend."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from groq_core.events import Note
from groq_core.incoming.chat_fields import read_fields
from groq_core.incoming.json_bodies import read_object
from groq_core.incoming.message_checks import MAX_MESSAGES, ROLES
from groq_core.incoming.rules import MODEL_NAME, STREAMED, BodyFields, above, object_with, switch
from groq_core.incoming.schema_parts import (
    NULL,
    OBJECT,
    TEXT,
    either,
    list_of,
    object_of,
    with_description,
)
from groq_core.requests import Caller, ChatRequest

MESSAGES: Final = with_description(
    {
        **list_of(object_of({"role": {"enum": list(ROLES)}, "content": either(TEXT, list_of(OBJECT), NULL)}, "role")),
        "minItems": 1,
        "maxItems": MAX_MESSAGES,
    },
    "As in OpenAI's API; pictures as data URLs or http(s) addresses.",
)
"""What :func:`check_messages` takes, in the API's description."""

COST_SENSITIVE: Final = switch().with_note("Prefer the cheapest model that will do. Not sent upstream.")

OWN: Final = BodyFields(
    rules={
        "model": MODEL_NAME,
        "stream": STREAMED,
        "stream_options": object_with(include_usage=switch()),
        "cost_sensitive": COST_SENSITIVE,
        "max_latency_ms": above(0, "milliseconds").with_note("Below 100 the fastest tier answers. Not sent upstream."),
        "hedge": switch().with_note(
            "Whether a second target may be asked while the first is silent. Not sent upstream."
        ),
    }
)
"""What :func:`read_chat` reads beside the messages and the parameters."""


class ChatCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client asked for.

    Attributes:
        request: What is to be answered.
        stream: The answer is to go out piece by piece.
        include_usage: A streamed answer ends with a chunk that holds nothing but the usage.
        by_function_call: Asked with `functions`, as before there were tools: calls go back as `function_call`.
        custom: The names of custom tools, which stand among the tools of the request as functions of one text.
        notes: What was changed in it that its author should know.
    """

    request: ChatRequest
    stream: bool
    include_usage: bool
    by_function_call: bool = False
    custom: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


def read_chat(raw: bytes, *, caller: Caller, request_id: str, no_store: bool = False) -> ChatCall:
    """
    Turn a body into a call.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    body, notes = read_object(raw)
    own = take_own(body)
    fields = read_fields(body.pop("messages", None), body)
    stream = own.get("stream", False)
    return ChatCall(
        request=ChatRequest(
            messages=fields.messages,
            model=own.get("model", "auto").strip(),
            params=fields.params,
            stream=stream,
            revisable=not stream,
            cost_sensitive=own.get("cost_sensitive", False),
            max_latency_ms=own.get("max_latency_ms"),
            no_store=no_store,
            hedge=own.get("hedge"),
            caller=caller,
            request_id=request_id,
        ),
        stream=stream,
        include_usage="stream_options" in own and bool(own["stream_options"].get("include_usage")),
        by_function_call=fields.by_function_call,
        custom=fields.custom,
        notes=(*notes, *fields.notes),
    )


def take_own(body: dict[str, Any]) -> dict[str, Any]:
    """
    Take out of a body what is neither a message nor a parameter; those stay.

    Raises:
        RequestError: 400 naming the field.
    """
    found: dict[str, Any] = {}
    for name in filter(body.__contains__, OWN.rules):
        if (value := body.pop(name)) is not None:
            OWN.rules[name].check(value, name)
            found[name] = value
    return found
