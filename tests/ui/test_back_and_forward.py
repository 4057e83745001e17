"""A page that is left by a link and comes back as it was: browsers keep it whole for the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from groq_core.events import TextDelta
from tests.requires import find, needs
from tests.ui.conftest import House, open_page
from tests.ui.conversations import ANSWER
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

BACK = "() => { addEventListener('pageshow', ({ persisted }) => (globalThis.cameBack = persisted)); }"


async def keepable(route: Route) -> None:
    """Chromium keeps no page that says `no-store`; others do."""
    if not route.request.is_navigation_request():
        return await route.continue_()
    answer = await route.fetch()
    return await route.fulfill(response=answer, headers={**answer.headers, "cache-control": "no-cache"})


@pytest.fixture
async def keeping() -> AsyncIterator[Page]:
    """A page of a browser that keeps what is left, as those of people do; the driver switches that off."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"),
            args=["--no-sandbox"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        page = await browser.new_page()
        await page.route("**/*", keepable)
        yield page
        await browser.close()


async def leave(page: Page, house: House) -> None:
    await page.evaluate(BACK)
    await page.evaluate("(where) => void (location.href = where)", f"{house.url}health")
    await page.wait_for_url("**/health")


async def come_back(page: Page) -> None:
    await page.evaluate("() => history.back()")
    await page.wait_for_selector("#chat-send")
    assert await page.evaluate("() => globalThis.cameBack"), await page.evaluate(
        "() => JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"
    )


async def test_an_answer_goes_on_for_who_comes_back_while_it_runs(keeping: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await open_page(keeping, house)
    await ask(keeping, "go")
    await expect(keeping.locator(ANSWER)).to_contain_text("The beginning,")
    await leave(keeping, house)
    await come_back(keeping)
    await expect(keeping.locator(ANSWER)).to_have_attribute("data-state", "writing")
    more.set()

    assert await answered(keeping) == "The beginning, and the end."
    await is_sound(keeping, house)


async def test_an_answer_that_ended_meanwhile_is_whole(keeping: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await open_page(keeping, house)
    await ask(keeping, "go")
    await expect(keeping.locator(ANSWER)).to_contain_text("The beginning,")
    await leave(keeping, house)
    more.set()
    await come_back(keeping)

    assert await answered(keeping) == "The beginning, and the end."
    await is_sound(keeping, house)


async def test_who_comes_back_after_an_answer_asks_on(keeping: Page, house: House) -> None:
    house.script = says("The whole answer.")
    await open_page(keeping, house)
    await ask(keeping, "go")
    assert await answered(keeping) == "The whole answer."
    await leave(keeping, house)
    await come_back(keeping)

    await expect(keeping.locator(ANSWER)).to_have_text("The whole answer.")
    await is_sound(keeping, house)


async def is_sound(page: Page, house: House) -> None:
    """It was asked once, the page hears news, and another question is answered and kept."""
    assert [one for one in house.asked if one.model != "speed"] == house.asked[:1]
    await expect(page.locator("#gc-gone")).to_be_hidden()
    assert not await page.evaluate("document.querySelector('.gc-status').classList.contains('gc-stale')")
    house.script = says("Another.")
    await ask(page, "more")
    assert await answered(page, 2) == "Another."
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["go", "more"])
    assert await answered(page, 2) == "Another."
