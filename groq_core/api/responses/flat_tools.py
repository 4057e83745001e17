"""Tools of the Responses API as a chat's: functions flat, in namespaces or of one text, hosted tools by other names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from groq_core.incoming.clients import MODES
from groq_core.incoming.custom_tools import DEFINITION, LONGEST_NAME, check_names, custom_names, function_of, is_custom
from groq_core.incoming.field_errors import bad, kind_of, mapping
from groq_core.incoming.parameters import MAX_TOOLS
from groq_core.incoming.schema_parts import TEXT, Schema, either, list_of, object_of, with_description

HOSTED: Final[Mapping[str, str]] = {
    "browser_search": "browser_search",
    "web_search": "browser_search",
    "web_search_2025_08_26": "browser_search",
    "web_search_preview": "browser_search",
    "web_search_preview_2025_03_11": "browser_search",
    "code_interpreter": "code_interpreter",
}
"""Tools a provider runs itself, by OpenAI's name and by Groq's, and what Groq calls them."""

CHOICES: Final = ("function", "tool", "custom", "allowed_tools")
"""Choices that are a chat's as well, whose spellings are mended there."""

FUNCTION_FIELDS: Final = ("name", "description", "parameters", "strict")


class ToolNames(NamedTuple):
    """
    Which tools are other things here than the functions that a chat calls.

    Attributes:
        namespaces: From a function's name in a chat to its namespace and its name there.
        custom: Names of custom tools, which take a text in place of arguments.
    """

    namespaces: Mapping[str, tuple[str, str]] = {}
    custom: frozenset[str] = frozenset()


_NAME: Final[Schema] = {**TEXT, "minLength": 1, "maxLength": LONGEST_NAME}
_FUNCTION: Final[Schema] = object_of({"type": {"const": "function"}, "name": _NAME}, "type", "name")


TOOLS: Final[Schema] = with_description(
    {
        **list_of(
            either(
                _FUNCTION,
                object_of(
                    {"type": {"const": "namespace"}, "name": _NAME, "tools": list_of(_FUNCTION)},
                    "type",
                    "name",
                    "tools",
                ),
                object_of({"type": {"const": "custom"}, **DEFINITION}, "type", "name"),
                object_of({"type": {"enum": list(HOSTED)}}, "type"),
            )
        ),
        "maxItems": MAX_TOOLS,
    },
    "Of type `function`, `namespace` (of functions), `custom` (asked for as a function of one text), "
    f"{', '.join(f'`{name}`' for name in HOSTED)}.",
)


def chat_tools(tools: Any) -> list[dict[str, Any]] | None:
    """
    Translate the list of tools.

    Raises:
        RequestError: 400 naming the tool nobody here has, or a custom one that is called as another is.
    """
    if tools is None:
        return None
    if not isinstance(tools, list):
        raise bad("tools", f"`tools` must be a list, not {kind_of(tools)}")
    named = [(mapping(tool, f"tools[{index}]"), f"tools[{index}]") for index, tool in enumerate(tools)]
    found = [one for tool, path in named for one in _chat_tools(tool, path)]
    check_names(found, custom_names(tools))
    return found


def _chat_tools(tool: dict[str, Any], path: str) -> list[dict[str, Any]]:
    kind = tool.get("type")
    if kind in (None, "function") and isinstance(tool.get("function"), dict):
        tool, kind = tool["function"], "function"  # as a chat has it
    if kind == "function":
        return [_function(tool)]
    if kind == "namespace":
        return [_function(inner, tool["name"]) for inner in _members(tool, path)]
    if is_custom(tool):
        return [function_of({"name": None} | tool, path)]  # a name is what it lacks here, not a field around it
    if isinstance(kind, str) and kind in HOSTED:
        return [{"type": HOSTED[kind]}]
    raise _unknown(kind, path)


