"""What the page tells of its models: in words, with a tour, side by side, and when its server is gone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.serving import listening
from tests.ui.conftest import House
from tests.ui.kept_page import enter
from tests.ui.scripts import BEGUN, answered, ask, plays, says, size_of

pytestmark = [pytest.mark.browser, needs("chromium")]

SIZES = pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])


async def open_at(page: Page, house: House, size: tuple[int, int]) -> Page:
    """Open it on a screen of this size, its panel unfolded."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await enter(page, house.url)
    if not await page.evaluate("document.querySelector('#status-panel details').open"):
        await page.click("#status-panel summary")
    return page


@pytest.mark.one_page
@SIZES
async def test_panel_says_who_answers_and_what_was_shut_down(
    unopened: Page, house: House, size: tuple[int, int]
) -> None:
    page = await open_at(unopened, house, size)
    speed = page.locator(".gc-tier", has_text="speed")

    await expect(speed).to_contain_text("gpt-oss-20b")
    await expect(speed).to_contain_text("Llama 3.1 8B was shut down in August")
    await expect(page.get_by_text("retired", exact=False).first).to_be_visible()
    assert "…" not in await page.locator(".gc-tiers").inner_text()


async def test_limits_are_told_in_messages_with_their_caveat(page: Page) -> None:
    mine = page.locator(".gc-status-foot", has_text="This page:")
    await page.click(".gc-options-fold summary")
    for told in ("1 answer,", "2 answers,"):
        # Such answers are kept, as they would come out the same.
        await page.locator(".gc-field", has_text="Temperature").locator("input").fill("0")
        await ask(page, "What is a hash table?")
        await answered(page)
        await expect(mine).to_contain_text(told)
        await page.click("#conversation-new")

    await expect(mine).to_contain_text("1 came from the cache and saved $")
    await expect(page.locator("#status-panel")).to_contain_text("Limits are shared by the whole organisation")


@pytest.mark.one_page
async def test_folded_panel_leaves_its_room_to_the_chat(page: Page) -> None:
    before = (await size_of(page.locator("#gc-main")))[0]
    await page.click("#status-panel summary")

    assert (await size_of(page.locator("#gc-main")))[0] > before + 200


async def test_server_that_is_gone_is_told_within_seconds(context: BrowserContext, house: House) -> None:
    page = await context.new_page()
    gone, sizes = page.locator("#gc-gone"), [{"width": 390, "height": 844}, {"width": 1440, "height": 900}]
    async with line_to(house.url) as url:
        await page.goto(url)
        await page.wait_for_selector("#status-panel [data-target]", state="attached")
        for size in sizes:
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            await expect(gone).to_be_hidden()
    await expect(gone).to_be_visible(timeout=15_000)
    await expect(gone).to_contain_text("does not answer")
    for size in reversed(sizes):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await expect(gone).to_be_visible()
        await expect(gone).to_be_in_viewport()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[str]:
    """Another address of a server; it is dead afterwards, with every connection to it."""
    host, port = urlsplit(url).hostname, urlsplit(url).port

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
        finally:
            there[1].close()

    async with listening(connect) as here:
        yield f"http://127.0.0.1:{here}/"


async def test_mend_all_wakes_what_it_mended(page: Page, house: House) -> None:
    target = page.locator('[data-target="groq:openai/gpt-oss-20b"]')
    await target.locator("select").select_option("rate_limited:always")
    await expect(page.locator(".gc-faults")).to_be_visible()
    await ask(page, "What is a rate limit, and why?")
    await answered(page)
    await expect(target).to_have_attribute("data-state", "resting")
    others = [one.state for one in house.core.board.snapshot().targets if one.name == "groq:openai/gpt-oss-120b"]
    assert others == ["healthy"]
    await page.locator(".gc-faults button").click()

    await expect(target).to_have_attribute("data-state", "healthy", timeout=5000)


