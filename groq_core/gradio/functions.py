"""Functions for stock Gradio components: they ask the chain and give what the components show."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import gradio as gr

from groq_core.compose import Core, assemble
from groq_core.connections.event_loop import PerLoop
from groq_core.errors import GroqCoreError
from groq_core.events import AttemptFailed, Continued, Events, ReasoningDelta, Restarted, TextDelta
from groq_core.gradio.messages import MessageTurn, conversation
from groq_core.media.audio.wav import PCM, Wave, write_wav
from groq_core.redaction import Secret, redact
from groq_core.reply import Reply, collect
from groq_core.settings.env_file import load
from groq_core.settings.settings import Settings

UPDATES_PER_S: Final = 25
"""Each makes Gradio send and draw the conversation again; more would be slower than the model."""

LETTERS_PER_S: Final = 100_000
"""What all drawings of a second may come to: each is of the whole answer, and takes longer the longer that is."""

Messages = list[dict[str, Any]]


class Chain:
    """
    A chain of one's own, for an app that brings its settings or its key.

    Args:
        settings: In place of the environment's.
        model: A tier, a model's id, or ``provider:id``.
    """

    def __init__(self, settings: Settings | None = None, *, model: str = "auto") -> None:
        self._settings = settings
        self.model = model
        # Gradio may run the same function on another loop (a test, a reload).
        self._cores = PerLoop(self._assemble)

    async def core(self) -> Core:
        """The application behind it, made when the first question comes."""
        return await self._cores.get()

    async def _assemble(self, owned: AsyncExitStack) -> Core:
        return await owned.enter_async_context(assemble(self._settings or load()))

    async def close(self) -> None:
        """Close what was made on this loop; an app that runs as long as its process need not."""
        await self._cores.close()

    async def chat(self, message: Any, history: Sequence[Any], *_: Any) -> AsyncGenerator[Messages, None]:
        """
        Answer in a `gr.ChatInterface`, with ``multimodal=True`` or without.

        Yields:
            The messages to show: the model's thoughts, what went wrong on the way, and the answer.

        Raises:
            gr.Error: Nobody answered; it says why.
        """
        core = await self.core()
        try:
            turns = await conversation(message, history, partial(self._write_down, core))
            async with aclosing(show(self._ask(core, turns))) as updates:
                async for messages in updates:
                    yield messages
        except GroqCoreError as error:
            raise _plain(error) from error

    def _ask(self, core: Core, turns: Sequence[MessageTurn]) -> Events:
        *before, last = turns
        messages = [{"role": turn.role, "content": turn.text} for turn in before]
        # The newest that were shown are the ones that are asked about.
        pictures = next((turn.pictures for turn in reversed(turns) if turn.pictures), [])
        if not pictures:
            return core.chat.stream([*messages, {"role": "user", "content": last.text}], model=self.model)
        text = last.text or "Describe this picture."
        model = "vision" if self.model == "auto" else self.model
        return core.vision.stream(text, pictures, history=messages, model=model)

    async def _write_down(self, core: Core, recording: bytes, name: str) -> str:
        async with aclosing(core.transcription.stream(recording, name)) as events:
            return (await collect(events)).text.strip()

    async def ask_image(self, image: Any, question: str = "") -> AsyncGenerator[str, None]:
        """
        Answer a question about the picture of a `gr.Image`, whatever its ``type``.

        Yields:
            The answer so far.
        """
        if image is None:
            raise gr.Error("There is no picture. Add one first.", print_exception=False)
        core = await self.core()
        model = "vision" if self.model == "auto" else self.model
        try:
            data = await asyncio.to_thread(_picture, image)
            events = core.vision.stream(question.strip() or "Describe this picture.", [data], model=model)
            async with aclosing(show(events)) as updates:
                async for messages in updates:
                    yield str(messages[-1]["content"])
        except GroqCoreError as error:
            raise _plain(error) from error

    async def transcribe(self, audio: Any) -> str:
        """Write down the recording of a `gr.Audio`, whatever its ``type``."""
        if audio is None:
            raise gr.Error("There is no recording. Add one first.", print_exception=False)
        core = await self.core()
        try:
            data, name = await asyncio.to_thread(_recording, audio)
            return await self._write_down(core, data, name)
        except GroqCoreError as error:
            raise _plain(error) from error


async def show(events: Events, clock: Callable[[], float] = time.monotonic) -> AsyncGenerator[Messages, None]:
    """What to show of an answer, at most :data:`UPDATES_PER_S` times a second, less often as it grows; its end too."""
    reply, due = Reply(), 0.0
    async with aclosing(events):
        async for event in events:
            reply.apply(event)
            tells = isinstance(event, AttemptFailed | Continued | Restarted)
            grows = isinstance(event, TextDelta | ReasoningDelta)
            if tells or (grows and clock() >= due):
                due = clock() + pause_after(reply)
                yield messages_of(reply)
                # Gradio's sending and drawing gets its turn; what comes meanwhile is gathered.
                await asyncio.sleep(0)
    yield messages_of(reply)


def pause_after(reply: Reply) -> float:
    """
    Seconds for which a reply that is shown as it is now stays so.

    >>> pause_after(Reply())
    0.04
    """
    return max(1 / UPDATES_PER_S, (len(reply.text) + len(reply.reasoning)) / LETTERS_PER_S)


def messages_of(reply: Reply) -> Messages:
    """A reply as `gr.Chatbot` shows it: thoughts and the chain's story fold away, the answer comes last."""
    messages: Messages = []
    if reply.reasoning:
        status = "done" if reply.text or reply.finished else "pending"
        messages.append(_fold(reply.reasoning, "Thinking", status))
    if failed := [attempt for attempt in reply.receipt.attempts if attempt.outcome == "failed"]:
        lines = [f"- {attempt.provider}:{attempt.model}: {attempt.error}" for attempt in failed]
        served = reply.receipt.served_by
        if served is not None:
            lines.append(f"- {served['provider']}:{served['model']}: answered")
        count = f"{len(failed)} attempt{'s' * (len(failed) > 1)} failed"
        answered = f", answered by {served['model']}" if served is not None else ", asking the next"
        messages.append(_fold("\n".join(lines), count + answered, "done"))
    return [*messages, {"role": "assistant", "content": reply.text}]


