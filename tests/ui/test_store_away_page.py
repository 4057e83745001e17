"""What keeps conversations cannot be had: what is pressed is told to be in vain, and why; nothing is lost."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import ANSWER, choose, kept, number_answers, open_in
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import answered, ask

pytestmark = [pytest.mark.browser, needs("chromium")]

BREAK = f"""async (names) => {{
    {FIND_KEEPER}
    const fail = () => Promise.reject(new Error("nothing can be had here"));
    for (const name of names) kept.store[name] = fail;
    globalThis.mend = () => names.forEach((name) => delete kept.store[name]);
}}"""
"""These parts of the store fail until ``mend`` is called."""

ENTRY = "#conversations [data-conversation]"


async def two_conversations(visitor: BrowserContext, house: House) -> Page:
    house.script = number_answers()
    page = await open_in(visitor, house)
    for count, text in enumerate(("first", "second"), 1):
        await page.click("#conversation-new")
        await ask(page, text)
        await answered(page)
        await kept(page, count)
    return page


@pytest.mark.parametrize("pressed", ["open", "export-markdown", "export-json", "delete"])
async def test_what_is_pressed_in_the_list_and_cannot_be_done_is_told(
    visitor: BrowserContext, house: House, pressed: str
) -> None:
    page = await two_conversations(visitor, house)
    await page.evaluate(BREAK, ["read", "remove"])
    if pressed == "open":
        await page.locator(f"{ENTRY} .gc-entry-title").last.click()
    else:
        await choose(page, pressed, entry=1)
    await expect(page.locator("#gc-hint")).to_have_text("nothing can be had here")
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["second"])
    await expect(page.locator(f"{ENTRY}[data-opening]")).to_have_count(0)
    await kept(page, 2)

    await page.evaluate("mend()")
    await page.locator(f"{ENTRY} .gc-entry-title").last.click()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["first"])
    await ask(page, "still here?")
    await answered(page, 2)
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["first", "still here?"])


async def test_what_cannot_be_cleared_goes_on_being_kept(visitor: BrowserContext, house: House) -> None:
    page = await two_conversations(visitor, house)
    await page.evaluate(BREAK, ["clear"])
    await page.click("#settings-open")
    await page.click("#clear-all")
    await expect(page.locator("#gc-hint")).to_have_text("nothing can be had here")
    await page.evaluate("mend()")
    await ask(page, "still here?")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_have_count(2)
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["second", "still here?"])
    await kept(page, 2)


@pytest.mark.parametrize("form", ["#export-all", "#export-all-markdown"])
async def test_what_cannot_be_saved_is_told_in_the_settings(visitor: BrowserContext, house: House, form: str) -> None:
    page = await two_conversations(visitor, house)
    await page.evaluate(BREAK, ["heads"])
    await page.click("#settings-open")
    await page.click(form)
    await expect(page.locator("#settings [role=status]").filter(has_text="cannot be reached")).to_be_visible()
