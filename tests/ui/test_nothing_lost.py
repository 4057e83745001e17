"""Whatever dies in the middle of an answer, nothing that was seen is lost, and nothing is there twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, expect

from benchmarks.processes import free_port
from groq_core.events import TextDelta
from groq_core.requests import ChatRequest, Request
from groq_core.serve import create_app
from tests.requires import needs
from tests.serving import serving
from tests.ui.conftest import House, Script, open_page
from tests.ui.scripts import BEGUN, DONE, Hung, ask, plays

pytestmark = [pytest.mark.browser, needs("chromium")]

ROUNDS = 12
ANSWER = "#chat-log [data-role=assistant]"
STOP = """() => {
  const seen = [...document.querySelectorAll("#chat-log [data-role=assistant]")].at(-1)?.innerText ?? "";
  document.getElementById("chat-stop").click();
  return seen;
}"""
"""What stands there and the press of the button in one moment."""


SEND = """async (text) => {
  const put = [];
  let committed = 0;
  const { put: putting } = IDBObjectStore.prototype, { commit } = IDBTransaction.prototype;
  IDBObjectStore.prototype.put = function (value) { put.push(this.name); return putting.call(this, value); };
  IDBTransaction.prototype.commit = function () { committed += 1; return commit.call(this); };
  const box = document.querySelector("#chat-message textarea");
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("chat-send").click();
  for (let turn = 0; turn < 50; turn += 1) await null;
  Object.assign(IDBObjectStore.prototype, { put: putting });
  Object.assign(IDBTransaction.prototype, { commit });
  return [put, committed];
}"""
"""A question is sent; gives what is handed to the browser's store before anything else can happen."""


def slowly(words: str) -> Script:
    async def script(request: Request) -> Any:
        yield BEGUN
        for at in range(0, len(words), 11):
            yield TextDelta(words[at : at + 11])
            await asyncio.sleep(0.01)
        yield DONE

    return script


async def over(page: Page, count: int) -> tuple[str, str]:
    """State and text of an answer when it has ended, one way or another."""
    answer = page.locator(ANSWER).nth(count - 1)
    await answer.and_(page.locator("[data-state=done], [data-state=stopped], [data-state=broken]")).wait_for(
        state="attached"
    )
    return await answer.get_attribute("data-state") or "", (await answer.inner_text()).strip()


async def test_tab_network_and_stop_at_random_moments(context: BrowserContext, house: House) -> None:
    dice = random.Random(13)
    unsent = 0
    page = await context.new_page()
    await open_page(page, house)
    for count in range(1, ROUNDS + 1):
        words = " ".join(f"word{count}x{number}" for number in range(60))
        house.script = slowly(words)
        await ask(page, f"question {count}")
        accident = ["reload", "twice", "offline", "tab", "stop"][count % 5]
        await page.wait_for_timeout(dice.choice([0, dice.randint(10, 900)]))
        seen = ""
        if accident in ("reload", "twice"):
            await page.reload()
        if accident == "twice":
            await page.wait_for_timeout(dice.randint(10, 400))
            await page.reload()
        if accident == "offline":
            await context.set_offline(True)
            await page.wait_for_timeout(dice.randint(10, 600))
            await context.set_offline(False)
        if accident == "tab":
            await page.close()
            page = await context.new_page()
            await open_page(page, house)
            await page.locator("[data-conversation]").first.click()
        if accident == "stop":
            seen = str(await page.evaluate(STOP)).strip()

        state, text = await over(page, count)

        if state == "stopped":
            assert (accident, text) == ("stop", seen)
            await expect(page.locator(".gc-stopped").last).to_be_visible()  # also where there is no text to be seen
            unsent += not seen
        else:
            assert (state, text) == ("done", words), accident
    asked = [request.messages[-1]["content"] for request in house.asked if isinstance(request, ChatRequest)]
    counts = [asked.count(f"question {count}") for count in range(1, ROUNDS + 1)]
    # Who stops in the moment of asking may be ahead of the question.
    assert max(counts) == 1
    assert counts.count(0) <= unsent


