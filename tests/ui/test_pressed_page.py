"""What is asked, said or added while a conversation that was pressed is on its way is meant for that one."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.conversations import kept, open_in, texts
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import says
from tests.ui.talk.talking import BAR, TALK, chat, hold, in_state

pytestmark = [needs("chromium"), pytest.mark.browser]

LOGS = {"chat": "#chat-log", "image": "#image-answer", "agent": "#agent-log"}
BOXES = {
    "chat": "#chat-message textarea",
    "image": "#image-question textarea",
    "agent": "#agent-task textarea",
}
NEWS = {"chat": "#conversation-new", "image": "#gc-image-templates .gc-link", "agent": "#agent-clear"}
HINTS = {"image": "#gc-image-hint", "agent": "#gc-agent-tools .gc-hint"}
OTHER_ENTRY = "#conversations [data-conversation]:not([aria-current=true]) .gc-entry-title"
"""Of two; a model may have found another title for it."""
FIRST, SECOND, QUESTION = "the first one", "the second one", "where was I?"

READ_LATE = f"""async () => {{
    {FIND_KEEPER}
    const store = Object.getPrototypeOf(kept.store); // of every tab's
    const {{ read }} = store;
    const goOn = new Promise((resolve, reject) => Object.assign(globalThis, {{ letRead: resolve, failRead: reject }}));
    store.read = async function (id) {{
        await goOn;
        return read.call(this, id);
    }};
}}"""
"""A conversation comes when ``letRead`` is called, or fails with ``failRead``."""

CHANGED_ELSEWHERE = f"""async () => {{
    {FIND_KEEPER}
    const {{ conversation }} = kept;
    const {{ head, messages }} = conversation.tree;
    conversation.open(new conversation.tree.constructor({{ ...head }}, [...messages.values()]));
}}"""
"""The conversation that is shown is read anew, as when another page has changed it."""

WRITES_ON = """async () => {
    const db = await new Promise((resolve) => {
        const opening = indexedDB.open("groq-core");
        opening.onsuccess = () => resolve(opening.result);
    });
    const heads = db.transaction(["heads", "messages", "blobs"], "readwrite").objectStore("heads");
    const goOn = () => (heads.count().onsuccess = goOn);
    goOn();
}"""
"""The browser's store writes something else until the page is left; what waits for its turn then is dropped."""

others = pytest.mark.parametrize("tab", ["image", "agent"])


@pytest.fixture(autouse=True)
def answers(house: House) -> None:
    house.script = chat(house, says("It is one."))


def entry(page: Page, name: str) -> str:
    return f"#conversations .gc-entry-title >> text={name}"


async def ask_in(page: Page, tab: str, text: str, answers: int = 1) -> None:
    await page.fill(BOXES[tab], text)
    await page.press(BOXES[tab], "Enter")
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(answers)
    await expect(page.locator(f"body:not([data-{tab}])")).to_be_attached()


async def open_with_two(visitor: BrowserContext, house: House, tab: str) -> Page:
    """A page that shows the second of two conversations of this tab."""
    page = await open_in(visitor, house)
    await page.click(f"#tab-{tab}-button")
    if tab == "image":
        await page.set_input_files("#image-input input[type=file]", MEDIA / "hopper.jpg")
        await expect(page.locator("#image-input .gc-picture[data-state=ready]")).to_be_visible()
    await ask_in(page, tab, FIRST)
    await page.click(NEWS[tab])
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(0)
    await ask_in(page, tab, SECOND)
    await kept(page, 2)
    return page


async def press_first(visitor: BrowserContext, house: House, tab: str) -> Page:
    """The same page once the first was pressed, which does not come yet."""
    page = await open_with_two(visitor, house, tab)
    await page.evaluate(READ_LATE)
    await page.click("#tab-chat-button")
    await page.click(entry(page, FIRST))
    await expect(page.locator(LOGS[tab])).to_contain_text(SECOND)
    return page


async def expect_asked(page: Page, tab: str, *texts: str) -> None:
    await expect(page.locator(f"{LOGS[tab]} [data-role=user] >> visible=true")).to_have_text([*texts])


