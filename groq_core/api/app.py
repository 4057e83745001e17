"""The application: what can be asked for over HTTP, in front of whatever else is mounted at `/`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import Lifespan, Receive, Scope, Send

from groq_core import __version__
from groq_core.access.door import Door
from groq_core.api.absent_paths import MISPLACED, refuse_base_url
from groq_core.api.access import Access, TokenHolders
from groq_core.api.agent_runs import AgentRuns
from groq_core.api.asgi import ApiExchange
from groq_core.api.backend import Backend
from groq_core.api.batches import Batches, Files
from groq_core.api.chat.endpoint import ChatCompletions
from groq_core.api.dispatch import Dispatcher, Endpoint, Routes
from groq_core.api.errors import ShortOfSomething, error_object
from groq_core.api.extract import Extractions
from groq_core.api.health import HealthEndpoint
from groq_core.api.late_page import LatePage
from groq_core.api.model_list import ModelList
from groq_core.api.openapi import document
from groq_core.api.reference import reference
from groq_core.api.responses.endpoint import Responses
from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.api.speech import Speeches
from groq_core.api.status import Status
from groq_core.api.transcribe import Transcriptions
from groq_core.connections.bytes import BUDGET, BytesInFlight, Holding, default_limit
from groq_core.connections.bytes import KEY as BYTES
from groq_core.connections.line import KEY as LINE
from groq_core.connections.line import line_of
from groq_core.errors import nesting_error
from groq_core.services.batch.batch_store import BatchStore, Later
from groq_core.services.batch.later import run_later
from groq_core.services.batch.places import BatchFolder, BatchPlace
from groq_core.services.sent_pictures import pieces_within
from groq_core.store.shelf import SharedPlace

OPEN_PATHS = frozenset({"/health", "/ready"})


class Api(FastAPI):
    """
    FastAPI for whatever is mounted on it, its documentation and its lifespan; our own paths go past its layers.

    They would cost a fifth of a request and of every streamed token (measured with uvicorn and httptools), and
    a page mounted at `/` could not tell our unknown paths from its own.
    """

    dispatcher: Dispatcher
    access: Access
    door: Door
    in_flight: BytesInFlight
    batches: BatchStore
    late: LatePage | None = None
    """What is mounted at `/`, where that is still on its way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks it
            return
        if scope["type"] != "http":
            await (self.late.live(receive, send) if self.late is not None else super().__call__(scope, receive, send))
            return
        path = self.dispatcher.path_of(scope)
        visit = await self.door.enter(scope, send, api=path is not None)
        if visit is None:
            return
        held = scope[BYTES] = Holding(self.in_flight)
        BUDGET.set(self.in_flight)
        try:
            if path is not None:
                await self.dispatcher(ApiExchange(scope, receive, send, path))
            else:
                if self.late is not None:
                    await self.late.wait()
                scope[LINE] = line_of(send)
                await super().__call__(scope, receive, self.door.sender(visit, send))
        finally:
            held.release()


