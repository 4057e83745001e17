"""The tab Batch as a visitor uses it, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from groq_core.simulator import Fault, Simulator
from tests.requires import needs
from tests.ui.conftest import House, Visiting

pytestmark = [needs("chromium"), pytest.mark.browser]


@pytest.fixture
def simulator(house: House) -> Simulator:
    """That of the house which all tests share: these want nothing but its ordinary settings."""
    return house.simulator


async def test_a_table_is_chosen_run_and_taken_away(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "batch") as page:
        await page.set_input_files(
            "#batch-file input[type=file]",
            {"name": "books.csv", "mimeType": "text/csv", "buffer": b"title,year\nEmma,1815\nDracula,1897\n"},
        )
        await page.wait_for_selector("#batch-file >> text=books.csv · 2 rows")
        await page.fill("#batch-file textarea", "What is ")
        await page.click("#batch-file >> text={title}")
        await page.wait_for_selector("#batch-file .gc-batch-guess >> text=2 rows")
        await page.click("#batch-run")
        await page.wait_for_selector("#batch-progress [data-over]")
        words = await page.inner_text("#batch-progress")
        async with page.expect_download() as downloading:
            await page.click("#batch-result [data-form=csv]")
        file = await downloading.value
        lines = (await file.path()).read_text("utf-8-sig").splitlines()

    assert "2 of 2" in words
    assert "This run cost $" in words
    assert "was estimated at $" in words
    assert file.suggested_filename == "books-answers.csv"
    assert lines[0] == "title,year,answer,error"
    assert lines[1].startswith("Emma,1815,")
    asked = {seen.body["messages"][-1]["content"] for seen in simulator.requests if "completions" in seen.path}
    assert asked == {"What is Emma", "What is Dracula"}


async def test_a_page_loaded_again_shows_its_table_and_goes_on(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "batch") as page:
        await page.click("#batch-file >> text=Try an example")
        await page.wait_for_selector("#batch-file td >> text=Tides")
        await page.click("#batch-file >> text=Later, half the price")
        await page.wait_for_selector("#batch-file >> text=within 24 h")
        await page.reload()
        await page.click("#tab-batch-button")
        await page.wait_for_selector("#batch-file td >> text=Tides")
        await page.wait_for_selector("#batch-file >> text=within 24 h")
        await page.click("#batch-run")
        await page.wait_for_selector("#batch-progress [data-over]")
        words = await page.inner_text("#batch-progress")

    assert "3 of 3" in words
    assert any(seen.path.endswith("/batches") for seen in simulator.requests)


async def test_what_groq_answers_another_day_is_found_in_another_tab(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "batch") as page:
        await page.click("#batch-file >> text=Try an example")
        await page.wait_for_selector("#batch-file td >> text=Tides")
        await page.click("#batch-file >> text=Later, half the price")
        await page.click("#batch-run")
        await page.wait_for_selector("#batch-progress [data-over]")
        await in_another_tab(page)
        await page.wait_for_selector("#batch-file td >> text=Tides")
        await page.click("#batch-run")
        await page.wait_for_selector("#batch-progress >> text=3 of 3")
        await page.click("#batch-file [aria-label='Remove the file']")
        await in_another_tab(page)
        await page.wait_for_selector("#batch-file >> text=Try an example")

        assert await page.locator("#batch-file td").count() == 0


async def in_another_tab(page: Page) -> None:
    """What a tab kept for itself is not there."""
    await page.evaluate("sessionStorage.clear()")
    await page.reload()
    await page.click("#tab-batch-button")


async def test_failed_rows_are_listed_with_their_reason_and_run_again(visiting: Visiting, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", preset="content_filter", operation="chat", times=1))
    async with visiting(simulator, "batch") as page:
        await page.click("#batch-file >> text=Try an example")
        await page.wait_for_selector("#batch-file td >> text=Tides")
        await page.click("#batch-run")
        await page.wait_for_selector("#batch-result caption >> text=Failed")
        await page.click("#batch-result >> text=Run the failed ones again")
        await page.wait_for_selector("#batch-progress [data-over]")
        await page.wait_for_selector("#batch-progress >> text=3 of 3")

        assert await page.locator("#batch-result caption >> text=Failed").count() == 0
