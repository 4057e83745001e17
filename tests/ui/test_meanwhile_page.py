"""What is done with a conversation while an answer is being written into it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import ANSWER, choose, do, kept, open_in
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import BEGUN, DONE, Hung, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]


@pytest.mark.one_page
@pytest.mark.parametrize("press", ["export-markdown", "export-json", "#export-all", "#export-all-markdown"])
async def test_what_is_seen_of_an_answer_is_in_the_file(tab: Page, house: House, tmp_path: Path, press: str) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("As far as it goes. "), more.wait, TextDelta("The end."), DONE)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("As far as it goes.")
    async with tab.expect_download() as download:
        if press.startswith("#"):
            await tab.click("#settings-open")
            await tab.click(press)
        else:
            await choose(tab, press)
    await (await download.value).save_as(tmp_path / "file")

    assert "As far as it goes." in (tmp_path / "file").read_text()
    await tab.keyboard.press("Escape") if press.startswith("#") else None
    more.set()
    assert await answered(tab) == "As far as it goes. The end."


@pytest.mark.one_page
@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("हिन्दी में एक सवाल", "हिन्दी-में-एक-सवाल.md"),
        ("Cafe\u0301: “a/b”?", "Cafe\u0301-a-b.md"),
        ("𠮷" * 70, "𠮷" * 60 + ".md"),
        ("…", "conversation.md"),
    ],
)
async def test_a_file_is_named_in_whole_letters_of_any_script(tab: Page, house: House, title: str, name: str) -> None:
    house.script = says("Yes.")
    await ask(tab, "go")
    await answered(tab)
    await choose(tab, "rename")
    await tab.fill(".gc-entry-name", title)
    await tab.keyboard.press("Enter")
    async with tab.expect_download() as download:
        await choose(tab, "export-markdown")

    assert (await download.value).suggested_filename == name


async def test_a_page_left_before_it_heard_anything_takes_nothing_away(tab: Page, house: House) -> None:
    house.script = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    begun = asyncio.Event()
    over = asyncio.Event()

    async def stay_silent(route: Route) -> None:
        begun.set()
        await over.wait()
        await route.fulfill(status=404, body="{}")

    await tab.route("**/ui/answers/*", stay_silent)
    await tab.reload()
    await asyncio.wait_for(begun.wait(), 20)
    over.clear()
    await tab.reload()
    over.set()
    assert await answered(tab, state="broken") == "The beginning"


async def test_what_cannot_be_done_with_an_entry_is_told_in_the_pages_words(
    visitor: BrowserContext, house: House
) -> None:
    house.script = says("Yes.")
    page = await open_in(visitor, house)
    await ask(page, "go")
    await answered(page)
    await kept(page)
    await page.route("**/chat/exchange.js", lambda route: route.abort())
    await choose(page, "export-json")
    await expect(page.locator("#gc-hint")).to_contain_text("did not come")


ALL_KEPT = f"""async () => {{
    {FIND_KEEPER}
    while (kept.conversation.runs.size) await new Promise(requestAnimationFrame);
    await kept.settled();
}}"""
UNHEARD = """(place) => {
    const hold = (event) => event.stopImmediatePropagation();
    addEventListener("change", hold, true);
    globalThis.tell = () => {
        removeEventListener("change", hold, true);
        document.querySelector(place).dispatchEvent(new Event("change", { bubbles: true }));
    };
}"""
"""Until `tell` is called, nobody hears that a file was chosen."""


@pytest.mark.parametrize("place", ["#import-all", "#story-open"])
async def test_a_file_that_is_gone_when_it_is_read_is_told_as_that(tab: Page, tmp_path: Path, place: str) -> None:
    await tab.click("#settings-open")
    gone = tmp_path / "gone.json"
    gone.write_text("{}")
    await tab.evaluate(UNHEARD, place)
    await tab.set_input_files(place, gone)
    gone.unlink()
    await tab.evaluate("tell()")
    told = tab.locator("#settings [role=status]").filter(has_text="“gone.json” cannot be read")
    await expect(told).to_be_visible()


async def test_what_is_cleared_while_an_answer_is_written_stays_away(tab: Page, house: House) -> None:
    house.script = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await tab.click("#chat-clear")
    await expect(tab.locator("#chat-log .gc-welcome")).to_be_visible()
    await tab.evaluate(ALL_KEPT)
    await tab.reload()
    await expect(tab.locator("#chat-log .gc-welcome")).to_be_visible()
    await expect(tab.locator("#chat-log [data-role]")).to_have_count(0)


async def in_two_pages(tab: Page, visitor: BrowserContext, house: House) -> Page:
    """Ask a question; gives another page of the browser that shows its conversation too."""
    house.script = says("First.")
    await ask(tab, "one")
    await answered(tab)
    other = await open_in(visitor, house)
    await other.locator("[data-conversation] .gc-entry-title").click()
    await answered(other)
    return other


async def test_what_one_page_clears_another_that_writes_in_it_does_not_bring_back(
    tab: Page, visitor: BrowserContext, house: House
) -> None:
    other = await in_two_pages(tab, visitor, house)
    house.script = Hung("The beginning")
    await ask(other, "two")
    await expect(tab.locator(ANSWER).nth(1)).to_contain_text("The beginning")
    await tab.click("#chat-clear")
    for page in (tab, other):
        await expect(page.locator("#chat-log .gc-welcome")).to_be_visible()
    await expect(other.locator("#chat-stop")).to_be_hidden()

    await tab.click("#chat-undo")
    for page in (tab, other):
        await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["one", "two"])
        await expect(page.locator(ANSWER).nth(1)).to_contain_text("The beginning")
    await tab.reload()
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text(["one", "two"])


@pytest.mark.parametrize("gone", ["message", "conversation"])
async def test_what_was_made_of_a_question_outlives_it(
    tab: Page, visitor: BrowserContext, house: House, gone: str
) -> None:
    other = await in_two_pages(tab, visitor, house)
    await do(other, "#chat-log [data-role=user]", "edit")
    await other.fill(".gc-edit-box", "a long thought")
    await other.fill("#chat-message textarea", "typed before")
    if gone == "message":
        await do(tab, "#chat-log [data-role=user]", "delete")
    else:
        await choose(tab, "delete")
    await expect(other.locator("#chat-message textarea")).to_have_value("a long thought\n\ntyped before")
