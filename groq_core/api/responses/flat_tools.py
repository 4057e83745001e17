"""Tools of the Responses API as a chat's: functions are flat or in namespaces, hosted tools have other names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from groq_core.api.chat.parameters import MAX_TOOLS
from groq_core.api.field_errors import bad, kind_of, mapping
from groq_core.api.schema_parts import TEXT, Schema, either, list_of, object_of, with_description

HOSTED: Final[Mapping[str, str]] = {
    "browser_search": "browser_search",
    "web_search": "browser_search",
    "web_search_2025_08_26": "browser_search",
    "web_search_preview": "browser_search",
    "web_search_preview_2025_03_11": "browser_search",
    "code_interpreter": "code_interpreter",
}
"""Tools a provider runs itself, by OpenAI's name and by Groq's, and what Groq calls them."""

FUNCTION_FIELDS: Final = ("name", "description", "parameters", "strict")

LONGEST_NAME: Final = 64
"""Characters of a function's name in a chat."""

Namespaces: TypeAlias = Mapping[str, tuple[str, str]]
"""From a function's name in a chat to its namespace and its name there."""

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
                object_of({"type": {"enum": list(HOSTED)}}, "type"),
            )
        ),
        "maxItems": MAX_TOOLS,
    },
    f"Of type `function`, `namespace` (of functions), {', '.join(f'`{name}`' for name in HOSTED)}.",
)
CHOICE: Final[Schema] = either(
    {"enum": ["none", "auto", "required"]},
    object_of({"type": {"const": "function"}, "name": TEXT}, "type", "name"),
    object_of({"type": {"enum": ["allowed_tools", *HOSTED]}}, "type"),
)
"""What is taken, in the API's description."""


def chat_tools(tools: Any) -> list[dict[str, Any]] | None:
    """
    Translate the list of tools.

    Raises:
        RequestError: 400 naming the tool nobody here has.
    """
    if tools is None:
        return None
    if not isinstance(tools, list):
        raise bad("tools", f"`tools` must be a list, not {kind_of(tools)}")
    named = [(mapping(tool, f"tools[{index}]"), f"tools[{index}]") for index, tool in enumerate(tools)]
    return [one for tool, path in named for one in _chat_tools(tool, path)]


def _chat_tools(tool: dict[str, Any], path: str) -> list[dict[str, Any]]:
    kind = tool.get("type")
    if kind == "function":
        return [_function(tool)]
    if kind == "namespace":
        return [_function(inner, tool["name"]) for inner in _members(tool, path)]
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


def namespaces_of(tools: Any) -> Namespaces:
    """The namespaces of tools that :func:`chat_tools` has taken."""
    return {
        name_in_chat(tool["name"], inner["name"]): (tool["name"], inner["name"])
        for tool in tools or ()
        if tool.get("type") == "namespace"
        for inner in tool["tools"]
    }


def chat_choice(choice: Any, tools: Sequence[Mapping[str, Any]] | None = None) -> Any:
    """
    Translate `tool_choice`; tools that are allowed are named as a chat names them.

    Args:
        tools: Those that are offered, as a chat's; None where that does not matter yet.

    Raises:
        RequestError: 400 for a choice among tools nobody here has.
    """
    if not isinstance(choice, dict):
        return choice
    match choice.get("type"):
        case "function":
            return {"type": "function", "function": {"name": _named(choice)}}
        case "allowed_tools":
            return {"type": "allowed_tools", "mode": _mode(choice), "tools": _allowed(choice.get("tools"))}
        case kind if isinstance(kind, str) and kind in HOSTED:
            if tools is not None and not any(tool["type"] == HOSTED[kind] for tool in tools):
                raise bad("tool_choice.type", f"`tool_choice` names {kind}, which is not among `tools`")
            # A chat can insist on a call, but not on a hosted tool's; so that tool alone is offered.
            return {"type": "allowed_tools", "mode": "required", "tools": [{"type": HOSTED[kind]}]}
        case kind:
            raise _unknown(kind, "tool_choice")


def _named(tool: Mapping[str, Any]) -> Any:
    """The name of a function, as a chat has it."""
    name, namespace = tool.get("name"), tool.get("namespace")
    both = isinstance(name, str) and isinstance(namespace, str) and namespace
    return name_in_chat(str(namespace), str(name)) if both else name


def _mode(choice: Mapping[str, Any]) -> str:
    mode = choice.get("mode", "auto")
    if mode not in ("auto", "required"):
        raise bad("tool_choice.mode", "`tool_choice.mode` must be auto or required")
    return str(mode)


def _allowed(tools: Any) -> list[dict[str, Any]]:
    path = "tool_choice.tools"
    if not isinstance(tools, list) or not tools:
        raise bad(path, f"`{path}` must name one or more of `tools`")
    named = [mapping(tool, f"{path}[{index}]") for index, tool in enumerate(tools)]
    return [
        tool | {"type": HOSTED.get(str(tool.get("type")), tool.get("type")), "name": _named(tool)} for tool in named
    ]


def _unknown(kind: Any, path: str) -> Exception:
    name = kind[:40] if isinstance(kind, str) else kind_of(kind)
    return bad(
        f"{path}.type",
        f"`{path}`: tools of type {name} are not possible here",
        "Possible are function, namespace (of functions), web_search (browser_search) and code_interpreter.",
        code="unsupported_tool",
    )
