"""
The Chat tab: its place, and the way through Gradio's queue for when the direct one is blocked.

What stands in it is the page's own (``assets/js/chat/chat.js``), there before Gradio has laid out anything: answers
travel as server-sent events and finished ones are never sent or drawn again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr
import gradio.events
import msgspec

from groq_core.errors import GroqCoreError, RequestError
from groq_core.events import Events, TextDelta
from groq_core.redaction import redacted
from groq_core.reply import Reply
from groq_core.requests import Caller
from groq_core.ui.asking import Question, Turn, read_question
from groq_core.ui.context import answer_to
from groq_core.ui.core import PageCore
from groq_core.ui.layout import place
from groq_core.ui.stream import Gathering, refused

UPDATES_PER_S = 25


def create_tab(core: PageCore) -> None:
    """Leave a place for the page's own tab."""
    place("gc-chat")
    _create_queue_way(core)


def _create_queue_way(core: PageCore) -> None:
    """Hidden components that carry a question to the queue and its lines back, and the endpoint for programs."""

    async def through_queue(packed: str) -> AsyncGenerator[str, None]:
        async with aclosing(queued_lines(core, packed)) as lines:
            async for so_far in lines:
                yield so_far

    async def chat(message: str, model: str = "auto") -> AsyncGenerator[str, None]:
        async with aclosing(answer_text(core, message, model)) as texts:
            async for so_far in texts:
                yield so_far

    question = gr.Textbox(elem_id="chat-queue-question", visible="hidden", show_label=False)
    lines = gr.Textbox(elem_id="chat-queue-lines", visible="hidden", show_label=False)
    start = gr.Button(elem_id="chat-queue-start", visible="hidden")
    stop = gr.Button(elem_id="chat-queue-stop", visible="hidden")
    asked = start.click(
        through_queue, [question], [lines], api_name="chat_lines", api_visibility="private", show_progress="hidden"
    )
    stop.click(None, None, None, cancels=[asked])
    lines.change(None, [lines], None, js="(lines) => { globalThis.groqCoreQueued?.(lines) }", show_progress="hidden")
    gradio.events.api(chat, api_name="chat")


class Queued(msgspec.Struct, frozen=True):
    """A question on its way through the queue; ``name`` tells its lines from those of an earlier one."""

    name: str
    question: str


async def queued_lines(core: PageCore, packed: str) -> AsyncGenerator[str, None]:
    """The same lines as the direct way sends, as one growing text: Gradio sends only what was appended."""
    queued = msgspec.json.decode(packed, type=Queued)
    so_far = f"{queued.name}\n\n"
    async with Gathering(asked(core, queued.question)) as gathering:
        while not gathering.finished:
            so_far += (await gathering.next()).decode()
            yield so_far
            await asyncio.sleep(1 / UPDATES_PER_S)


def asked(core: PageCore, question: str) -> Events:
    """The events of an answer; a question that cannot be read is refused in the same form."""
    try:
        return answer_to(core, read_question(question.encode()), Caller(user="queue"))
    except RequestError as error:
        return refused(error)


async def answer_text(core: PageCore, message: str, model: str) -> AsyncGenerator[str, None]:
    """
    The answer so far, for programs that use Gradio's own client.

    Raises:
        gr.Error: What went wrong and what to do.
    """
    question = Question(turns=(Turn(role="user", text=message),), model=model)
    reply = Reply()
    shown = 0.0
    try:
        async with aclosing(asked(core, msgspec.json.encode(question).decode())) as events:
            async for event in events:
                reply.apply(event)
                if isinstance(event, TextDelta) and time.monotonic() - shown >= 1 / UPDATES_PER_S:
                    shown = time.monotonic()
                    yield reply.text
    except GroqCoreError as error:
        raise gr.Error(redacted(f"{error.message}. {error.hint}".strip()), print_exception=False) from error
    yield reply.text
