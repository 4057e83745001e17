"""Conversations on the page, as a person in a browser handles them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.requests import ChatRequest, Request
from tests.ui.conftest import SIZES, House, Script, open_page
from tests.ui.scripts import DONE, says

CUT = msgspec.structs.replace(DONE, finish_reason="length")
ANSWER = "#chat-log [data-role=assistant]"

KEPT = """async () => {
  const open = indexedDB.open("groq-core");
  const db = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
  const all = (name) =>
    new Promise((resolve) => {
      db.transaction(name).objectStore(name).getAll().onsuccess = (event) => resolve(event.target.result);
    });
  const kept = { heads: await all("heads"), messages: await all("messages") };
  db.close();
  return kept;
}"""
"""What the browser's store holds: ``heads`` and ``messages``."""


everywhere = pytest.mark.parametrize("visitor", SIZES, indirect=True)


async def open_in(visitor: BrowserContext, house: House) -> Page:
    """In the visitor's empty page, where there still is one: another costs twice as much."""
    empty = [page for page in visitor.pages if page.url == f"{house.url}health"]
    page = empty[0] if empty else await visitor.new_page()
    await open_page(page, house)
    return page


async def kept(page: Page, count: int = 1) -> None:
    """Wait until so many conversations are in the list."""
    await expect(page.locator("#conversations [data-conversation]")).to_have_count(count)


async def show_list(page: Page) -> None:
    """Where there is little room the list is a drawer."""
    if await page.locator("#gc-conversations-open").is_visible():
        await page.click("#gc-conversations-open")
    await expect(page.locator("#conversation-new")).to_be_in_viewport()


async def choose(page: Page, name: str, entry: int = 0) -> None:
    """Choose from an entry's menu."""
    one = page.locator("#conversations [data-conversation]").nth(entry)
    await one.hover()
    await one.locator("[data-action=menu]").click()
    await one.locator(f"[data-action={name}]").click()


async def do(page: Page, message: str, action: str) -> None:
    """Press a message's button."""
    await page.locator(message).hover()
    await page.locator(message).locator(f"[data-action={action}]").click()


def number_answers() -> Script:
    """Every answer says which it is."""
    count = 0

    async def script(request: Request) -> Any:
        nonlocal count
        count += 1
        async for event in says(f"answer {count}")(request):
            yield event

    return script


def texts(request: Request) -> list[str]:
    assert isinstance(request, ChatRequest)
    return [message["content"] for message in request.messages]


NO_BLOBS = """() => {
  const refuse = (value) => {
    if (Object.values(value).some((one) => one instanceof Blob)) {
      throw new DOMException("Error preparing Blob/File data to be stored in object store", "UnknownError");
    }
  };
  for (const name of ["put", "add"]) {
    const really = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (value, ...key) {
      refuse(value);
      return really.call(this, value, ...key);
    };
  }
}"""
"""Until it is loaded again, the page is in a browser that stores no blobs, as WebKit does not in a private window."""

AS_BLOBS = """() => new Promise((done, fail) => {
  const asked = indexedDB.open("groq-core");
  asked.onerror = () => fail(asked.error);
  asked.onsuccess = () => {
    const work = asked.result.transaction("blobs", "readwrite");
    const store = work.objectStore("blobs");
    store.getAll().onsuccess = ({ target }) => {
      for (const { id, conversation, bytes, type } of target.result) {
        store.put({ id, conversation, blob: new Blob([bytes], { type }) });
      }
    };
    work.oncomplete = () => { asked.result.close(); done(); };
  };
})"""
"""Keep this browser's pictures as they were kept once."""
