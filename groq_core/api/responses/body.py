"""Read the body of `POST /v1/responses`: a request, or an error that names the field and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from groq_core.api.asgi import ApiExchange
from groq_core.api.responses.flat_tools import TOOLS, ToolNames, chat_choice, chat_tools, tool_names
from groq_core.api.responses.items import ITEM, Item, messages_of, read_items
from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.incoming.chat_body import COST_SENSITIVE
from groq_core.incoming.clients import BOOKKEEPING, mend_params, whole_numbers
from groq_core.incoming.custom_tools import grammar_notes
from groq_core.incoming.field_errors import bad, mapping, rename_param
from groq_core.incoming.json_bodies import read_object
from groq_core.incoming.parameters import CHOICE, RULES, check_params, part_params
from groq_core.incoming.rules import (
    MODEL_NAME,
    STREAMED,
    BodyFields,
    Check,
    Rule,
    anything,
    object_with,
    one_of,
    switch,
    text,
    texts_by_name,
    whole,
)
from groq_core.incoming.schema_parts import NULL, OBJECT, SWITCH, TEXT, WORDS, either, list_of
from groq_core.requests import ChatRequest, Message

NOT_HERE: Final[Mapping[str, str]] = {
    "background": "Leave it out and stream the answer.",
    "background_options": "Leave it out and stream the answer.",
    "conversation": "Use `previous_response_id`, or send the items along.",
    "prompt": "Prompts are not kept here; send `instructions`.",
}
"""Fields that mean a service this server does not have, and what to do instead."""

MOVED: Final[Mapping[str, str]] = {
    "functions": "tools",
    "function_call": "tool_choice",
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "messages": "input",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
"""A chat's names of what is called otherwise here."""

MAX_METADATA: Final = 16

SUMMARIES: Final = ("auto", "concise", "detailed", "none")

RENAMED: Final = (
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
    ("].function.", "]."),
    ("].function`", "]`"),
    ("tool_choice.function.", "tool_choice."),
)
"""A chat's names for a field, and this API's."""


def _refuse(hint: str) -> Check:
    def check(value: Any, name: str) -> None:
        if value is not False:
            raise bad(name, f"`{name}` is not possible here", hint, code="unsupported_parameter")

    return check


def _check_input(value: Any, _: str) -> None:
    read_items(value)


def _check_tools(value: Any, _: str) -> None:
    chat_tools(value)


def _check_choice(value: Any, _: str) -> None:
    chat_choice(value)


def _check_format(value: Any, name: str) -> None:
    if not isinstance(value, dict) and value not in ("text", "json_object"):
        mapping(value, name)


FORMAT: Final = Rule(_check_format, either({"enum": ["text", "json_object"]}, OBJECT))

GIVEN: Final = frozenset({"code_interpreter_call.outputs", "message.input_image.image_url"})
"""What can be asked for in `include` and is there anyhow."""

MOST_TOOL_CALLS: Final = 10_000


def _check_include(value: Any, name: str) -> None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad(name, f"`{name}` must be a list of texts")


OWN_FIELDS: Final[Mapping[str, Rule]] = {
    "context_management": anything("Changes no answer here."),
    "include": Rule(_check_include, list_of(TEXT)).with_note("What is not there is told in `notes`."),
    "max_tool_calls": whole(1, MOST_TOOL_CALLS).with_note("Of hosted tools; nobody here counts them."),
    "stream_options": object_with(include_obfuscation=switch().with_note("Nothing is padded here.")),
    "top_logprobs": RULES["top_logprobs"].with_note("Passed over: none are given."),
}
"""Further fields of this API, that change no word of an answer here."""

NOT_GIVEN: Final[Mapping[str, str]] = {
    "context_management": "nothing is compacted here",
    "max_tool_calls": "nobody here counts them",
    "top_logprobs": "no probabilities are given",
}
"""What is taken and has no effect, and why."""

METADATA: Final = texts_by_name(MAX_METADATA).with_note("Repeated in the response.")
STORE: Final = switch().with_note("Keep the response for an hour, in memory.", default=True)

_SUMMARY: Final = one_of(*SUMMARIES)