def _fold(text: str, title: str, status: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "metadata": {"title": title, "status": status}}


def _picture(image: Any) -> bytes:
    """The bytes of a picture that is a path, a PIL image or an array."""
    if isinstance(image, str | Path):
        return Path(image).read_bytes()
    from PIL import Image

    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _recording(audio: Any) -> tuple[bytes, str]:
    """The bytes of a recording that is a path, or a pair of rate and samples."""
    if isinstance(audio, str | Path):
        return Path(audio).read_bytes(), Path(audio).name
    import numpy as np

    rate, samples = audio
    if samples.dtype.kind == "f":
        samples = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    wave = Wave(PCM, channels, rate, samples.dtype.itemsize * 8, np.ascontiguousarray(samples).tobytes())
    return write_wav(wave), "recording.wav"


def _plain(error: GroqCoreError) -> gr.Error:
    return gr.Error(redact(error.told), print_exception=False)


# ── for those who bring no settings ──────────────────────────────────────────────────────────────────


@cache
def own_chain() -> Chain:
    """The chain of the environment, made when it is first needed."""
    return Chain()


async def chat(message: Any, history: Sequence[Any], *more: Any) -> AsyncGenerator[Messages, None]:
    """Answer in a `gr.ChatInterface` with the environment's keys; see :meth:`Chain.chat`."""
    async with aclosing(own_chain().chat(message, history, *more)) as updates:
        async for messages in updates:
            yield messages


async def ask_image(image: Any, question: str = "") -> AsyncGenerator[str, None]:
    """Answer a question about a picture with the environment's keys; see :meth:`Chain.ask_image`."""
    async with aclosing(own_chain().ask_image(image, question)) as answers:
        async for answer in answers:
            yield answer


async def transcribe(audio: Any) -> str:
    """Write down a recording with the environment's keys; see :meth:`Chain.transcribe`."""
    return await own_chain().transcribe(audio)


def registry(name: str, token: str | None = None, **options: Any) -> gr.Blocks:
    """
    Make an app for one model or tier: ``gr.load("auto", src=groq_core.gradio.registry)``.

    Args:
        name: A tier, a model's id, or ``provider:id``.
        token: A Groq key, in place of the environment's.
        options: Of `gr.ChatInterface`.
    """
    settings = load()
    if token is not None:
        settings = dataclasses.replace(settings, groq_api_key=Secret(token))
    chain = Chain(settings, model=name)
    return gr.ChatInterface(chain.chat, **{"multimodal": True, "title": name, **options})