def create_api(
    core: Backend,
    *,
    holders: Sequence[TokenHolders] = (),
    sign_in: Callable[[], bool] | None = None,
    lifespan: Lifespan[Any] | None = None,
    shelf: SharedPlace | None = None,
    batches: BatchPlace | None = None,
) -> Api:
    """
    Make the HTTP API of an application; a page can be mounted at `/` behind it.

    ``app.state.stopping`` is an event for the server to set when it begins to stop: readiness is then refused,
    and the streams of status events end, which would otherwise keep the process until they are cut.

    Args:
        core: The application; see `groq_core.compose`.
        holders: Lists of tokens beside the environment's.
        sign_in: Whether people must sign in to the page now; None where the settings say so alone.
        lifespan: Entered when the server starts, left when it has stopped.
        shelf: Where other processes find responses, and runs that wait, too.
        batches: Where they find files and batches; a folder of this machine where it is None.
    """
    store = BatchStore(
        batches or BatchFolder(core.settings.state_folder),
        core.handle,
        _later(core),
        simulated=core.simulator is not None,
        pieces=pieces_within(core.catalogue),
    )
    app = Api(
        title="groq-core",
        version=__version__,
        lifespan=_carrying_out(store, lifespan),
        docs_url=None,  # FastAPI's would ask other hosts for its scripts
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI documents
    app.add_route("/docs", describe_api, include_in_schema=False)
    app.state.stopping = asyncio.Event()
    app.access = Access(core.settings, holders, sign_in=sign_in, own_keys=core.own_keys)
    app.door = Door(core.settings, open_paths=OPEN_PATHS)
    app.batches = store
    app.in_flight = BytesInFlight(core.settings.max_bytes_in_flight or default_limit())
    app.add_exception_handler(RecursionError, too_deep)
    app.add_middleware(ShortOfSomething)
    app.dispatcher = Dispatcher(
        routes(core, app.state.stopping, store, shelf),
        app.access,
        below=("/v1/", "/openai/v1/", "/openai/deployments/", "/_simulator/"),
        open_paths=OPEN_PATHS,
        people=core.people,
    )
    return app


def _later(core: Backend) -> Later | None:
    """Groq's Batch API takes the server's own key and counts for nobody, so not where people have limits."""
    return None if core.people.has_limits else partial(run_later, core)


def _carrying_out(store: BatchStore, inner: Lifespan[Any] | None) -> Lifespan[Any]:
    """Batches go on as long as the server runs."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        await store.start()
        try:
            if inner is None:
                yield
            else:
                async with inner(app) as state:
                    yield state
        finally:
            await store.stop()

    return lifespan


async def too_deep(request: Request, error: Exception) -> JSONResponse:
    """What is nested too deeply to be read is the caller's fault."""
    refusal = nesting_error()
    return JSONResponse({"detail": refusal.message, "error": error_object(refusal)}, refusal.status)


async def describe_api(request: Request) -> HTMLResponse:
    """The API's description for people."""
    return HTMLResponse(reference(document(), str(request.base_url).rstrip("/")))


def routes(core: Backend, stopping: asyncio.Event, store: BatchStore, shelf: SharedPlace | None = None) -> Routes:
    """What can be asked for, and who answers."""
    status = Status(core, stopping)
    health = HealthEndpoint(core, stopping)
    models = ModelList(core)
    transcriptions = Transcriptions(core)
    responses = Responses(core, ResponseStore(shelf=shelf))
    files, batches = Files(store), Batches(store)
    table: dict[str, dict[str, Endpoint]] = {
        "/v1/chat/completions": {"POST": ChatCompletions(core)},
        "/v1/responses": {"POST": responses.create},
        "/v1/responses/": {"GET": responses.read, "DELETE": responses.delete},
        "/v1/responses/{}/input_items": {"GET": responses.read},
        "/v1/files": {"POST": files.upload, "GET": files.all},
        "/v1/files/": {"GET": files.one, "DELETE": files.delete},
        "/v1/files/{}/content": {"GET": files.one},
        "/v1/batches": {"POST": batches.create, "GET": batches.all},
        "/v1/batches/": {"GET": batches.one},
        "/v1/batches/{}/cancel": {"POST": batches.cancel},
        "/v1/audio/transcriptions": {"POST": transcriptions.transcribe},
        "/v1/audio/translations": {"POST": transcriptions.translate},
        "/v1/audio/speech": {"POST": Speeches(core).speak},
        "/v1/extract": {"POST": Extractions(core)},
        "/v1/agent/runs": {"POST": AgentRuns(core, shelf)},
        "/v1/models": {"GET": models.all},
        "/v1/models/": {"GET": models.one},
        "/v1/status": {"GET": status.snapshot},
        "/v1/status/events": {"GET": status.events},
        "/health": {"GET": health.health},
        "/ready": {"GET": health.ready},
        "/metrics": {"GET": status.metrics},
    }
    table |= {path: {"*": refuse_base_url} for path in MISPLACED}
    if core.simulator is not None:
        simulated = core.simulator.app
        table["/_simulator/"] = {"*": lambda exchange: exchange.forward(simulated)}
    return table