@others
async def test_what_is_asked_meanwhile_is_asked_there(visitor: BrowserContext, house: House, tab: str) -> None:
    page = await press_first(visitor, house, tab)
    await page.fill(BOXES[tab], QUESTION)
    await page.press(BOXES[tab], "Enter")
    await expect(page.locator(HINTS[tab])).to_have_text("A moment: the conversation is still loading.")
    await expect(page.locator(BOXES[tab])).to_have_value("")
    await page.evaluate("letRead()")

    await expect(page.locator(f"{LOGS[tab]} [data-role=user]").last).to_contain_text(QUESTION)
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]").first).to_contain_text(FIRST)
    await expect(page.locator(BOXES[tab])).to_have_value("")
    await page.click("#tab-chat-button")
    await page.click(entry(page, SECOND))
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(1)
    await expect(page.locator(LOGS[tab])).not_to_contain_text(QUESTION)


async def test_what_is_pressed_meanwhile_is_asked_there_too(visitor: BrowserContext, house: House) -> None:
    page = await press_first(visitor, house, "image")
    await page.fill(BOXES["image"], "not sent yet")
    await page.click("#gc-image-templates .gc-chip >> nth=0")
    await page.evaluate("letRead()")

    await expect(page.locator(f"{LOGS['image']} [data-role=user]")).to_have_count(2)
    assert FIRST in await page.locator(f"{LOGS['image']} [data-role=user]").first.inner_text()
    await expect(page.locator(BOXES["image"])).to_have_value("not sent yet")


async def test_a_suggestion_that_is_pressed_meanwhile_is_asked_there(visitor: BrowserContext, house: House) -> None:
    page = await open_with_two(visitor, house, "chat")
    await page.click(NEWS["chat"])
    await page.evaluate(READ_LATE)
    await page.click(entry(page, FIRST))
    suggestion = page.locator(".gc-suggestion").first
    words = await suggestion.inner_text()
    await suggestion.click()
    await page.evaluate("letRead()")
    await expect_asked(page, "chat", FIRST, words)


@others
@pytest.mark.parametrize("how", ["cannot be read", "another is pressed", "a new one is begun", "is left"])
async def test_what_was_asked_for_one_that_does_not_come_is_put_back(
    visitor: BrowserContext, house: House, tab: str, how: str
) -> None:
    page = await press_first(visitor, house, tab)
    await page.fill(BOXES[tab], QUESTION)
    await page.press(BOXES[tab], "Enter")
    await expect(page.locator(BOXES[tab])).to_have_value("")
    await page.fill(BOXES[tab], "typed since")
    if how == "cannot be read":
        await page.evaluate("failRead(new Error('the server is away'))")
        await expect(page.locator(HINTS[tab])).to_have_text("the server is away")
    elif how == "another is pressed":
        await page.click("#tab-chat-button")
        await page.click(entry(page, SECOND))
        await expect(page.locator(BOXES[tab])).to_have_value(f"{QUESTION}\n\ntyped since")
        await page.evaluate("letRead()")
    elif how == "a new one is begun":
        await page.click(NEWS[tab])
        await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(0)
        await page.click("#tab-chat-button")
        await page.evaluate("letRead()")
        await page.click(entry(page, SECOND))
    else:
        await page.reload()
        await page.click(f"#tab-{tab}-button")
    await expect(page.locator(LOGS[tab])).to_contain_text(SECOND)
    if how != "a new one is begun":
        await expect(page.locator(BOXES[tab])).to_have_value(f"{QUESTION}\n\ntyped since")
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(1)


@pytest.mark.parametrize("tab", BOXES)
async def test_what_stands_in_the_box_when_the_page_is_left_stands_there_again(
    visitor: BrowserContext, house: House, tab: str
) -> None:
    page = await open_with_two(visitor, house, tab)
    for draft in ("not sent yet", "nor is this", ""):
        await page.evaluate(WRITES_ON)
        await page.fill(BOXES[tab], draft)
        await page.reload()
        await page.click(f"#tab-{tab}-button")
        await expect(page.locator(LOGS[tab])).to_contain_text(SECOND)
        await expect(page.locator(BOXES[tab])).to_have_value(draft)


