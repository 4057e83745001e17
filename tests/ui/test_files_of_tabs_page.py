"""A file that comes late, is refused or taken out again in Extract and Batch takes nothing else away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from playwright.async_api import Error, FilePayload, Page, Route, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House, Visiting
from tests.ui.scripts import says

pytestmark = [needs("chromium"), pytest.mark.browser]

TEXT = "#extract-input textarea"
FACTS = {"extract": "#extract-input .gc-file", "batch": "#batch-file .gc-file"}
HINTS = {"extract": "#gc-extract-hint", "batch": "#gc-batch-hint"}
READS = {"extract": "**/ui/document?*", "batch": "**/ui/batch?*"}
NO_FILE = FilePayload(name="noise.bin", mimeType="application/octet-stream", buffer=bytes(range(256)))

both = pytest.mark.parametrize("tab", ["extract", "batch"])


def file_of(tab: str, name: str) -> FilePayload:
    if tab == "batch":
        return FilePayload(name=f"{name}.csv", mimeType="text/csv", buffer=f"title\n{name}\n".encode())
    return FilePayload(name=f"{name}.txt", mimeType="text/plain", buffer=name.encode())


async def choose(page: Page, tab: str, file: FilePayload) -> None:
    place = {"extract": "#extract-input", "batch": "#batch-file"}[tab]
    await page.set_input_files(f"{place} input[type=file]", file)


class Late:
    """The server reads what is called slow when it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.over = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        if "slow" in route.request.url:
            response = await route.fetch()
            await self.may.wait()
            with suppress(Error):  # it was hung up on, which is as good
                await route.fulfill(response=response)
            self.over.set()
        else:
            await route.continue_()


@pytest.fixture
async def late() -> AsyncIterator[Late]:
    late = Late()
    yield late
    late.may.set()


@both
async def test_of_two_files_the_one_that_was_chosen_last_is_taken(
    visiting: Visiting, house: House, late: Late, tab: str
) -> None:
    async with visiting(house.simulator, tab) as page:
        await page.route(READS[tab], late)
        await choose(page, tab, file_of(tab, "slow"))
        await expect(page.locator(FACTS[tab])).to_contain_text("slow")
        await page.click(f"#{tab}-run")
        await expect(page.locator(HINTS[tab])).to_contain_text("still being prepared")
        await choose(page, tab, file_of(tab, "quick"))
        await expect(page.locator(FACTS[tab])).to_contain_text("quick")
        await expect(page.locator(FACTS[tab]).get_by_role("button")).to_have_count(1)
        late.may.set()
        await late.over.wait()
        await page.wait_for_timeout(100)
        await expect(page.locator(FACTS[tab])).to_contain_text("quick")
        await page.unroute(READS[tab])


async def test_what_was_typed_is_there_again_when_a_file_is_refused_or_taken_out(
    visiting: Visiting, house: House, late: Late
) -> None:
    async with visiting(house.simulator, "extract") as page:
        facts = page.locator(FACTS["extract"])
        await page.fill(TEXT, "The rent is 1,850.")
        await choose(page, "extract", NO_FILE)
        await expect(facts.locator(".gc-warn")).to_contain_text("cannot be read")
        await expect(page.locator(TEXT)).to_have_value("The rent is 1,850.")

        await page.set_input_files("#extract-input input[type=file]", MEDIA / "hopper.jpg")
        await expect(page.locator("#extract-input .gc-source-picture")).to_be_visible()
        await facts.get_by_role("button").click()
        await expect(page.locator(TEXT)).to_have_value("The rent is 1,850.")

        await choose(page, "extract", file_of("extract", "quick"))
        await expect(page.locator(TEXT)).to_have_value("quick")
        await facts.get_by_role("button").click()
        await expect(page.locator(TEXT)).to_have_value("The rent is 1,850.")

        await page.route(READS["extract"], late)
        await choose(page, "extract", file_of("extract", "slow"))
        await facts.get_by_role("button").click()
        await page.fill(TEXT, "The rent is 1,900.")
        late.may.set()
        await late.over.wait()
        await page.wait_for_timeout(100)
        await expect(page.locator(TEXT)).to_have_value("The rent is 1,900.")
        await page.unroute(READS["extract"])


async def test_a_file_that_is_no_table_takes_no_answers_away(visiting: Visiting, house: House) -> None:
    house.script = says("A novel.")
    async with visiting(house.simulator, "batch") as page:
        await choose(page, "batch", file_of("batch", "quick"))
        await expect(page.locator(FACTS["batch"])).to_contain_text("quick.csv")
        await page.fill("#batch-file textarea", "What is {title}?")
        await page.click("#batch-run")
        download = page.locator("#batch-result [data-form=csv]")
        await expect(download).to_be_visible()
        await choose(page, "batch", NO_FILE)
        await expect(page.locator(f"{FACTS['batch']} .gc-warn")).to_be_visible()
        await expect(page.locator(FACTS["batch"])).to_contain_text("quick.csv")
        async with page.expect_download():
            await download.click()
