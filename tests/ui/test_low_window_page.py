"""The page where there is little height: a phone on its side, its keyboard, a page at 200 %."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.kept_page import open_page
from tests.ui.scripts import says

pytestmark = [needs("chromium"), pytest.mark.browser]

TABS = ["chat", "image", "microphone", "extract", "agent", "batch"]
BOXES = {
    "chat": "#chat-message textarea",
    "image": "#image-question textarea",
    "microphone": "#mic-language input",
    "agent": "#agent-task textarea",
}

COVERED = """(tab) => [...document.querySelectorAll(`#tab-${tab} :is(button, summary)`)].filter((one) => {
    if (!one.checkVisibility() || !one.offsetWidth) return false;
    if (one.matches(".gc-suggestion, .gc-latest, #gc-conversations *")) return false;
    one.scrollIntoView({ block: "center" });
    const { left, top, width, height } = one.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return !one.contains(there);
}).map((one) => one.id || one.textContent)"""
"""Buttons of a tab over which something else lies."""


@pytest.fixture
async def page(request: pytest.FixtureRequest, browser: Browser, house: House) -> AsyncIterator[Page]:
    width, height = getattr(request, "param", (640, 360))
    context = await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    page = await context.new_page()
    await open_page(page, house.url)
    yield page
    await context.close()


@pytest.mark.parametrize("tab", TABS)
async def test_nothing_lies_over_a_button(page: Page, tab: str) -> None:
    await page.click(f"#tab-{tab}-button")
    await page.wait_for_selector(f"#tab-{tab} button >> visible=true")
    await page.wait_for_timeout(300)
    assert await page.evaluate(COVERED, tab) == []


@pytest.mark.parametrize("page", [(844, 180)], indirect=True, ids=["above a keyboard"])
@pytest.mark.parametrize("tab", BOXES)
async def test_what_is_typed_into_is_in_sight(page: Page, tab: str) -> None:
    await page.evaluate("document.activeElement.blur()")
    await page.click(f"#tab-{tab}-button")
    await page.locator(BOXES[tab]).focus()
    await expect(page.locator(BOXES[tab])).to_be_in_viewport(ratio=0.9)
    await expect(page.locator("#gc-header")).to_be_hidden()
    await page.evaluate("document.activeElement.blur()")
    await expect(page.locator("#gc-header")).to_be_visible()


async def test_a_page_that_two_fingers_enlarge_keeps_its_height(page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    await page.wait_for_function("visualViewport.scale === 2")
    await page.wait_for_timeout(100)
    assert await page.evaluate("document.documentElement.style.getPropertyValue('--gc-vh')") == "100dvh"


async def test_a_picture_that_was_asked_about_is_taken_out_by_a_button_that_is_whole(page: Page, house: House) -> None:
    house.script = says("A man.")
    await page.click("#tab-image-button")
    await page.set_input_files("#image-input input[type=file]", MEDIA / "hopper.jpg")
    await expect(page.locator("#image-input .gc-picture[data-state=ready]")).to_be_visible()
    await page.fill("#image-question textarea", "Who is it?")
    await page.press("#image-question textarea", "Enter")
    await expect(page.locator("body[data-asked]")).to_be_attached()
    strip = (
        "([one]) => [one.scrollWidth, one.scrollHeight].map((all, at) => all - [one.clientWidth, one.clientHeight][at])"
    )
    assert await page.eval_on_selector_all("#image-input .gc-strip", strip) == [0, 0]
