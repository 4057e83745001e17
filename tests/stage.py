"""The whole application on a stage: the simulator upstream, the HTTP API on a loopback port in front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from opentelemetry.trace import Tracer

from groq_core.api.app import create_api
from groq_core.compose import Core, assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from tests.serving import serving, url_of

FAST = {
    "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "0.4",
    "GROQ_CORE_IDLE_TIMEOUT": "0.3",
    "GROQ_CORE_DEADLINE": "8",
    "GROQ_CORE_COOLDOWN": "0.5",
}
"""The policy at a thirtieth of its usual pace."""


@dataclass(frozen=True)
class Stage:
    """What a test holds in its hands."""

    simulator: Simulator
    core: Core
    url: str
    http: httpx.AsyncClient

    def fault(self, kind: str, **fields: Any) -> Fault:
        """Switch a fault on; its ``times`` count down to those that are left."""
        return self.simulator.faults.add(Fault(kind=kind, **fields))  # type: ignore[arg-type]

    def asked(self, operation: str = "chat") -> list[str]:
        """Whom was asked upstream, in order, as ``provider:model``; the list of models left out."""
        return [
            f"{seen.provider}:{seen.model}" for seen in self.simulator.requests if operation in seen.path and seen.model
        ]

    async def chat(self, text: str = "Count from 1 to 60.", **fields: Any) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}], **fields}
        return await self.http.post("/v1/chat/completions", json=body)

    async def stream(self, text: str = "Count from 1 to 60.", **fields: Any) -> Streamed:
        """Read a streamed answer to its end, whatever that is."""
        body = {"messages": [{"role": "user", "content": text}], "stream": True, **fields}
        async with self.http.stream("POST", "/v1/chat/completions", json=body) as response:
            return Streamed(response.status_code, (await response.aread()).decode(), dict(response.headers))


@dataclass(frozen=True)
class Streamed:
    """A streamed answer as it came over the wire."""

    status: int
    raw: str
    headers: dict[str, str]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        lines = (line.removeprefix("data: ") for line in self.raw.splitlines() if line.startswith("data: "))
        return [orjson.loads(line) for line in lines if line != "[DONE]"]

    @property
    def done(self) -> bool:
        return self.raw.rstrip().endswith("data: [DONE]")

    @property
    def text(self) -> str:
        return "".join(
            choice["delta"].get("content") or "" for chunk in self.chunks for choice in chunk.get("choices", ())
        )

    @property
    def finish_reason(self) -> str | None:
        reasons = [choice.get("finish_reason") for chunk in self.chunks for choice in chunk.get("choices", ())]
        return next((reason for reason in reasons if reason), None)

    @property
    def error(self) -> dict[str, Any] | None:
        body = self.chunks[-1] if self.status == 200 and self.chunks else {}
        if self.status != 200:
            body = orjson.loads(self.raw)
        error: dict[str, Any] | None = body.get("error")
        return error

    @property
    def receipt(self) -> dict[str, Any]:
        """The ``x_groq_core`` of the last chunk that has one."""
        found = [chunk["x_groq_core"] for chunk in self.chunks if "x_groq_core" in chunk]
        assert found, f"no receipt in {self.raw[-500:]}"
        last: dict[str, Any] = found[-1]
        return last


@asynccontextmanager
async def staged(
    env: dict[str, str] | None = None,
    *,
    simulator: Simulator | None = None,
    backup: bool = True,
    tracer: Tracer | None = None,
) -> AsyncIterator[Stage]:
    """Both providers are the simulator's, reached by their base URLs as any server would be."""
    upstream = simulator or Simulator(pace=0, limits="off", seed=1)
    if simulator is None:
        await upstream.start()
    variables = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": upstream.groq_url, **FAST}
    if backup:
        variables |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": upstream.openai_url}
    try:
        async with (
            assemble(Settings.from_env(variables | (env or {})), tracer=tracer) as core,
            served(core) as url,
            httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as http,
        ):
            await core.catalogue.refresh()
            upstream.requests.clear()
            yield Stage(upstream, core, url, http)
    finally:
        if simulator is None:
            await upstream.stop()


@asynccontextmanager
async def served(core: Core) -> AsyncIterator[str]:
    """The HTTP API on a free loopback port."""
    async with serving(create_api(core), lifespan="off") as server:
        yield url_of(server)


def models(asked: Iterable[str]) -> list[str]:
    """Without repetitions: retries count once."""
    return list(dict.fromkeys(asked))
