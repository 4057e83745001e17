"""Conversations that last, in a real browser: kept, branched, searched, taken back, and found again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest, Request
from tests.requires import needs
from tests.ui.conftest import MEDIA, PATIENCE_MS, House, Script, open_page
from tests.ui.scripts import BEGUN, DONE, Hung, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

SIZES = [
    pytest.param({"width": 1440, "height": 900}, id="desktop"),
    pytest.param({"width": 390, "height": 844}, id="phone"),
]
CUT = msgspec.structs.replace(DONE, finish_reason="length")
ANSWER = "#chat-log [data-role=assistant]"


@pytest.fixture(params=[SIZES[0]])
async def visitor(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own for every test: what one keeps, the next must not see."""
    context = await browser.new_context(viewport=request.param, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture
async def tab(visitor: BrowserContext, house: House) -> Page:
    return await opened(visitor, house)


everywhere = pytest.mark.parametrize("visitor", SIZES, indirect=True)


async def opened(visitor: BrowserContext, house: House) -> Page:
    page = await visitor.new_page()
    await open_page(page, house)
    return page


async def kept(page: Page, count: int = 1) -> None:
    """Wait until so many conversations are in the list."""
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(count)


async def show_list(page: Page) -> None:
    """Where there is little room the list is a drawer."""
    if await page.locator("#gc-conversations-open").is_visible():
        await page.click("#gc-conversations-open")
    await expect(page.locator("#conversation-new")).to_be_in_viewport()


async def choose(page: Page, name: str, entry: int = 0) -> None:
    """Choose from an entry's menu."""
    one = page.locator("#conversations [data-conversation]").nth(entry)
    await one.hover()
    await one.locator("[data-action=menu]").click()
    await one.locator(f"[data-action={name}]").click()


async def do(page: Page, message: str, action: str) -> None:
    """Press a message's button."""
    await page.locator(message).hover()
    await page.locator(message).locator(f"[data-action={action}]").click()


def numbered() -> Script:
    """Every answer says which it is."""
    count = 0

    async def script(request: Request) -> Any:
        nonlocal count
        count += 1
        async for event in says(f"answer {count}")(request):
            yield event

    return script


def texts(request: Request) -> list[str]:
    assert isinstance(request, ChatRequest)
    return [message["content"] for message in request.messages]


# ── kept ──


@everywhere
async def test_a_conversation_is_there_again_after_a_reload(tab: Page, house: House) -> None:
    house.script = says("An answer with **words**.")
    await ask(tab, "What is kept?")
    await answered(tab)
    await tab.reload()

    assert await answered(tab) == "An answer with words."
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("What is kept?")
    await expect(tab.locator("#chat-log .gc-receipt summary")).to_contain_text("gpt-oss-20b")
    await expect(tab.locator(f"{ANSWER} strong")).to_have_text("words")
    await show_list(tab)
    entry = tab.locator("#conversations [data-conversation]")
    await expect(entry).to_have_attribute("aria-current", "true")
    await expect(entry).to_contain_text("What is kept?")
    await ask_again_in(tab, house)


async def ask_again_in(tab: Page, house: House) -> None:
    await tab.keyboard.press("Escape")
    await ask(tab, "And then?")
    await answered(tab, 2)
    assert texts(house.asked[-1]) == ["What is kept?", "An answer with **words**.", "And then?"]


@everywhere
async def test_new_search_rename_pin_and_back(tab: Page, house: House) -> None:
    house.script = says("Rivers flow to the sea.")
    await ask(tab, "first question")
    await answered(tab)
    await show_list(tab)
    await tab.click("#conversation-new")
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)
    house.script = says("Mountains stand still.")
    await ask(tab, "second question")
    await answered(tab)
    await kept(tab, 2)
    await show_list(tab)

    await tab.fill("#conversation-search", "river")
    await kept(tab, 1)
    await expect(tab.locator("#conversations")).to_contain_text("first question")
    await tab.fill("#conversation-search", "nothing like it")
    await expect(tab.locator("#conversations")).to_contain_text("No conversation holds these words.")
    await tab.fill("#conversation-search", "")
    await kept(tab, 2)

    await choose(tab, "rename", 1)
    await tab.keyboard.type("About rivers")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("[data-conversation]").nth(1)).to_contain_text("About rivers")
    await choose(tab, "pin", 1)
    await expect(tab.locator("[data-conversation]").nth(0)).to_contain_text("About rivers")
    await expect(tab.locator("#conversations h2").first).to_have_text("Pinned")
    await tab.locator("[data-conversation]").nth(0).click()
    await expect(tab.locator(ANSWER)).to_have_text("Rivers flow to the sea.")
    await tab.reload()
    assert await answered(tab) == "Rivers flow to the sea."
    await expect(tab.locator("[data-conversation]").nth(0)).to_contain_text("About rivers")


