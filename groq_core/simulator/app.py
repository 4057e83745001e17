"""The ASGI application: which path in which dialect, who may, what goes wrong, and errors as bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from groq_core.simulator import audio, batches, chat, control, files, forms
from groq_core.simulator.dialect import Dialect
from groq_core.simulator.exchange import HungUp, Receive, Scope, Send, SimulatedExchange
from groq_core.simulator.faults import Fault
from groq_core.simulator.presets import PRESETS, PresetContext, RawPage
from groq_core.simulator.wire_format import Json, WireError, bad_request, decode, header_bytes
from groq_core.simulator.world import RequestInPlay, World

Endpoint: TypeAlias = Callable[["App", RequestInPlay, str], Awaitable[None]]
PREFIXES = (("/openai/v1", "groq"), ("/v1", "openai"))


class App:
    """Both APIs and the switches, as one ASGI application."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files = files.Store(world)
        self.batches = batches.SimulatedBatches(world, self.files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        exchange = SimulatedExchange(scope, receive, send)
        with self.world.answering():
            try:
                await self._answer(exchange)
            except HungUp:
                pass  # nobody is left to be told

    async def _answer(self, exchange: SimulatedExchange) -> None:
        path = exchange.path
        if path.startswith("/_simulator") or path == "/":
            await control.answer(self.world, exchange)
            return
        prefix, provider = next((p for p in PREFIXES if path.startswith(p[0] + "/")), ("", "groq"))
        wire: Dialect = self.world.groq if provider == "groq" else self.world.openai
        try:
            call = self.world.authorize(exchange, wire)
            endpoint, rest = _route(exchange.method, path[len(prefix) :]) if prefix else (None, "")
            if endpoint is None:
                await exchange.body()
                raise WireError(404, wire.unknown_url.format(method=exchange.method, path=path), code="unknown_url")
            await endpoint(self, call, rest)
        except WireError as error:
            await self._refuse(exchange, wire, error)

    async def _refuse(self, exchange: SimulatedExchange, wire: Dialect, error: WireError) -> None:
        if exchange.started:
            await exchange.finish(wire.error_event(error))
            return
        headers = wire.headers(wire.request_id())
        await exchange.answer(error.status, headers + header_bytes(error.headers), wire.error_body(error))

    async def begin(self, call: RequestInPlay, operation: str, body: Json) -> bool:
        """
        Note the request and let the fault that hits it happen; False when that was the answer.

        Raises:
            WireError: The fault is a refusal.
        """
        call.model = str(body.get("model") or "")
        exchange = call.exchange
        self.world.saw(call, exchange.path, body)
        messages = body.get("messages")
        prefilled = isinstance(messages, list) and bool(messages) and _role(messages[-1]) == "assistant"
        visitor = exchange.headers.get("x-simulated-visitor", "")
        fault = self.world.faults.take(call.wire.name, call.model, operation, prefilled=prefilled, visitor=visitor)
        if fault is None and operation == "chat" and (part := self.world.stories.take(call.wire.name, call.model)):
            call.part, fault = part, part.fault
        if fault is None:
            return True
        call.fault = fault
        match fault.kind:
            case "reset":
                await exchange.reset()
            case "never":
                await exchange.pause(None)
            case "refuse_prefill":
                raise bad_request(
                    "prefilling the assistant's message is not supported with this model", param="messages"
                )
            case "status":
                await self._status(call, fault)
                return False
            case "empty" if fault.body is not None or operation != "chat":
                headers = call.wire.headers(call.wire.request_id(), kind="sse" if body.get("stream") else "json")
                data = fault.body.encode() if isinstance(fault.body, str) else b""
                await exchange.answer(200, headers, data)
                return False
        return True

    async def _status(self, call: RequestInPlay, fault: Fault) -> None:
        wire, exchange = call.wire, call.exchange
        extra = header_bytes(fault.headers)
        if fault.preset is not None:
            refusal = PRESETS[fault.preset](PresetContext(call.model, call.organisation, fault.retry_after))
            if isinstance(refusal, RawPage):
                headers = wire.headers(wire.request_id(), kind=refusal.content_type)
                await exchange.answer(refusal.status, headers + extra, refusal.body.encode())
                return
            headers = wire.headers(wire.request_id()) + header_bytes(refusal.headers) + extra
            await exchange.answer(refusal.status, headers, wire.error_body(refusal))
            return
        if fault.retry_after is not None:
            extra += header_bytes({"retry-after": f"{fault.retry_after:g}"})
        if isinstance(fault.body, str):
            headers = wire.headers(wire.request_id(), kind="text/plain; charset=UTF-8")
            data = fault.body.encode()
        elif fault.body is not None:
            headers, data = wire.headers(wire.request_id()), wire.json_body(fault.body)
        else:
            error = WireError(
                fault.status,
                f"Simulated status {fault.status}",
                type="internal_server_error" if fault.status >= 500 else "invalid_request_error",
            )
            headers, data = wire.headers(wire.request_id()), wire.error_body(error)
        names = {name for name, _ in extra}
        await exchange.answer(fault.status, [h for h in headers if h[0] not in names] + extra, data)


# ── endpoints ────────────────────────────────────────────────────────────────────────────────────────


async def _chat(app: App, call: RequestInPlay, rest: str) -> None:
    body = await _json(call)
    if await app.begin(call, "chat", body):
        await chat.complete(app.world, call, body)


async def _transcriptions(app: App, call: RequestInPlay, rest: str) -> None:
    await _listen(app, call, translate=False)


async def _translations(app: App, call: RequestInPlay, rest: str) -> None:
    await _listen(app, call, translate=True)


async def _listen(app: App, call: RequestInPlay, *, translate: bool) -> None:
    form = await _form(call)
    if await app.begin(call, "audio", form.to_dict()):
        await audio.transcribe(app.world, call, form, translate=translate)


async def _speech(app: App, call: RequestInPlay, rest: str) -> None:
    body = await _json(call)
    if await app.begin(call, "speech", body):
        await audio.speak(app.world, call, body)


async def _models(app: App, call: RequestInPlay, rest: str) -> None:
    await call.exchange.body()
    if not await app.begin(call, "models", {"model": rest} if rest else {}):
        return
    wire, world = call.wire, app.world
    data = wire.model(world.find_model(wire, rest)) if rest else wire.models(world.models(wire.name))
    await call.exchange.answer(200, wire.headers(wire.request_id()), data, chunked=True)


async def _files(app: App, call: RequestInPlay, rest: str) -> None:
    form = None
    if call.exchange.method == "POST":
        form = await _form(call)
    if await app.begin(call, "files", form.to_dict() if form else {}):
        await app.files.handle(call, rest, form)


async def _batches(app: App, call: RequestInPlay, rest: str) -> None:
    body: Json = {}
    if call.exchange.method == "POST" and not rest:
        body = await _json(call)
    if await app.begin(call, "batches", body):
        await app.batches.handle(call, rest, body)


EXACT: dict[tuple[str, str], Endpoint] = {
    ("POST", "/chat/completions"): _chat,
    ("POST", "/audio/transcriptions"): _transcriptions,
    ("POST", "/audio/translations"): _translations,
    ("POST", "/audio/speech"): _speech,
    ("GET", "/models"): _models,
    ("GET", "/files"): _files,
    ("POST", "/files"): _files,
    ("GET", "/batches"): _batches,
    ("POST", "/batches"): _batches,
}
BELOW: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/models/", _models),
    ("GET", "/files/", _files),
    ("DELETE", "/files/", _files),
    ("GET", "/batches/", _batches),
    ("POST", "/batches/", _batches),
)


def _route(method: str, path: str) -> tuple[Endpoint | None, str]:
    if (endpoint := EXACT.get((method, path))) is not None:
        return endpoint, ""
    for verb, prefix, below in BELOW:
        if method == verb and path.startswith(prefix) and len(path) > len(prefix):
            return below, path[len(prefix) :]
    return None, ""


async def _json(call: RequestInPlay) -> Json:
    try:
        body = decode(await call.exchange.body())
    except msgspec.DecodeError as error:
        raise bad_request(f"request body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("request body must be a JSON object")
    return body


async def _form(call: RequestInPlay) -> forms.SimulatedForm:
    return forms.parse(call.exchange.headers.get("content-type", ""), await call.exchange.body())


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
