"""
The Chat tab: its place, and the way through Gradio's queue for when the direct one is blocked.

What stands in it is the page's own (``assets/js/chat/chat.js``), there before Gradio has laid out anything: answers
travel as server-sent events and finished ones are never sent or drawn again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr
import msgspec

from groq_core.requests import Caller
from groq_core.ui.core import PageCore
from groq_core.ui.gradio_door import caller_of
from groq_core.ui.page_routes import answer_question
from groq_core.ui.stream import Gathering
from groq_core.ui.tab_parts import place

UPDATES_PER_S = 25


def create_tab(core: PageCore) -> None:
    """Leave a place for the page's own tab."""
    place("gc-chat")
    _create_queue_way(core)


def _create_queue_way(core: PageCore) -> None:
    """Hidden components that carry a question to the queue and its lines back."""

    async def through_queue(packed: str, request: gr.Request) -> AsyncGenerator[str, None]:
        async with aclosing(growing_text(core, packed, caller_of(request))) as lines:
            async for so_far in lines:
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


class Queued(msgspec.Struct, frozen=True):
    """A question on its way through the queue; ``name`` tells its lines from those of an earlier one."""

    name: str
    question: str


async def growing_text(core: PageCore, packed: str, caller: Caller) -> AsyncGenerator[str, None]:
    """The same lines as the direct way sends, as one growing text: Gradio sends only what was appended."""
    queued = msgspec.json.decode(packed, type=Queued)
    so_far = f"{queued.name}\n\n"
    async with Gathering(answer_question(core, queued.question.encode(), caller)) as gathering:
        while not gathering.finished:
            so_far += (await gathering.next()).decode()
            yield so_far
            await asyncio.sleep(1 / UPDATES_PER_S)
