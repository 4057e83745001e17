"""Tools of the Responses API as a chat's: functions are flat there, and hosted tools have other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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


TOOLS: Final[Schema] = with_description(
    {
        **list_of(
            either(
                object_of(
                    {"type": {"const": "function"}, "name": {**TEXT, "minLength": 1, "maxLength": 64}}, "type", "name"
                ),
                object_of({"type": {"enum": list(HOSTED)}}, "type"),
            )
        ),
        "maxItems": MAX_TOOLS,
    },
    f"Of type `function`, {', '.join(f'`{name}`' for name in HOSTED)}.",
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
    return [_chat_tool(mapping(tool, f"tools[{index}]"), f"tools[{index}]") for index, tool in enumerate(tools)]


def _chat_tool(tool: dict[str, Any], path: str) -> dict[str, Any]:
    kind = tool.get("type")
    if kind == "function":
        function = {name: tool[name] for name in FUNCTION_FIELDS if tool.get(name) is not None}
        return {"type": "function", "function": function}
    if isinstance(kind, str) and kind in HOSTED:
        return {"type": HOSTED[kind]}
    raise _unknown(kind, path)


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
            return {"type": "function", "function": {"name": choice.get("name")}}
        case "allowed_tools":
            return {"type": "allowed_tools", "mode": _mode(choice), "tools": _allowed(choice.get("tools"))}
        case kind if isinstance(kind, str) and kind in HOSTED:
            if tools is not None and not any(tool["type"] == HOSTED[kind] for tool in tools):
                raise bad("tool_choice.type", f"`tool_choice` names {kind}, which is not among `tools`")
            # A chat can insist on a call, but not on a hosted tool's; so that tool alone is offered.
            return {"type": "allowed_tools", "mode": "required", "tools": [{"type": HOSTED[kind]}]}
        case kind:
            raise _unknown(kind, "tool_choice")


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
    return [tool | {"type": HOSTED.get(str(tool.get("type")), tool.get("type"))} for tool in named]


def _unknown(kind: Any, path: str) -> Exception:
    name = kind[:40] if isinstance(kind, str) else kind_of(kind)
    return bad(
        f"{path}.type",
        f"`{path}`: tools of type {name} are not possible here",
        "Possible are function, web_search (browser_search) and code_interpreter.",
        code="unsupported_tool",
    )