FIELDS: Final = BodyFields(
    rules={
        **{
            name: Rule(_refuse(hint), {**SWITCH, "not": {"const": True}}).with_note(hint)
            for name, hint in NOT_HERE.items()
        },
        "input": Rule(_check_input, either(WORDS, {**list_of(ITEM), "minItems": 1})).with_note(
            "A text of the user, or items as in OpenAI's API."
        ),
        "model": MODEL_NAME,
        "instructions": text().with_note("Do not carry over to the next response."),
        "previous_response_id": text().with_note("Go on from a response that is still kept."),
        "stream": STREAMED,
        "tools": Rule(_check_tools, TOOLS),
        "tool_choice": Rule(_check_choice, CHOICE),
        "parallel_tool_calls": switch().with_note("Whether several may be called at once.", default=True),
        "reasoning": object_with(effort=text(), summary=_SUMMARY, generate_summary=_SUMMARY),
        "text": object_with(format=FORMAT, verbosity=text()).with_note(
            "`format` of type `text`, `json_object` or `json_schema`."
        ),
        "max_output_tokens": RULES["max_completion_tokens"],
        **{name: RULES[name] for name in ("temperature", "top_p", "seed", "service_tier", "stop")},
        "truncation": one_of("auto", "disabled").with_note("`disabled` leaves nothing out.", default="auto"),
        "cost_sensitive": COST_SENSITIVE,
        **{name: anything("Changes no answer here.") for name in sorted(BOOKKEEPING - {"prompt"})},
        **OWN_FIELDS,
    }
    | {"metadata": METADATA, "store": STORE, "user": text()},
    required=("input",),
    # A field nobody knows would have no effect; null is no effect asked for.
    extra={"additionalProperties": NULL},
)