async def test_a_question_is_handed_to_the_store_in_the_moment_it_is_sent(
    context: BrowserContext, house: House
) -> None:
    (page,) = context.pages
    await open_page(page, house)
    house.script = plays(BEGUN, TextDelta("An answer."), DONE)
    await ask(page, "question 1")
    await over(page, 1)
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    # The question and where it stands, the answer and where it stands: whole, so that no reload takes a part along.
    assert await page.evaluate(SEND, "question 2") == [["messages", "heads", "messages", "heads"], 1]


async def test_a_question_that_never_came_to_the_server_is_asked_after_a_reload(
    context: BrowserContext, house: House
) -> None:
    (page,) = context.pages
    await open_page(page, house)
    house.script = plays(BEGUN, TextDelta("An answer."), DONE)
    await page.route("**/ui/chat", lambda route: None)  # on its way for ever
    await ask(page, "a question")
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(1)
    await page.reload(wait_until="commit")
    await page.unroute("**/ui/chat")  # which lets go what it held

    assert await over(page, 1) == ("done", "An answer.")
    asked = [request.messages[-1]["content"] for request in house.asked if isinstance(request, ChatRequest)]
    assert asked.count("a question") == 1


@asynccontextmanager
async def dying(house: House, port: int) -> AsyncIterator[None]:
    """A server that hangs up on everybody at its end, and can be started once more at the same address."""
    async with serving(create_app(replace(house.core, handle=house.handle)), port=port, lifespan="on") as server:
        yield
        for connection in list(server.server_state.connections):
            connection.transport.abort()


async def test_a_server_that_dies_takes_nothing_of_what_was_seen(context: BrowserContext, house: House) -> None:
    port = free_port()
    there = replace(house, url=f"http://127.0.0.1:{port}/")
    house.script = Hung("All of this was seen")
    page = await context.new_page()
    async with dying(house, port):
        await open_page(page, there)
        await ask(page, "go")
        await expect(page.locator(ANSWER)).to_contain_text("All of this was seen")
    await expect(page.locator(".gc-story")).to_contain_text("The connection was lost")
    # The next one knows nothing of it and is asked anew; what was seen stays beside what it says.
    house.script = plays(BEGUN, TextDelta("Another beginning, and an end."), DONE)
    async with dying(house, port):
        assert await over(page, 1) == ("done", "Another beginning, and an end.")
        await page.reload()
        assert await over(page, 1) == ("done", "Another beginning, and an end.")
        everything = await page.locator("#chat-log .gc-answer").text_content() or ""
        assert everything.count("All of this was seen") == everything.count("Another beginning") == 1


@pytest.mark.one_page
async def test_two_browsers_never_see_each_other(page: Page, stranger: Page, house: House) -> None:
    pages = [page, stranger]

    async def script(request: Request) -> Any:
        assert isinstance(request, ChatRequest)
        async for event in slowly(f"for {request.messages[-1]['content'].split()[0]} alone " * 5)(request):
            yield event

    house.script = script
    await open_page(stranger, house)
    for number, page in enumerate(pages):
        content = f"only for visitor{number}".encode()
        file = FilePayload(name=f"visitor{number}.txt", mimeType="text/plain", buffer=content)
        await page.set_input_files("#gc-attach-input", file)
        await page.wait_for_selector("[data-attachment][data-state=ready]")
        await ask(page, f"visitor{number}")
    for number, page in enumerate(pages):
        _, text = await over(page, 1)
        await page.reload()
        assert await over(page, 1) == ("done", text)
        everything = await page.content()
        assert f"visitor{number}" in everything
        assert f"visitor{1 - number}" not in everything
    for request in house.asked:
        assert isinstance(request, ChatRequest)
        assert len({name for name in ("visitor0", "visitor1") if name in str(request.messages)}) == 1