async def test_a_fault_on_everything_is_told_as_that_and_when_somebody_is_back(page: Page, house: House) -> None:
    await page.request.post(
        house.url + "_simulator/faults", data={"provider": "*", "model": "*", "kind": "status", "status": 500}
    )
    await ask(page, "Who is there?")
    await expect(page.locator(".gc-card")).to_be_visible(timeout=60_000)

    await expect(page.locator(".gc-faults")).to_contain_text("everything is broken on purpose")
    await expect(page.locator(".gc-status-headline")).to_have_text(re.compile(r"^nobody free for \d+ s$"))
    chosen = await page.eval_on_selector_all(
        ".gc-fault[data-on]", "all => all.map((one) => one.selectedOptions[0]?.text)"
    )
    assert chosen
    assert all(chosen)
    await page.get_by_text("mend all").click()
    await expect(page.locator(".gc-status-headline")).to_have_text(re.compile(r"ready$"))


@pytest.mark.one_page
@SIZES
async def test_tour_breaks_asks_and_shows_the_receipt(unopened: Page, house: House, size: tuple[int, int]) -> None:
    page = await open_at(unopened, house, size)
    await page.click("#tour-start")
    card = page.locator("#gc-tour")
    for step in range(1, 5):
        await expect(card).to_contain_text(f"{step} of 4")
        await card.get_by_text("Break it and ask").click()
        await card.locator(".gc-button:visible").get_by_text("Next" if step < 4 else "Mend all").click(timeout=60_000)
        await expect(page.locator(".gc-receipt[open]").last).to_be_attached()
    await expect(card).to_have_count(0)
    assert house.simulator.faults.list() == []


@pytest.mark.one_page
@SIZES
async def test_comparison_has_a_column_a_model_and_goes_on_with_one(
    unopened: Page, house: House, size: tuple[int, int]
) -> None:
    page = await open_at(unopened, house, size)
    if size[0] < 900:
        await page.keyboard.press("Escape")
    await page.click("#chat-compare")
    await ask(page, "What is TCP?")
    columns = page.locator("[data-column]")
    await expect(columns.locator("[data-state=done]")).to_have_count(2)
    names = [await one.get_attribute("data-column") for one in await columns.all()]
    assert len({*names}) == 2
    assert all(name and name.startswith(("groq:", "openai:")) for name in names)
    await columns.nth(1).get_by_text("Go on with this one").click()
    await expect(page.locator("#chat-log [data-role=user]")).to_contain_text("What is TCP?")
    await ask(page, "And UDP?")
    await answered(page, 2)
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert [message["role"] for message in asked.messages] == ["user", "assistant", "user"]


@pytest.mark.one_page
async def test_error_card_names_each_model_once_and_one_time(page: Page, house: House) -> None:
    tried = [ProviderError(Kind.AUTH, "invalid key", provider="groq", model="openai/gpt-oss-20b")]
    message = "no model could answer: groq:openai/gpt-oss-20b: invalid key"
    house.script = plays(BEGUN, ChainError(message, failures=tried, retry_after=30, hint="Try again in 30 s."))
    await ask(page, "go")
    await answered(page, state="broken")
    card = page.locator(".gc-card")

    assert await card.locator(".gc-card-title").inner_text() == "No model could answer."
    text = await card.inner_text()
    assert text.count("gpt-oss-20b") <= 1
    await expect(card.locator(".gc-countdown")).to_have_count(1)
    assert "Try again in" not in text
    await card.get_by_text("Enter a key").click()
    await expect(page.locator("#own-key")).to_be_visible()


@pytest.mark.one_page
@pytest.mark.parametrize(("status", "words"), [(413, "too large"), (502, "502"), (504, "504")])
async def test_proxys_refusal_is_told_as_what_it_is(page: Page, house: House, status: int, words: str) -> None:
    async def refuse(route) -> None:  # type: ignore[no-untyped-def]
        await route.fulfill(status=status, content_type="text/html", body="<html>nginx</html>")

    await page.route("**/ui/chat", refuse)
    house.script = says("fine")
    await ask(page, "go")

    await expect(page.locator(".gc-card")).to_contain_text(words)
    assert house.asked == []


async def test_heartbeat_of_the_news_comes_often_enough(house: House) -> None:
    async with (
        httpx.AsyncClient(base_url=house.url, timeout=20) as client,
        asyncio.timeout(15),
        client.stream("GET", "ui/status/events") as response,
    ):
        pieces = response.aiter_raw()
        await anext(pieces)
        assert await anext(pieces)
