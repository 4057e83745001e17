"""Turning to another conversation while what keeps them is still on its way: nothing typed or asked goes astray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import ANSWER, number_answers, open_in, texts
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import BEGUN, DONE, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

KEEPER = "**/chat/keeper.js*"


class Keeper:
    """The script that keeps conversations, which comes when it is let go."""

    def __init__(self) -> None:
        self.comes = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self.comes.wait()
        await route.continue_()


@pytest.fixture
async def late(visitor: BrowserContext) -> AsyncIterator[Keeper]:
    keeper = Keeper()
    await visitor.route(KEEPER, keeper)
    yield keeper
    keeper.comes.set()
    await visitor.unroute(KEEPER, keeper)


async def ask(page: Page, text: str) -> None:
    await page.fill("#chat-message textarea", text)
    await page.click("#chat-send")
    await expect(page.locator("#chat-log")).to_contain_text(text)


async def open_with_an_owl(visitor: BrowserContext, house: House) -> Page:
    """A page on which that was asked, and has been answered."""
    house.script = number_answers()
    page = await open_in(visitor, house)
    await ask(page, "an owl")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_have_count(1)
    return page


async def titles(page: Page) -> list[str]:
    return await page.locator("#conversations .gc-entry-title").all_inner_texts()


async def test_what_is_typed_and_asked_after_new_is_for_the_new_one(
    visitor: BrowserContext, house: House, late: Keeper
) -> None:
    page = await open_with_an_owl(visitor, house)
    await page.click("#conversation-new")
    await expect(page.locator(".gc-welcome")).to_be_visible()
    await ask(page, "a fox")
    await expect(page.locator("#chat-log")).not_to_contain_text("an owl")
    await page.fill("#chat-message textarea", "not sent yet")
    late.comes.set()
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(2)
    assert sorted(await titles(page)) == ["a fox", "an owl"]
    await expect(page.locator("#chat-log")).to_contain_text("a fox")
    await expect(page.locator("#chat-message textarea")).to_have_value("not sent yet")


@pytest.mark.parametrize("button", ["#conversation-new", "#conversation-temporary"])
async def test_what_stands_in_the_box_of_one_that_has_not_begun_stays(
    visitor: BrowserContext, house: House, late: Keeper, button: str
) -> None:
    page = await open_in(visitor, house)
    await page.fill("#chat-message textarea", "typed before")
    await page.click(button)
    await expect(page.locator("#chat-message textarea")).to_have_value("typed before")
    late.comes.set()
    await expect(page.locator("#conversations .gc-list-note")).to_be_visible()
    await expect(page.locator("#chat-message textarea")).to_have_value("typed before")
    await page.click(button)
    await expect(page.locator("#chat-message textarea")).to_have_value("typed before")


async def test_what_is_asked_in_a_temporary_chat_is_not_kept_however_soon(
    visitor: BrowserContext, house: House, late: Keeper
) -> None:
    page = await open_in(visitor, house)
    await page.click("#conversation-temporary")
    await ask(page, "a secret")
    assert await page.evaluate("sessionStorage['gc-unkept'] ?? null") is None
    late.comes.set()
    await expect(page.locator("#conversations .gc-list-note")).to_be_visible()
    await expect(page.locator("#gc-temporary-mark")).to_be_visible()
    await expect(page.locator("#chat-log")).to_contain_text("a secret")
    await page.click("#conversation-new")
    await ask(page, "no secret")
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    assert await titles(page) == ["no secret"]


async def test_what_a_reload_keeps_is_in_the_list_of_other_pages_at_once(visitor: BrowserContext, house: House) -> None:
    goes_on, keeper = asyncio.Event(), Keeper()
    house.script = plays(BEGUN, TextDelta("some words"), goes_on.wait, DONE)
    other = await open_in(visitor, house)
    await expect(other.locator("#conversations .gc-list-note")).to_be_visible()
    page = await visitor.new_page()
    await page.route(KEEPER, keeper)
    await page.goto(house.url)
    await ask(page, "an owl")
    await page.reload()
    keeper.comes.set()

    await expect(other.locator("#conversations .gc-entry-title")).to_have_text(["an owl"])
    goes_on.set()
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("some words")


@pytest.mark.parametrize("new", [True, False])
async def test_a_reload_shows_what_was_shown_though_it_is_not_kept_yet(
    visitor: BrowserContext, house: House, late: Keeper, new: bool
) -> None:
    page = await open_in(visitor, house)
    await ask(page, "an owl")
    if new:
        await page.click("#conversation-new")
    await page.reload()
    await page.fill("#chat-message textarea", "typed soon")
    late.comes.set()
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    await expect(page.locator("#chat-log")).to_contain_text("What would you like" if new else "an owl")
    await expect(page.locator(".gc-welcome")).to_have_count(1 if new else 0)
    await expect(page.locator("#chat-message textarea")).to_have_value("typed soon")


EDITED = ".gc-edit-box"
KEEP_HEADS_LATE = f"""async () => {{
    {FIND_KEEPER}
    const {{ store }} = kept;
    const goOn = new Promise((resolve) => (globalThis.letGo = resolve));
    store.putHead = async (head) => (await goOn, Object.getPrototypeOf(store).putHead.call(store, head));
    globalThis.keepHeads = () => (letGo(), kept.settled());
}}"""
"""What a page keeps of a conversation beside its messages is kept when ``keepHeads`` is called."""


HEAR_LATE = f"""async () => {{
    {FIND_KEEPER}
    const {{ store }} = kept;
    let hears = false;
    store.read = async (id) => {{
        const whole = hears ? await Object.getPrototypeOf(store).read.call(store, id) : null;
        if (whole) whole.head.leaf = whole.messages.find(({{ text }}) => text === "answer 2").id;
        return whole;
    }};
    globalThis.hear = () => (hears = true);
    globalThis.known = () => kept.conversation.tree.messages.size;
}}"""
"""
What other pages change is not seen before ``hear`` is called, and then as if the one that answered ``answer 2`` had
been the last to keep its branch; ``known`` tells of how many messages.
"""


async def open_beside(visitor: BrowserContext, house: House) -> Page:
    """Another page on the only conversation."""
    other = await open_in(visitor, house)
    await other.locator("#conversations .gc-entry-title").click()
    await expect(other.locator(f"{ANSWER}[data-state=done]")).to_have_count(1)
    return other


async def answer_again(page: Page, text: str) -> None:
    await page.locator(ANSWER).hover()
    await page.locator("[data-action=again]").click()
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text(text)


async def edit(page: Page, text: str) -> None:
    question = page.locator("#chat-log [data-role=user]").last
    await question.hover()
    await question.locator("[data-action=edit]").click()
    await page.fill(EDITED, text)


@pytest.mark.parametrize("how", ["another tab", "a reload", "another conversation"])
async def test_an_edit_under_way_is_found_again_when_the_conversation_is_drawn_anew(
    visitor: BrowserContext, house: House, how: str
) -> None:
    page = await open_with_an_owl(visitor, house)
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    await edit(page, "an owl and a fox")
    if how == "another tab":
        other = await open_in(visitor, house)
        await other.locator("#conversations .gc-entry-title").click()
        await expect(other.locator("#chat-log")).to_contain_text("answer 1")
        await other.locator(ANSWER).hover()
        await other.locator("[data-action=again]").click()
        await expect(other.locator("#chat-log")).to_contain_text("answer 2")
        await expect(page.locator("#chat-log")).to_contain_text("answer 2")
    elif how == "a reload":
        await page.reload()
    else:
        await page.click("#conversation-new")
        await page.locator("#conversations .gc-entry-title").click()
    await expect(page.locator(EDITED)).to_have_value("an owl and a fox")
    if how == "another tab":
        assert await page.evaluate("document.activeElement.className") == "gc-edit-box"
    await page.press(EDITED, "Enter")
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["an owl and a fox"])
    await expect(page.locator(EDITED)).to_have_count(0)
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["an owl and a fox"])
    await expect(page.locator(EDITED)).to_have_count(0)


async def test_a_reload_shows_the_branch_that_was_shown_though_another_page_keeps_its_own_later(
    visitor: BrowserContext, house: House
) -> None:
    page = await open_with_an_owl(visitor, house)
    other = await open_beside(visitor, house)
    await edit(page, "a fox")
    await other.evaluate(KEEP_HEADS_LATE)
    await answer_again(other, "answer 2")
    await page.press(EDITED, "Enter")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 3")

    await other.evaluate("keepHeads()")
    await page.reload()

    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])


async def edit_beside_an_answer(visitor: BrowserContext, house: House) -> tuple[Page, Page, asyncio.Event]:
    """A question being edited, another page whose answer is under way in another branch, and what lets that go on."""
    page = await open_with_an_owl(visitor, house)
    other = await open_beside(visitor, house)
    goes_on = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("answer 2"), goes_on.wait, DONE)
    await edit(page, "a fox")
    await other.evaluate(KEEP_HEADS_LATE)
    await other.locator(ANSWER).hover()
    await other.locator("[data-action=again]").click()
    await expect(other.locator(f"{ANSWER}[data-state=writing]")).to_contain_text("answer 2")
    await expect(page.locator(".gc-branch[data-at='1/2']")).to_have_count(1)
    house.script = says("answer 3")
    return page, other, goes_on


async def test_an_answer_that_another_page_waits_for_keeps_nobody_from_asking_in_their_own_branch(
    visitor: BrowserContext, house: House
) -> None:
    page, _, goes_on = await edit_beside_an_answer(visitor, house)
    await expect(page.locator("#chat-stop")).to_be_hidden()

    await page.press(EDITED, "Enter")
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 3")
    await page.locator("[data-action=previous]").click()
    await expect(page.locator(f"{ANSWER}[data-state=writing]")).to_contain_text("answer 2")
    await expect(page.locator("#chat-stop")).to_be_visible()

    goes_on.set()
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 2")
    await expect(page.locator("#chat-stop")).to_be_hidden()


async def test_one_conversation_opens_while_what_another_holds_is_still_being_kept(
    visitor: BrowserContext, house: House
) -> None:
    page = await open_with_an_owl(visitor, house)
    await page.click("#conversation-new")
    await ask(page, "a fox")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 2")
    await page.evaluate(KEEP_HEADS_LATE)
    await page.fill(BOX, "typed for the fox")
    await page.locator("#conversations .gc-entry-title").last.click()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["an owl"])
    await expect(page.locator(BOX)).to_have_value("")
    await page.evaluate("keepHeads()")
    await page.locator("#conversations .gc-entry-title").first.click()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])
    await expect(page.locator(BOX)).to_have_value("typed for the fox")


READ_LATE = f"""async () => {{
    {FIND_KEEPER}
    const {{ store }} = kept;
    const goOn = new Promise((resolve, reject) => Object.assign(globalThis, {{ letRead: resolve, failRead: reject }}));
    store.read = async (id) => (await goOn, Object.getPrototypeOf(store).read.call(store, id));
}}"""
"""A conversation comes when ``letRead`` is called, or fails with ``failRead``."""

BOX, QUEUED = "#chat-message textarea", "#chat-queue [data-queued]"


async def press_while_a_fox_is_shown(visitor: BrowserContext, house: House) -> Page:
    """A page on which the conversation about an owl was pressed, and a question asked before it came."""
    page = await open_with_an_owl(visitor, house)
    await page.click("#conversation-new")
    await page.click(".gc-options-fold summary")
    await page.get_by_label("Instructions").fill("Be brief.")
    await page.get_by_label("Temperature").fill("0.5")
    await ask(page, "a fox")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 2")
    await page.evaluate(READ_LATE)
    await page.locator("#conversations .gc-entry-title").last.click()
    await page.fill(BOX, "does it fly?")
    await page.click("#chat-send")
    await expect(page.locator(QUEUED)).to_contain_text("does it fly?")
    await expect(page.locator(BOX)).to_have_value("")
    await expect(page.locator("[data-action=steer]")).to_have_count(0)
    return page


async def test_what_is_asked_while_a_pressed_conversation_is_on_its_way_is_asked_there(
    visitor: BrowserContext, house: House
) -> None:
    page = await press_while_a_fox_is_shown(visitor, house)
    await page.evaluate("letRead()")
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["an owl", "does it fly?"])
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_have_count(2)
    await expect(page.locator(QUEUED)).to_have_count(0)
    asked = house.asked[-1]
    assert texts(asked) == ["an owl", "answer 1", "does it fly?"], "with its own instructions"
    assert isinstance(asked, ChatRequest)
    assert "temperature" not in asked.params, "and its own options"
    await page.locator("#conversations .gc-entry-title").last.click()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])


@pytest.mark.parametrize("why", ["it cannot be read", "somebody stays where they are"])
async def test_what_was_asked_for_a_conversation_that_does_not_come_is_put_back_into_the_box(
    visitor: BrowserContext, house: House, why: str
) -> None:
    page = await press_while_a_fox_is_shown(visitor, house)
    await page.fill(BOX, "typed since")
    if why == "it cannot be read":
        await page.evaluate("failRead(new Error('the server is away'))")
        await expect(page.locator("#gc-hint")).to_have_text("the server is away")
    else:
        await page.locator("#conversations .gc-entry-title").first.click()
        await page.evaluate("letRead()")
    await expect(page.locator(BOX)).to_have_value("does it fly?\n\ntyped since")
    await expect(page.locator(QUEUED)).to_have_count(0)
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])


async def test_what_another_page_asked_during_an_answer_is_there_after_it(
    visitor: BrowserContext, house: House
) -> None:
    page, other, goes_on = await edit_beside_an_answer(visitor, house)
    await page.press(EDITED, "Enter")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 3")
    await page.close()
    await other.evaluate("keepHeads()")

    await expect(other.locator(f"{ANSWER}[data-state=writing]")).to_contain_text("answer 2")
    goes_on.set()

    await expect(other.locator("#chat-log [data-role=user]")).to_have_attribute("data-branch", "1/2")
    await expect(other.locator("#chat-log [data-role=user]")).to_have_text(["an owl"])
    await expect(other.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 2")


async def test_what_another_page_ends_leads_nobody_away_from_what_they_asked_since(
    visitor: BrowserContext, house: House
) -> None:
    page = await open_with_an_owl(visitor, house)
    other = await open_beside(visitor, house)
    await page.evaluate(HEAR_LATE)
    await other.evaluate(KEEP_HEADS_LATE)
    await answer_again(other, "answer 2")
    await edit(page, "a fox")
    await page.press(EDITED, "Enter")
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_contain_text("answer 3")

    await page.evaluate("hear()")
    await other.evaluate("keepHeads()")
    await page.wait_for_function("known() === 5")

    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])


async def test_an_edit_that_cannot_be_sent_now_stays_in_its_box(visitor: BrowserContext, house: House) -> None:
    goes_on = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("some words"), goes_on.wait, DONE)
    page = await open_in(visitor, house)
    await ask(page, "an owl")
    goes_on.set()
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_have_count(1)
    await edit(page, "a fox")
    goes_on.clear()
    await page.locator(ANSWER).hover()
    await page.locator("[data-action=again]").click()
    await expect(page.locator(ANSWER)).to_contain_text("some words")
    await page.press(EDITED, "Enter")
    await expect(page.locator(EDITED)).to_have_value("a fox")
    goes_on.set()
    await expect(page.locator(f"{ANSWER}[data-state=done]")).to_have_count(1)
    await page.press(EDITED, "Enter")
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["a fox"])


LEAVE_UNFINISHED = """() => new Promise((resolve) => {
  const open = indexedDB.open("groq-core");
  open.onsuccess = () => {
    const work = open.result.transaction("messages", "readwrite");
    const messages = work.objectStore("messages");
    messages.getAll().onsuccess = ({ target }) => {
      for (const one of target.result) if (one.role === "assistant") messages.put({ ...one, state: "writing" });
    };
    work.oncomplete = () => resolve(open.result.close());
  };
})"""


async def test_an_answer_that_nobody_can_be_asked_about_ended_where_it_was(
    visitor: BrowserContext, house: House
) -> None:
    page = await open_with_an_owl(visitor, house)
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    await page.evaluate(LEAVE_UNFINISHED)
    await page.reload()
    await expect(page.locator(f"{ANSWER}[data-state=stopped]")).to_contain_text("answer 1")
    await expect(page.locator("[data-action=continue]")).to_have_count(1)
