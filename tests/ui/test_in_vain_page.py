"""Nobody presses in vain and in silence: where the server refuses or cannot be reached, the tab says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Download, Page, Route, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House, Visiting

pytestmark = [needs("chromium"), pytest.mark.browser]


async def extract(page: Page) -> None:
    await page.fill("#extract-input textarea", "The rent is 1,850 a month.")
    await page.click("#extract-schema >> text=JSON Schema")
    await page.fill("#extract-schema textarea", '{"type": "object", "properties": {"rent": {"type": "number"}}}')
    await page.click("#extract-run")
    await expect(page.locator("#extract-result .gc-value").first).to_be_visible()


async def run_batch(page: Page) -> None:
    table = {"name": "books.csv", "mimeType": "text/csv", "buffer": b"title\nEmma\n"}
    await page.set_input_files("#batch-file input[type=file]", table)  # type: ignore[arg-type]  # as Playwright reads it
    await page.wait_for_selector("#batch-file >> text=books.csv")
    await page.fill("#batch-file textarea", "What is {title}?")
    await page.click("#batch-run")
    await page.wait_for_selector("#batch-progress [data-over]")


async def transcribe(page: Page) -> None:
    await page.set_input_files("#mic-input input[type=file]", MEDIA / "jfk.wav")
    await page.click("#mic-transcribe")
    await page.wait_for_selector("#mic-transcript .gc-segment")


@pytest.mark.parametrize("why", ["refused", "without a line"])
@pytest.mark.parametrize(
    ("tab", "prepare", "asks", "press"),
    [
        ("extract", extract, "**/ui/extraction/csv", "#extract-result [data-form=csv]"),
        ("batch", run_batch, "**/ui/batch/*/csv", "#batch-result [data-form=csv]"),
        ("microphone", transcribe, "**/ui/transcript/srt", ".gc-chip[data-format=srt]"),
    ],
    ids=["extract", "batch", "microphone"],
)
async def test_what_cannot_be_taken_away_is_told_and_no_file_is_saved(
    visiting: Visiting,
    house: House,
    tab: str,
    prepare: Callable[[Page], Awaitable[None]],
    asks: str,
    press: str,
    why: str,
) -> None:
    async def refuse(route: Route) -> None:
        await (
            route.fulfill(status=503, json={"detail": "Too much is asked now."}) if why == "refused" else route.abort()
        )

    async with visiting(house.simulator, tab) as page:
        saved: list[Download] = []
        page.on("download", lambda download: saved.append(download))
        await prepare(page)
        await page.route(asks, refuse)
        await page.click(press)
        words = "Too much is asked now." if why == "refused" else "This page's server cannot be reached."
        await expect(page.get_by_text(words).locator("visible=true").first).to_be_visible()
        assert not saved
        await page.unroute(asks, refuse)
        async with page.expect_download():
            await page.click(press)