@others
async def test_it_waits_for_a_tab_that_was_never_opened_too(visitor: BrowserContext, house: House, tab: str) -> None:
    page = await open_with_two(visitor, house, tab)
    await page.goto(f"{house.url}health")
    await page.evaluate("sessionStorage.clear()")
    await page.goto(house.url)
    await kept(page, 2)
    await page.evaluate(READ_LATE)
    await page.click(entry(page, FIRST))
    await page.fill(BOXES[tab], QUESTION)
    await page.press(BOXES[tab], "Enter")
    await page.evaluate("letRead()")
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]")).to_have_count(2)
    await expect(page.locator(f"{LOGS[tab]} [data-role=user]").first).to_contain_text(FIRST)


@pytest.mark.parametrize("how", ["typed on", "asked", "left as it is", "typed on while another page changes it"])
async def test_a_draft_stands_in_one_conversation_alone(visitor: BrowserContext, house: House, how: str) -> None:
    box = BOXES["chat"]
    page = await open_with_two(visitor, house, "chat")
    await page.fill(box, "half a ")
    await page.evaluate(READ_LATE)
    await page.click(entry(page, FIRST))
    if how.startswith("typed on"):
        await page.locator(box).press_sequentially("question")
    elif how == "asked":
        await page.press(box, "Enter")
        await expect(page.locator("#chat-queue [data-queued]")).to_have_count(1)
    if how.endswith("changes it"):
        await page.evaluate(CHANGED_ELSEWHERE)
    await page.evaluate("letRead()")
    asked = ["half a"] if how == "asked" else []
    await expect_asked(page, "chat", FIRST, *asked)
    await expect(page.locator(box)).to_have_value("half a question" if how.startswith("typed on") else "")

    await page.click(OTHER_ENTRY)
    await expect_asked(page, "chat", SECOND)
    await expect(page.locator(box)).to_have_value("half a " if how == "left as it is" else "")


async def test_what_is_said_meanwhile_is_asked_and_answered_there(visitor: BrowserContext, house: House) -> None:
    page = await press_first(visitor, house, "chat")
    await hold(page)
    await in_state(page, "thinking")
    await page.evaluate("letRead()")
    await expect(page.locator(f"{LOGS['chat']} [data-role=user]")).to_have_count(2)
    await in_state(page, "off")
    await expect(page.locator(f"{LOGS['chat']} [data-role=user]").first).to_have_text(FIRST)
    await page.click(OTHER_ENTRY)
    await expect_asked(page, "chat", SECOND)


async def test_what_was_said_for_one_that_does_not_come_stands_in_the_box(
    visitor: BrowserContext, house: House
) -> None:
    page = await press_first(visitor, house, "chat")
    await hold(page)
    await in_state(page, "thinking")
    await page.evaluate("failRead(new Error('the server is away'))")
    await in_state(page, "off")
    await expect(page.locator(BAR)).to_contain_text("It stands in the box.")
    await expect(page.locator(BOXES["chat"])).not_to_have_value("")
    await expect_asked(page, "chat", SECOND)
    # A title may be asked for at any time; what was said is no part of one.
    said = await page.input_value(BOXES["chat"])
    assert not any(isinstance(one, ChatRequest) and said in texts(one)[-1] for one in house.asked)
    await expect(page.locator(TALK)).to_have_attribute("aria-pressed", "false")


async def test_what_is_dictated_and_attached_meanwhile_goes_along_there(visitor: BrowserContext, house: House) -> None:
    page = await press_first(visitor, house, "chat")
    await page.set_input_files("#gc-attach-input", MEDIA / "hopper.jpg")
    await page.click("#chat-dictate")
    await page.wait_for_timeout(1500)
    await page.click("#chat-dictate")
    await expect(page.locator(BOXES["chat"])).not_to_have_value("")
    words = await page.input_value(BOXES["chat"])
    await expect(page.locator("[data-attachment][data-state=ready]")).to_be_visible()
    await page.click("#chat-send")
    await page.evaluate("letRead()")
    await expect(page.locator(f"{LOGS['chat']} [data-role=user]")).to_have_count(2)
    second = page.locator(f"{LOGS['chat']} [data-role=user]").last
    await expect(second).to_contain_text(words)
    await expect(second.locator("img")).to_be_visible()
    await expect(page.locator(BOXES["chat"])).to_have_value("")
    await page.click(OTHER_ENTRY)
    await expect_asked(page, "chat", SECOND)
    await expect(page.locator(BOXES["chat"])).to_have_value("")
