"""A real Chromium in front of the whole application; a test may write the answers itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from groq_core.compose import Core, assemble
from groq_core.events import Events
from groq_core.requests import Request as Asked
from groq_core.serve import create_app
from groq_core.services.speech import Speech
from groq_core.services.transcription import TranscriptionService
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.requires import found
from tests.serving import serving, url_of

MEDIA = Path(__file__).parents[1] / "data" / "media"
ALONE = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --use-fake-device-for-media-stream --use-fake-ui-for-media-stream "
    f"--use-file-for-fake-audio-capture={MEDIA / 'jfk.wav'}"
).split()
"""A Chromium that talks to nobody but us, and hears a speech of 1961 in its microphone."""

Script: TypeAlias = Callable[[Asked], Events]

PATIENCE_MS = 30_000

SIZES = [
    pytest.param({"width": 1440, "height": 900}, id="desktop"),
    pytest.param({"width": 390, "height": 844}, id="phone"),
]


@dataclass
class House:
    """
    The application behind the page.

    Attributes:
        script: What answers instead of the pipeline, while it is set.
        asked: Every request that came from the page.
    """

    core: Core
    simulator: Simulator
    url: str = ""
    script: Script | None = None
    asked: list[Asked] = field(default_factory=list)

    def handle(self, request: Asked) -> Events:
        self.asked.append(request)
        return self.script(request) if self.script else self.core.handle(request)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module, since the application and the browser live as long."""
    return "asyncio"


@pytest.fixture(scope="module")
async def application() -> AsyncIterator[House]:
    simulator = Simulator(pace=4, limits="off", seed=1)
    await simulator.start()
    async with assemble(Settings.from_env({}), simulator=simulator) as core:
        await core.catalogue.refresh()
        house = House(core, simulator)
        whole = replace(
            core,
            handle=house.handle,
            transcription=TranscriptionService(house.handle),
            speech=Speech(house.handle),
        )
        async with served(whole) as house.url:
            yield house
    await simulator.stop()


@asynccontextmanager
async def served(core: Core) -> AsyncIterator[str]:
    """The page and the HTTP API on a free loopback port."""
    # With the lifespan, in which Gradio starts its queue.
    async with serving(create_app(core), lifespan="on") as server:
        yield f"{url_of(server)}/"


@pytest.fixture
def house(application: House) -> House:
    """The application as if nobody had been there before."""
    application.script = None
    application.asked.clear()
    application.simulator.faults.clear()
    application.simulator.requests.clear()
    return application


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found("chromium"), args=ALONE)
        yield browser
        await browser.close()


@pytest.fixture(params=[SIZES[0]])
async def visitor(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own for every test: what one keeps, the next must not see."""
    context = await browser.new_context(viewport=request.param, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture
async def tab(visitor: BrowserContext, house: House) -> Page:
    """The page in that browser."""
    page = await visitor.new_page()
    await open_page(page, house)
    return page


@pytest.fixture(scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """One cache for a module, so that only its first page is loaded whole; a page shares nothing else with another."""
    context = await browser.new_context(permissions=["microphone", "camera", "clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext, house: House) -> AsyncIterator[Page]:
    """The page, opened; it must stay free of script errors and talk to nobody else."""
    page = await context.new_page()
    wrong: list[str] = []

    def requested(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws") and parts.netloc != urlsplit(house.url).netloc:
            wrong.append(f"asked another host: {request.url}")

    def said(message: ConsoleMessage) -> None:
        # A refused picture is a 4xx on purpose; the browser notes each in its console.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(f"console: {message.text}")

    page.on("request", requested)
    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    await open_page(page, house)
    yield page
    await page.close()  # or its two open streams would count against the six connections of the next ones
    assert wrong == []


async def open_page(page: Page, house: House) -> None:
    await page.goto(house.url)
    await page.wait_for_selector("#chat-log .gc-turns")
    await page.wait_for_selector("#chat-send")
    await page.wait_for_selector("#status-panel [data-target]", state="attached")
