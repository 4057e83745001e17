"""Five things to ask of whatever stands between a client and a provider, and gateways that break one of them each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from groq_core.models.registry import MODELS
from tests.stage import Stage, staged

MODEL: Final = "openai/gpt-oss-20b"
PATH: Final = "/v1/chat/completions"
TEXT: Final = "Say: naïve 😀 — “quoted”, 日本語, \\(x\\)."

Check: TypeAlias = Callable[[httpx.AsyncClient, Stage], Awaitable[str]]
"""Asks a gateway; returns what is wrong with it, empty where nothing is."""


def _body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "temperature": 0, "seed": 1, "messages": [{"role": "user", "content": text}], **more}


async def _straight(stage: Stage, body: dict[str, Any]) -> dict[str, Any]:
    """The provider's own answer, with nobody in between."""
    url = f"{stage.simulator.groq_url}/openai{PATH}"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, json=body, headers={"authorization": "Bearer gsk_test"})
    found: dict[str, Any] = answer.json()
    return found


async def fidelity(gate: httpx.AsyncClient, stage: Stage) -> str:
    """Every letter arrives, streamed or not, and what was asked arrives at the provider."""
    body = _body(TEXT, max_completion_tokens=77)
    expected = (await _straight(stage, body))["choices"][0]["message"]["content"]
    stage.simulator.requests.clear()
    whole = (await gate.post(PATH, json=body)).json()["choices"][0]["message"]["content"]
    sent = stage.simulator.requests[-1].body
    raw = (await gate.post(PATH, json=body | {"stream": True})).text
    lines = [line[6:] for line in raw.splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for line in lines for choice in json.loads(line).get("choices", ())]
    streamed = "".join(delta.get("content") or "" for delta in deltas)
    if (whole, streamed) != (expected, expected):
        return "the words are not the provider's"
    asked = (sent["messages"][-1]["content"], sent.get("max_completion_tokens"), sent.get("seed"))
    return "" if asked == (TEXT, 77, 1) else "what was asked is not what was sent"


async def usage(gate: httpx.AsyncClient, stage: Stage) -> str:
    """What is told to have been used is what the provider told."""
    body = _body("Count from 1 to 20.")
    expected, told = (await _straight(stage, body))["usage"], (await gate.post(PATH, json=body)).json()["usage"]
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return "" if all(told[name] == expected[name] for name in names) else "the usage is not the provider's"


async def cost(gate: httpx.AsyncClient, stage: Stage) -> str:
    """What is told to have been spent is the usage at the model's price."""
    answer = (await gate.post(PATH, json=_body("Count from 1 to 30."))).json()
    spec, used = MODELS[f"groq:{MODEL}"], (await _straight(stage, _body("Count from 1 to 30.")))["usage"]
    usd = (used["prompt_tokens"] * (spec.usd_in or 0) + used["completion_tokens"] * (spec.usd_out or 0)) / 1e6
    told = answer["x_groq_core"]["cost_usd"]
    return "" if told is not None and abs(told - usd) <= 0.001 * usd else f"{told} USD told, {usd} USD spent"


async def isolation(gate: httpx.AsyncClient, stage: Stage) -> str:
    """Of many who ask at once nobody gets what another asked for."""

    async def one(number: int) -> bool:
        body = _body(f"Repeat exactly: mark-{number:04d}", user=f"person {number}")
        text = (await gate.post(PATH, json=body)).json()["choices"][0]["message"]["content"]
        others = [f"mark-{other:04d}" for other in range(40) if other != number]
        return f"mark-{number:04d}" in text and not any(other in text for other in others)

    return "" if all(await asyncio.gather(*map(one, range(40)))) else "somebody was given another's answer"


async def propagation(gate: httpx.AsyncClient, stage: Stage) -> str:
    """The caller's fault is named as one, and a limit says when to come back."""
    refused = await gate.post(PATH, json=_body("Hi", temperature=9))
    if refused.status_code != 400 or refused.json()["error"]["param"] != "temperature":
        return "the caller's fault is not told as one"
    try:
        stage.fault("status", preset="429_tpm", retry_after=30, operation="chat")
        limited = await gate.post(PATH, json=_body("Hi there"))
        if limited.status_code != 429 or "retry-after" not in limited.headers:
            return f"a limit of everybody is told as {limited.status_code}"
    finally:
        stage.simulator.faults.clear()
    return ""


CHECKS: Final[dict[str, Check]] = {
    "fidelity": fidelity,
    "usage": usage,
    "cost": cost,
    "isolation": isolation,
    "error propagation": propagation,
}


# ── broken on purpose ────────────────────────────────────────────────────────────────────────────────


class Broken:
    """A gateway before ours that passes everything on, and breaks one thing."""

    def __init__(self, name: str, url: str) -> None:
        self._name, self._url = name, url
        self._last: bytes = b""

    async def __call__(self, request: Request) -> Response:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.post(self._url + PATH, content=await request.body())
        body, status = answer.content, answer.status_code
        if self._name == "error propagation" and status >= 400:
            status, body = 200, json.dumps({"choices": [{"message": {"content": "Sorry!"}}]}).encode()
        elif status == 200 and answer.headers["content-type"].startswith("application/json"):
            body = self._break(body)
        kept = {k: v for k, v in answer.headers.items() if k in ("content-type", "retry-after")}
        return Response(body, status, kept)

    def _break(self, body: bytes) -> bytes:
        found = json.loads(body)
        message = found["choices"][0]["message"]
        match self._name:
            case "fidelity":
                message["content"] = message["content"].encode("ascii", "replace").decode()[:-1]
            case "usage":
                found["usage"]["completion_tokens"] *= 3
            case "cost":
                found["x_groq_core"]["cost_usd"] *= 1.1
            case "isolation":
                body, self._last = self._last or body, body
                return body
        return json.dumps(found).encode()


@asynccontextmanager
async def gateway_that_breaks(name: str, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Put a gateway that breaks ``name`` before the one at ``url``."""
    app = Starlette(routes=[Route(PATH, Broken(name, url).__call__, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def judge(name: str) -> tuple[str, str]:
    """
    Ask our gateway and one that is broken in this way.

    Returns:
        What is wrong with ours, and what was seen of the broken one.
    """
    async with staged({"GROQ_CORE_CACHE_SIZE": "0"}) as stage:
        ours = await CHECKS[name](stage.http, stage)
    async with staged({"GROQ_CORE_CACHE_SIZE": "0"}) as stage, gateway_that_breaks(name, stage.url) as gate:
        return ours, await CHECKS[name](gate, stage)
