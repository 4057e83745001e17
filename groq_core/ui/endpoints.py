"""
Gradio's named endpoints, for its own client, for ``gr.load`` and for MCP: `/chat`, `/ask_image`, `/transcribe`,
`/speak`, `/extract`, `/models`.

The page itself uses none of them. Who may call them is decided by :mod:`groq_core.ui.gradio_door`.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import gradio as gr
import msgspec

from groq_core.errors import GroqCoreError, RequestError
from groq_core.events import TextDelta
from groq_core.redaction import redact
from groq_core.reply import Reply, collect
from groq_core.requests import Caller
from groq_core.services.extraction import Extraction, ExtractionOptions
from groq_core.services.extraction.fitting import spell_path
from groq_core.services.extraction.schema import from_json_schema
from groq_core.ui.chat_request import PageQuestion, PageTurn, chat_request
from groq_core.ui.core import PageCore
from groq_core.ui.gradio_door import caller_of
from groq_core.ui.model_picker import TIERS, models_of
from groq_core.ui.page_bodies import UNREADABLE

UPDATES_PER_S: Final = 25

MAX_FILE: Final = 100 * 2**20

WHOLE: Final = "_whole"
"""Ends the name of the unstreamed twin of an endpoint, which MCP asks instead: a tool has one result."""

P = ParamSpec("P")
R = TypeVar("R")


def create_endpoints(core: PageCore) -> None:
    """Declare the endpoints inside the page's ``Blocks``; none of their components is ever shown."""

    async def chat(
        message: str, request: gr.Request, model: str = "auto", system: str = ""
    ) -> AsyncGenerator[str, None]:
        """
        Ask a language model a question and get its answer in text.

        Args:
            message: The question.
            model: auto, speed, quality, a model's id, or provider:id.
            system: How the model should behave; may be empty.
        """
        async with aclosing(answer_text(core, message, model, system, caller_of(request))) as texts:
            async for so_far in texts:
                yield so_far

    @_plainly
    async def chat_whole(message: str, request: gr.Request, model: str = "auto", system: str = "") -> str:
        reply = Reply()
        async with aclosing(core.handle(_question_of(message, model, system, caller_of(request)))) as events:
            async for event in events:
                reply.apply(event)
        return reply.text

    @_plainly
    async def ask_image(image: str, request: gr.Request, question: str = "", model: str = "vision") -> str:
        """
        Ask a question about a picture.

        Args:
            image: The picture: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF.
            question: What to find out; empty for a description.
            model: vision, a model's id, or provider:id.
        """
        picture = await _take_upload(image, "image")
        text = question.strip() or "Describe this picture."
        reply = await core.vision.ask(text, [picture], model=model.strip() or "vision", caller=caller_of(request))
        return str(reply.text)

    @_plainly
    async def transcribe(audio: str, request: gr.Request, language: str = "") -> str:
        """
        Write down what is said in a recording.

        Args:
            audio: The recording, of any length.
            language: Its language as ISO 639-1 (en, de, …); empty to let the model find out.
        """
        data = await _take_upload(audio, "audio")
        events = core.transcription.stream(
            data, Path(audio).name, language=language.strip() or None, caller=caller_of(request)
        )
        async with aclosing(events):
            return (await collect(events)).text.strip()

    @_plainly
    async def speak(text: str, request: gr.Request, voice: str = "") -> str:
        """
        Speak a text; the result is a WAV file.

        Args:
            text: What to say.
            voice: A voice's name, such as troy; empty for the model's first.
        """
        reply = await core.speech.say(text, voice=voice.strip() or None, caller=caller_of(request))
        return await asyncio.to_thread(_write, reply.audio)

    @_plainly
    async def extract(text: str, schema: Any, request: gr.Request, model: str = "auto") -> dict[str, Any]:
        """
        Find data that fits a JSON Schema in a text.

        Args:
            text: The text to read.
            schema: A JSON Schema whose root is an object.
            model: auto, a tier, a model's id, or provider:id.
        """
        wanted = from_json_schema(_schema(schema))
        options = ExtractionOptions(model=model.strip() or "auto")
        found = await core.extraction.extract_detailed(text, wanted, options=options, caller=caller_of(request))
        return extraction_body(found)

    @_plainly
    async def models() -> list[dict[str, Any]]:
        """List the models that can be asked now, tier aliases first."""
        return list_models(core)

    chat_whole.__doc__ = chat.__doc__
    question = [_text("message"), _text("model", "auto"), _text("system")]
    _declare(chat, question, _text("answer"), queue=True)
    _declare(chat_whole, question, _text("answer"), api_visibility="private")
    _declare(
        ask_image,
        [
            gr.File(type="filepath", file_types=["image"], label="image", **_HIDDEN),
            _text("question"),
            _text("model", "vision"),
        ],
        gr.Textbox(label="answer", **_HIDDEN),
    )
    _declare(
        transcribe,
        [gr.Audio(type="filepath", label="audio", **_HIDDEN), _text("language")],
        gr.Textbox(label="transcript", **_HIDDEN),
    )
    _declare(speak, [_text("text"), _text("voice")], gr.Audio(type="filepath", label="speech", **_HIDDEN))
    schema = gr.JSON(label="schema", **_HIDDEN)
    _declare(extract, [_text("text"), schema, _text("model", "auto")], gr.JSON(label="data", **_HIDDEN))
    _declare(models, [], gr.JSON(label="models", **_HIDDEN))


