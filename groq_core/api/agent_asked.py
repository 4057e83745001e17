"""What `/v1/agent/runs` is asked: a task, tools, servers and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groq_core.api.backend import Settings
from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.incoming.chat_fields import read_fields
from groq_core.incoming.field_errors import bad, kind_of, mapping, rename_param
from groq_core.incoming.rules import MODEL_NAME, BodyFields, Rule, check_list, object_with, switch, words
from groq_core.incoming.schema_parts import (
    NULL,
    NUMBER,
    OBJECT,
    SWITCH,
    TEXT,
    WORDS,
    Schema,
    either,
    list_of,
    object_of,
    or_null,
)
from groq_core.requests import HOSTED_TOOLS, Message
from groq_core.services.agent import AgentLimits
from groq_core.services.agent.servers import McpServer, operator_servers
from groq_core.services.agent.sets import TOOL_SETS
from groq_core.services.agent.strangers import MOST, allowed_by, strangers_server
from groq_core.services.logins import Logins

LIMITS: Final[Mapping[str, tuple[str, float]]] = {
    "steps": ("steps", 50),
    "seconds": ("seconds", 600),
    "usd": ("usd", 100),
    "tokens": ("tokens", 10_000_000),
}
"""What may be bounded, and the most each may be; also under ``max_…``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentQuery:
    """
    What a request asks for; ``task`` is empty where a paused run goes on.

    Attributes:
        notes: What was changed in the task that its author should know.
    """

    task: str | list[Message]
    notes: tuple[Note, ...] = ()
    tools: tuple[str, ...] = ()
    servers: tuple[McpServer, ...] = ()
    limits: AgentLimits = field(default_factory=AgentLimits)
    model: str = "auto"
    output: dict[str, Any] | None = None


NAMED_TOOLS: Final = (*TOOL_SETS, *HOSTED_TOOLS)


def read_task(task: str | list[Message]) -> tuple[str | list[Message], tuple[Note, ...]]:
    """
    A task, its messages mended and checked as a chat's, and what was changed in them.

    Raises:
        RequestError: 400 with the path of what is wrong, such as `task[0].content`.
    """
    if isinstance(task, str):
        return task, ()
    try:
        fields = read_fields(task, {})
    except RequestError as error:
        raise rename_param(error, ("messages", "task")) from None
    return list(fields.messages), fields.notes


def _check_task(value: Any, name: str) -> None:
    if isinstance(value, list):
        read_task(value)
    else:
        words().check(value, name)


def _check_tools(value: Any, name: str) -> None:
    check_list(value, name)
    for place, tool in enumerate(value):
        wanted = tool.get("type") if isinstance(tool, dict) else tool
        if wanted not in NAMED_TOOLS:
            raise bad(
                f"{name}[{place}]",
                f"`{name}[{place}]` is no tool of this server"
                if isinstance(wanted, str)
                else "a tool is named by text",
                f"There are: {', '.join(NAMED_TOOLS)}. Tools of your own are offered through an MCP server.",
            )


def _check_servers(value: Any, name: str) -> None:
    check_list(value, name)
    for place, server in enumerate(value):
        path = f"{name}[{place}]"
        given = server if isinstance(server, dict) else {"name": server}
        for field_name in given:
            if field_name not in ("name", "url", "headers"):
                raise bad(f"{path}.{field_name}", f"`{path}.{field_name}` is unknown", "Give name or url, and headers.")
        if not isinstance(given.get("headers", {}), dict):
            raise bad(f"{path}.headers", f"`{path}.headers` must be an object, not {kind_of(given['headers'])}")
        if "url" in given and ("name" in given or not isinstance(given["url"], str)):
            raise bad(f"{path}.url", f"`{path}.url` must be a text, and takes the place of a name")


def _check_limits(value: Any, name: str) -> None:
    for limit, bound in mapping(value, name).items():
        path = f"{name}.{limit}"
        known = LIMITS.get(limit.removeprefix("max_"))
        if known is None:
            raise bad(path, f"`{path}` is no limit", f"There are: {', '.join(LIMITS)}.")
        if bound is None:
            continue
        if isinstance(bound, int | float) and bound > known[1]:
            raise bad(path, f"`{path}` is more than {known[1]:g}", f"Give up to {known[1]:g}.")
        try:
            AgentLimits(**{known[0]: bound})
        except RequestError as error:
            raise bad(path, f"`{path}` is no limit", error.hint) from None


def _check_resume(value: Any, name: str) -> None:
    resume = mapping(value, name)
    run, answers = resume.get("run"), resume.get("approvals", {})
    if not isinstance(run, str):
        raise bad(f"{name}.run", f"`{name}.run` is the id of a paused run, as text")
    if not isinstance(answers, dict) or not all(isinstance(word, bool) for word in answers.values()):
        raise bad(f"{name}.approvals", f"`{name}.approvals` gives true or false for each approval id")


