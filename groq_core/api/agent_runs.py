"""`POST /v1/agent/runs`: a model with tools works on a task; its steps and its answer, or its events."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.backend import Backend, Settings
from groq_core.api.chat.body import check_model
from groq_core.api.encoding import event_bytes
from groq_core.api.errors import error_headers, error_object, note_bug, reason, refuse, status_of
from groq_core.api.extract import DONE, misfit
from groq_core.api.field_errors import bad, kind_of
from groq_core.api.json_body import Body
from groq_core.api.receipts import SIMULATED, Receipts
from groq_core.errors import RequestError
from groq_core.events import (
    ApprovalAsked,
    Event,
    Note,
    ReasoningDelta,
    RunEnded,
    StepStarted,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from groq_core.requests import HOSTED_TOOLS, Caller, Message
from groq_core.services.agent import Agent, AgentLimits, AgentRun, RunState, Tool, Trace
from groq_core.services.agent.servers import McpServer, operator_servers, server_tools
from groq_core.services.agent.sets import TOOL_SETS, tools_named
from groq_core.services.agent.strangers import MOST, allowed_by, strangers_server
from groq_core.services.candidates import agent_price, agent_room
from groq_core.services.extraction import schema_of
from groq_core.services.logins import Logins

MAX_BODY: Final = 24 * 2**20

FIELDS: Final = ("task", "tools", "mcp_servers", "limits", "model", "stream", "output", "resume")

LIMITS: Final[Mapping[str, tuple[str, float]]] = {
    "steps": ("steps", 50),
    "seconds": ("seconds", 600),
    "usd": ("usd", 100),
    "tokens": ("tokens", 10_000_000),
}
"""What may be bounded, and the most each may be; also under ``max_…``."""

MOST_PAUSED: Final = 500
PAUSED_S: Final = 3600.0
"""That many runs wait for a word, each that long, in this process's memory."""

TOLD: Final = (StepStarted, TextDelta, ReasoningDelta, ApprovalAsked, ToolStarted, ToolFinished, Note)
"""Events of a run that are sent to a client, by their names in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentQuery:
    """What a request asks for; ``task`` is empty where a paused run goes on."""

    task: str | list[Message]
    tools: tuple[str, ...] = ()
    servers: tuple[McpServer, ...] = ()
    limits: AgentLimits = field(default_factory=AgentLimits)
    model: str = "auto"
    output: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """A run that waits, and whose it is."""

    owner: tuple[str, str]
    until: float
    wanted: AgentQuery
    state: RunState


class AgentRuns:
    """The endpoint, and the runs that wait for a word."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._paused: OrderedDict[str, Paused] = OrderedDict()

    async def __call__(self, exchange: ApiExchange) -> None:
        body = Body(await exchange.body(MAX_BODY), FIELDS)
        stream = body.switch("stream")
        state: RunState | None = None
        words: dict[str, bool] = {}
        if "resume" in body.fields:
            wanted, state, words = self._resume(body, exchange.caller)
        else:
            wanted = read_wanted(body, self._backend.settings, self._backend.mcp_logins)
        simulated = self._backend.simulator is not None
        receipts = Receipts(self._backend.handle, exchange.request_id, simulated=simulated)
        headers: Headers = [SIMULATED] if simulated else []
        with exchange.watch() as watch:
            async with AsyncExitStack() as connected:
                try:
                    run = await self._begin(connected, wanted, exchange.caller, receipts, state, words)
                except (Exception, asyncio.CancelledError) as caught:
                    await refuse(exchange, reason(caught, watch))
                    return
                answer = Answering(exchange, watch, receipts, headers, lambda end: self._keep(end, wanted, exchange))
                await (answer.stream(run) if stream else answer.whole(run))

    async def _begin(
        self,
        connected: AsyncExitStack,
        wanted: AgentQuery,
        caller: Caller,
        receipts: Receipts,
        state: RunState | None,
        words: Mapping[str, bool],
    ) -> AgentRun[Any]:
        tools: list[Tool] = tools_named(wanted.tools)
        tools += await connected.enter_async_context(server_tools(wanted.servers, wanted.task))
        limits = wanted.limits
        agent = Agent(
            receipts.handle,
            tools,
            hosted=tuple(name for name in HOSTED_TOOLS if name in wanted.tools),
            model=wanted.model,
            max_steps=limits.steps,
            max_seconds=limits.seconds,
            max_usd=limits.usd,
            max_tokens=limits.tokens,
            pause=True,
            caller=caller,
            price=agent_price(self._backend, wanted.model) if limits.usd is not None else None,
            room=agent_room(self._backend, wanted.model),
        )
        schema: Any = None if wanted.output is None else schema_of(wanted.output)
        if state is not None:
            return agent.resume(state, words, output_type=schema)
        return agent.run(wanted.task, output_type=schema)

    # ── runs that wait ───────────────────────────────────────────────────────────────────────────────

    def _keep(self, end: RunEnded, wanted: AgentQuery, exchange: ApiExchange) -> None:
        if not isinstance(end.state, RunState):
            return
        now = self._clock()
        while self._paused and (len(self._paused) >= MOST_PAUSED or next(iter(self._paused.values())).until < now):
            self._paused.popitem(last=False)
        owner = (exchange.caller.credential, exchange.caller.user)
        self._paused[end.state.run] = Paused(owner, now + PAUSED_S, wanted, end.state)

    def _resume(self, body: Body, caller: Caller) -> tuple[AgentQuery, RunState, dict[str, bool]]:
        """
        Take up a run that waits. It is taken out, so the same word said again finds nothing.

        Raises:
            RequestError: No run of this caller's waits under that id, or a word is for no call of it.
        """
        for name in body.fields:
            if name not in ("resume", "stream"):
                raise bad(name, f"`{name}` was said when the run began", "Send only resume and stream.")
        resume = body.object("resume")
        run, words = resume.get("run"), resume.get("approvals", {})
        if not isinstance(run, str):
            raise bad("resume.run", "`resume.run` is the id of a paused run, as text")
        if not isinstance(words, dict) or not all(isinstance(word, bool) for word in words.values()):
            raise bad("resume.approvals", "`resume.approvals` gives true or false for each approval id")
        found = self._paused.get(run)
        if found is None or found.until < self._clock() or found.owner != (caller.credential, caller.user):
            raise RequestError(
                f"no run {run[:80]!r} waits here",
                status=404,
                param="resume.run",
                code="run_not_found",
                hint="A paused run is kept for an hour and goes on once.",
            )
        waiting = {one.approval for one in found.state.pending}
        if unknown := [word for word in words if word not in waiting]:
            raise RequestError(
                f"no call of this run waits for the approval {unknown[0][:80]!r}",
                status=404,
                param="resume.approvals",
                code="approval_not_found",
                hint="An approval is good for one call of one run, once.",
            )
        del self._paused[run]
        return found.wanted, found.state, words


