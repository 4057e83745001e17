"""The parameters of a response beside its input, under a chat's names and by a chat's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groq_core.api.chat.clients import BOOKKEEPING, mend_choice, mend_stop, whole_numbers
from groq_core.api.chat.parameters import RULES, check_params
from groq_core.api.field_errors import bad, mapping
from groq_core.api.responses.flat_tools import chat_choice, chat_tools
from groq_core.api.responses.items import rename_param
from groq_core.api.schema_parts import SWITCH, TEXT, WHOLE, Schema, list_of, object_of, with_description
from groq_core.errors import RequestError
from groq_core.events import Note

NOT_HERE: Final[Mapping[str, str]] = {
    "background": "Leave it out and stream the answer.",
    "background_options": "Leave it out and stream the answer.",
    "context_management": "Leave it out: `truncation` of auto leaves out what no longer fits.",
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

AS_IN_A_CHAT: Final = (
    "frequency_penalty", "parallel_tool_calls", "presence_penalty", "seed", "service_tier", "stop", "temperature",
    "top_p", "user",
)  # fmt: skip
"""Parameters that have the same name here."""

READ_HERE: Final = frozenset(
    {
        "cost_sensitive", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata",
        "model", "previous_response_id", "reasoning", "store", "stream", "stream_options", "text", "tool_choice",
        "tools", "top_logprobs", "truncation",
    }
)  # fmt: skip

VERBOSITIES: Final = ("low", "medium", "high")

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

GIVEN: Final = frozenset({"code_interpreter_call.outputs", "message.input_image.image_url"})
"""What can be asked for in `include` and is there anyhow."""

MOST_TOOL_CALLS: Final = 10_000

FIELDS: Final[Mapping[str, Schema]] = {
    "include": with_description(list_of(TEXT), "What is not there is told in `notes`."),
    "stream_options": object_of({"include_obfuscation": {**SWITCH, "description": "Nothing is padded here."}}),
    "max_tool_calls": with_description(
        {**WHOLE, "minimum": 1, "maximum": MOST_TOOL_CALLS}, "Of hosted tools; nobody here counts them."
    ),
    "top_logprobs": with_description(RULES["top_logprobs"].schema, "Passed over: none are given."),
}
"""Fields that are checked here and not sent on, in the API's description."""


def check_names(body: Mapping[str, Any]) -> list[Note]:
    """
    Insist that every field has an effect, or needs none; those that need none are noted.

    Raises:
        RequestError: 400 naming a field that means nothing here, and what to do instead.
    """
    notes = []
    for name, value in body.items():
        if value is None or name in READ_HERE or name in AS_IN_A_CHAT:
            continue
        if name in NOT_HERE:
            if value is not False:
                raise bad(name, f"`{name}` is not possible here", NOT_HERE[name], code="unsupported_parameter")
        elif name in MOVED:
            hint = f"Send `{MOVED[name]}`, or ask POST /v1/chat/completions."
            raise bad(name, f"`{name}` is called `{MOVED[name]}` in this API", hint, code="unsupported_parameter")
        elif name in BOOKKEEPING:
            if value not in ({}, [], ""):
                notes.append(_passed_over(name, "it changes no answer"))
        else:
            shown = name if name.isprintable() and len(name) <= 60 else "a parameter"
            raise bad(
                name if shown == name else None,
                f"`{shown}` is not a parameter that is known here",
                "Leave it out: it would have no effect on the answer.",
                code="unknown_parameter",
            )
    return notes + _extras(body)


def _extras(body: Mapping[str, Any]) -> list[Note]:
    """Check what nobody here can give, and note it."""
    notes = []
    included = body.get("include")
    if included is not None:
        if not isinstance(included, list) or not all(isinstance(one, str) for one in included):
            raise bad("include", "`include` must be a list of texts")
        if missing := sorted({one[:60] for one in included} - GIVEN):
            notes.append(_passed_over("include", f"there is no {', '.join(missing)}"))
    if body.get("stream_options") is not None:
        switch = mapping(body["stream_options"], "stream_options").get("include_obfuscation")
        if switch is not None and not isinstance(switch, bool):
            raise bad(
                "stream_options.include_obfuscation", "`stream_options.include_obfuscation` must be true or false"
            )
    if (most := body.get("max_tool_calls")) is not None:
        if isinstance(most, float) and most.is_integer():
            most = int(most)
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_TOOL_CALLS:
            raise bad("max_tool_calls", f"`max_tool_calls` must be a whole number from 1 to {MOST_TOOL_CALLS}")
        notes.append(_passed_over("max_tool_calls", "nobody here counts them"))
    if body.get("top_logprobs") is not None:
        RULES["top_logprobs"].check(
            whole_numbers({"top_logprobs": body["top_logprobs"]})["top_logprobs"], "top_logprobs"
        )
        notes.append(_passed_over("top_logprobs", "no probabilities are given"))
    return notes


def _passed_over(name: str, why: str) -> Note:
    return Note(code="parameter_passed_over", text=f"`{name}` was passed over: {why}")


def chat_params(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Sampling parameters, tools and formats under a chat's names.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    params = {name: body[name] for name in AS_IN_A_CHAT if body.get(name) is not None}
    text = object_field(body, "text")
    params["max_completion_tokens"] = body.get("max_output_tokens")
    params["reasoning_effort"] = object_field(body, "reasoning").get("effort")
    params["response_format"] = _response_format(text.get("format"))
    params["verbosity"] = _verbosity(text.get("verbosity"))
    params["tools"] = chat_tools(body.get("tools"))
    params["tool_choice"] = chat_choice(body.get("tool_choice"), params["tools"] or [])
    mend_stop(params)
    try:
        if isinstance(params["tool_choice"], dict):
            mend_choice(params)
        return check_params(whole_numbers(params))
    except RequestError as error:
        raise rename_param(error, *RENAMED) from None


def object_field(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A field that is an object, or left out."""
    return {} if body.get(name) is None else mapping(body[name], name)


def _verbosity(value: Any) -> str | None:
    if value is None:
        return None
    if value not in VERBOSITIES:
        raise bad("text.verbosity", "`text.verbosity` must be low, medium or high")
    return str(value)


def _response_format(form: Any) -> dict[str, Any] | None:
    if form is None:
        return None
    kind = mapping(form, "text.format", '{"type": "json_schema", "name": …, "schema": …}').get("type")
    if kind == "text":
        return None
    if kind != "json_schema":
        return {"type": kind}
    mapping(form.get("schema"), "text.format.schema")
    names = ("name", "description", "schema", "strict")
    return {"type": kind, "json_schema": {name: form[name] for name in names if form.get(name) is not None}}
