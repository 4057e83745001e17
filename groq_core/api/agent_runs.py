"""`POST /v1/agent/runs`: a model with tools works on a task; its steps and its answer, or its events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import msgspec

from groq_core.api.agent_asked import FIELDS, AgentQuery, read_wanted
from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.backend import Backend
from groq_core.api.errors import error_headers, error_object, note_bug, reason, refuse, status_of
from groq_core.api.extract import DONE, misfit
from groq_core.api.paused_runs import Paused, PausedRuns
from groq_core.api.receipts import SIMULATED, Receipts
from groq_core.encoding import event_bytes
from groq_core.errors import RequestError
from groq_core.events import (
    ApprovalAsked,
    Event,
    Note,
    ReasoningDelta,
    StepStarted,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from groq_core.incoming.field_errors import bad, rename_param
from groq_core.requests import HOSTED_TOOLS, Caller, ChatRequest
from groq_core.services.agent import Agent, AgentRun, RunState, Tool, Trace
from groq_core.services.agent.servers import server_tools
from groq_core.services.agent.sets import tools_named
from groq_core.services.candidates import agent_price, agent_room
from groq_core.services.extraction import schema_of
from groq_core.services.sent_pictures import Pieces, clean, pieces_within
from groq_core.store.shelf import SharedPlace

MAX_BODY: Final = 24 * 2**20

TOLD: Final = (StepStarted, TextDelta, ReasoningDelta, ApprovalAsked, ToolStarted, ToolFinished, Note)
"""Events of a run that are sent to a client, by their names in small letters."""


class AgentRuns:
    """
    The endpoint, and the runs that wait for a word.

    Args:
        shelf: Where other processes find runs that wait.
    """

    def __init__(self, backend: Backend, shelf: SharedPlace | None = None) -> None:
        self._backend = backend
        self._paused = PausedRuns(self._read, shelf)

    async def __call__(self, exchange: ApiExchange) -> None:
        body = FIELDS.read(await exchange.body(MAX_BODY))
        paused: Paused | None = None
        words: dict[str, bool] = {}
        if "resume" in body:
            paused, words = await self._resume(body, exchange.caller)
            body, wanted = {**paused.body, "stream": body.get("stream")}, paused.wanted
        else:
            wanted = self._read(body)
        simulated = self._backend.simulator is not None
        receipts = Receipts(self._backend.handle, exchange.request_id, simulated=simulated)
        headers: Headers = [SIMULATED] if simulated else []
        with exchange.watch() as watch:
            async with AsyncExitStack() as connected:
                try:
                    wanted = await with_clean_pictures(wanted, pieces_within(self._backend.catalogue))
                    state = paused.state if paused is not None else None
                    run = await self._begin(connected, wanted, exchange.caller, receipts, state, words)
                except (Exception, asyncio.CancelledError) as caught:
                    if paused is not None:
                        # Nothing has been done: a server may be back later.
                        await self._paused.keep(exchange.caller, paused)
                    await refuse(exchange, in_own_names(reason(caught, watch)))
                    return

                async def keep(state: RunState) -> None:
                    await self._paused.keep(exchange.caller, Paused(body, wanted, state))

                answer = Answering(exchange, watch, receipts, headers, keep, wanted.notes if paused is None else ())
                await (answer.stream(run) if body.get("stream") else answer.whole(run))

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

    def _read(self, body: Mapping[str, Any]) -> AgentQuery:
        return read_wanted(body, self._backend.settings, self._backend.mcp_logins)

    async def _resume(self, body: Mapping[str, Any], caller: Caller) -> tuple[Paused, dict[str, bool]]:
        """
        Take up a run that waits. It is taken out, so the same word said again finds nothing, unless it cannot begin.

        Raises:
            RequestError, ChainError: See :meth:`groq_core.api.paused_runs.PausedRuns.take`.
        """
        for name in body:
            if name not in ("resume", "stream"):
                raise bad(name, f"`{name}` was said when the run began", "Send only resume and stream.")
        words = body["resume"].get("approvals", {})
        return await self._paused.take(caller, body["resume"]["run"], words), words


async def with_clean_pictures(wanted: AgentQuery, pieces: Pieces) -> AgentQuery:
    """A query whose pictures are checked and made anew, as a chat's are before anybody is asked."""
    if isinstance(wanted.task, str):
        return wanted
    request, notes = await clean(ChatRequest(messages=tuple(wanted.task)), pieces)
    told = tuple(msgspec.structs.replace(note, text=note.text.replace("messages[", "task[", 1)) for note in notes)
    return replace(wanted, task=list(request.messages), notes=(*wanted.notes, *told))