class Answering:
    """Sends a run to its client."""

    def __init__(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        receipts: Receipts,
        headers: Headers,
        keep: Callable[[RunEnded], None],
    ) -> None:
        self._exchange, self._watch, self._receipts, self._headers = exchange, watch, receipts, headers
        self._keep = keep
        self._trace = Trace()

    async def whole(self, run: AgentRun[Any]) -> None:
        exchange = self._exchange
        try:
            async with aclosing(run) as events:
                async for event in events:
                    self._trace.apply(event)
            _must_fit(run)
            self._watch.release()
        except (Exception, asyncio.CancelledError) as caught:
            error = misfit(reason(caught, self._watch))
            note_bug(error, exchange.request_id)
            # What was done before it broke is not thrown away.
            body = {"error": error_object(error), **self._describe(run)}
            await exchange.answer_json(body, *error_headers(error), *self._headers, status=status_of(error))
            return
        await exchange.answer_json(self._describe(run), *self._headers)

    async def stream(self, run: AgentRun[Any]) -> None:
        exchange = self._exchange
        try:
            async with aclosing(run) as events:
                async for event in events:
                    self._trace.apply(event)
                    if isinstance(event, TOLD):
                        if not exchange.started:
                            await exchange.start(200, [*EVENT_STREAM, *self._headers])
                        await exchange.write(event_bytes(self._event(event)))
            _must_fit(run)
            self._watch.release()
            if not exchange.started:
                await exchange.start(200, [*EVENT_STREAM, *self._headers])
            await exchange.write(event_bytes({"type": "run_ended", **self._describe(run)}))
        except (Exception, asyncio.CancelledError) as caught:
            error = misfit(reason(caught, self._watch))
            note_bug(error, exchange.request_id)
            if not exchange.started:
                await exchange.start(200, [*EVENT_STREAM, *self._headers])
            last = {"error": error_object(error), "type": "run_ended", **self._describe(run)}
            await exchange.last_words(event_bytes(last))
        else:
            await exchange.end(DONE)

    def _event(self, event: Event) -> dict[str, Any]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
        return {"type": name, **msgspec.structs.asdict(event)}

    def _describe(self, run: AgentRun[Any]) -> dict[str, Any]:
        """The body of an answer: how it ended, the answer, the steps, what waits, and the receipt."""
        end = self._trace.ended
        if end is not None:
            self._keep(end)
        state = end.state if end is not None and isinstance(end.state, RunState) else None
        body: dict[str, Any] = {
            "id": state.run if state is not None else self._exchange.request_id,
            "object": "agent.run",
            "status": end.reason if end is not None else "broken",
            "answer": end.answer if end is not None else self._trace.answer,
            "steps": [step_object(step) for step in self._trace.steps],
            "notes": [note.text for step in self._trace.steps for note in step.reply.receipt.notes],
            "pending": [msgspec.to_builtins(one) for one in state.pending] if state is not None else [],
            "x_groq_core": self._receipts.as_dict(),
        }
        if run.typed:
            body["output"] = msgspec.to_builtins(run.output) if run.output is not None else None
        return body


