"""A real Chromium in front of the whole application; a test may write the answers itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from groq_core.compose import Core, assemble
from groq_core.events import Events
from groq_core.requests import Request as Asked
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.requires import find
from tests.serving import listening, serving, url_of
from tests.ui import kept_page
from tests.ui.kept_page import PASSED, enter, fresh_page, standing_page

MEDIA = Path(__file__).parents[1] / "data" / "media"
ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--process-per-site",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--use-file-for-fake-audio-capture={MEDIA / 'jfk.wav'}",
)
"""
A Chromium that talks to nobody but us, and hears a speech of 1961 in its microphone.

A visitor's pages share a process, as on a machine with little memory: each would else begin by compiling what the
others have compiled, which is half of opening it.
"""

Script: TypeAlias = Callable[[Asked], Events]

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)  # no less than of everything else; a machine may have much to do

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


@pytest.fixture(scope="package")
async def application() -> AsyncIterator[House]:
    async with new_house() as house:
        yield house


@asynccontextmanager
async def new_house() -> AsyncIterator[House]:
    """Serve one that nobody has asked anything."""
    simulator = Simulator(pace=4, limits="off", seed=1)
    await simulator.start()
    async with assemble(Settings.from_env({}), simulator=simulator) as core:
        await core.catalogue.refresh()
        house = House(core, simulator)
        whole = replace(
            core,
            handle=house.handle,
        )
        async with served(whole) as house.url:
            yield house
    await simulator.stop()


@asynccontextmanager
async def served(core: Core, port: int = 0) -> AsyncIterator[str]:
    """The page and the HTTP API on a loopback port, 0 for any that is free."""
    # With the lifespan, in which Gradio starts its queue.
    async with serving(create_app(core), lifespan="on", port=port) as server:
        yield f"{url_of(server)}/"


@pytest.fixture
def house(application: House) -> House:
    """The application as if nobody had been there before."""
    application.script = None
    application.asked.clear()
    application.simulator.faults.clear()
    application.simulator.requests.clear()
    return application


@dataclass
class Elsewhere:
    """
    Where a browser asks for every host but this machine: a proxy that writes down what it is asked and hangs up.

    Playwright could tell of every request instead, but of a hundred a page, which costs a sixth of opening it.
    """

    flag: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
async def elsewhere() -> AsyncIterator[Elsewhere]:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        found.asked.append(line.decode(errors="replace").strip())
        writer.close()

    async with listening(refuse) as port:
        found = Elsewhere(f"--proxy-server=127.0.0.1:{port}")
        yield found


@pytest.fixture(scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> AsyncIterator[Browser]:
    """Its microphone hears two and a half seconds of speech, then four of silence, and so on: questions, one by one."""
    speech, rate = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    phrase = speech[int(0.3 * rate) : int(2.8 * rate)]
    file = tmp_path_factory.mktemp("microphone") / "question.wav"
    soundfile.write(file, np.concatenate([phrase, np.zeros(4 * rate, "int16")]), rate)
    # Of a flag that is there twice, the last counts.
    async with launch_browser(*ALONE, elsewhere.flag, f"--use-file-for-fake-audio-capture={file}") as browser:
        yield browser


@asynccontextmanager
async def launch_browser(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=[*flags])
        yield browser
        await browser.close()


@pytest.fixture(scope="package")
async def shared_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """One cache for all of these tests, so that only the first page is loaded whole."""
    async with context_of(browser) as context:
        yield context


@asynccontextmanager
async def context_of(browser: Browser) -> AsyncIterator[BrowserContext]:
    """What a visitor has who allows everything."""
    context = await browser.new_context(permissions=["microphone", "camera", "clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture(scope="package")
async def kept_pages(shared_context: BrowserContext) -> list[Page]:
    """The page that tests use one after the other, once there is one."""
    return []


@pytest.fixture(scope="package")
async def standing_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Another visitor's, whose page no test closes: what others keep and delete in theirs is nothing to it."""
    async with context_of(browser) as context:
        yield context


@pytest.fixture(scope="package")
async def standing_pages(standing_context: BrowserContext) -> list[Page]:
    """The page on which tests marked ``one_page`` begin one conversation after the other, once there is one."""
    return []


@asynccontextmanager
async def silent_afterwards(standing_pages: list[Page]) -> AsyncIterator[None]:
    """A page that has spoken holds its sound open, which costs whatever tests come after it."""
    yield
    for page in standing_pages:
        await page.close()


@dataclass
class Window:
    """A visitor's browser, and the first page in it."""

    context: BrowserContext
    page: Page


