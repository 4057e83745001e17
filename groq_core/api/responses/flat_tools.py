"""Tools of the Responses API as a chat's: functions are flat there, and hosted tools have other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groq_core.incoming.clients import MODES
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

CHOICES: Final = ("function", "tool", "allowed_tools")
"""Choices that are a chat's as well, whose spellings are mended there."""

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
    if kind in (None, "function") and isinstance(tool.get("function"), dict):
        tool, kind = tool["function"], "function"  # as a chat has it
    if kind == "function":
        function = {name: tool[name] for name in FUNCTION_FIELDS if tool.get(name) is not None}
        return {"type": "function", "function": function}
    if isinstance(kind, str) and kind in HOSTED:
        return {"type": HOSTED[kind]}
    raise _unknown(kind, path)


def chat_choice(choice: Any) -> Any:
    """
    Translate `tool_choice`.

    Raises:
        RequestError: 400 for a choice among tools nobody here has.
    """
    if not isinstance(choice, dict):
        return choice
    match choice.get("type"):
        case "allowed_tools" if isinstance(choice.get("tools"), list):
            return choice | {"tools": [_rename(tool) for tool in choice["tools"]]}
        case kind if isinstance(kind, str) and kind in HOSTED:
            return "required"
        case kind if kind is None or kind in CHOICES or (isinstance(kind, str) and kind.lower() in MODES):
            return choice
        case kind:
            raise _unknown(kind, "tool_choice")


def _rename(tool: Any) -> Any:
    """A hosted tool by Groq's name, another as it is."""
    kind = tool.get("type") if isinstance(tool, dict) else None
    return {"type": HOSTED[kind]} if isinstance(kind, str) and kind in HOSTED else tool


def _unknown(kind: Any, path: str) -> Exception:
    name = kind[:40] if isinstance(kind, str) else kind_of(kind)
    return bad(
        f"{path}.type",
        f"`{path}`: tools of type {name} are not possible here",
        "Possible are function, web_search (browser_search) and code_interpreter.",
        code="unsupported_tool",
    )