OWN_NAMES: Final[Mapping[str, str]] = {"max_usd": "limits.usd", "schema": "output", "approvals": "resume.approvals"}
"""Fields by the names they have in Python, and by those they have here."""


def in_own_names(error: Exception) -> Exception:
    """An error that names the field as the request has it."""
    if not isinstance(error, RequestError) or error.param is None:
        return error
    if error.param in OWN_NAMES:
        error.param = OWN_NAMES[error.param]
        error.hint = error.hint.replace("max_tokens", "limits.tokens")
    return rename_param(error, ("messages", "task")) if error.param.startswith("messages") else error


class Answering:
    """
    Sends a run to its client.

    Args:
        keep: Lets a run wait.
        notes: What was changed in the task.
    """

    def __init__(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        receipts: Receipts,
        headers: Headers,
        keep: Callable[[RunState], Awaitable[None]],
        notes: Sequence[Note] = (),
    ) -> None:
        self._exchange, self._watch, self._receipts, self._headers = exchange, watch, receipts, headers
        self._keep, self._notes = keep, notes
        self._trace = Trace()

    async def whole(self, run: AgentRun[Any]) -> None:
        exchange = self._exchange
        try:
            async with aclosing(run) as events:
                async for event in events:
                    self._trace.apply(event)
            await self._conclude(run)
        except (Exception, asyncio.CancelledError) as caught:
            error = in_own_names(misfit(reason(caught, self._watch), "output"))
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
            await self._conclude(run)
            if not exchange.started:
                await exchange.start(200, [*EVENT_STREAM, *self._headers])
            await exchange.write(event_bytes({"type": "run_ended", **self._describe(run)}))
        except (Exception, asyncio.CancelledError) as caught:
            error = in_own_names(misfit(reason(caught, self._watch), "output"))
            note_bug(error, exchange.request_id)
            if not exchange.started:
                await exchange.start(200, [*EVENT_STREAM, *self._headers])
            last = {"error": error_object(error), "type": "run_ended", **self._describe(run)}
            await exchange.last_words(event_bytes(last))
        else:
            await exchange.end(DONE)

    async def _conclude(self, run: AgentRun[Any]) -> None:
        """
        The run is over, whoever still listens; one that waits is kept.

        Raises:
            ExtractionError: See :func:`_must_fit`.
        """
        _must_fit(run)
        self._watch.release()
        if (state := self._state) is not None:
            await self._keep(state)

    @property
    def _state(self) -> RunState | None:
        """Of a run that waits."""
        end = self._trace.ended
        return end.state if end is not None and isinstance(end.state, RunState) else None

    def _event(self, event: Event) -> dict[str, Any]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
        return {"type": name, **msgspec.structs.asdict(event)}

    def _describe(self, run: AgentRun[Any]) -> dict[str, Any]:
        """The body of an answer: how it ended, the answer, the steps, what waits, and the receipt."""
        end, state = self._trace.ended, self._state
        body: dict[str, Any] = {
            "id": state.run if state is not None else self._exchange.request_id,
            "object": "agent.run",
            "status": end.reason if end is not None else "broken",
            "answer": end.answer if end is not None else self._trace.answer,
            "steps": [step_object(step) for step in self._trace.steps],
            "notes": [
                note.text for note in chain(self._notes, *(step.reply.receipt.notes for step in self._trace.steps))
            ],
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
