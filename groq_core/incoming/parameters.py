"""
The parameters of a chat beside its messages: type and range of those we know, the rest goes on unread.

What a model takes differs from model to model, so whether a known parameter is *supported* is for the provider's
adapter to decide. Here only what no server would take is refused, before anybody has been asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groq_core.events import Note
from groq_core.incoming.clients import BOOKKEEPING, MODES
from groq_core.incoming.custom_tools import DEFINITION
from groq_core.incoming.field_errors import bad, kind_of, mapping
from groq_core.incoming.rules import (
    Rule,
    check_list,
    check_switch,
    check_text,
    number,
    object_with,
    one_of,
    switch,
    text,
    whole,
)
from groq_core.incoming.schema_parts import (
    OBJECT,
    TEXT,
    WHOLE,
    Schema,
    either,
    list_of,
    object_of,
    or_null,
    with_description,
)

MAX_TOOLS: Final = 128
MAX_STOPS: Final = 4


def check_params(params: dict[str, Any]) -> dict[str, Any]:
    """
    Check what is known; null means "not set", as in every SDK.

    Raises:
        RequestError: 400 naming the field.
    """
    checked = {}
    for name, value in params.items():
        if value is None:
            continue
        if (rule := RULES.get(name)) is not None:
            rule.check(value, name)
        checked[name] = value
    _check_choice(checked)
    for name in ("n", "modalities"):
        checked.pop(name, None)  # only 1, and text, passes the check, and not every server knows the field
    if not checked.get("tools"):
        # An empty list is what a client without tools sends; upstream it would be an error.
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            checked.pop(name, None)
    return checked


KNOWN: Final = frozenset(
    {
        "audio", "citation_options", "compound_custom", "disable_tool_validation", "documents", "exclude_domains",
        "frequency_penalty", "function_call", "functions", "include_domains", "include_reasoning", "logit_bias",
        "logprobs", "max_completion_tokens", "max_tokens", "modalities", "n", "parallel_tool_calls", "prediction",
        "presence_penalty", "reasoning", "reasoning_effort", "reasoning_format", "response_format", "search_settings",
        "seed", "service_tier", "stop", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "verbosity",
        "web_search_options",
    }
)  # fmt: skip
"""Parameters that Groq or OpenAI takes; whoever is asked gets those it knows, with a note about the others."""


def part_params(params: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """
    Part the parameters that change an answer from those that do not.

    Returns:
        Those to be checked and sent on, and a note for each that was passed over.

    Raises:
        RequestError: 400 naming one that would change what is answered, and that nobody here takes.
    """
    kept: dict[str, Any] = {}
    notes = []
    for name, value in params.items():
        if name in NOT_GIVEN:
            notes += _pass_over(name, value)
        elif name in KNOWN or name in RULES:
            kept[name] = value
        elif name in BOOKKEEPING:
            if not _says_nothing(value):
                notes.append(Note(code="parameter_passed_over", text=f"`{name}` was passed over: it changes no answer"))
        elif not _says_nothing(value):
            shown = name if name.isprintable() and len(name) <= 60 else "a parameter"
            raise bad(
                name if shown == name else None,
                f"`{shown}` is not a parameter that is known here",
                "Leave it out: it would have no effect on the answer.",
                code="unknown_parameter",
            )
    return kept, notes


NOT_GIVEN: Final[Mapping[str, str]] = {
    "audio": "chats give no sound",
    "logprobs": "no probabilities are given",
    "top_logprobs": "no probabilities are given",
}
"""What some server would add to an answer and nobody here hands on, and why."""


def _pass_over(name: str, value: Any) -> list[Note]:
    """What would be paid for and dropped is not asked for."""
    if value is not None and name in RULES:
        RULES[name].check(value, name)
    if _says_nothing(value) or value in (False, 0):
        return []
    return [Note(code="parameter_passed_over", text=f"`{name}` was passed over: {NOT_GIVEN[name]}")]


def hides_thoughts(params: Mapping[str, Any]) -> bool:
    """
    Whether the answer is wanted without its thoughts.

    >>> hides_thoughts({"include_reasoning": False}), hides_thoughts({"reasoning_format": "parsed"})
    (True, False)
    """
    return params.get("include_reasoning") is False or params.get("reasoning_format") == "hidden"


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list | str) and not value)


def _one(value: Any, name: str) -> None:
    if isinstance(value, bool) or value != 1:
        raise bad(name, f"`{name}` must be 1: one answer a request", "Send the request as often as you want answers.")


def _modalities(value: Any, name: str) -> None:
    check_list(value, name)
    if others := [one for one in value if one != "text"]:
        what = others[0][:40] if isinstance(others[0], str) else kind_of(others[0])
        raise bad(name, f"`{name}`: chats here give text, not {what}", "Let POST /v1/audio/speech speak the answer.")


def _stop(value: Any, name: str) -> None:
    if isinstance(value, str):
        return
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise bad(name, f"`{name}` must be text or a list of texts")
    if len(value) > MAX_STOPS:
        raise bad(name, f"`{name}` may have at most {MAX_STOPS} entries")


def _tools(value: Any, name: str) -> None:
    if not isinstance(value, list):
        raise bad(name, f"`{name}` must be a list, not {kind_of(value)}")
    if len(value) > MAX_TOOLS:
        raise bad(name, f"`{name}` has {len(value)} entries; at most {MAX_TOOLS} are possible")
    for index, tool in enumerate(value):
        path = f"{name}[{index}]"
        kind = mapping(tool, path).get("type")
        if not isinstance(kind, str):
            raise bad(f"{path}.type", f"`{path}.type` is missing", 'It is "function" for tools of your own.')
        if kind == "function":
            _check_function(mapping(tool.get("function"), f"{path}.function"), f"{path}.function")


def _functions(value: Any, name: str) -> None:
    # A list has become `tools` by now.
    raise bad(name, f"`{name}` must be a list, not {kind_of(value)}", "Better send `tools`.")


def _check_function(function: dict[str, Any], path: str) -> None:
    name = function.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 64:
        raise bad(f"{path}.name", f"`{path}.name` must be a name of at most 64 characters")
    if function.get("description") is not None:
        check_text(function["description"], f"{path}.description")
    if function.get("parameters") is not None:
        mapping(function["parameters"], f"{path}.parameters")


def _tool_choice(value: Any, name: str) -> None:
    if isinstance(value, str):
        if value not in ("none", "auto", "required"):
            raise bad(name, f"`{name}` must be none, auto, required or an object that names a function")
        return
    function = mapping(mapping(value, name).get("function"), f"{name}.function")
    check_text(function.get("name"), f"{name}.function.name")


def _check_choice(params: dict[str, Any]) -> None:
    """A choice needs something to choose from."""
    choice = params.get("tool_choice")
    tools = params.get("tools") or ()
    if isinstance(choice, dict):
        wanted = choice["function"]["name"]
        if not any(tool.get("function", {}).get("name") == wanted for tool in tools if tool["type"] == "function"):
            raise bad("tool_choice.function.name", "`tool_choice` names a function that is not among `tools`")
    elif choice == "required" and not tools:
        raise bad("tool_choice", "`tool_choice` is required, but there are no `tools`")


def _response_format(value: Any, name: str) -> None:
    match mapping(value, name, '{"type": "json_object"}').get("type"):
        case "text" | "json_object":
            pass
        case "json_schema":
            path = f"{name}.json_schema"
            form = mapping(value.get("json_schema"), path)
            check_text(form.get("name"), f"{path}.name")
            if form.get("schema") is not None:
                mapping(form["schema"], f"{path}.schema")
        case _:
            raise bad(f"{name}.type", f"`{name}.type` must be text, json_object or json_schema")


TOOL_NAME: Final[Schema] = {**TEXT, "minLength": 1, "maxLength": 64}
_FUNCTION: Final[Schema] = object_of(
    {"name": TOOL_NAME, "description": or_null(TEXT), "parameters": or_null(OBJECT)}, "name"
)
_BARE: Final[Schema] = {**_FUNCTION, "properties": {**_FUNCTION["properties"], "type": {"enum": ["function", None]}}}
TOOLS: Final[Schema] = with_description(
    {
        **list_of(
            either(
                object_of({"type": {"enum": ["function", None]}, "function": _FUNCTION}, "function"),
                _BARE,
                object_of({"type": {"const": "custom"}, "custom": object_of(DEFINITION, "name")}, "type", "custom"),
                object_of({"type": {"const": "custom"}, **DEFINITION}, "type", "name"),
                object_of({"type": {**TEXT, "not": {"enum": ["function", "custom"]}}}, "type"),
            )
        ),
        "maxItems": MAX_TOOLS,
    },
    "Functions; custom tools, which a model is offered as functions of one text and which are called as what they are; "
    "or, by their type, tools that the provider runs itself.",
)
CHOICE: Final[Schema] = with_description(
    either(TEXT, OBJECT, {**list_of({}), "maxItems": 0}),
    f"{', '.join(f'`{mode}`' for mode in MODES)}, the name of one of the `tools`, or an object that names one.",
)
_FORMAT: Final[Schema] = with_description(
    either(
        {"enum": ["text", "json_object"]},
        object_of({"type": {"enum": ["text", "json_object"]}}, "type"),
        object_of({"type": {"const": "json_schema"}, "json_schema": OBJECT}, "type", "json_schema"),
        object_of({"type": {"const": "json_schema"}, "schema": OBJECT}, "type", "schema"),
    ),
    "Of type `text`, `json_object` or `json_schema`.",
)
LONGEST: Final = 10_000_000
"""Tokens that an answer may be limited to."""
_MAX_TOKENS: Final = Rule(
    whole(1, LONGEST).check,
    {**WHOLE, "minimum": -1, "maximum": LONGEST, "description": "-1 and 0 are taken as no limit."},
)
_PASSED_OVER: Final[Schema] = {"description": "Changes no answer."}

RULES: Final[Mapping[str, Rule]] = {
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "max_completion_tokens": _MAX_TOKENS,
    "max_tokens": _MAX_TOKENS,
    "n": Rule(_one, with_description({"enum": [1]}, "One answer a request.")),
    "seed": whole(-(2**63), 2**63 - 1),
    "top_logprobs": whole(0, 20).with_note("Passed over: none are given."),
    "stop": Rule(_stop, either(TEXT, {**list_of(or_null(TEXT)), "maxItems": MAX_STOPS})),
    "tools": Rule(_tools, TOOLS),
    "functions": Rule(_functions, with_description(list_of({}), "The old name of `tools`.")),
    "tool_choice": Rule(_tool_choice, CHOICE),
    "parallel_tool_calls": switch(),
    "response_format": Rule(_response_format, _FORMAT),
    "modalities": Rule(_modalities, list_of({"const": "text"})),
    "logprobs": switch().with_note("Passed over: none are given."),
    "logit_bias": object_with(),
    "metadata": Rule(object_with().check, _PASSED_OVER),
    "store": Rule(check_switch, _PASSED_OVER),
    "user": Rule(check_text, _PASSED_OVER),
    "reasoning_effort": text(),
    "reasoning_format": one_of("parsed", "raw", "hidden"),
    "include_reasoning": switch(),
    "service_tier": text(),
}
"""The API's description is made of these: what it says of a parameter is what is checked."""
