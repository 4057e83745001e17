"""Who works by keyboard goes on where they were, whatever became of what they pressed."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import kept, number_answers, open_in
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays

pytestmark = [needs("chromium"), pytest.mark.browser]

BOX = "#chat-message textarea"
MENU = "#conversations [data-action=menu]"
QUESTION = "#chat-log [data-role=user]"
ANSWER = "#chat-log [data-role=assistant]"


@pytest.fixture
async def page(visitor: BrowserContext, house: House) -> Page:
    """Two conversations, the second open, with two answers to its question."""
    house.script = number_answers()
    page = await open_in(visitor, house)
    for at, question in enumerate(["owls", "bees"]):
        await page.click("#conversation-new")
        await ask(page, question)
        await answered(page)
        await kept(page, at + 1)
    await page.hover(ANSWER)
    await page.click(f"{ANSWER} [data-action=again]")
    await expect(page.locator(f"{ANSWER} .gc-branch")).to_have_attribute("data-at", "2/2")
    await answered(page)
    return page


async def press(page: Page, what: str, key: str = "Enter") -> None:
    await page.locator(what).first.focus()
    await page.keyboard.press(key)


async def choose_by_key(page: Page, name: str) -> None:
    """From the menu of the first entry, by its arrow keys."""
    await press(page, MENU)
    for _ in range(8):
        if await page.evaluate("document.activeElement.dataset.action") == name:
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("what", "then", "focused"),
    [
        (f"{QUESTION} [data-action=edit]", "Escape", f"{QUESTION} [data-action=edit]"),
        (f"{QUESTION} [data-action=edit]", "Enter", f"{QUESTION} [data-action=edit]"),
        (f"{ANSWER} [data-action=previous]", "", f"{ANSWER} [data-action=previous]"),
        (f"{ANSWER} [data-action=again]", "", BOX),
        (f"{ANSWER} [data-action=delete]", "", f"{ANSWER} [data-action=delete]"),
        (f"{QUESTION} [data-action=delete]", "", f"{ANSWER} [data-action=delete]"),
    ],
    ids=["edit, then not", "edit", "turn", "ask again", "delete an answer", "delete a question"],
)
async def test_what_is_done_with_a_message_leaves_the_focus_there(
    page: Page, what: str, then: str, focused: str
) -> None:
    await press(page, what)
    if then:
        await expect(page.locator(".gc-edit-box")).to_be_focused()
        await page.keyboard.press(then)
    await expect(page.locator(focused).first).to_be_focused()


@pytest.mark.parametrize("name", ["rename", "pin", "delete"])
async def test_what_is_done_with_an_entry_leaves_the_focus_in_the_list(page: Page, name: str) -> None:
    await choose_by_key(page, name)
    if name == "rename":
        await expect(page.locator(".gc-entry-name")).to_be_focused()
        await page.keyboard.type("wasps")
        await page.keyboard.press("Enter")
        await expect(page.locator("#conversations .gc-entry-title").first).to_have_text("wasps")
    await kept(page, 1 if name == "delete" else 2)
    await expect(page.locator(MENU).first).to_be_focused()


async def test_the_last_conversation_that_is_deleted_leaves_the_focus_at_a_new_one(page: Page) -> None:
    for left in (1, 0):
        await choose_by_key(page, "delete")
        await kept(page, left)
    await expect(page.locator("#conversation-new")).to_be_focused()


async def test_esc_closes_a_menu_or_the_drawer_and_stops_no_answer(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(page, "and on")
    await expect(page.locator(f"{ANSWER}[data-state=writing]")).to_have_count(1)
    await page.locator("#conversations [data-conversation]").first.hover()
    for how in ("key", "mouse"):
        await (press(page, MENU) if how == "key" else page.locator(MENU).first.click())
        await expect(page.locator(".gc-menu")).to_have_count(1)
        await page.keyboard.press("Escape")
        await expect(page.locator(".gc-menu")).to_have_count(0)
        await expect(page.locator(MENU).first).to_be_focused()
    await page.set_viewport_size({"width": 800, "height": 900})
    await page.click("#gc-conversations-open")
    await expect(page.locator("#conversation-new")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("#conversation-new")).not_to_be_in_viewport()
    await expect(page.locator(f"{ANSWER}[data-state=writing]")).to_have_count(1)
    more.set()
    assert "and the end." in await answered(page, 2)


async def test_who_sends_or_stops_by_key_goes_on_typing(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, DONE)
    await page.fill(BOX, "and on")
    await press(page, "#chat-send")
    await expect(page.locator(BOX)).to_be_focused()
    await page.fill(BOX, "and further")
    await page.keyboard.press("Enter")
    await press(page, "#chat-queue [data-action=delete]")
    await expect(page.locator(BOX)).to_be_focused()
    await press(page, "#chat-stop")
    await expect(page.locator(BOX)).to_be_focused()
