"""The FastAPI application: our routes first, so that a page can be mounted at `/` behind them."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Lifespan

from groq_core import __version__
from groq_core.api.access import Access
from groq_core.api.backend import Backend
from groq_core.api.chat import ChatCompletions
from groq_core.api.model_list import ModelList
from groq_core.api.routes import Dispatcher, Endpoint, Routes
from groq_core.api.status import Status

OPEN_PATHS = frozenset({"/health", "/ready"})


def create_api(core: Backend, *, lifespan: Lifespan[Any] | None = None) -> FastAPI:
    """
    Make the HTTP API of an application.

    ``app.state.stopping`` is an event for the server to set when it begins to stop: readiness is then refused,
    and the streams of status events end, which would otherwise keep the process until they are cut.

    Args:
        core: The application; see `groq_core.compose`.
        lifespan: Entered when the server starts, left when it has stopped.
    """
    app = FastAPI(
        title="groq-core",
        version=__version__,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.stopping = asyncio.Event()
    dispatcher = Dispatcher(routes(core, app.state.stopping), Access(core.settings), open_paths=OPEN_PATHS)
    for path in ("/_simulator/{rest:path}", "/metrics", "/ready", "/health", "/v1", "/v1/{rest:path}"):
        app.router.routes.insert(0, Route(path, dispatcher, include_in_schema=False))
    return app


def routes(core: Backend, stopping: asyncio.Event) -> Routes:
    """What can be asked for, and who answers."""
    status = Status(core, stopping)
    models = ModelList(core)
    table: dict[str, dict[str, Endpoint]] = {
        "/v1/chat/completions": {"POST": ChatCompletions(core)},
        "/v1/models": {"GET": models.all},
        "/v1/models/": {"GET": models.one},
        "/v1/status": {"GET": status.snapshot},
        "/v1/status/events": {"GET": status.events},
        "/health": {"GET": status.health},
        "/ready": {"GET": status.ready},
        "/metrics": {"GET": status.metrics},
    }
    if core.simulator is not None:
        simulated = core.simulator.app
        table["/_simulator/"] = {"*": lambda exchange: exchange.forward(simulated)}
    return table
