"""
Custom tools, which take a text, as functions that take nothing else: whoever answers here knows functions alone.

What such a function is called with becomes the text again in `groq_core.streaming.custom_calls`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from groq_core.events import Note
from groq_core.incoming.field_errors import bad, mapping
from groq_core.incoming.schema_parts import TEXT, Schema, either, object_of, or_null

INPUT: Final = "input"
"""What the one parameter of a function is called that stands for a custom tool."""

GRAMMARS: Final = ("lark", "regex")

LONGEST_NAME: Final = 64

_GRAMMAR: Final[dict[str, Schema]] = {"syntax": {"enum": list(GRAMMARS)}, "definition": TEXT}

DEFINITION: Final[dict[str, Schema]] = {
    "name": {**TEXT, "minLength": 1, "maxLength": LONGEST_NAME},
    "description": or_null(TEXT),
    "format": or_null(
        either(
            object_of({"type": {"const": "text"}}, "type"),
            object_of({"type": {"const": "grammar"}, "grammar": object_of(_GRAMMAR, *_GRAMMAR)}, "type", "grammar"),
            object_of({"type": {"const": "grammar"}, **_GRAMMAR}, "type", *_GRAMMAR),
        )
    ),
}
"""What a custom tool is described by, in the API's description."""


def is_custom(tool: Any) -> bool:
    """
    Whether a tool is a custom one; by its own type, that of Anthropic's with a schema is a function.

    >>> is_custom({"type": "custom", "name": "sh"}), is_custom({"type": "custom", "name": "f", "input_schema": {}})
    (True, False)
    """
    if not isinstance(tool, dict) or ("input_schema" in tool and isinstance(tool.get("name"), str)):
        return False
    if tool.get("type") is None:
        return isinstance(tool.get("custom"), dict) and not isinstance(tool.get("function"), dict)
    return bool(tool["type"] == "custom")


def custom_names(tools: Any) -> frozenset[str]:
    """The names of the custom tools in a list that :func:`function_of` has taken."""
    if not isinstance(tools, list | tuple):
        return frozenset()
    return frozenset(_definition(tool)["name"] for tool in tools if is_custom(tool))


def _definition(tool: dict[str, Any]) -> Any:
    """What describes a custom tool: as a chat has it in a field of its own, as a response has it beside its type."""
    return tool if tool.get("custom") is None and "name" in tool else tool.get("custom")


def function_of(tool: dict[str, Any], path: str) -> dict[str, Any]:
    """
    The function that stands for a custom tool; a grammar can only be told to the model.

    Raises:
        RequestError: 400 with the path of what is wrong.
    """
    definition = _definition(tool)
    path = path if definition is tool else f"{path}.custom"
    mapping(definition, path, '{"name": …, "description": …}')
    name, said = definition.get("name"), definition.get("description")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise bad(f"{path}.name", f"`{path}.name` must be a name of at most {LONGEST_NAME} characters")
    if said is not None and not isinstance(said, str):
        raise bad(f"{path}.description", f"`{path}.description` must be text")
    told = "\n\n".join(filter(None, (said, _grammar(definition.get("format"), f"{path}.format"))))
    parameters = {**object_of({INPUT: {**TEXT}}, INPUT), "additionalProperties": False}
    function = {"name": name} | ({"description": told} if told else {}) | {"parameters": parameters}
    return {"type": "function", "function": function}


def grammar_notes(tools: Any) -> list[Note]:
    """What is to be told of the grammars in a list that :func:`function_of` has taken: no model is held to them."""
    listed = tools if isinstance(tools, list | tuple) else ()
    found = [_definition(tool) for tool in listed if is_custom(tool)]
    names = [one["name"] for one in found if (one.get("format") or {}).get("type") == "grammar"]
    if not names:
        return []
    which = ", ".join(f"`{name}`" for name in names if name.isprintable()) or "a tool"
    return [Note(code="grammar_told", text=f"the grammar of {which} was told to the model: nothing holds it to that")]


def _grammar(form: Any, path: str) -> str:
    """What a custom tool's format asks of its input, in words; nothing where any text will do."""
    if form is None or mapping(form, path).get("type") == "text":
        return ""
    if form.get("type") != "grammar":
        raise bad(f"{path}.type", f"`{path}.type` must be text or grammar")
    if isinstance(form.get("grammar"), dict):
        form, path = form["grammar"], f"{path}.grammar"
    syntax, definition = form.get("syntax"), form.get("definition")
    if syntax not in GRAMMARS:
        raise bad(f"{path}.syntax", f"`{path}.syntax` must be {' or '.join(GRAMMARS)}")
    if not isinstance(definition, str):
        raise bad(f"{path}.definition", f"`{path}.definition` must be text")
    return f"`{INPUT}` must match this {syntax} {'grammar' if syntax == 'lark' else 'expression'}:\n{definition}"


def check_names(tools: Sequence[Any], custom: frozenset[str]) -> None:
    """
    Insist that a custom tool shares its name with no other tool: by its name a call is told to be one of it.

    Args:
        tools: All of them as functions.

    Raises:
        RequestError: 400.
    """
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    names = Counter(one.get("name") for one in functions if isinstance(one, dict) and isinstance(one.get("name"), str))
    if shared := [name for name in names if names[name] > 1 and name in custom]:
        which = shared[0] if shared[0].isprintable() else "one name"
        raise bad("tools", f"`tools` has a custom tool and another tool called {which}", "Give each its own name.")


def arguments_of(text: Any) -> Any:
    """
    What the function is called with that stands for a custom tool; what is no text is left for the checks.

    >>> arguments_of("ls"), arguments_of(None)
    ('{"input":"ls"}', '{"input":""}')
    """
    given = "" if text is None else text
    return msgspec.json.encode({INPUT: given}).decode() if isinstance(given, str) else given


def function_call_of(call: Any) -> Any:
    """A call of a custom tool as one of the function that stands for it; another, or a faulty one, as it came."""
    match call:
        case {"custom": {"name": str(name), **given}} if not isinstance(call.get("function"), dict):
            arguments = arguments_of(given.get(INPUT))
            if isinstance(arguments, str):
                rest = {field: value for field, value in call.items() if field not in ("custom", "function")}
                return rest | {"type": "function", "function": {"name": name, "arguments": arguments}}
    return call
