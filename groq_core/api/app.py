"""The application: what can be asked for over HTTP, in front of whatever else is mounted at `/`."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Lifespan, Receive, Scope, Send

from groq_core import __version__
from groq_core.api.access import Access
from groq_core.api.agent_runs import AgentRuns
from groq_core.api.asgi import Exchange
from groq_core.api.backend import Backend
from groq_core.api.chat.endpoint import ChatCompletions
from groq_core.api.dispatch import Dispatcher, Endpoint, Routes
from groq_core.api.extract import Extractions
from groq_core.api.health import Health
from groq_core.api.model_list import ModelList
from groq_core.api.openapi import document
from groq_core.api.reference import reference
from groq_core.api.speech import Speeches
from groq_core.api.status import Status
from groq_core.api.transcribe import Transcriptions

OPEN_PATHS = frozenset({"/health", "/ready"})


class Api(FastAPI):
    """
    FastAPI for whatever is mounted on it, its documentation and its lifespan; our own paths go past its layers.

    They would cost a fifth of a request and of every streamed token (measured with uvicorn and httptools), and
    a page mounted at `/` could not tell our unknown paths from its own.
    """

    dispatcher: Dispatcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (path := self.dispatcher.path_of(scope)) is not None:
            await self.dispatcher(Exchange(scope, receive, send, path))
        else:
            await super().__call__(scope, receive, send)


def create_api(core: Backend, *, lifespan: Lifespan[Any] | None = None) -> FastAPI:
    """
    Make the HTTP API of an application; a page can be mounted at `/` behind it.

    ``app.state.stopping`` is an event for the server to set when it begins to stop: readiness is then refused,
    and the streams of status events end, which would otherwise keep the process until they are cut.

    Args:
        core: The application; see `groq_core.compose`.
        lifespan: Entered when the server starts, left when it has stopped.
    """
    app = Api(
        title="groq-core",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's would ask other hosts for its scripts
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI documents
    app.add_route("/docs", described, include_in_schema=False)
    app.state.stopping = asyncio.Event()
    app.dispatcher = Dispatcher(
        routes(core, app.state.stopping), Access(core.settings), below=("/v1/", "/_simulator/"), open_paths=OPEN_PATHS
    )
    return app


async def described(request: Request) -> HTMLResponse:
    """The API's description for people."""
    return HTMLResponse(reference(document(), str(request.base_url).rstrip("/")))


def routes(core: Backend, stopping: asyncio.Event) -> Routes:
    """What can be asked for, and who answers."""
    status = Status(core, stopping)
    health = Health(core, stopping)
    models = ModelList(core)
    transcriptions = Transcriptions(core)
    table: dict[str, dict[str, Endpoint]] = {
        "/v1/chat/completions": {"POST": ChatCompletions(core)},
        "/v1/audio/transcriptions": {"POST": transcriptions.transcribe},
        "/v1/audio/translations": {"POST": transcriptions.translate},
        "/v1/audio/speech": {"POST": Speeches(core).speak},
        "/v1/extract": {"POST": Extractions(core)},
        "/v1/agent/runs": {"POST": AgentRuns(core)},
        "/v1/models": {"GET": models.all},
        "/v1/models/": {"GET": models.one},
        "/v1/status": {"GET": status.snapshot},
        "/v1/status/events": {"GET": status.events},
        "/health": {"GET": health.health},
        "/ready": {"GET": health.ready},
        "/metrics": {"GET": status.metrics},
    }
    if core.simulator is not None:
        simulated = core.simulator.app
        table["/_simulator/"] = {"*": lambda exchange: exchange.forward(simulated)}
    return table
