"""The parameters of a response: what each may be, and what they are called in a chat, by whose rules they go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groq_core.api.chat.body import COST_SENSITIVE
from groq_core.api.chat.clients import BOOKKEEPING, mend_choice
from groq_core.api.chat.parameters import LONGEST, RULES, check_params
from groq_core.api.field_errors import bad, mapping
from groq_core.api.responses.flat_tools import CHOICE, TOOLS, chat_choice, chat_tools
from groq_core.api.responses.items import ITEM, read_items, rename_param
from groq_core.api.rules import (
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
from groq_core.api.schema_parts import NULL, SWITCH, TEXT, WORDS, either, list_of
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

EFFECTIVE: Final = frozenset({"metadata", "store", "user"})
"""Of a chat's books, what is kept or repeated here."""

MAX_METADATA: Final = 16

SUMMARIES: Final = ("auto", "concise", "detailed", "none")


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


def _check_include(value: Any, name: str) -> None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad(name, f"`{name}` must be a list of texts")


_SUMMARY: Final = one_of(*SUMMARIES)

FIELDS: Final = BodyFields(
    rules={
        **{name: anything("Changes no answer.") for name in sorted(BOOKKEEPING)},
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
        "store": switch().with_note("Keep the response for an hour, in memory.", default=True),
        "stream": STREAMED,
        "tools": Rule(_check_tools, TOOLS),
        "tool_choice": Rule(_check_choice, CHOICE),
        "include": Rule(_check_include, list_of(TEXT)).with_note("What is not there is told in `notes`."),
        "reasoning": object_with(effort=text(), summary=_SUMMARY, generate_summary=_SUMMARY),
        "text": object_with(format=object_with(), verbosity=one_of(*VERBOSITIES)).with_note(
            "`format` of type `text`, `json_object` or `json_schema`."
        ),
        "max_output_tokens": whole(1, LONGEST),
        "max_tool_calls": whole(1, MOST_TOOL_CALLS).with_note("Of hosted tools; nobody here counts them."),
        "top_logprobs": RULES["top_logprobs"].with_note("Passed over: none are given."),
        "stream_options": object_with(include_obfuscation=switch().with_note("Nothing is padded here.")),
        **{name: RULES[name] for name in AS_IN_A_CHAT},
        "truncation": one_of("auto", "disabled").with_note("`disabled` leaves nothing out.", default="auto"),
        "metadata": texts_by_name(MAX_METADATA).with_note("Repeated in the response."),
        "cost_sensitive": COST_SENSITIVE,
    },
    required=("input",),
    # A field nobody knows would have no effect; null is no effect asked for.
    extra={"additionalProperties": NULL},
)
"""All that is taken, in the API's description too."""

NOT_GIVEN: Final[Mapping[str, str]] = {
    "max_tool_calls": "nobody here counts them",
    "top_logprobs": "no probabilities are given",
}
"""What is taken and has no effect, and why."""


def note_names(body: Mapping[str, Any]) -> list[Note]:
    """
    Insist that every field has an effect, or needs none; those that have none are noted.

    Raises:
        RequestError: 400 naming a field that means nothing here, and what to do instead.
    """
    notes = []
    for name, value in body.items():
        if value is None:
            continue
        if name in MOVED:
            hint = f"Send `{MOVED[name]}`, or ask POST /v1/chat/completions."
            raise bad(name, f"`{name}` is called `{MOVED[name]}` in this API", hint, code="unsupported_parameter")
        if name not in FIELDS.rules:
            raise _unknown(name)
        if (why := _why_passed_over(name, value)) is not None:
            notes.append(Note(code="parameter_passed_over", text=f"`{name}` was passed over: {why}"))
    return notes


def _why_passed_over(name: str, value: Any) -> str | None:
    if name == "include" and isinstance(value, list):
        missing = sorted({one[:60] for one in value if isinstance(one, str)} - GIVEN)
        return f"there is no {', '.join(missing)}" if missing else None
    if name in BOOKKEEPING - EFFECTIVE:
        return "it changes no answer" if value not in ({}, [], "") else None
    return NOT_GIVEN.get(name)


def _unknown(name: str) -> RequestError:
    shown = name if name.isprintable() and len(name) <= 60 else "a parameter"
    return bad(
        name if shown == name else None,
        f"`{shown}` is not a parameter that is known here",
        "Leave it out: it would have no effect on the answer.",
        code="unknown_parameter",
    )


def chat_params(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Sampling parameters, tools and formats under a chat's names.

    Raises:
        RequestError: 400 with ``param`` as the path of the field that is wrong.
    """
    params = {name: body[name] for name in AS_IN_A_CHAT if body.get(name) is not None}
    text = body.get("text", {})
    params["max_completion_tokens"] = body.get("max_output_tokens")
    params["reasoning_effort"] = body.get("reasoning", {}).get("effort")
    params["response_format"] = _response_format(text.get("format"))
    params["verbosity"] = text.get("verbosity")
    params["tools"] = chat_tools(body.get("tools"))
    params["tool_choice"] = chat_choice(body.get("tool_choice"), params["tools"] or [])
    try:
        if isinstance(params["tool_choice"], dict):
            mend_choice(params)
        return check_params(params)
    except RequestError as error:
        raise rename_param(error, *RENAMED) from None


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