def _function(tool: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    function = {name: tool[name] for name in FUNCTION_FIELDS if tool.get(name) is not None}
    if namespace and isinstance(function.get("name"), str):
        function["name"] = name_in_chat(namespace, function["name"])
    return {"type": "function", "function": function}


def _members(tool: dict[str, Any], path: str) -> list[dict[str, Any]]:
    name, tools = tool.get("name"), tool.get("tools")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise bad(f"{path}.name", f"`{path}.name` must be a name of at most {LONGEST_NAME} characters")
    if not isinstance(tools, list):
        raise bad(f"{path}.tools", f"`{path}.tools` must be a list of functions")
    for index, inner in enumerate(tools):
        here = f"{path}.tools[{index}]"
        if mapping(inner, here).get("type") != "function":
            raise _unknown(inner.get("type"), here)
        if not isinstance(inner.get("name"), str) or not 0 < len(inner["name"]) <= LONGEST_NAME:
            raise bad(f"{here}.name", f"`{here}.name` must be a name of at most {LONGEST_NAME} characters")
    return tools


def name_in_chat(namespace: str, name: str) -> str:
    """
    What a function of a namespace is called where there are none; no two are called the same.

    >>> name_in_chat("crm", "find")
    'crm__find'
    >>> len(name_in_chat("n" * 40, "f" * 40))
    64
    """
    joined = f"{namespace}__{name}"
    if len(joined) <= LONGEST_NAME:
        return joined
    mark = hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{joined[: LONGEST_NAME - 9]}_{mark}"


def tool_names(tools: Any) -> ToolNames:
    """The names of tools that :func:`chat_tools` has taken."""
    listed = tools or ()
    return ToolNames(
        {
            name_in_chat(tool["name"], inner["name"]): (tool["name"], inner["name"])
            for tool in listed
            if tool.get("type") == "namespace"
            for inner in tool["tools"]
        },
        custom_names(listed),
    )


def chat_choice(choice: Any) -> Any:
    """
    Translate `tool_choice`; tools that are allowed are named as a chat names them.

    Raises:
        RequestError: 400 for a choice among tools nobody here has.
    """
    if not isinstance(choice, dict):
        return choice
    match choice.get("type"):
        case "function" if choice.get("namespace"):
            return {"type": "function", "name": _named(choice)}
        case "allowed_tools" if isinstance(choice.get("tools"), list):
            return choice | {"tools": [_rename(tool) for tool in choice["tools"]]}
        case kind if isinstance(kind, str) and kind in HOSTED:
            # A chat can insist on a call, but not on a hosted tool's; so that tool alone is offered.
            return {"type": "allowed_tools", "mode": "required", "tools": [{"type": HOSTED[kind]}]}
        case kind if kind is None or kind in CHOICES or (isinstance(kind, str) and kind.lower() in MODES):
            return choice
        case kind:
            raise _unknown(kind, "tool_choice")


def _named(tool: Mapping[str, Any]) -> Any:
    """The name of a function, as a chat has it."""
    name, namespace = tool.get("name"), tool.get("namespace")
    both = isinstance(name, str) and isinstance(namespace, str) and namespace
    return name_in_chat(str(namespace), str(name)) if both else name


def _rename(tool: Any) -> Any:
    """A hosted tool by Groq's name, a function of a namespace by a chat's, another as it is."""
    if not isinstance(tool, dict):
        return tool
    kind = tool.get("type")
    if isinstance(kind, str) and kind in HOSTED:
        return {"type": HOSTED[kind]}
    return tool | {"name": _named(tool)} if tool.get("namespace") else tool


def _unknown(kind: Any, path: str) -> Exception:
    name = kind[:40] if isinstance(kind, str) else kind_of(kind)
    return bad(
        f"{path}.type",
        f"`{path}`: tools of type {name} are not possible here",
        "Possible are function, custom, namespace (of functions), web_search (browser_search) and code_interpreter.",
        code="unsupported_tool",
    )
