"""A browser that hears a question of a recording, again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import soundfile
from playwright.async_api import Browser, BrowserContext, Page

from tests.ui.conftest import ALONE, MEDIA, Elsewhere, House, context_of, launch_browser
from tests.ui.scripts import says
from tests.ui.talk.talking import ANSWER, LISTENS, chat


@pytest.fixture(scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> AsyncIterator[Browser]:
    """Its microphone hears two and a half seconds of speech, then four of silence, and so on."""
    speech, rate = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    phrase = speech[int(0.3 * rate) : int(2.8 * rate)]
    file = tmp_path_factory.mktemp("microphone") / "question.wav"
    soundfile.write(file, np.concatenate([phrase, np.zeros(4 * rate, "int16")]), rate)
    flags = [flag for flag in ALONE if not flag.startswith("--use-file-for-fake-audio-capture")]
    async with launch_browser(*flags, elsewhere.flag, f"--use-file-for-fake-audio-capture={file}") as browser:
        yield browser


@pytest.fixture(scope="package")
async def shared_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with context_of(browser) as context:
        yield context


@pytest.fixture(scope="package")
async def kept_pages(shared_context: BrowserContext) -> list[Page]:
    return []


@pytest.fixture(scope="package")
async def standing_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with context_of(browser) as context:
        yield context


@pytest.fixture(scope="package")
async def standing_pages(standing_context: BrowserContext) -> list[Page]:
    return []


@pytest.fixture
async def talking(page: Page, house: House) -> Page:
    await page.evaluate(LISTENS)
    house.script = chat(house, says(ANSWER))
    return page