@everywhere
async def test_a_deleted_conversation_can_be_taken_back(tab: Page, house: House) -> None:
    house.script = says("An answer.")
    await ask(tab, "a question")
    await answered(tab)
    await kept(tab)
    await show_list(tab)
    await choose(tab, "delete")
    await kept(tab, 0)
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)

    await expect(tab.locator("#chat-undo")).to_contain_text("Conversation deleted.")
    await tab.click("#chat-undo")
    await kept(tab)
    assert await answered(tab) == "An answer."
    await expect(tab.locator("#chat-undo")).to_have_count(0)
    await tab.reload()
    assert await answered(tab) == "An answer."


async def test_a_temporary_chat_leaves_nothing(tab: Page, house: House) -> None:
    house.script = says("A secret answer.")
    await tab.click("#conversation-temporary")
    await expect(tab.locator("#conversation-temporary")).to_have_attribute("aria-pressed", "true")
    await expect(tab.locator("#gc-temporary-mark")).to_be_visible()
    await ask(tab, "a secret")
    await answered(tab)
    await expect(tab.locator("#conversations")).to_contain_text("Nothing here yet")
    await tab.reload()

    await expect(tab.locator(".gc-welcome")).to_be_visible()
    await expect(tab.locator("#conversations")).to_contain_text("Nothing here yet")


async def test_draft_model_and_instructions_belong_to_the_conversation(tab: Page, house: House) -> None:
    house.script = says("ok")
    await tab.click("#chat-model input")
    await tab.get_by_role("option", name="Quality").click()
    await tab.click(".gc-options-fold summary")
    await tab.fill(".gc-options textarea", "Be short.")
    await ask(tab, "one")
    await answered(tab)
    await tab.fill("#chat-message textarea", "half a tho")
    await tab.click("#conversation-new")
    await expect(tab.locator("#chat-message textarea")).to_have_value("")
    await expect(tab.locator("#chat-model input")).to_have_value("Auto · picks for each question")
    await ask(tab, "two")
    await answered(tab)
    await tab.locator("[data-conversation]", has_text="one").click()

    await expect(tab.locator("#chat-message textarea")).to_have_value("half a tho")
    await expect(tab.locator("#chat-model input")).to_have_value("Quality · strongest")
    await expect(tab.locator(".gc-options textarea")).to_have_value("Be short.")
    assert [request.model for request in house.asked if isinstance(request, ChatRequest)] == ["quality", "auto"]
    await tab.reload()
    await expect(tab.locator("#chat-message textarea")).to_have_value("half a tho")
    await expect(tab.locator("#chat-model input")).to_have_value("Quality · strongest")


async def test_the_speed_tier_finds_a_title(tab: Page, house: House) -> None:
    async def script(request: Request) -> Any:
        text = "Warm Words For Winter" if request.model == "speed" else "An answer."
        async for event in says(text)(request):
            yield event

    house.script = script
    await ask(tab, "please write me something for my aunt who is cold")
    await answered(tab)
    await expect(tab.locator("[data-conversation]")).to_contain_text("please write me something")

    await expect(tab.locator("[data-conversation]")).to_contain_text("Warm Words For Winter", timeout=15_000)


