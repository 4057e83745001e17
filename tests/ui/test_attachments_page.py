"""Files beside a question: attached by button, dropped anywhere or pasted; what becomes of each."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.services.test_document_index import book
from tests.ui.conftest import MEDIA, House
from tests.ui.scripts import BEGUN, DONE, Hung, answered, ask, plays, says, size_of
from tests.ui.test_long_documents import scan

pytestmark = [pytest.mark.browser, needs("chromium")]

LEAVING = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
NOTES = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"The code word is heron.")


def text_of(house: House) -> str:
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    content = asked.messages[-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


async def attach(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as choosing:
        await page.click("#chat-attach")
    await (await choosing.value).set_files(list(files))


@pytest.mark.one_page
async def test_document_goes_along_as_text_and_stays_folded(page: Page, house: House) -> None:
    house.script = says("heron")
    await attach(page, NOTES)
    await expect(page.locator('[data-attachment="notes.txt"][data-state=ready]')).to_be_visible()
    await ask(page, "What is the code word?")
    await answered(page)

    assert text_of(house).startswith("What is the code word?")
    assert "The code word is heron." in text_of(house)
    bubble = page.locator("#chat-log [data-role=user]")
    await expect(bubble).to_contain_text("notes.txt")
    await expect(bubble.get_by_text("The code word is heron.")).to_be_hidden()
    await expect(page.locator("[data-attachment]")).to_have_count(0)


@pytest.mark.one_page
async def test_a_waiting_question_is_edited_with_all_that_goes_along_with_it(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first"), more.wait, DONE)
    await ask(page, "one")
    await attach(page, NOTES)
    await expect(page.locator('[data-attachment="notes.txt"][data-state=ready]')).to_be_visible()
    async with page.expect_file_chooser() as choosing:
        await page.click("#chat-attach")
    picture = next(MEDIA.glob("*.png"))
    await (await choosing.value).set_files(picture)
    await expect(page.locator("[data-attachment][data-state=ready] img")).to_be_visible()
    await ask(page, "two")
    queued = page.locator("#chat-queue [data-queued]")
    await expect(queued.locator(".gc-queued-text")).to_have_text(f"two · notes.txt · {picture.name}")
    await expect(page.locator("[data-attachment]")).to_have_count(0)
    await page.fill("#chat-message textarea", "typed since")
    await queued.locator("[data-action=edit]").click()

    await expect(page.locator("#chat-message textarea")).to_have_value("two\n\ntyped since")
    await expect(page.locator("[data-attachment][data-state=ready]")).to_have_count(2)
    more.set()
    await answered(page)
    house.script = says("both")
    await page.click("#chat-send")
    await answered(page, 2)
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.needs.images == 1
    assert text_of(house).startswith("two\n\ntyped since")
    assert "The code word is heron." in text_of(house)


@pytest.mark.one_page
async def test_picture_is_looked_at(page: Page, house: House) -> None:
    house.script = says("a picture")
    async with page.expect_file_chooser() as choosing:
        await page.click("#chat-attach")
    await (await choosing.value).set_files(next(MEDIA.glob("*.png")))
    await expect(page.locator("[data-attachment][data-state=ready] img")).to_be_visible()
    await ask(page, "What is this?")
    await answered(page)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.needs.images == 1


@pytest.mark.one_page
async def test_recording_becomes_what_was_said(page: Page) -> None:
    async with page.expect_file_chooser() as choosing:
        await page.click("#chat-attach")
    await (await choosing.value).set_files(MEDIA / "jfk.wav")

    await expect(page.locator('[data-attachment="jfk.wav"][data-state=ready]')).to_contain_text("written down")


@pytest.mark.one_page
async def test_big_paste_becomes_an_attachment_a_small_one_does_not(page: Page) -> None:
    paste = """(text) => {
        const data = new DataTransfer();
        data.setData('text/plain', text);
        const box = document.querySelector('#chat-message textarea');
        return box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
    }"""
    assert await page.evaluate(paste, "a few words")
    assert not await page.evaluate(paste, "many words " * 1000)
    await expect(page.locator("[data-attachment][data-state=ready]")).to_have_count(1)


@pytest.mark.one_page
@pytest.mark.parametrize("where", ["#gc-header", "#chat-log", "#status-panel", "body"])
async def test_file_dropped_anywhere_is_attached_and_opens_nothing(page: Page, where: str) -> None:
    for tab, place in (("image", "#image-input"), ("agent", "#agent-log"), ("chat", "#chat-log")):
        await page.click(f"#tab-{tab}-button")
        # Its scripts listen for files too, and stay.
        await expect(page.locator(f"{place} *").first).to_be_visible()
    opened = await page.evaluate(
        """(where) => {
            const data = new DataTransfer();
            data.items.add(new File(['dropped words'], 'dropped.txt', {type: 'text/plain'}));
            const target = document.querySelector(where);
            const over = new DragEvent('dragover', {dataTransfer: data, bubbles: true, cancelable: true});
            const drop = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
            target.dispatchEvent(over);
            target.dispatchEvent(drop);
            return !over.defaultPrevented || !drop.defaultPrevented;
        }""",
        where,
    )

    assert not opened
    await expect(page.locator('[data-attachment="dropped.txt"][data-state=ready]')).to_have_count(1)


@pytest.mark.one_page
async def test_what_cannot_be_read_says_so_and_can_be_taken_out(page: Page, house: House) -> None:
    await attach(page, FilePayload(name="song.xyz", mimeType="application/octet-stream", buffer=bytes(range(256))))
    refused = page.locator("[data-attachment][data-state=refused]")
    await expect(refused).to_be_visible()
    await ask(page, "What is this?")
    await expect(page.locator("#gc-hint")).to_contain_text("remove it first")
    assert house.asked == []
    await refused.locator("button").click()
    await expect(page.locator("[data-attachment]")).to_have_count(0)


@pytest.mark.one_page
async def test_dictation_is_written_where_the_cursor_stands(page: Page) -> None:
    await page.fill("#chat-message textarea", "Before.")
    await page.click("#chat-dictate")
    await expect(page.locator("#chat-dictate")).to_have_attribute("aria-pressed", "true")
    await page.wait_for_timeout(1500)
    await page.click("#chat-dictate")
    await expect(page.locator("#chat-dictate")).to_have_attribute("aria-pressed", "false")

    value = await page.input_value("#chat-message textarea")
    assert value.startswith("Before. ")
    assert len(value) > 12


@pytest.mark.one_page
async def test_dictation_is_dropped_by_a_finger(page: Page, house: House) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.fill("#chat-message textarea", "Before.")
    away = page.locator("#chat-dictate-drop")
    await page.click("#chat-dictate")
    await expect(away).to_be_visible()
    assert await page.evaluate(LEAVING), "leaving asks first while something is said"
    told = await page.locator("#gc-hint").bounding_box()
    assert told
    assert told["x"] + told["width"] <= 390, "what is told is there to its last word"
    box = await away.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    await away.click()

    await expect(away).to_be_hidden()
    await expect(page.locator("#chat-dictate")).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("#chat-dictate")).to_be_focused()
    assert not await page.evaluate(LEAVING)
    assert await page.input_value("#chat-message textarea") == "Before."
    assert house.asked == []


@pytest.mark.one_page
async def test_switches_beside_the_box_go_along(page: Page, house: House) -> None:
    house.script = says("{}")
    await page.click("#chat-json")
    await page.click("#chat-search")
    await ask(page, "Give me data")
    await answered(page)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.params["response_format"] == {"type": "json_object"}
    assert asked.needs.hosted == ("browser_search",)


@pytest.mark.one_page
async def test_long_question_folds(page: Page, house: House) -> None:
    house.script = says("read")
    await ask(page, "\n".join(f"line {number}" for number in range(60)))
    await answered(page)
    bubble = page.locator("#chat-log [data-role=user]")
    before = (await size_of(bubble))[1]
    await bubble.get_by_text("Show all").click()

    assert (await size_of(bubble))[1] > 2 * before


@pytest.mark.one_page
async def test_long_document_is_asked_by_its_pages_and_the_answer_shows_them(page: Page, house: House) -> None:
    document, facts = book(60, 3)
    question, value, number = facts[0]
    house.script = says(f"It is {value} (p. {number}).")
    await attach(page, FilePayload(name="report.txt", mimeType="text/plain", buffer=document.text.encode()))
    await expect(page.locator('[data-attachment="report.txt"][data-state=ready]')).to_be_visible()
    await ask(page, question)
    await answered(page)

    for _ in range(2):
        line = page.locator("#chat-log .gc-chosen")
        await expect(line).to_contain_text("report.txt: too long to be sent whole")
        sources = page.locator("#chat-log .gc-sources")
        await sources.locator("summary").click()
        first = sources.locator(".gc-source").first
        await expect(first).to_have_attribute("data-page", str(number))
        await expect(first).to_contain_text(f"report.txt, page {number} · named in the answer")
        named = sources.locator(f'.gc-source[data-page="{number}"] blockquote').filter(has_text=value)
        await expect(named.first).to_be_visible()
        await page.wait_for_timeout(1200)  # what is kept is written a moment later
        await page.reload()
        await page.wait_for_selector("#chat-log .gc-sources")


@pytest.mark.one_page
async def test_scanned_document_is_sent_as_its_pages(page: Page, house: House) -> None:
    house.script = says("two pages")
    await attach(page, FilePayload(name="scan.pdf", mimeType="application/pdf", buffer=scan("one", "two")))
    await expect(page.locator('[data-attachment="scan.pdf"][data-state=ready] img')).to_be_visible(timeout=30_000)
    await expect(page.locator('[data-attachment="scan.pdf"]')).to_contain_text("page 1 of 2")
    await ask(page, "What does it say?")
    await answered(page)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.needs.images == 2
    assert "Pages 1 to 2 go along as pictures, in this order." in text_of(house)


@pytest.mark.one_page
async def test_a_long_reason_leaves_the_others_as_low_as_they_are(page: Page) -> None:
    await attach(page, FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"some words"))
    await attach(page, FilePayload(name="all.zip", mimeType="application/zip", buffer=b"PK\x03\x04 an archive"))
    await expect(page.locator('[data-attachment="all.zip"][data-state=refused]')).to_be_visible()
    for name, most in (("notes.txt", 60), ("all.zip", 140)):
        box = await page.locator(f'[data-attachment="{name}"]').bounding_box()
        assert box
        assert box["height"] < most, name


@pytest.mark.parametrize("give", ["chosen", "put back"])
async def test_a_question_does_not_leave_without_what_is_still_taken_in(page: Page, house: House, give: str) -> None:
    there = asyncio.Event()

    async def come_late(route: Route) -> None:
        await there.wait()
        await route.continue_()

    if give == "put back":
        house.script = Hung("One")
        await ask(page, "one")
        await attach(page, NOTES)
        await expect(page.locator("[data-attachment][data-state=ready]")).to_have_count(1)
        await ask(page, "two")
        await page.route("**/chat/attachments.js", come_late)
        await page.reload()
        await page.locator("#chat-queue [data-action=edit]").click()
        await page.click("#chat-send")
    else:
        await page.route("**/chat/attachments.js", come_late)
        await attach(page, NOTES)
        await ask(page, "What is the code word?")
    await expect(page.locator("#gc-hint")).to_contain_text("still being prepared")
    there.set()
    await expect(page.locator("[data-attachment][data-state=ready]")).to_have_count(1)
    await page.click("#chat-send")
    if give == "put back":
        await expect(page.locator("#chat-queue .gc-queued-text")).to_have_text("two · notes.txt")
    else:
        await answered(page)
        assert "heron" in text_of(house)
        assert len(house.asked) == 1


@pytest.mark.one_page
async def test_that_not_all_files_fit_is_told_whatever_becomes_of_the_others(page: Page) -> None:
    empty = [FilePayload(name=f"{at}.txt", mimeType="text/plain", buffer=b"") for at in range(22)]
    await attach(page, *empty)
    await expect(page.locator("[data-attachment][data-state=refused]")).to_have_count(20)
    await expect(page.locator("#gc-hint")).to_have_text("At most 20 attachments at a time.")