class ResponseCall(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client asked for.

    Attributes:
        items: The new input, as it came.
        said: The conversation up to here, without instructions, which do not carry over.
        paths: Of what each message of the request was made.
        echo: The fields of a response object that repeat the request.
        summary: Thoughts are to go out as a summary.
        store: The response is to be kept.
        names: Of the tools that may be called.
        notes: What was changed in it that its author should know.
    """

    request: ChatRequest
    items: list[Item]
    said: tuple[Message, ...]
    paths: tuple[str, ...]
    echo: dict[str, Any]
    stream: bool
    summary: bool
    store: bool
    names: ToolNames
    notes: tuple[Note, ...] = ()


def read_response(raw: bytes, exchange: ApiExchange, store: ResponseStore) -> ResponseCall:
    """
    Turn a body into a call.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    body, notes = read_object(raw)
    changed = _mend(body)
    _refuse_others(body)
    body = FIELDS.check(body)
    params, passed_over = _params(body)
    stream, store_it = body.get("stream", False), body.get("store", True)
    items = read_items(body["input"])
    echo = _echo(body)
    said, paths = _conversation(body, items, exchange, store)
    instructions = _instructions(body.get("instructions", ""))
    return ResponseCall(
        request=ChatRequest(
            messages=(*instructions, *said),
            model=body.get("model", "auto").strip(),
            params=params,
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
        paths=(*("instructions" for _ in instructions), *paths),
        echo=echo,
        stream=stream,
        summary=bool(echo["reasoning"]["summary"]),
        store=store_it,
        names=tool_names(body.get("tools")),
        notes=(*notes, *changed, *passed_over, *grammar_notes(body.get("tools")), *_not_given(body)),
    )


def _refuse_others(body: Mapping[str, Any]) -> None:
    """
    Raises:
        RequestError: 400 naming a field that would change what is answered, and is none of this API.
    """
    for name, value in body.items():
        if name not in FIELDS.rules and value is not None:
            shown = name if name.isprintable() and len(name) <= 60 else None
            raise bad(
                shown,
                f"`{shown or 'a field'}` is not a field of a response here",
                f"Send `{MOVED[name]}`, as this API has it."
                if name in MOVED
                else "Leave it out: it would have no effect on the answer.",
                code="unknown_parameter",
            )


def _not_given(body: Mapping[str, Any]) -> list[Note]:
    """What was asked for in this API's own fields and is not there."""
    why = {name: reason for name, reason in NOT_GIVEN.items() if name in body}
    if missing := sorted({one[:60] for one in body.get("include", ())} - GIVEN):
        why["include"] = f"there is no {', '.join(missing)}"
    return [
        Note(code="parameter_passed_over", text=f"`{name}` was passed over: {reason}") for name, reason in why.items()
    ]


def _mend(body: dict[str, Any]) -> list[Note]:
    """Bring what is checked by this API's own rules to their spelling, as a chat's parameters are."""
    ours = {"max_completion_tokens": "max_output_tokens", "stop": "stop"}
    mended, notes = mend_params({name: body.pop(own) for name, own in ours.items() if own in body})
    body |= {ours[name]: value for name, value in mended.items()} | whole_numbers(
        {name: body[name] for name in ("seed", "max_tool_calls", "top_logprobs") if name in body}
    )
    return [_rename_note(note) for note in notes]


def _conversation(
    body: dict[str, Any], items: list[Item], exchange: ApiExchange, store: ResponseStore
) -> tuple[tuple[Message, ...], list[str]]:
    owner = exchange.caller
    before = _before(body.get("previous_response_id"), exchange, store)
    said, paths = messages_of(items, lambda name: store.item(owner, name))
    messages = (*before, *said)
    if not any(message["role"] in ("user", "tool") for message in messages):
        raise bad("input", "`input` holds nothing of the user", "Send at least one message of the user.")
    return messages, [*("previous_response_id" for _ in before), *paths]


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


SHARED: Final = ("temperature", "top_p", "parallel_tool_calls", "user", "service_tier", "seed", "stop")
"""Parameters of a chat that bear the same name here."""


def _params(body: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """Sampling parameters, tools and formats under a chat's names, mended as a chat's, and what that changed."""
    params: dict[str, Any] = {name: body[name] for name in SHARED if name in body}
    kept_books = {name: value for name, value in body.items() if name in BOOKKEEPING - {"metadata", "store", "user"}}
    text = body.get("text", {})
    ours = {
        "max_completion_tokens": body.get("max_output_tokens"),
        "reasoning_effort": body.get("reasoning", {}).get("effort"),
        "response_format": _response_format(text.get("format")),
        "verbosity": text.get("verbosity"),
        "tools": chat_tools(body.get("tools")),
        "tool_choice": chat_choice(body.get("tool_choice")),
    }
    params |= {name: value for name, value in ours.items() if value is not None}
    try:
        mended, changed = mend_params(params)
        kept, passed_over = part_params(mended | kept_books)
        return check_params(kept), [_rename_note(note) for note in (*changed, *passed_over)]
    except RequestError as error:
        raise rename_param(error, *RENAMED) from None


def in_own_names(error: Exception) -> Exception:
    """An error whose field is named as this API names it; a provider was asked a chat, and complains of its fields."""
    if isinstance(error, RequestError) and error.param is not None:
        for old, new in (("messages", "input"), *RENAMED):
            error.param = error.param.replace(old, new)
    return error


def _rename_note(note: Note) -> Note:
    return msgspec.structs.replace(note, text=note.text.replace("max_completion_tokens", "max_output_tokens"))


def _response_format(form: Any) -> dict[str, Any] | None:
    if form is None:
        return None
    if isinstance(form, str):
        return {"type": form}
    kind = mapping(form, "text.format", '{"type": "json_schema", "name": …, "schema": …}').get("type")
    if kind == "text":
        return None
    if kind != "json_schema":
        return {"type": kind}
    if isinstance(form.get("json_schema"), dict):
        form = form["json_schema"]  # as a chat has it
    mapping(form.get("schema"), "text.format.schema")
    names = ("name", "description", "schema", "strict")
    return {"type": kind, "json_schema": {name: form[name] for name in names if form.get(name) is not None}}


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    """What a response repeats of its request; fields a client may count on are there even where it sent none."""
    reasoning = body.get("reasoning", {})
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
        "text": {
            "format": _format_object(body.get("text", {}).get("format")),
            "verbosity": body.get("text", {}).get("verbosity") or "medium",
        },
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p"),
        # The chain makes a long conversation fit unless told not to, so that is what is said.
        "truncation": body.get("truncation", "auto"),
        "user": body.get("user"),
    }


def _format_object(form: Any) -> Any:
    return {"type": form} if isinstance(form, str) else form or {"type": "text"}


def _summary(reasoning: Mapping[str, Any]) -> str | None:
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    return None if summary == "none" else summary
