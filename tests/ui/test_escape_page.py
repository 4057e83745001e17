"""Esc stops what the open tab shows and nothing else: whatever else runs goes on, and stops when it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House, open_page
from tests.ui.scripts import Hung, ask

pytestmark = [pytest.mark.browser, needs("chromium")]

SOON_S = 10
BEGINNING = "The beginning"


async def open_tab(page: Page, name: str) -> None:
    await page.get_by_role("tab", name=name).click()


async def chat(page: Page) -> None:
    await ask(page, "go")
    await expect(page.locator("#chat-log [data-role=assistant]")).to_contain_text(BEGINNING)


async def comparison(page: Page) -> None:
    await page.click("#chat-compare")
    await expect(page.locator("#gc-compare")).to_be_visible()
    await ask(page, "go")
    await expect(page.locator("[data-column]").first).to_contain_text(BEGINNING)


async def picture(page: Page) -> None:
    await page.set_input_files("#image-input input[type=file]", MEDIA / "kiwi.jpg")
    await expect(page.locator(".gc-picture[data-state=ready]")).to_have_count(1)
    await page.fill("#image-question textarea", "What is it?")
    await page.click("#image-send")
    await expect(page.locator("#image-answer [data-role=assistant]")).to_contain_text(BEGINNING)


async def transcription(page: Page) -> None:
    await page.set_input_files("#mic-input input[type=file]", MEDIA / "jfk.wav")
    await page.click("#mic-transcribe")
    await expect(page.locator("#mic-stop")).to_be_visible()


@pytest.mark.parametrize(
    ("home", "begin"),
    [
        pytest.param("Chat", chat, id="chat", marks=pytest.mark.one_page),
        pytest.param("Chat", comparison, id="comparison", marks=pytest.mark.one_page),
        pytest.param("Image", picture, id="image"),
        pytest.param("Microphone", transcription, id="microphone"),
    ],
)
async def test_escape_in_another_tab_stops_nothing_here(
    page: Page, house: House, home: str, begin: Callable[[Page], Awaitable[None]]
) -> None:
    house.script = hung = Hung(BEGINNING)
    await open_tab(page, home)
    await begin(page)
    async with asyncio.timeout(SOON_S):
        while not house.asked:  # noqa: ASYNC110 - what was asked is a list
            await asyncio.sleep(0.02)

    for name in {"Chat", "Image", "Microphone", "Extract", "Agent", "Batch"} - {home}:
        await open_tab(page, name)
        await page.keyboard.press("Escape")
    assert not hung.closed.is_set()

    await open_tab(page, home)
    assert not hung.closed.is_set()
    await page.keyboard.press("Escape")
    await asyncio.wait_for(hung.closed.wait(), SOON_S)


async def test_escape_in_another_tab_does_not_end_the_tour(page: Page) -> None:
    await page.click("#tour-start")
    await expect(page.locator("#gc-tour")).to_be_visible()
    await open_tab(page, "Image")
    await page.keyboard.press("Escape")

    await open_tab(page, "Chat")
    await expect(page.locator("#gc-tour")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#gc-tour")).to_have_count(0)


async def test_where_there_is_no_escape_key_nobody_is_told_to_press_it(browser: Browser, house: House) -> None:
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await phone.new_page()
    await open_page(page, house)
    said = await page.evaluate(
        """async () => {
          const main = document.querySelector('script[src*="js/first.js"]').src;
          const { say } = await import(main.replace("first.js", "shared/words.js"));
          const { VoiceBar } = await import(main.replace("first.js", "talk/voice-bar.js"));
          const bar = new VoiceBar({ interrupt() {}, sendNow() {}, resized() {} });
          bar.show("speaking", "free");
          return [bar.element.textContent, say("still_answering")];
        }"""
    )
    await phone.close()

    assert "touch Interrupt, or speak" in said[0]
    assert said[1] == "Still answering: touch Stop first."
