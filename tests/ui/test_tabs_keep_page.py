"""What is asked in the tabs Image and Agent is kept like what is asked in the chat, or it is told that it is not."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.conversations import kept, open_in
from tests.ui.scripts import says

pytestmark = [needs("chromium"), pytest.mark.browser]

ENTRY = "#conversations .gc-entry-title"
PICTURE = "#image-input .gc-picture"
BOXES = {"image": "#image-question textarea", "agent": "#agent-task textarea"}
LOGS = {"image": "#image-answer", "agent": "#agent-log"}
HINTS = {"image": "#gc-image-hint", "agent": "#gc-agent-tools .gc-hint"}
CLEARS = {"image": "#gc-image-templates .gc-link", "agent": "#agent-clear"}

BLOCKED = """() => {
  const really = IDBFactory.prototype.open;
  if (!sessionStorage.blocked) return;
  really.call(indexedDB, "other", 1).onsuccess = ({ target }) => (globalThis.held = target.result);
  IDBFactory.prototype.open = function () { return really.call(this, "other", 2); };
}"""
"""The browser's store does not open, since another connection to it does not close."""

NO_ROOM = """() => {
  for (const name of ["put", "add"]) {
    IDBObjectStore.prototype[name] = () => { throw new DOMException("full", "QuotaExceededError"); };
  }
}"""

NOTHING_STORED = """() => {
  for (const name of ["indexedDB", "localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
  }
}"""
"""As in a frame of another site where the browser lets such frames keep nothing."""

both = pytest.mark.parametrize("tab", ["image", "agent"])


@pytest.fixture(autouse=True)
def answers(house: House) -> None:
    house.script = says("It is one.")


async def show_picture(page: Page, name: str, count: int = 1) -> None:
    await page.set_input_files("#image-input input[type=file]", MEDIA / name)
    await expect(page.locator(f"{PICTURE}[data-state=ready]")).to_have_count(count)


async def ask_in(page: Page, tab: str, text: str) -> None:
    await page.click(f"#tab-{tab}-button")
    if tab == "image" and not await page.locator(PICTURE).count():
        await show_picture(page, "hopper.jpg")
    await page.fill(BOXES[tab], text)
    await page.press(BOXES[tab], "Enter")
    await expect(page.locator(LOGS[tab])).to_contain_text("It is one.")


async def test_a_picture_of_one_conversation_does_not_go_along_with_a_question_in_another(
    visitor: BrowserContext, house: House
) -> None:
    page = await open_in(visitor, house)
    await ask_in(page, "image", "Who is it?")
    await page.click(CLEARS["image"])
    await expect(page.locator(PICTURE)).to_have_count(1)  # to be asked about once more
    await page.click(f"{PICTURE} button")
    await show_picture(page, "diamond.png")
    await ask_in(page, "image", "What is it?")
    await show_picture(page, "exif-gps.jpg", 2)  # and not asked about yet

    await page.click("#tab-chat-button")
    await page.click(f"{ENTRY} >> text=Who is it?")
    await expect(page.locator(LOGS["image"])).to_contain_text("Who is it?")
    await expect(page.locator(f"{PICTURE} b")).to_have_text(["exif-gps.jpg"])
    await page.click(f"{PICTURE} button")
    await page.fill(BOXES["image"], "And how old?")
    await page.press(BOXES["image"], "Enter")
    await expect(page.locator(f"{LOGS['image']} [data-role=user]")).to_have_count(2)
    await expect(page.locator(f"{LOGS['image']} [data-role=user] img")).to_have_count(1)

    # What is often asked can be asked of the pictures that stand there, too.
    await expect(page.locator(f"{LOGS['image']} [data-state=done]")).to_have_count(2)
    await page.get_by_role("button", name="Read the text").click()
    await expect(page.locator(f"{LOGS['image']} [data-role=user]")).to_have_count(3)


@both
async def test_what_is_asked_before_the_store_opens_is_there_after_a_reload(
    visitor: BrowserContext, house: House, tab: str
) -> None:
    page = await open_in(visitor, house)
    await page.add_init_script(f"({BLOCKED})()")
    await page.evaluate("sessionStorage.blocked = 1")
    await page.reload()
    await ask_in(page, tab, "an owl")
    await page.evaluate("delete sessionStorage.blocked")
    await page.reload()
    await kept(page)
    await page.click(f"#tab-{tab}-button")
    await expect(page.locator(LOGS[tab])).to_contain_text("an owl")
    await expect(page.locator(LOGS[tab])).to_contain_text("It is one.")
    assert await page.locator(f"{LOGS[tab]} [data-role=user] img").count() == int(tab == "image")
    assert await page.evaluate("sessionStorage['gc-unkept'] ?? null") is None


@both
async def test_a_store_that_is_full_is_told_where_one_asks(visitor: BrowserContext, house: House, tab: str) -> None:
    page = await open_in(visitor, house)
    await page.evaluate(NO_ROOM)
    await ask_in(page, tab, "an owl")
    await expect(page.locator(HINTS[tab])).to_contain_text("This browser takes no more")


@both
async def test_where_nothing_is_stored_the_list_still_has_what_was_asked(
    visitor: BrowserContext, house: House, tab: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(f"({NOTHING_STORED})()")
    await page.goto(house.url)
    await page.wait_for_selector("#chat-send")
    await ask_in(page, tab, "an owl")
    await expect(page.locator(HINTS[tab])).to_contain_text("This browser keeps nothing")
    await page.click(CLEARS[tab])
    await expect(page.locator(LOGS[tab])).not_to_contain_text("an owl")
    await page.click("#tab-chat-button")
    await page.click(f"{ENTRY} >> text=an owl")
    await expect(page.locator(LOGS[tab])).to_contain_text("It is one.")
