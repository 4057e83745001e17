"""Names of conversations: renamed, and in letters that are written from right to left."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import choose, everywhere, kept, open_in, show_list
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import Hung, answered, ask, says

pytestmark = [needs("chromium"), pytest.mark.browser]

ENTRY = "#conversations .gc-entry-title"
BIRDS = "هذا سؤال طويل جدا عن تاريخ الطيور في العالم القديم وكيف كانت تعيش 🦉"


@pytest.fixture
async def page(visitor: BrowserContext, house: House) -> Page:
    house.script = says("It is one.")
    page = await open_in(visitor, house)
    await ask(page, "an owl")
    await answered(page)
    await kept(page)
    return page


async def rename(page: Page, name: str) -> None:
    await choose(page, "rename")
    await page.fill(".gc-entry-name", name)
    await page.press(".gc-entry-name", "Enter")


@everywhere
async def test_an_entry_that_was_renamed_shows_its_name_and_its_menu_and_nothing_else(page: Page) -> None:
    await show_list(page)
    parts = """(entry) => [...entry.children].map((one) => [one.className, one.querySelectorAll("svg").length])"""
    entry = page.locator("#conversations [data-conversation]")
    before = await entry.evaluate(parts)
    height = await entry.evaluate("one => one.offsetHeight")
    await rename(page, "a tawny owl")
    await expect(page.locator(ENTRY)).to_have_text("a tawny owl")
    assert await entry.evaluate(parts) == before
    assert await entry.evaluate("one => one.offsetHeight") == height


async def test_a_name_that_is_being_typed_outlives_what_happens_in_the_list(page: Page, house: House) -> None:
    house.script = says("Another.")
    await choose(page, "rename")
    await page.fill(".gc-entry-name", "a tawny owl")
    await page.evaluate(
        "async () => {"
        + FIND_KEEPER
        + "kept.putHead({ ...kept.heads[0], title: 'Found by a model' }); await kept.settled(); kept.draw(); }"
    )
    await expect(page.locator(".gc-entry-name")).to_have_value("a tawny owl")
    await page.press(".gc-entry-name", "Enter")
    await expect(page.locator(ENTRY)).to_have_text("a tawny owl")


async def test_of_a_long_name_the_beginning_is_seen_whichever_way_it_is_written(page: Page, house: House) -> None:
    await rename(page, BIRDS)
    await expect(page.locator(ENTRY)).to_have_text(BIRDS)
    house.script = Hung("The beginning, ")
    await ask(page, "and on")
    await expect(page.locator("#chat-log [data-state=writing]")).to_have_count(1)
    await ask(page, BIRDS)
    for place in (ENTRY, "#gc-conversation-title", ".gc-queued-text"):
        way = await page.locator(place).evaluate("one => getComputedStyle(one).direction")
        assert way == "rtl", place


async def test_what_is_written_from_right_to_left_stands_at_the_right_wherever_it_is_typed(page: Page) -> None:
    wrong = await page.evaluate(
        """() => [...document.querySelectorAll("textarea, input[type=text], input[type=search]")]
          .filter((one) => getComputedStyle(one).unicodeBidi !== "plaintext" && one.dir !== "auto")
          .map((one) => one.outerHTML)"""
    )
    assert wrong == []