async def test_where_the_browser_keeps_nothing_it_works_and_says_so_once(visitor: BrowserContext, house: House) -> None:
    await visitor.add_init_script(
        """for (const name of ["indexedDB", "localStorage", "sessionStorage"])
             Object.defineProperty(globalThis, name, { get() { throw new DOMException("no", "SecurityError") } })"""
    )
    tab = await opened(visitor, house)
    house.script = says("An answer.")
    await ask(tab, "a question")
    await answered(tab)
    await kept(tab)
    await expect(tab.get_by_text("This browser keeps nothing for this page")).to_have_count(1)
    await tab.click("#conversation-new")
    await expect(tab.locator(ANSWER)).to_have_count(0)
    await tab.locator("[data-conversation]").click()

    assert await answered(tab) == "An answer."


# ── branches ──


@everywhere
async def test_an_edited_question_keeps_the_old_branch(tab: Page, house: House) -> None:
    house.script = numbered()
    await ask(tab, "one")
    await answered(tab)
    await ask(tab, "two")
    await answered(tab, 2)
    first = "#chat-log [data-message] >> nth=0"
    await do(tab, first, "edit")
    await tab.fill(".gc-edit-box", "one, better")
    await tab.press(".gc-edit-box", "Enter")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 3"])
    await expect(tab.locator(first)).to_have_attribute("data-branch", "2/2")
    assert texts(house.asked[-1]) == ["one, better"]

    await do(tab, first, "previous")
    await expect(tab.locator(first)).to_have_attribute("data-branch", "1/2")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 1", "answer 2"])
    await tab.reload()
    await expect(tab.locator(ANSWER)).to_have_text(["answer 1", "answer 2"])
    await expect(tab.locator(first)).to_have_attribute("data-branch", "1/2")
    await do(tab, first, "next")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 3"])


async def test_another_answer_stands_beside_the_first(tab: Page, house: House) -> None:
    house.script = numbered()
    await ask(tab, "question")
    await answered(tab)
    for count in (2, 3):
        await do(tab, ANSWER, "again")
        await expect(tab.locator(ANSWER)).to_have_text([f"answer {count}"])
        await answered(tab)
        await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", f"{count}/{count}")
    await do(tab, ANSWER, "previous")

    await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/3")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 2"])
    await ask(tab, "and?")
    await answered(tab, 2)
    assert texts(house.asked[-1]) == ["question", "answer 2", "and?"]


@everywhere
async def test_a_deleted_message_can_be_taken_back(tab: Page, house: House) -> None:
    house.script = numbered()
    await ask(tab, "one")
    await answered(tab)
    await ask(tab, "two")
    await answered(tab, 2)
    await do(tab, f"{ANSWER} >> nth=0", "delete")
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(["one", "two", "answer 2"])
    await expect(tab.locator("#chat-undo")).to_contain_text("Message deleted.")
    await tab.click("#chat-undo")

    everything = ["one", "answer 1", "two", "answer 2"]
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(everything)
    await tab.reload()
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(everything)


async def test_a_cleared_conversation_can_be_taken_back_for_ten_seconds(tab: Page, house: House) -> None:
    house.script = numbered()
    await ask(tab, "one")
    await answered(tab)
    await tab.click("#chat-clear")
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)
    await tab.click("#chat-undo")
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(["one", "answer 1"])
    await tab.click("#chat-clear")
    await tab.wait_for_timeout(8000)
    await expect(tab.locator("#chat-undo")).to_be_visible()
    await expect(tab.locator("#chat-undo")).to_have_count(0, timeout=5000)

    await tab.reload()
    await expect(tab.locator(".gc-welcome")).to_be_visible()


# ── ends ──


@everywhere
async def test_an_answer_cut_at_its_limit_says_so_and_goes_on(tab: Page, house: House) -> None:
    house.script = plays(BEGUN, TextDelta("The beginning of it"), CUT)
    await ask(tab, "go")
    await answered(tab, state="cut")
    await expect(tab.locator(".gc-cut")).to_contain_text("Cut at the limit of 30 tokens.")
    house.script = says(", and its end.")
    await do(tab, ANSWER, "continue")

    assert await answered(tab) == "The beginning of it, and its end."
    assert [message["role"] for message in house.asked[-1].messages] == ["user", "assistant", "user"]  # type: ignore[union-attr]
    await expect(tab.locator(".gc-receipt")).to_have_count(2)
    await expect(tab.locator(".gc-cut")).to_have_count(0)
    await tab.reload()
    assert await answered(tab) == "The beginning of it, and its end."