_HIDDEN: Final[Mapping[str, Any]] = {"visible": False}


def _text(label: str, value: str = "") -> gr.Textbox:
    return gr.Textbox(value=value, label=label, visible=False)


def _declare(fn: Callable[..., Any], inputs: list[Any], output: Any, *, queue: bool = False, **options: Any) -> None:
    """
    Declare an endpoint named like its function. Components, since `gr.load` cannot rebuild what `gr.api` declares.

    Args:
        queue: What streams must be; what does not, MCP then calls without a way round over the network.
    """
    trigger = gr.Button(visible=False)
    trigger.click(fn, inputs, output, api_name=fn.__name__, queue=queue, show_progress="hidden", **options)


def _plainly(fn: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Tell what went wrong as Gradio does, in a sentence for people."""

    @wraps(fn)
    async def call_plainly(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await fn(*args, **kwargs)
        except GroqCoreError as error:
            raise plain_error(error) from error

    return call_plainly


def plain_error(error: GroqCoreError) -> gr.Error:
    return gr.Error(redact(error.told), print_exception=False)


def _question_of(message: str, model: str, system: str, caller: Caller) -> Any:
    if not message.strip():
        raise RequestError("`message` is empty", param="message", hint="Ask something.")
    turns = (PageTurn(role="system", text=system),) if system.strip() else ()
    return chat_request(PageQuestion(turns=(*turns, PageTurn(role="user", text=message)), model=model), caller)


async def answer_text(
    core: PageCore, message: str, model: str, system: str, caller: Caller
) -> AsyncGenerator[str, None]:
    """
    The answer so far, at most :data:`UPDATES_PER_S` times a second.

    Raises:
        gr.Error: What went wrong and what to do.
    """
    reply = Reply()
    shown = 0.0
    try:
        async with aclosing(core.handle(_question_of(message, model, system, caller))) as events:
            async for event in events:
                reply.apply(event)
                if isinstance(event, TextDelta) and time.monotonic() - shown >= 1 / UPDATES_PER_S:
                    shown = time.monotonic()
                    yield reply.text
    except GroqCoreError as error:
        raise plain_error(error) from error
    yield reply.text


async def _take_upload(path: str | None, param: str) -> bytes:
    """
    Read an upload and delete it: it has been handed over, and nobody is to find it on the disk.

    Raises:
        RequestError: There is none.
    """
    if not path:
        raise RequestError(f"`{param}` is missing", param=param, hint="Send a file.")
    file = Path(path)

    def take() -> bytes:
        if file.stat().st_size > MAX_FILE:
            raise RequestError(f"`{param}` is larger than {MAX_FILE // 2**20} MiB", param=param, status=413)
        data = file.read_bytes()
        file.unlink(missing_ok=True)
        return data

    try:
        return await asyncio.to_thread(take)
    except OSError:
        raise RequestError(f"`{param}` cannot be read", param=param, hint="Send the file again.") from None


def _write(audio: bytes) -> str:
    """A file for Gradio to take into its cache, which it tidies."""
    folder = os.environ.get("GRADIO_TEMP_DIR") or str(Path(tempfile.gettempdir()) / "gradio")
    Path(folder).mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".wav", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(audio)
    return name


def _schema(schema: Any) -> dict[str, Any]:
    if isinstance(schema, str):
        try:
            schema = msgspec.json.decode(schema)
        except UNREADABLE as error:
            raise RequestError(f"`schema` is not JSON: {error}", param="schema", hint="Mend it.") from error
    if not isinstance(schema, dict):
        raise RequestError("`schema` is not a JSON object", param="schema", hint="Send a JSON Schema.")
    return schema


def extraction_body(found: Extraction[Any]) -> dict[str, Any]:
    """What was found, where it stands in the text, what stands nowhere in it, and whether a simulator answered."""
    places = {
        spell_path(path): {"start": span.start, "end": span.end, "quote": span.quote}
        for path, span in found.spans.items()
        if span is not None
    }
    body = {"data": found.data, "places": places, "missing": [spell_path(path) for path in found.without_place]}
    return {**body, "simulated": True} if found.simulated else body


def list_models(core: PageCore) -> list[dict[str, Any]]:
    """Tiers with the target they resolve to, then every model with its provider and what it can do."""
    tiers = {tier.tier: tier.target for tier in core.board.snapshot().tiers}
    aliases = [{"id": name, "resolves_to": tiers.get("speed" if name == "auto" else name)} for name in TIERS]
    aliases += [{"id": name, "resolves_to": tiers.get(name)} for name in ("audio", "speech")]
    return aliases + [
        {"id": spec.id, "provider": spec.provider, "capabilities": sorted(spec.capabilities), "status": spec.status}
        for spec in models_of(core)
    ]


# ── MCP ──────────────────────────────────────────────────────────────────────────────────────────────


def tools_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """
    Whether the endpoints are to be served as MCP tools. Gradio itself takes nothing but ``true``.

    >>> [tools_wanted({"GRADIO_MCP_SERVER": word}) for word in ("1", "True", "0", "")]
    [True, True, False, False]
    """
    return environment.get("GRADIO_MCP_SERVER", "").strip().lower() in ("1", "true", "yes", "on")


def prepare_tools() -> None:
    """Gradio was imported as if `mcp` were not there; what serves its tools needs to see it."""
    import gradio.mcp

    importlib.reload(gradio.mcp)


def serve_tools(demo: gr.Blocks) -> None:
    """
    Let MCP ask the unstreamed twin where there is one, and describe every parameter by a schema that is one.

    Gradio would call its own address for a streamed endpoint, by the name that the request's headers give.
    """
    server: Any = demo.mcp_server_obj
    if server is None:
        return
    for endpoint in server.api_info["named_endpoints"].values():
        for parameter in endpoint["parameters"]:
            parameter["type"] = _schema_of(parameter["type"])
    by_name = {str(fn.api_name): fn for fn in demo.fns.values()}
    find = server.get_block_fn_from_endpoint_name

    def twin(name: str) -> Any:
        return by_name.get(f"{name.lstrip('/')}{WHOLE}") or find(name)

    server.get_block_fn_from_endpoint_name = twin


def _schema_of(described: dict[str, Any]) -> dict[str, Any]:
    """
    Gradio describes any JSON as ``{"type": {}}``, which is no JSON Schema: each call of the tool would be refused.

    >>> _schema_of({"type": {}, "description": "any valid json"})
    {'description': 'any valid json'}
    """
    return {name: value for name, value in described.items() if name != "type" or value}
