"""One page for test after test: emptied of all it knows, or left open for the next of the same module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Page, expect

PASSED = pytest.StashKey[bool]()
"""Whether a test has passed, once it has been called."""


@asynccontextmanager
async def fresh_page(shared_context: BrowserContext, kept_pages: list[Page], url: str) -> AsyncIterator[Page]:
    """The kept page before the house at this address is entered; it is left again, and other pages are closed."""
    page = await empty_page(shared_context, kept_pages, url)
    yield page
    await let_go(shared_context, page)
    if not page.is_closed():
        await page.goto(f"{url}health")


async def empty_page(shared_context: BrowserContext, kept_pages: list[Page], url: str) -> Page:
    """The kept page, which shows nothing of the house and remembers nothing."""
    if not kept_pages or kept_pages[0].is_closed():
        kept_pages[:] = [await shared_context.new_page()]
    (page,) = kept_pages
    # Of the same origin, and without scripts: what the page kept can be taken away with nobody there to write it again.
    nowhere = f"{url}health"
    if page.url != nowhere:
        await page.goto(nowhere)
    await forget(page)
    return page


async def let_go(shared_context: BrowserContext, page: Page) -> None:
    """End what a test holds or has set between the page and the house."""
    await shared_context.set_offline(False)
    for other in shared_context.pages:
        if other is not page:
            await other.close()  # or its two open streams would count against the six connections of the next ones
    if not page.is_closed():
        for key in (" ", "Shift"):  # that the test before still holds
            await page.keyboard.up(key)
        await page.mouse.up()
        await page.unroute_all(behavior="ignoreErrors")


async def forget(page: Page) -> None:
    """Take away all that a browser keeps for the origin of this page, but for its cache of files; and what was set."""
    await page.context.clear_cookies()
    await page.evaluate("sessionStorage.clear()")
    session = await page.context.new_cdp_session(page)
    kinds = "local_storage,indexeddb,cache_storage,service_workers"
    origin = await page.evaluate("origin")
    await session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
    await session.detach()
    await set_plain_screen(page)


async def set_plain_screen(page: Page) -> None:
    """A window of no special size, before which nobody wishes anything of the page's looks."""
    await page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
    await page.set_viewport_size({"width": 1280, "height": 720})


LEAVE = """(module) => {
    performance.clearResourceTimings();
    globalThis.openFor = module;
    if (globalThis.untitled) return;
    // A title is asked for seconds after an answer, when another test looks at what is asked.
    globalThis.untitled = fetch;
    globalThis.fetch = (what, ...more) =>
        String(what).endsWith("/ui/title")
            ? Promise.resolve(new Response("", { status: 503 }))
            : untitled(what, ...more);
}"""
TAKE = """() => {
    const module = globalThis.openFor;
    delete globalThis.openFor;
    return module;
}"""


@asynccontextmanager
async def standing_page(
    shared_context: BrowserContext, kept_pages: list[Page], url: str, test: pytest.Item
) -> AsyncIterator[Page]:
    """The kept page as another test of the module has left it, if that passed; else as :func:`fresh_page` gives it."""
    module = test.nodeid.partition("::")[0]
    open_already = [page for page in kept_pages if not page.is_closed() and page.url == url]
    if open_already and await open_already[0].evaluate(TAKE) == module:
        (page,) = open_already
        await set_plain_screen(page)
    else:
        page = await empty_page(shared_context, kept_pages, url)
    yield page
    await let_go(shared_context, page)
    if page.is_closed():
        return
    if page.url == url and test.stash.get(PASSED, False):
        await page.evaluate(LEAVE, module)
    else:
        await page.goto(f"{url}health")


async def begin_anew(page: Page) -> None:
    """Begin another conversation on a page that is open, with nothing on the screen of those before."""
    await page.keyboard.press("Escape")  # out of a dialog
    if await page.locator("#tab-chat-button").count():  # which comes a moment after the page
        await page.click("#tab-chat-button")
    await page.fill("#chat-message textarea", "")
    attached = page.locator("[data-attachment]")
    for _ in range(await attached.count()):
        await attached.first.locator("button").click()
    await page.click("#conversation-new")
    await page.wait_for_selector("#chat-log .gc-welcome")
    left = "#chat-log [data-role], [data-attachment], #chat-queue li, #chat-stop:not([hidden])"
    await expect(page.locator(left).locator("visible=true")).to_have_count(0)
    await expect(page.locator("#chat-message textarea")).to_have_value("")
