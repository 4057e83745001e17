"""Complete answers on their way out, with the faults that can hit one."""

from __future__ import annotations

from groq_core.simulator.answer import SimulatedAnswer
from groq_core.simulator.faults import Fault
from groq_core.simulator.wire_format import Headers, Json
from groq_core.simulator.world import RequestInPlay

PIECE = 64 * 1024
"""Bytes in one write, so that a reader of sound can begin before the end."""


async def send_json(
    call: RequestInPlay,
    body: Json,
    request_id: str,
    limits: dict[str, str] | None = None,
    *,
    answer: SimulatedAnswer | None = None,
) -> None:
    """Send a JSON body; with an ``answer``, faults may show in it."""
    if call.fault is not None and answer is not None:
        _spoil(body, answer, call.fault)
    await send(call, call.wire.json_body(body), call.wire.headers(request_id, limits=limits))


async def send(call: RequestInPlay, data: bytes, headers: Headers) -> None:
    """
    Send a complete body.

    Raises:
        HungUp: The client left meanwhile.
        WireError: The fault is an error.
    """
    exchange, fault = call.exchange, call.fault
    match fault.kind if fault is not None else "":
        case "slow_first_token" | "stall":
            assert fault is not None
            await exchange.pause(fault.seconds)
        case "cut":
            await exchange.start(200, headers)
            await exchange.write(data[: len(data) // 2])
            await exchange.cut()
        case "malformed":
            data = data[: len(data) // 2]
        case "empty":
            data = b""
        case "error_event":
            assert fault is not None
            raise fault.refusal(call.model)
    if len(data) <= PIECE:
        await exchange.answer(200, headers, data, chunked=True)
        return
    await exchange.start(200, headers)
    for start in range(0, len(data), PIECE):
        await exchange.write(data[start : start + PIECE])
    await exchange.finish()


def _spoil(body: Json, answer: SimulatedAnswer, fault: Fault) -> None:
    """Faults that show in the body of a completion."""
    choice = body["choices"][0]
    match fault.kind:
        case "clean_end":
            choice["finish_reason"] = None
        case "content_filter":
            choice["finish_reason"] = "content_filter"
            choice["message"]["content"] = "".join((answer.content or [])[: fault.after])
        case "x_groq_error":
            body.setdefault("x_groq", {})["error"] = fault.early_end
