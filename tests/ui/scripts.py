"""Answers for the page, written by a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from gradio.utils import get_upload_folder
from playwright.async_api import Locator, Page

from groq_core.events import AttemptStarted, Event, Events, Finished, Routed, TextDelta, Usage
from groq_core.requests import Request
from tests.ui.conftest import Script

CANDIDATES = ("groq:openai/gpt-oss-20b", "groq:openai/gpt-oss-120b")

BEGUN = AttemptStarted(number=1, provider="groq", model="openai/gpt-oss-20b")
DONE = Finished(
    provider="groq",
    model="openai/gpt-oss-20b",
    number=1,
    usage=Usage(prompt_tokens=7, completion_tokens=30, total_tokens=37, completion_time=0.03),
    ttft_s=0.01,
    elapsed_s=0.04,
    cost_usd=0.00001,
)


def plays(*steps: Event | Exception | Callable[[], Awaitable[object]]) -> Script:
    """Events are yielded, errors raised, anything callable is awaited."""

    async def script(request: Request) -> Events:
        yield Routed(request_id=request.request_id, tier="speed", reason="a short question", candidates=CANDIDATES)
        for step in steps:
            if isinstance(step, Event):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await step()

    return script


def says(text: str, piece: int = 7) -> Script:
    """A whole answer, in pieces of so many characters."""
    return plays(BEGUN, *(TextDelta(text[at : at + piece]) for at in range(0, len(text), piece)), DONE)


class Hung:
    """An answer that begins and then says nothing; knows when it was hung up on."""

    def __init__(self, beginning: str) -> None:
        self.beginning = beginning
        self.closed = asyncio.Event()

    async def __call__(self, request: Request) -> Events:
        try:
            yield BEGUN
            yield TextDelta(self.beginning)
            await asyncio.Event().wait()
        finally:
            self.closed.set()


async def ask(page: Page, text: str) -> None:
    await page.fill("#chat-message textarea", text)
    await page.click("#chat-send")


async def answered(page: Page, count: int = 1, state: str = "done") -> str:
    """Wait until so many answers stand there and the last one has ended; give its visible text."""
    last = page.locator("#chat-log [data-role=assistant]").nth(count - 1)
    await last.and_(page.locator(f"[data-state={state}]")).wait_for(state="attached")
    return await last.inner_text()


async def size_of(element: Locator) -> tuple[float, float]:
    """Width and height on the screen, in pixels."""
    box = await element.bounding_box()
    assert box is not None
    return box["width"], box["height"]


def files_on_disk() -> set[Path]:
    """What stands where Gradio keeps uploads."""
    return {path for path in Path(get_upload_folder()).rglob("*") if path.is_file()}
