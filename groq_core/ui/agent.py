"""The Agent tab: its layout, and the route that runs an agent and tells every step."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import Any, Literal

import gradio as gr
import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.requests import HOSTED_TOOLS, Caller, Message
from groq_core.services.agent import Agent, Tool, file_tools
from groq_core.services.agent.servers import McpServer, operator_servers, server_tools
from groq_core.services.agent.sets import tools_named
from groq_core.services.agent.strangers import MOST, allowed_by, strangers_server
from groq_core.services.agent.tool_names import unique_names
from groq_core.services.candidates import agent_price, agent_room
from groq_core.ui.approvals import Approvals
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.page_bodies import UNREADABLE, decode_json
from groq_core.ui.page_routes import Page, body_of
from groq_core.ui.stream import refusal
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS

MAX_TASK_BYTES = 24_000_000
MAX_MESSAGES = 400
MAX_FILES = 20

ToolSet = Literal["calculator", "units", "clock", "browser_search", "code_interpreter"]


class AttachedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the conversation, as :mod:`groq_core.ui.extract` read it."""

    name: str
    text: str


class OwnServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An MCP server of the visitor's own, used for one run and forgotten."""

    address: str
    token: str = ""
    headers: dict[str, str] = {}


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the page sends.

    Attributes:
        text: The user's message.
        messages: What an earlier run ended with, to go on from.
        tools: What may be used; files can always be read where there are some.
        servers: Names of MCP servers, among those the operator has set.
        headers: The visitor's own headers for them, by server; ``tokens`` their own bearer tokens.
        own_servers: The visitor's own, where the operator allows them.
        max_usd: None for no bound.
    """

    text: str
    messages: tuple[dict[str, Any], ...] = ()
    tools: tuple[ToolSet, ...] = ()
    servers: tuple[str, ...] = ()
    headers: dict[str, dict[str, str]] = {}
    tokens: dict[str, str] = {}
    own_servers: tuple[OwnServer, ...] = ()
    files: tuple[AttachedFile, ...] = ()
    model: str = "auto"
    max_steps: int = 10
    max_seconds: float = 120.0
    max_usd: float | None = None


class ApprovalAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor's answer to whether a call may be made; ``approval`` is the id it was asked under."""

    approval: str
    agreed: bool


def create_tab(core: PageCore) -> None:
    """Lay the tab out."""
    place("agent-log")
    place("gc-agent-tools")
    with gr.Row(elem_id="gc-agent-composer", elem_classes="gc-composer"):
        gr.Textbox(
            elem_id="agent-task",
            label=TEXTS["task_label"],
            show_label=False,
            placeholder=TEXTS["task_placeholder"],
            lines=1,
            max_lines=8,
            container=False,
            scale=1,
        )
        gr.Button(TEXTS["agent_run"], elem_id="agent-run", variant="primary", scale=0, min_width=88)
        gr.Button(TEXTS["stop"], elem_id="agent-stop", variant="stop", scale=0, min_width=88)


def create_routes(page: Page) -> APIRouter:
    router = page_router()
    approvals = Approvals()

    @router.post("/agent")
    async def agent(request: Request) -> Response:
        caller = page.caller(request)
        body = await body_of(request, MAX_TASK_BYTES)
        try:
            events = run(page.core, read_task(body), caller, approvals)
        except RequestError as error:
            events = refusal(error)
        return page.answer(events)

    @router.post("/agent/word")
    async def word(request: Request) -> Response:
        """Allow or refuse a call that waits."""
        caller = page.caller(request)
        try:
            said = msgspec.json.decode(await body_of(request, 10_000), type=ApprovalAnswer)
        except UNREADABLE as error:
            raise HTTPException(422, f"the page sent what cannot be read: {error}") from error
        if not approvals.answer(caller.user, said.approval, said.agreed):
            raise HTTPException(404, TEXTS["call_waits_no_more"])
        return Response(status_code=204)

    return router


def read_task(body: bytes) -> Task:
    """
    Decode and check a task.

    Raises:
        RequestError: It names the field and the mend.
    """
    task = decode_json(body, Task)
    if not task.text.strip():
        raise RequestError("there is no task", param="text", hint="Say what is to be done.")
    if not 1 <= task.max_steps <= 50:
        raise RequestError(f"{task.max_steps} steps are asked for", param="max_steps", hint="Choose 1 to 50.")
    if not 1 <= task.max_seconds <= 600:
        raise RequestError(f"{task.max_seconds:g} s are asked for", param="max_seconds", hint="Choose 1 to 600.")
    if task.max_usd is not None and not 0 < task.max_usd <= 100:
        raise RequestError(f"{task.max_usd:g} USD are asked for", param="max_usd", hint="Choose up to 100.")
    if len(task.messages) > MAX_MESSAGES or len(task.files) > MAX_FILES:
        raise RequestError("the conversation has grown too long", status=413, hint="Clear it and start a new one.")
    return task


async def run(core: PageCore, task: Task, caller: Caller, approvals: Approvals) -> Events:
    """Run an agent, connected for as long to the MCP servers that the task names."""
    async with AsyncExitStack() as connected:
        tools = tools_of(task)
        remote = await connected.enter_async_context(server_tools(servers_of(core, task), task.text))
        tools += unique_names(remote, (one.name for one in tools))
        agent = Agent(
            core.handle,
            tools,
            hosted=tuple(name for name in HOSTED_TOOLS if name in task.tools),
            model=task.model.strip() or "auto",
            max_steps=task.max_steps,
            max_seconds=task.max_seconds,
            max_usd=task.max_usd,
            price=agent_price(core, task.model.strip() or "auto"),
            room=agent_room(core, task.model.strip() or "auto"),
            approve=approvals.asker(caller.user),
            caller=caller,
        )
        messages: list[Message] = [*task.messages, {"role": "user", "content": task.text}]
        async with aclosing(agent.run(messages)) as events:
            async for event in events:
                yield event


def servers_of(core: PageCore, task: Task) -> list[McpServer]:
    """
    The MCP servers of a task: those of the operator's that it names, then the visitor's own.

    Headers and tokens may be the visitor's own; they are used for this run alone.

    Raises:
        RequestError: The operator has set no such server, or allows none of visitors, or a header cannot be sent.
    """
    offered = {server.name: server for server in operator_servers(core.settings, core.mcp_logins)}
    for name in (*task.servers, *task.headers, *task.tokens):
        if name not in offered:
            raise RequestError(f"there is no MCP server {name!r} here", param="servers", hint="Reload the page.")
    found = [
        offered[name]
        .with_headers(task.headers.get(name, {}), "headers")
        .with_token(task.tokens.get(name, ""), "tokens")
        for name in dict.fromkeys(task.servers)
    ]
    allowed = allowed_by(core.settings.mcp_visitors)
    for number, own in enumerate(task.own_servers[:MOST], start=1):
        server = strangers_server(allowed, number, own.address, own.headers, param="own_servers")
        found.append(server.with_token(own.token, "own_servers"))
    return found


def tools_of(task: Task) -> list[Tool]:
    tools = tools_named(task.tools)
    if task.files:
        tools += file_tools({one.name: one.text for one in task.files})
    return tools