async def test_a_stopped_answer_has_a_receipt_and_can_go_on(tab: Page, house: House) -> None:
    house.script = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await tab.click("#chat-stop")
    assert await answered(tab, state="stopped") == "The beginning"
    await expect(tab.locator(".gc-receipt summary")).to_contain_text("Not finished")
    house.script = says(" and the end")
    await tab.click(".gc-continue")

    assert await answered(tab) == "The beginning and the end"


async def test_what_was_not_sent_is_a_line_in_the_conversation(tab: Page, house: House) -> None:
    long = "word " * 40_000
    house.script = says(long, piece=20_000)
    for count in range(1, 5):
        await ask(tab, f"question {count}")
        await answered(tab, count)

    line = tab.locator(".gc-left-out")
    await expect(line.last).to_contain_text("were not sent")
    await expect(tab.locator(".gc-notes").last).to_contain_text("were not sent")

    house.asked.clear()
    house.script = says("What was said before, in short.")
    await tab.locator(".gc-shorten").last.click()
    await expect(tab.locator(ANSWER).last).to_have_attribute("data-branch", "2/2")
    await answered(tab, 4)
    sent = texts(house.asked[-1])
    assert "What was said before, in short." in sent[0]
    assert sent[-1] == "question 4"
    assert sum(map(len, sent)) < 4 * len(long)
    await expect(tab.locator(ANSWER).last).to_contain_text("in short")


# ── questions that wait ──