def _must_fit(run: AgentRun[Any]) -> None:
    """
    Raises:
        ExtractionError: There is an answer, and it does not fit the type that was asked for.
    """
    if run.problem is not None:
        raise run.problem


def step_object(step: Any) -> dict[str, Any]:
    """One step: what was said, who said it, and the calls it made."""
    finished = step.reply.finished
    return {
        "step": step.number,
        "model": finished.model if finished is not None else None,
        "text": step.reply.text,
        "calls": [
            {
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments,
                "result": call.result,
                "error": call.error,
                "elapsed_s": call.elapsed_s,
                "hosted": call.hosted,
            }
            for call in step.calls.values()
        ],
    }


# ── what is asked for ────────────────────────────────────────────────────────────────────────────────


def read_wanted(body: Body, settings: Settings, logins: Logins | None = None) -> AgentQuery:
    """
    Check what is asked for.

    Args:
        logins: Tokens that the operator's credentials have brought so far.

    Raises:
        RequestError: 400 naming the field.
    """
    return AgentQuery(
        task=_task(body),
        tools=_tools(body),
        servers=_servers(body, settings, logins),
        limits=_limits(body),
        model=check_model(body.fields.get("model"), default="auto"),
        output=body.object("output") or None,
    )


def _task(body: Body) -> str | list[Message]:
    task = body.fields.get("task")
    if not isinstance(task, list):
        return body.text("task")
    if not task or not all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in task):
        raise bad("task", "`task` is text, or a list of messages with a role and content")
    return task


def _tools(body: Body) -> tuple[str, ...]:
    if "tools" not in body.fields:
        return tuple(TOOL_SETS)
    names = []
    for place, tool in enumerate(body.list("tools")):
        name = tool.get("type") if isinstance(tool, dict) else tool
        if name not in (*TOOL_SETS, *HOSTED_TOOLS):
            known = ", ".join((*TOOL_SETS, *HOSTED_TOOLS))
            raise bad(
                f"tools[{place}]",
                f"`tools[{place}]` is no tool of this server" if isinstance(name, str) else "a tool is named by text",
                f"There are: {known}. Tools of your own are offered through an MCP server.",
            )
        names.append(name)
    return tuple(dict.fromkeys(names))


def _servers(body: Body, settings: Settings, logins: Logins | None) -> tuple[McpServer, ...]:
    """The operator's by name, and a caller's own by address where the operator allows that."""
    offered = {server.name: server for server in operator_servers(settings, logins)}
    found: list[McpServer] = []
    for place, asked in enumerate(body.list("mcp_servers")):
        path = f"mcp_servers[{place}]"
        given = asked if isinstance(asked, dict) else {"name": asked}
        for field_name in given:
            if field_name not in ("name", "url", "headers"):
                raise bad(f"{path}.{field_name}", f"`{path}.{field_name}` is unknown", "Give name or url, and headers.")
        headers = given.get("headers", {})
        if not isinstance(headers, dict):
            raise bad(f"{path}.headers", f"`{path}.headers` must be an object, not {kind_of(headers)}")
        if "url" in given:
            if "name" in given or not isinstance(given["url"], str):
                raise bad(f"{path}.url", f"`{path}.url` must be a text, and takes the place of a name")
            if len(found) >= MOST:
                raise bad("mcp_servers", f"`mcp_servers` holds more than {MOST} servers")
            allowed = allowed_by(settings.mcp_visitors)
            found.append(strangers_server(allowed, place + 1, given["url"], headers, param=path))
            continue
        if not isinstance(name := given.get("name"), str) or name not in offered:
            known = f"There are: {', '.join(offered)}." if offered else "The operator has set none."
            raise bad(path, f"`{path}` names no MCP server of this one", known, code="unknown_mcp_server")
        found.append(offered[str(name)].with_headers(headers, f"{path}.headers"))
    return tuple(found)


def _limits(body: Body) -> AgentLimits:
    given: dict[str, Any] = {}
    for name, value in body.object("limits").items():
        known = LIMITS.get(name.removeprefix("max_"))
        if known is None:
            raise bad(f"limits.{name}", f"`limits.{name}` is no limit", f"There are: {', '.join(LIMITS)}.")
        limit, most = known
        if value is None:
            continue
        if isinstance(value, int | float) and value > most:
            raise bad(f"limits.{name}", f"`limits.{name}` is more than {most:g}", f"Give up to {most:g}.")
        try:
            AgentLimits(**{limit: value})
        except RequestError as error:
            raise bad(f"limits.{name}", f"`limits.{name}` is no limit", error.hint) from None
        given[limit] = value
    return AgentLimits(**given)
