"""Other gateways as their own quick starts set them up: what a token and a request cost them, beside us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from benchmarks.listening import Seen, Side
from benchmarks.processes import PeerMissingError, app, litellm_proxy, portkey, upstream
from benchmarks.relay import CROWD, in_turns, wait_for_quiet
from benchmarks.rows import Bench, Row, WrongTextError, median

PATH = "/v1/chat/completions"
STREAMS, RATE = 8, 100

Gateway = Callable[[str], AbstractAsyncContextManager[Side]]


@asynccontextmanager
async def _litellm(model: str) -> AsyncIterator[Side]:
    async with litellm_proxy(model) as server:
        yield Side("LiteLLM's proxy", server, PATH, "gpt-4o-mini")


@asynccontextmanager
async def _portkey(model: str) -> AsyncIterator[Side]:
    async with portkey() as server:
        headers = {
            "authorization": "Bearer sk-bench",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{model}/v1",
        }
        yield Side("Portkey's gateway", server, PATH, "gpt-4o-mini", headers)


GATEWAYS: dict[str, Gateway] = {"LiteLLM's proxy": _litellm, "Portkey's gateway": _portkey}


async def gateways(bench: Bench) -> list[Row]:
    """CPU of a token and of a request, each gateway in turn with ours on the same model."""
    await wait_for_quiet(bench)
    rows: list[Row] = []
    for name, gateway in GATEWAYS.items():
        async with upstream() as model, app(model) as ours:
            try:
                async with gateway(model) as theirs:
                    rows += await _rows(bench, (Side("ours", ours), theirs))
            except PeerMissingError as error:
                rows.append(Row(name, None, "", "", detail=str(error)))
    return rows


async def _rows(bench: Bench, sides: Sequence[Side]) -> list[Row]:
    rounds, words, each = bench.times(3, 1), RATE * bench.times(2, 1), bench.times(15, 3)
    peer = sides[1].name

    async def paced(side: Side) -> float:
        seen = Seen()
        await seen.take(side, STREAMS, RATE, words)
        return seen.cpu_us[0]

    async def whole(side: Side) -> float:
        return 1e6 * await side.call_cost(CROWD, each, [])

    rows = []
    for what, thing, cost in (
        (f"{STREAMS} streams of {RATE} tokens a second: tokens per CPU second", "a token", paced),
        (f"not streamed, {CROWD} connections: requests per CPU second", "a request", whole),
    ):
        try:
            spent = await in_turns(sides, rounds, cost)
        except WrongTextError as error:
            rows.append(Row(what, None, "", peer, detail=str(error)))
            continue
        own, theirs = median(spent["ours"]), median(spent[peer])
        detail = f"{own:.0f} µs of CPU {thing} against {theirs:.0f}"
        rows.append(Row(what, theirs / own, "×", peer, at_most=False, detail=detail))
    return rows