@pytest.fixture
async def window(
    request: pytest.FixtureRequest,
    shared_context: BrowserContext,
    kept_pages: list[Page],
    standing_context: BrowserContext,
    standing_pages: list[Page],
    house: House,
) -> AsyncIterator[Window]:
    if request.node.get_closest_marker("one_page"):
        async with standing_page(standing_context, standing_pages, house.url, request.node) as page:
            yield Window(standing_context, page)
    else:
        async with fresh_page(shared_context, kept_pages, house.url) as page:
            yield Window(shared_context, page)


@pytest.fixture
async def context(window: Window) -> BrowserContext:
    """
    A visitor who has never been here, with one empty page; of the tests before only the cache of files is left.

    Where the test is marked ``one_page``, that page may still be open since another test.
    """
    return window.context


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


Visiting: TypeAlias = Callable[..., AbstractAsyncContextManager[Page]]
"""Simulator, tab, and what is set, to the page with that tab open; the house's own simulator stands for its house."""


@pytest.fixture(scope="package")
def kept_port() -> list[int]:
    """
    The port of all houses of :func:`visiting`, once there was one.

    A browser keeps files by their address; at another port it would fetch and compile them all again.
    """
    return []


@pytest.fixture
def visiting(shared_context: BrowserContext, kept_pages: list[Page], kept_port: list[int], house: House) -> Visiting:
    """Visits to houses of a test's own, one after the other, with what is set; a script's complaint fails the test."""

    @asynccontextmanager
    async def served_with(simulator: Simulator, environ: dict[str, str]) -> AsyncIterator[str]:
        settings = Settings.from_env({"GROQ_CORE_OFFLINE": "1", **environ})
        async with assemble(settings, simulator=simulator) as core, served(core, *kept_port) as url:
            kept_port[:] = [urlsplit(url).port or 0]
            yield url

    @asynccontextmanager
    async def visit(simulator: Simulator, tab: str, **environ: str) -> AsyncIterator[Page]:
        there_already = simulator is house.simulator and not environ
        complaints: list[str] = []

        def note_error(error: Exception) -> None:
            complaints.append(str(error))

        house_there = nullcontext(house.url) if there_already else served_with(simulator, environ)
        async with house_there as url, fresh_page(shared_context, kept_pages, url) as page:
            page.on("pageerror", note_error)
            await page.goto(url)
            await page.click(f"#tab-{tab}-button")
            yield page
            page.remove_listener("pageerror", note_error)
        assert complaints == []

    return visit


@pytest.fixture(params=[SIZES[0]])
async def visitor(request: pytest.FixtureRequest, window: Window) -> BrowserContext:
    """Somebody who has never been here, before a screen of this size."""
    await window.page.set_viewport_size(request.param)
    return window.context


@pytest.fixture
async def tab(visitor: BrowserContext, window: Window, house: House) -> Page:
    """The page in that browser."""
    await enter(window.page, house.url)
    return window.page


@pytest.fixture
async def stranger(shared_context: BrowserContext, kept_pages: list[Page], house: House) -> AsyncIterator[Page]:
    """The empty page of another visitor than whoever uses the page that stands open (``one_page``)."""
    async with fresh_page(shared_context, kept_pages, house.url) as page:
        yield page


OTHER_ORIGINS = """() => performance.getEntriesByType("resource")
    .map(({ name }) => name).filter((name) => name.startsWith("http") && new URL(name).origin !== location.origin)"""
"""What this document asked of another port of this machine."""


@pytest.fixture
async def unopened(window: Window, elsewhere: Elsewhere) -> AsyncIterator[Page]:
    """The page before it is opened, for who sets a screen first; no script error, and it talks to nobody else."""
    page = window.page
    wrong: list[str] = []
    elsewhere.asked.clear()

    def note_message(message: ConsoleMessage) -> None:
        # A refused picture is a 4xx on purpose; the browser notes each in its console.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(f"console: {message.text}")

    def note_error(error: Exception) -> None:
        wrong.append(f"script error: {error}")

    page.on("console", note_message)
    page.on("pageerror", note_error)
    yield page
    page.remove_listener("console", note_message)
    page.remove_listener("pageerror", note_error)
    others = [] if page.is_closed() else await page.evaluate(OTHER_ORIGINS)
    assert [*wrong, *(f"asked another host: {one}" for one in [*elsewhere.asked, *others])] == []


@pytest.fixture
async def page(unopened: Page, house: House) -> Page:
    """The page, opened; it must stay free of script errors and talk to nobody else."""
    await enter(unopened, house.url)
    return unopened


async def open_page(page: Page, house: House) -> None:
    await kept_page.open_page(page, house.url)
