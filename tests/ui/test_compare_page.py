"""Models side by side: the comparison belongs to the conversation in which it was asked."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import kept, open_in
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [needs("chromium"), pytest.mark.browser]

COLUMN = "#gc-compare .gc-column"
ENTRY = "#conversations .gc-entry-title"
QUESTIONS = "#chat-log [data-role=user] .gc-user-text"


async def compare(page: Page, question: str) -> None:
    await page.click("#chat-compare")
    await ask(page, question)
    await expect(page.locator(COLUMN)).to_have_count(2)


async def talk_of(page: Page, house: House, *questions: str) -> None:
    """A conversation about each; the last one stays open."""
    house.script = says("It is one.")
    for at, question in enumerate(questions):
        await page.click("#conversation-new")
        await ask(page, question)
        await answered(page)
        await kept(page, at + 1)


@pytest.fixture
async def page(visitor: BrowserContext, house: House) -> Page:
    page = await open_in(visitor, house)
    await talk_of(page, house, "owls", "bees")
    return page


async def test_a_conversation_that_is_pressed_while_models_are_compared_is_seen(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("This "), more.wait, TextDelta("one."), DONE)
    await compare(page, "which is better?")
    await page.click(f"{ENTRY} >> text=owls")
    await expect(page.locator(QUESTIONS)).to_have_text(["owls"])
    await expect(page.locator("#gc-compare")).to_be_hidden()
    await expect(page.locator("#chat-stop")).to_be_hidden()
    more.set()

    # What was compared in the other one is nothing to this one.
    await page.click("#chat-compare")
    await expect(page.locator("#gc-compare")).to_be_visible()
    assert not await page.locator(COLUMN).first.is_visible()
    await page.click(f"{ENTRY} >> text=owls")
    await expect(page.locator(QUESTIONS)).to_have_text(["owls"])


async def test_who_comes_back_to_a_comparison_finds_it_and_goes_on_in_its_conversation(
    page: Page, house: House
) -> None:
    house.script = says("This one.")
    await compare(page, "which is better?")
    await page.click(f"{ENTRY} >> text=owls")
    await expect(page.locator(QUESTIONS)).to_have_text(["owls"])
    await page.click(f"{ENTRY} >> text=bees")
    await page.locator(COLUMN).first.get_by_role("button", name="Go on with this one").click()
    await expect(page.locator(QUESTIONS)).to_have_text(["bees", "which is better?"])
    await page.click(f"{ENTRY} >> text=owls")
    await expect(page.locator(QUESTIONS)).to_have_text(["owls"])


async def test_what_is_gone_on_with_follows_what_it_was_asked_after(page: Page, house: House) -> None:
    house.script = says("This one.")
    await compare(page, "which is better?")
    await expect(page.locator(f"{COLUMN} [data-state=done]")).to_have_count(2)
    await page.click("#chat-compare")
    await ask(page, "and wasps?")
    await answered(page, 2)
    house.asked.clear()
    await page.click("#chat-compare")
    await page.locator(COLUMN).first.get_by_role("button", name="Go on with this one").click()
    await expect(page.locator(QUESTIONS)).to_have_text(["bees", "which is better?"])
    await expect(page.locator("#chat-log .gc-branch")).to_have_attribute("data-at", "2/2")


async def test_a_question_while_a_comparison_is_written_is_told_and_stays_in_the_box(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("This "), more.wait, TextDelta("one."), DONE)
    await compare(page, "which is better?")
    await page.fill("#chat-message textarea", "another")
    await page.press("#chat-message textarea", "Enter")
    await expect(page.locator("#gc-hint")).to_contain_text("Still answering")
    await expect(page.locator("#chat-message textarea")).to_have_value("another")
    await expect(page.locator("#chat-stop")).to_be_visible()
    await page.click("#chat-stop")
    await expect(page.locator(f"{COLUMN} .gc-stopped")).to_have_count(2)
    await expect(page.locator("#chat-send")).to_be_visible()


async def test_stop_stays_while_an_answer_ends_in_another_conversation(page: Page, house: House) -> None:
    first, more = asyncio.Event(), asyncio.Event()
    house.script = plays(BEGUN, TextDelta("Of "), first.wait, TextDelta("owls."), DONE)
    await page.click(f"{ENTRY} >> text=owls")
    await expect(page.locator(QUESTIONS)).to_have_text(["owls"])
    await ask(page, "go on")
    await expect(page.locator("#chat-log [data-state=writing]")).to_have_count(1)
    await page.click(f"{ENTRY} >> text=bees")
    await expect(page.locator(QUESTIONS)).to_have_text(["bees"])
    house.script = plays(BEGUN, TextDelta("This "), more.wait, TextDelta("one."), DONE)
    await compare(page, "which is better?")
    first.set()
    await expect(page.locator("#conversations [data-running]")).to_have_count(0)
    await expect(page.locator("#chat-stop")).to_be_visible()
    more.set()
    await expect(page.locator("#chat-send")).to_be_visible()


async def test_nothing_is_compared_while_an_answer_is_written_below_which_it_would_stand(
    page: Page, house: House
) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(page, "go on")
    await expect(page.locator("#chat-log [data-state=writing]")).to_have_count(1)
    await page.click("#chat-compare")
    house.asked.clear()
    await page.fill("#chat-message textarea", "which is better?")
    await page.press("#chat-message textarea", "Enter")
    await expect(page.locator("#gc-hint")).to_contain_text("Still answering")
    assert not house.asked
    more.set()
    await expect(page.locator("#chat-send")).to_be_visible()
    await page.press("#chat-message textarea", "Enter")
    await expect(page.locator(COLUMN)).to_have_count(2)
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert "The beginning, and the end." in str(asked.messages)


async def test_clear_takes_out_what_is_seen(page: Page, house: House) -> None:
    house.script = says("This one.")
    await compare(page, "which is better?")
    await expect(page.locator(f"{COLUMN} [data-state=done]")).to_have_count(2)
    await page.click("#chat-clear")
    await expect(page.locator(COLUMN)).to_have_count(0)
    await page.click("#chat-undo")
    await expect(page.locator(COLUMN)).to_have_count(2)
    await page.click("#chat-compare")
    await expect(page.locator(QUESTIONS)).to_have_text(["bees"])


async def test_a_question_that_was_compared_stands_in_the_box_after_a_reload(page: Page, house: House) -> None:
    house.script = says("This one.")
    await compare(page, "which is better?")
    await expect(page.locator(f"{COLUMN} [data-state=done]")).to_have_count(2)
    await page.reload()
    await expect(page.locator(QUESTIONS)).to_have_text(["bees"])
    await expect(page.locator("#chat-message textarea")).to_have_value("which is better?")


async def test_a_comparison_is_printed_whole(page: Page, house: House) -> None:
    house.script = says("This one. " * 300)
    await compare(page, "which is better?")
    await expect(page.locator(f"{COLUMN} [data-state=done]")).to_have_count(2)
    await page.emulate_media(media="print")
    await expect(page.locator("#gc-compare select").first).to_be_hidden()
    cut = """() => [...document.querySelectorAll("#gc-compare, #gc-compare *")]
      .map((one) => one.parentElement).filter((one) => getComputedStyle(one).overflowY !== "visible" &&
        one.scrollHeight > one.clientHeight + 1).map((one) => one.id || one.className)"""
    assert await page.evaluate(cut) == []
    ends = "one => one.getBoundingClientRect().bottom"
    last = await page.locator(COLUMN).last.evaluate(ends)
    assert await page.evaluate("document.documentElement.scrollHeight") + 1 >= last > 800