@everywhere
async def test_questions_wait_are_edited_and_taken_back(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first answer"), more.wait, DONE)
    await ask(tab, "one")
    await expect(tab.locator(ANSWER)).to_contain_text("The first answer")
    for text in ("two", "three", "four"):
        await ask(tab, text)
    queued = tab.locator("#chat-queue [data-queued]")
    await expect(queued).to_contain_text(["two", "three", "four"])
    await queued.nth(1).locator("[data-action=delete]").click()
    await queued.nth(1).locator("[data-action=edit]").click()
    await expect(tab.locator("#chat-message textarea")).to_have_value("four")
    await tab.fill("#chat-message textarea", "")
    await expect(queued).to_contain_text(["two"])
    more.set()
    await answered(tab, 2)

    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text(["one", "two"])
    await expect(tab.locator("#chat-queue")).to_be_hidden()


async def test_steering_stops_the_answer_where_it_is(tab: Page, house: House) -> None:
    house.script = hung = Hung("The beginning")
    await ask(tab, "one")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await ask(tab, "no, this")
    house.script = says("As you say.")
    await tab.click("#chat-queue [data-action=steer]")

    assert await answered(tab, 2) == "As you say."
    await expect(tab.locator(ANSWER).nth(0)).to_have_attribute("data-state", "stopped")
    await asyncio.wait_for(hung.closed.wait(), 10)
    assert texts(house.asked[-1]) == ["one", "The beginning", "no, this"]


# ── nothing is lost ──


@everywhere
async def test_a_reload_finds_the_running_answer(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await tab.reload()
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await expect(tab.locator(ANSWER)).to_have_attribute("data-state", "writing")
    more.set()

    assert await answered(tab) == "The beginning, and the end."
    assert len(house.asked) == 1


async def test_a_closed_tab_finds_its_answer_in_the_next(visitor: BrowserContext, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    tab = await opened(visitor, house)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await tab.close()
    more.set()

    tab = await opened(visitor, house)
    await tab.locator("[data-conversation]").click()
    assert await answered(tab) == "The beginning, and the end."
    assert len(house.asked) == 1


async def test_a_dropped_network_is_found_again_at_the_exact_character(
    tab: Page, visitor: BrowserContext, house: House
) -> None:
    steps = [asyncio.Event() for _ in range(2)]
    house.script = plays(
        BEGUN, TextDelta("one "), steps[0].wait, TextDelta("two "), steps[1].wait, TextDelta("three"), DONE
    )
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("one")
    await visitor.set_offline(True)
    steps[0].set()
    await tab.wait_for_timeout(500)
    await visitor.set_offline(False)
    await expect(tab.locator(ANSWER)).to_contain_text("one two")
    steps[1].set()

    assert await answered(tab) == "one two three"
    assert len(house.asked) == 1


async def test_two_tabs_see_one_list_and_one_answer(visitor: BrowserContext, house: House) -> None:
    one, other = await opened(visitor, house), await opened(visitor, house)
    house.script = hung = Hung("The beginning")
    await ask(one, "go")
    await expect(one.locator(ANSWER)).to_contain_text("The beginning")
    await kept(other)
    await other.locator("[data-conversation]").click()
    await expect(other.locator(ANSWER)).to_contain_text("The beginning")
    await expect(other.locator(ANSWER)).to_have_attribute("data-state", "writing")
    await one.click("#chat-stop")

    assert await answered(other, state="stopped") == "The beginning"
    await asyncio.wait_for(hung.closed.wait(), 10)
    house.script = says("Another answer.")
    await ask(one, "again")
    await answered(one, 2)
    assert await answered(other, 2) == "Another answer."
    await choose(other, "rename")
    await other.keyboard.type("Ours")
    await other.keyboard.press("Enter")
    await expect(one.locator("[data-conversation]")).to_contain_text("Ours")
    assert len(house.asked) == 2


# ── other tabs ──

PICTURED = "#image-answer [data-role=assistant]"


async def show_pictures(tab: Page) -> None:
    await tab.get_by_role("tab", name="Image").click()
    await tab.wait_for_selector("#image-input input[type=file]", state="attached")


async def test_a_picture_and_its_conversation_are_there_again(tab: Page, house: House) -> None:
    await show_pictures(tab)
    await tab.set_input_files("#image-input input[type=file]", MEDIA / "kiwi.jpg")
    await expect(tab.locator(".gc-picture[data-state=ready]")).to_have_count(1)
    house.script = says('{"total": "12"}')
    await tab.get_by_role("button", name="Read fields").click()
    await tab.fill(".gc-reading-row >> nth=0 >> [name=name]", "total")
    await tab.get_by_role("button", name="Read", exact=True).click()
    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    await tab.reload()
    await tab.locator("[data-conversation]").click()

    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    picture = tab.locator("#image-answer [data-role=user] img")
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    await do(tab, "#image-answer [data-role=user]", "edit")
    await tab.fill("#image-answer .gc-edit-box", "Once more")
    await tab.press("#image-answer .gc-edit-box", "Enter")
    await expect(tab.locator(PICTURED)).to_have_attribute("data-state", "done")
    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    first, second = (request for request in house.asked if isinstance(request, ChatRequest))
    assert second.params == first.params
    assert second.needs.images == first.needs.images == 1


async def test_escape_stops_only_what_is_seen(tab: Page, house: House) -> None:
    house.script = hung = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    for name in ("Image", "Agent", "Extract", "Batch", "Microphone"):
        await tab.get_by_role("tab", name=name).click()
        await tab.keyboard.press("Escape")
    assert not hung.closed.is_set()
    await tab.get_by_role("tab", name="Chat").click()
    await expect(tab.locator(ANSWER)).to_have_attribute("data-state", "writing")
    await tab.keyboard.press("Escape")

    await asyncio.wait_for(hung.closed.wait(), 10)


async def test_settings_take_everything_out_in_and_away(tab: Page, house: House, tmp_path: Path) -> None:
    house.script = numbered()
    await ask(tab, "one")
    await answered(tab)
    await tab.click("#conversation-new")
    await ask(tab, "two")
    await answered(tab)
    await kept(tab, 2)
    await tab.click("#settings-open")
    async with tab.expect_download() as download:
        await tab.click("#export-all")
    await (await download.value).save_as(tmp_path / "all.json")
    await tab.click("#clear-all")
    await kept(tab, 0)
    await tab.click("#chat-undo")
    await kept(tab, 2)
    await tab.click("#settings-open")
    await tab.set_input_files("#import-all", tmp_path / "all.json")
    await expect(tab.locator("#settings")).to_contain_text("2 conversations are in the list now.")
    await kept(tab, 4)


# ── files ──


async def test_a_conversation_is_exported(tab: Page, house: House, tmp_path: Path) -> None:
    house.script = says("An answer with **words**.")
    await ask(tab, "What is kept?")
    await answered(tab)
    await kept(tab)
    files = {}
    for form in ("markdown", "json"):
        async with tab.expect_download() as download:
            await choose(tab, f"export-{form}")
        await (await download.value).save_as(tmp_path / form)
        files[form] = (tmp_path / form).read_text()

    assert files["markdown"].startswith(
        "# What is kept?\n\n## You\n\nWhat is kept?\n\n## openai/gpt-oss-20b\n\nAn answer"
    )
    data = json.loads(files["json"])
    assert [message["text"] for message in data["conversations"][0]["messages"]] == [
        "What is kept?",
        "An answer with **words**.",
    ]


CHATGPT = [
    {
        "title": "From ChatGPT",
        "create_time": 1700000000.5,
        "update_time": 1700000100.0,
        "current_node": "d",
        "mapping": {
            "root": {"id": "root", "message": None, "parent": None, "children": ["s"]},
            "s": {"message": {"author": {"role": "system"}, "content": {"parts": [""]}}, "parent": "root"},
            "a": {
                "message": {"author": {"role": "user"}, "create_time": 1, "content": {"parts": ["question"]}},
                "parent": "s",
            },
            "b": {
                "message": {"author": {"role": "assistant"}, "create_time": 2, "content": {"parts": ["old"]}},
                "parent": "a",
            },
            "t": {
                "message": {"author": {"role": "tool"}, "create_time": 3, "content": {"parts": ["x"]}},
                "parent": "a",
            },
            "d": {
                "message": {"author": {"role": "assistant"}, "create_time": 4, "content": {"parts": ["new"]}},
                "parent": "t",
            },
        },
    }
]
OPEN_WEBUI = [
    {
        "title": "From Open WebUI",
        "created_at": 1700000000,
        "updated_at": 1700000100,
        "chat": {
            "history": {
                "currentId": "b",
                "messages": {
                    "a": {"id": "a", "parentId": None, "role": "user", "content": "question", "timestamp": 1},
                    "b": {"id": "b", "parentId": "a", "role": "assistant", "content": "new", "timestamp": 2},
                },
            }
        },
    }
]
IMPORT = """(text) => import(new URL("chat/chat.js", document.querySelector("script[src*='js/main.js']").src).href)
  .then(({ conversations }) => conversations())
  .then((keeper) => keeper.importAll(new Blob([text])))
  .catch((error) => error.message)"""


@pytest.mark.parametrize(("data", "title"), [(CHATGPT, "From ChatGPT"), (OPEN_WEBUI, "From Open WebUI")])
async def test_exports_of_other_applications_are_taken_in(tab: Page, data: list[Any], title: str) -> None:
    assert await tab.evaluate(IMPORT, json.dumps(data)) == 1
    await tab.locator("[data-conversation]", has_text=title).click()

    assert await answered(tab) == "new"
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("question")
    if data is CHATGPT:
        await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/2")


async def test_what_is_no_export_is_refused_in_words(tab: Page) -> None:
    assert "no JSON" in await tab.evaluate(IMPORT, "no json")
    assert "no conversations" in await tab.evaluate(IMPORT, '{"a": 1}')


async def test_what_was_exported_comes_back_whole(
    tab: Page, visitor: BrowserContext, house: House, tmp_path: Path
) -> None:
    house.script = numbered()
    await ask(tab, "question")
    await answered(tab)
    await do(tab, ANSWER, "again")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 2"])
    await answered(tab)
    async with tab.expect_download() as download:
        await choose(tab, "export-json")
    await (await download.value).save_as(tmp_path / "one.json")
    await choose(tab, "delete")
    await kept(tab, 0)

    assert await tab.evaluate(IMPORT, (tmp_path / "one.json").read_text()) == 1
    await tab.locator("[data-conversation]").click()
    assert await answered(tab) == "answer 2"
    await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/2")
    await expect(tab.locator(".gc-receipt summary")).to_contain_text("gpt-oss-20b")
