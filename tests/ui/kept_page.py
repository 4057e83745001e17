"""One page for test after test: emptied of all it knows, or left open for the next that begins a conversation there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Page

FIND_KEEPER = """
    const first = document.querySelector('script[src*="js/first.js"]').src;
    const { conversations } = await import(new URL("chat/chat.js", first).href);
    const kept = await conversations();
"""
"""What keeps the page's conversations, in a script of a test."""

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
    await leave_house(page, url)
    return page


async def leave_house(page: Page, url: str) -> None:
    """Show nothing of the house, and remember nothing."""
    # Of the same origin, and without scripts: what the page kept can be taken away with nobody there to write it again.
    nowhere = f"{url}health"
    if page.url != nowhere:
        await page.goto(nowhere)
    await forget(page)


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
    await page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
    await page.set_viewport_size({"width": 1280, "height": 720})


REMEMBER = """() => {
    if (globalThis.putBack) return;
    const things = [window, navigator, navigator.mediaDevices, Date, IDBObjectStore.prototype, IDBTransaction.prototype,
        AudioBufferSourceNode.prototype];
    const own = things.map((thing) => Object.getOwnPropertyDescriptors(thing));
    globalThis.putBack = () => things.forEach((thing, at) => {
        for (const [name, was] of Object.entries(own[at])) {
            const now = Object.getOwnPropertyDescriptor(thing, name);
            if (was.configurable && (now?.value !== was.value || now?.get !== was.get)) {
                Object.defineProperty(thing, name, was);
            }
        }
        if (thing === window) return; // to which the page's scripts may have added something since
        for (const name of Object.keys(Object.getOwnPropertyDescriptors(thing))) {
            if (!(name in own[at])) delete thing[name];
        }
    });
}"""
"""How the browser is before a test puts something else into the place of a part of it."""

LEAVE = """() => {
    performance.clearResourceTimings();
    globalThis.putBack?.();
    delete document.hidden;
    globalThis.closeMicrophone?.();
    globalThis.isLeft = true;
    // A title is asked for seconds after an answer, when another test looks at what is asked.
    if (fetch.asksForNoTitle) return;
    const asks = fetch;
    globalThis.fetch = (what, ...more) =>
        String(what).endsWith("/ui/title") ? Promise.resolve(new Response("", { status: 503 })) : asks(what, ...more);
    fetch.asksForNoTitle = true;
}"""
TAKE = """() => {
    const left = globalThis.isLeft;
    delete globalThis.isLeft;
    return left;
}"""


@asynccontextmanager
async def standing_page(
    standing_context: BrowserContext, standing_pages: list[Page], url: str, test: pytest.Item
) -> AsyncIterator[Page]:
    """The page as another test has left it, if that passed; else as :func:`fresh_page` gives it."""
    open_already = [page for page in standing_pages if not page.is_closed() and page.url == url]
    if open_already and await open_already[0].evaluate(TAKE):
        (page,) = open_already
        await set_plain_screen(page)
    else:
        page = await empty_page(standing_context, standing_pages, url)
    yield page
    await let_go(standing_context, page)
    if page.is_closed():
        return
    if page.url == url and test.stash.get(PASSED, False):
        await page.evaluate(LEAVE)
    else:
        await page.goto(f"{url}health")


BEGIN_ANEW = (
    "async () => {"
    + FIND_KEEPER
    + """
    const all = (what) => [...document.querySelectorAll(what)];
    const box = document.querySelector("#chat-message textarea");
    const fill = (field) => field.value && ((field.value = ""), field.dispatchEvent(new Event("input")));

    all("dialog[open]").forEach((dialog) => dialog.close());
    all("#tab-chat-button:not([aria-selected=true])").forEach((tab) => tab.click());
    const ends = "#chat-compare[aria-pressed=true], [data-attachment] button, #chat-queue [data-action=delete], " +
        ".gc-voice-note:not([hidden]) :is(.gc-voice-choices button:last-child, .gc-icon-button:not([hidden]))";
    all(ends)
        .forEach((button) => button.click());
    all(".gc-options-fold").forEach((fold) => (fold.open = false));
    all(".gc-status").forEach((panel) => (panel.open = !matchMedia("(max-width: 899px)").matches));
    all("#chat-undo").forEach((offer) => offer.remove());
    document.body.removeAttribute("data-conversations");

    const frame = () => new Promise(requestAnimationFrame);
    for (const run of kept.conversation.runs.values()) run.stop?.();
    for (let frames = 0; frames < 60 && kept.conversation.runs.size; frames += 1) await frame();
    fill(document.getElementById("conversation-search"));
    kept.fresh();
    await kept.settled();
    await kept.store.clear();
    kept.heads = [];
    kept.finder.forgetAll();
    kept.draw();
    fill(box);
    box.focus({ preventScroll: true });
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("gc-")) delete sessionStorage[name];

    const left = "#chat-log [data-role], [data-attachment], #chat-queue li, #chat-stop, #chat-undo, #gc-compare, " +
        "#gc-tour, #gc-gone, dialog[open], [data-conversation], .gc-voice-note, .gc-voice:not([data-state=off])";
    const isAway = () => (document.getElementById("chat-log").checkVisibility() ? [] : ["another tab"]);
    const seen = () =>
        [...all(left).filter((one) => one.checkVisibility()).map((one) => one.id || one.className), ...isAway()];
    for (let frames = 0; frames < 60 && seen().length; frames += 1) await frame();
    return [...seen(), ...(kept.full ? ["a full store"] : []), ...(box.value ? ["words in the box"] : [])];
}"""
)
"""Another conversation in an empty list, with nothing open that was closed; gives what of before is still seen."""


async def enter(page: Page, url: str) -> None:
    """Open the house's page, or begin anew on the one that stands open there."""
    if page.url == url:
        await page.keyboard.press("Escape")  # which ends what somebody is in, a dialog or an answer that is read aloud
        if await page.evaluate(BEGIN_ANEW):
            await leave_house(page, url)
    if page.url != url:
        await open_page(page, url)
    await page.evaluate(REMEMBER)  # once a page, which a test before may have loaded again


async def open_page(page: Page, url: str) -> None:
    await page.goto(url)
    await page.wait_for_selector("#chat-log .gc-turns")
    await page.wait_for_selector("#chat-send")
    await page.wait_for_selector("#status-panel [data-target]", state="attached")
