"""A file that is dropped anywhere comes to the tab that is seen, whichever tabs were opened before."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs

pytestmark = [needs("chromium"), pytest.mark.browser]

PLACES = {
    "chat": "#chat-log",
    "image": "#image-input",
    "microphone": "#mic-input",
    "extract": "#extract-input",
    "agent": "#agent-log",
    "batch": "#batch-file",
}
TAKEN = {
    "chat": "[data-attachment]",
    "image": "#image-input .gc-picture",
    "microphone": "#mic-input .gc-recording-facts",
    "extract": "#extract-input .gc-file",
    "agent": ".gc-attached .gc-chip",
    "batch": "#batch-file .gc-file",
}
NAMES = {"image": "dropped.png", "microphone": "dropped.wav", "batch": "dropped.csv"}

DROP = """([where, names]) => {
    const data = new DataTransfer();
    for (const name of names) data.items.add(new File(["title\\nwords\\n"], name));
    const target = document.querySelector(where);
    const over = new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true});
    const drop = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
    target.dispatchEvent(over);
    target.dispatchEvent(drop);
    return over.defaultPrevented && drop.defaultPrevented;
}"""


async def open_all(page: Page) -> None:
    for tab, place in PLACES.items():
        await page.click(f"#tab-{tab}-button")
        await expect(page.locator(f"{place} *").first).to_be_visible()


@pytest.mark.parametrize("where", ["in its place", "beside it"])
async def test_a_dropped_file_comes_to_the_tab_that_is_seen(tab: Page, where: str) -> None:
    await open_all(tab)
    for name, place in PLACES.items():
        await tab.click(f"#tab-{name}-button")
        file = NAMES.get(name, "dropped.txt")
        target = f"{place} *" if where == "in its place" else "#gc-header"
        assert await tab.evaluate(DROP, [target, [file]])
        await expect(tab.locator(TAKEN[name])).to_contain_text(file)
        await expect(tab.locator(".gc-over")).to_have_count(0)
    for name, taken in TAKEN.items():  # and to no other
        await tab.click(f"#tab-{name}-button")
        await expect(tab.locator(taken)).to_have_count(1)


PASTE = """([where, name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File(["title\\nwords\\n"], name));
    if (text) data.setData("text/plain", text);
    const target = document.querySelector(where);
    return target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
"""Gives whether the browser does what it usually does with it."""
BOXES = {"image": "#image-question textarea", "extract": ".gc-source", "agent": "#agent-task textarea"}


async def test_a_pasted_file_comes_to_the_tab_that_is_seen(tab: Page) -> None:
    await open_all(tab)
    for name in PLACES:
        if name == "chat":
            continue  # into whose box it is pasted
        await tab.click(f"#tab-{name}-button")
        file = NAMES.get(name, "dropped.txt")
        assert not await tab.evaluate(PASTE, ["body", file, ""])
        await expect(tab.locator(TAKEN[name])).to_contain_text(file)
    for name, taken in TAKEN.items():
        await tab.click(f"#tab-{name}-button")
        await expect(tab.locator(taken)).to_have_count(0 if name == "chat" else 1)


@pytest.mark.parametrize("name", BOXES)
async def test_of_cells_that_are_pasted_into_a_box_the_text_is_taken(tab: Page, name: str) -> None:
    await tab.click(f"#tab-{name}-button")
    await expect(tab.locator(BOXES[name])).to_be_visible()
    await expect(tab.locator(f"{PLACES[name]} *").first).to_be_visible()
    assert await tab.evaluate(PASTE, [BOXES[name], "image.png", "a\tb"])
    await expect(tab.locator(f"{TAKEN[name]}:visible")).to_have_count(0)


@pytest.mark.parametrize("name", ["microphone", "extract", "batch"])
async def test_of_several_files_it_is_told_which_was_taken(tab: Page, name: str) -> None:
    await tab.click(f"#tab-{name}-button")
    await expect(tab.locator(f"{PLACES[name]} *").first).to_be_visible()
    file = NAMES.get(name, "dropped.txt")
    await tab.evaluate(DROP, [f"{PLACES[name]} *", [file, "other.csv"]])
    await expect(tab.locator(TAKEN[name])).to_contain_text(file)
    told = tab.locator(f"#tab-{name} :is(.gc-hint, .gc-recorder-note):visible", has_text="Only")
    await expect(told).to_have_text(f"Only {file} was taken: here it is one file at a time.")
