"""A run of the agent that is left, watched from another window, or given a file that is still read."""

from __future__ import annotations

import asyncio
import json

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, Route, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import choose, kept, open_in
from tests.ui.kept_page import open_page
from tests.ui.scripts import BEGUN, DONE, Hung, plays, says

pytestmark = [needs("chromium"), pytest.mark.browser]

LOG = "#agent-log"
ENTRY = "#conversations .gc-entry-title"


async def begin(page: Page, task: str) -> None:
    await page.click("#tab-agent-button")
    await page.fill("#agent-task textarea", task)
    await page.press("#agent-task textarea", "Enter")


async def open_entry(page: Page, title: str) -> None:
    await page.click("#tab-chat-button")
    await page.click(f"{ENTRY} >> text={title}")


@pytest.fixture
async def page(visitor: BrowserContext, house: House) -> Page:
    """A run is over, and in another conversation nothing has begun."""
    page = await open_in(visitor, house)
    house.script = says("Done at once.")
    await begin(page, "a short task")
    await expect(page.locator(f"{LOG} .gc-run-bar")).to_have_count(1)
    await page.click("#agent-clear")
    await expect(page.locator(f"{LOG} .gc-welcome")).to_be_visible()
    return page


async def test_who_comes_back_to_a_run_sees_it_go_on(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await begin(page, "a long task")
    await expect(page.locator(LOG)).to_contain_text("The beginning,")
    await open_entry(page, "a short task")
    await expect(page.locator(LOG)).to_contain_text("Done at once.")
    await open_entry(page, "a long task")
    await expect(page.locator(LOG)).to_contain_text("The beginning,")
    more.set()
    await expect(page.locator(LOG)).to_contain_text("The beginning, and the end.")
    await expect(page.locator(f"{LOG} .gc-run-bar")).to_have_count(1)
    await expect(page.locator(f"{LOG} .gc-stopped")).to_have_count(0)


async def test_a_run_that_another_window_has_under_way_is_not_called_stopped(
    page: Page, visitor: BrowserContext, house: House
) -> None:
    await open_entry(page, "a short task")
    hung = Hung("The beginning, ")
    house.script = hung
    await begin(page, "and a long one")
    await expect(page.locator(LOG)).to_contain_text("The beginning,")
    other = await open_in(visitor, house)
    await other.click(f"{ENTRY} >> text=a short task")
    await expect(other.locator(LOG)).to_contain_text("The beginning,")
    await expect(other.locator(f"{LOG} .gc-story")).to_have_count(2)
    await expect(other.locator(f"{LOG} .gc-stopped")).to_have_count(0)

    await page.close()  # the other window looks on: nobody tells it
    await expect(other.locator(f"{LOG} .gc-stopped")).to_have_count(1)
    await other.reload()
    await other.click("#tab-agent-button")
    await expect(other.locator(f"{LOG} .gc-stopped")).to_have_count(1)


async def open_without_locks(visitor: BrowserContext, house: House) -> Page:
    """As where an address is not secure."""
    page = await visitor.new_page()
    await page.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })")
    await open_page(page, house.url)
    return page


async def test_a_run_that_goes_on_elsewhere_is_not_called_stopped_without_the_browsers_locks(
    visitor: BrowserContext, house: House
) -> None:
    hung = Hung("The beginning, ")
    house.script = hung
    page = await open_without_locks(visitor, house)
    await begin(page, "a long task")
    await expect(page.locator(LOG)).to_contain_text("The beginning,")
    other = await open_without_locks(visitor, house)
    await other.click(f"{ENTRY} >> text=a long task")
    await expect(other.locator(LOG)).to_contain_text("The beginning,")
    await other.wait_for_timeout(1000)
    await expect(other.locator(f"{LOG} .gc-stopped")).to_have_count(0)
    await page.close()
    await expect(other.locator(f"{LOG} .gc-stopped")).to_have_count(1)


async def test_a_run_ends_with_its_conversation_though_another_one_is_shown(page: Page, house: House) -> None:
    hung = Hung("The beginning, ")
    house.script = hung
    await begin(page, "a long task")
    await expect(page.locator(LOG)).to_contain_text("The beginning,")
    await kept(page, 2)
    await open_entry(page, "a short task")
    await expect(page.locator(LOG)).to_contain_text("Done at once.")
    await page.click("#tab-chat-button")
    entry = page.locator("#conversations [data-conversation]")
    titles = await entry.locator(".gc-entry-title").all_inner_texts()
    await choose(page, "delete", titles.index("a long task"))
    await asyncio.wait_for(hung.closed.wait(), 20)


async def test_a_file_that_is_still_read_is_not_left_out(page: Page, house: House) -> None:
    read = asyncio.Event()
    bodies: list[str] = []

    async def late(route: Route) -> None:
        await read.wait()
        await route.continue_()

    async def look(route: Route) -> None:
        bodies.append(route.request.post_data or "")
        await route.continue_()

    await page.route("**/ui/document*", late)
    await page.route("**/ui/agent", look)
    note = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"The code word is heron.")
    chip = page.locator("#gc-agent-tools .gc-attached .gc-chip")
    await page.set_input_files("#gc-agent-tools input[type=file]", note)
    await expect(chip).to_contain_text("notes.txt being prepared")
    await begin(page, "What is the code word?")
    await expect(page.locator("#gc-agent-tools .gc-hint")).to_contain_text("still being prepared")
    assert not bodies
    read.set()
    await expect(chip).to_have_attribute("data-state", "ready")
    await page.click("#agent-run")
    await expect(page.locator(f"{LOG} .gc-run-bar")).to_have_count(1)
    assert json.loads(bodies[0])["files"] == [{"name": "notes.txt", "text": "The code word is heron."}]


async def test_a_file_that_is_taken_out_while_it_is_read_does_not_come(page: Page) -> None:
    asked: list[Route] = []  # and never answered
    await page.route("**/ui/document*", lambda route: asked.append(route))
    note = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"The code word is heron.")
    chip = page.locator("#gc-agent-tools .gc-attached .gc-chip")
    await page.set_input_files("#gc-agent-tools input[type=file]", note)
    await chip.get_by_role("button").click()
    await expect(chip).to_have_count(0)
    await page.unroute("**/ui/document*")
    other = FilePayload(name="other.txt", mimeType="text/plain", buffer=b"Another.")
    await page.set_input_files("#gc-agent-tools input[type=file]", other)
    await expect(chip).to_have_attribute("data-state", "ready")
    await expect(chip).to_contain_text(["other.txt"])


async def test_of_several_files_each_that_cannot_go_along_is_told(tab: Page, house: House) -> None:
    await tab.click("#tab-agent-button")
    await tab.wait_for_selector("#agent-log .gc-welcome")
    names = ["first.txt", "second.txt", "third.txt"]
    given = [
        FilePayload(name=name, mimeType="text/plain", buffer=b"words" if at == 1 else b"")
        for at, name in enumerate(names)
    ]
    await tab.set_input_files("#gc-agent-tools input[type=file]", given)
    refused = tab.locator(".gc-attached [data-state=refused]")
    await expect(refused).to_have_count(2)
    await expect(refused.nth(0)).to_contain_text("first.txt is empty")
    await tab.locator(f"{LOG} .gc-suggestion").first.click()
    await expect(tab.locator("#tab-agent .gc-hint")).to_contain_text("remove it first")
    assert not house.asked
    for _ in range(2):
        await refused.first.locator("button").click()
    await tab.locator(f"{LOG} .gc-suggestion").first.click()
    await expect(tab.locator("#agent-log [data-role=user]")).to_have_count(1)