_TOOL_NAME: Final[Schema] = {"enum": list(NAMED_TOOLS)}
_SERVER: Final[Schema] = {
    **object_of({"name": TEXT, "url": TEXT, "headers": OBJECT}),
    "additionalProperties": False,
    "oneOf": [{"required": ["name"]}, {"required": ["url"]}],
}
_BOUNDS: Final[Schema] = {
    **object_of(
        {
            name: or_null({**NUMBER, "exclusiveMinimum": 0, "maximum": most})
            for limit, (_, most) in LIMITS.items()
            for name in (limit, f"max_{limit}")
        }
    ),
    "additionalProperties": False,
}

FIELDS: Final = BodyFields(
    rules={
        "task": Rule(
            _check_task, either(WORDS, {**list_of(object_of({"role": TEXT}, "role")), "minItems": 1})
        ).with_note("A text or messages; required, except with `resume`."),
        "tools": Rule(_check_tools, list_of(either(_TOOL_NAME, object_of({"type": _TOOL_NAME}, "type")))).with_note(
            f"Left out: {', '.join(f'`{name}`' for name in TOOL_SETS)}."
        ),
        "mcp_servers": Rule(_check_servers, list_of(either(TEXT, _SERVER))).with_note(
            "Of those the operator offers, by name; with further headers where they are needed. By address where the "
            "operator lets callers bring their own."
        ),
        "limits": Rule(_check_limits, _BOUNDS).with_note(
            f"Bounds of the run: {', '.join(f'`{name}` up to {most:g}' for name, (_, most) in LIMITS.items())}."
        ),
        "model": MODEL_NAME,
        "output": object_with().with_note("A JSON Schema for the answer."),
        "resume": Rule(
            _check_resume,
            object_of({"run": TEXT, "approvals": {"type": "object", "additionalProperties": SWITCH}}, "run"),
        ).with_note(
            "Go on with a paused run: `run` is its id, `approvals` says true or false to each of what is pending. "
            "Only `stream` may stand beside it."
        ),
        "stream": switch().with_note("Send what happens as events, `run_ended` as the last."),
    },
    closed=True,
    extra={"anyOf": [{"properties": {name: {"not": NULL}}, "required": [name]} for name in ("task", "resume")]},
)


def read_wanted(body: Mapping[str, Any], settings: Settings, logins: Logins | None = None) -> AgentQuery:
    """
    Make a query of what is asked for, fields that :data:`FIELDS` has checked.

    Args:
        logins: Tokens that the operator's credentials have brought so far.

    Raises:
        RequestError: 400 naming the field.
    """
    if "task" not in body:
        raise bad("task", "`task` is missing", code="missing_field")
    task, notes = read_task(body["task"])
    return AgentQuery(
        task=task,
        notes=notes,
        tools=_tools(body),
        servers=_servers(body, settings, logins),
        limits=_limits(body),
        model=body.get("model", "auto").strip(),
        output=body.get("output") or None,
    )


def _tools(body: Mapping[str, Any]) -> tuple[str, ...]:
    names = (tool["type"] if isinstance(tool, dict) else tool for tool in body.get("tools", TOOL_SETS))
    return tuple(dict.fromkeys(names))


def _servers(body: Mapping[str, Any], settings: Settings, logins: Logins | None) -> tuple[McpServer, ...]:
    """The operator's by name, and a caller's own by address where the operator allows that."""
    offered = {server.name: server for server in operator_servers(settings, logins)}
    found: list[McpServer] = []
    for place, asked in enumerate(body.get("mcp_servers", ())):
        path = f"mcp_servers[{place}]"
        given = asked if isinstance(asked, dict) else {"name": asked}
        headers = given.get("headers", {})
        if "url" in given:
            if len(found) >= MOST:
                raise bad("mcp_servers", f"`mcp_servers` holds more than {MOST} servers")
            allowed = allowed_by(settings.mcp_visitors)
            found.append(strangers_server(allowed, place + 1, given["url"], headers, param=path))
            continue
        if not isinstance(name := given.get("name"), str) or name not in offered:
            known = f"There are: {', '.join(offered)}." if offered else "The operator has set none."
            raise bad(path, f"`{path}` names no MCP server of this one", known, code="unknown_mcp_server")
        found.append(offered[name].with_headers(headers, f"{path}.headers"))
    return tuple(found)


def _limits(body: Mapping[str, Any]) -> AgentLimits:
    given = {
        LIMITS[name.removeprefix("max_")][0]: value
        for name, value in body.get("limits", {}).items()
        if value is not None
    }
    return AgentLimits(**given)
