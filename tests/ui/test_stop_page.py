"""Stop, at every point at which a question waits between the press on Send and its first word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.conversations import ANSWER
from tests.ui.scripts import Hung, answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

AT_ONCE_MS = 2_500
"""Far longer than a stop takes, and shorter than anything that it could be waiting for here."""

SEND = """(stops) => {
  const box = document.querySelector("#chat-message textarea");
  box.value = "stopped";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("chat-send").click();
  if (stops) document.getElementById("chat-stop").click();
}"""


async def hold(route: Route) -> None:
    """It is on its way for ever."""


async def lose(route: Route) -> None:
    await route.abort()


async def refuse(route: Route) -> None:
    await route.fulfill(status=404, body="")


async def die(route: Route) -> None:
    body = 'data: {"e":"open"}\n\ndata: {"e":"attempt_started","model":"m","provider":"p"}\n\n'
    await route.fulfill(status=200, content_type="text/event-stream", body=body)


@dataclass(frozen=True)
class Point:
    """
    Where a question waits.

    Attributes:
        routes: What becomes of requests, from the loading of the page on.
        until: Part of the address of a request that has gone out when Stop is pressed; without one the presses
            on Send and Stop are one task.
        asked: How often the server is asked, at most.
        once: Whether a page asks for it only once, so that another page has to be opened.
    """

    routes: dict[str, Callable[[Route], Awaitable[None]]]
    until: str | None = None
    asked: int = 0
    once: bool = False


POINTS = {
    "before it is put together": Point({}, once=True),
    "for the page's pass": Point({"**/ui/pass": hold}, until="/ui/pass", once=True),
    "on its way": Point({"**/ui/chat": hold}, until="/ui/chat"),
    "for the first word": Point({}, until="/ui/chat", asked=1),
    "for the way through the queue": Point({"**/ui/chat": refuse, "**/queue.js": hold}, until="/queue.js", once=True),
    "to be found again": Point({"**/ui/chat": die, "**/ui/answers/*": hold}, until="/ui/answers/"),
    "between two tries to find it": Point({"**/ui/chat": die, "**/ui/answers/*": lose}, until="/ui/answers/"),
    "for what draws it": Point({"**/markdown.js": hold}, until="/ui/chat", asked=1, once=True),
}


async def test_stop_ends_a_question_wherever_it_waits(context: BrowserContext, house: House) -> None:
    (page,) = context.pages
    for where, point in POINTS.items():
        house.asked.clear()
        await stop_there(page, house, point)
        try:
            await expect(page.locator(f"{ANSWER}[data-state=stopped]")).to_be_attached(timeout=AT_ONCE_MS)
            await expect(page.locator(".gc-stopped")).to_be_visible(timeout=AT_ONCE_MS)
            await expect(page.locator("body")).not_to_have_attribute("data-chat", "busy", timeout=AT_ONCE_MS)
        except AssertionError as error:
            raise AssertionError(f"a question that waits {where} does not end when it is stopped") from error
        assert len(house.asked) <= point.asked, where
        for pattern in point.routes:
            await page.unroute(pattern)
        await go_on(page, house)


async def stop_there(page: Page, house: House, point: Point) -> None:
    house.script = Hung("")
    for pattern, becomes in point.routes.items():
        await page.route(pattern, becomes)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    if point.once:
        await open_page(page, house)
    else:
        await page.click("#conversation-new")
        await page.wait_for_selector("#chat-log .gc-welcome")
    await page.evaluate(SEND, not point.until)
    if point.until:
        await wait_for_request(page, sent, point.until)
        await page.click("#chat-stop")


async def wait_for_request(page: Page, sent: list[str], part: str) -> None:
    for _ in range(200):
        if any(part in url for url in sent):
            return
        await page.wait_for_timeout(50)
    raise AssertionError(f"nothing was asked of {part}")


async def go_on(page: Page, house: House) -> None:
    """It stays stopped when the page is loaded again, and the next question is answered."""
    await page.reload()
    await expect(page.locator(ANSWER)).to_have_attribute("data-state", "stopped")
    house.script = says("An answer.")
    await ask(page, "another")
    assert await answered(page, 2) == "An answer."
    last = [one.messages[-1]["content"] for one in house.asked if isinstance(one, ChatRequest)]
    assert last.count("stopped") <= 1
    await page.evaluate("sessionStorage.clear()")
