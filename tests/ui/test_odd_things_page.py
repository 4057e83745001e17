"""What people do that nobody expects: folders, tables, words without end, a full disk, a clock that is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import SIZES, House
from tests.ui.conversations import ANSWER, kept, texts
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

ATTACHED = "[data-attachment]"
NO_ROOM = """() => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
}"""
PASTE = """(type) => {
  const data = new DataTransfer();
  data.setData("text/plain", "name\\tprice\\nheron\\t3");
  data.setData("text/html", "<table><tr><td>name<td>price<tr><td>heron<td>3</table>");
  data.items.add(new File([new Uint8Array(9)], "image.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector("#chat-message textarea").dispatchEvent(event);
  return event.defaultPrevented;
}"""
"""A table as a spreadsheet copies it: text, HTML, and a picture of itself."""


async def drop(page: Page, *paths: Path) -> None:
    """Drop files of this machine onto the page, as a file manager does."""
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 300, "data": data})
    await session.detach()


BESIDE = """() => {
  const edge = document.querySelector(".gc-chat-column").getBoundingClientRect().right;
  return ["gc-hint", "chat-compare", "chat-clear"].filter(
    (id) => document.getElementById(id).getBoundingClientRect().right > edge,
  );
}"""
TABS = {
    "chat": (f"{ATTACHED}[data-state=refused]", "cannot be read"),
    "agent": (".gc-attached [data-state=refused]", "cannot be read"),
}


@pytest.mark.parametrize("tab", [pytest.param("chat", marks=pytest.mark.one_page), "agent"])
async def test_a_dropped_folder_is_told_as_what_it_is(page: Page, tmp_path: Path, tab: str) -> None:
    folder, file = tmp_path / "papers", tmp_path / "notes.txt"
    folder.mkdir()
    file.write_text("The code word is heron.")
    await page.click(f"#tab-{tab}-button")
    await page.wait_for_selector(f"#{tab}-log .gc-welcome")  # whose script hears what is dropped
    await drop(page, folder, file)

    where, words = TABS[tab]
    await expect(page.locator(where, has_text=words)).to_have_count(1)
    await expect(page.get_by_text("notes.txt").first).to_be_visible()
    if tab == "chat":
        for size in (parameters.values[0] for parameters in SIZES):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            assert await page.evaluate(BESIDE) == [], f"words of any length leave room for the rest, {size}"


@pytest.mark.one_page
async def test_of_three_documents_the_one_taken_out_does_not_go_along(page: Page, house: House, tmp_path: Path) -> None:
    house.script = says("Read.")
    files = [tmp_path / f"{name}.txt" for name in ("first", "second", "third")]
    for file in files:
        file.write_text(f"This is the {file.stem} text.")
    await drop(page, *files)
    await expect(page.locator(f"{ATTACHED}[data-state=ready]")).to_have_count(3)
    await page.locator(f"{ATTACHED}[data-attachment='second.txt'] button").click()
    await ask(page, "What is in them?")
    await answered(page)

    (sent,) = texts(house.asked[-1])
    assert [f"the {file.stem} text" in sent for file in files] == [True, False, True]


@pytest.mark.one_page
async def test_a_table_of_a_spreadsheet_is_pasted_as_text_not_as_its_picture(page: Page) -> None:
    assert not await page.evaluate(PASTE), "the browser pastes the text"
    await page.wait_for_timeout(200)
    await expect(page.locator(ATTACHED)).to_have_count(0)


ENDLESS = "W" * 3000
LINES = 10_000
ODD = "\n\n".join(
    [
        ENDLESS,
        f"# {ENDLESS}",
        f"- {ENDLESS}\n- `{ENDLESS}`",
        f"| {ENDLESS} | b |\n|---|---|\n| 1 | {ENDLESS} |",
        "مرحبا بالعالم " * 80,
        "שלום **עולם** with some English",
        f"> {ENDLESS}",
        "```python\n" + "\n".join(f"line_{at} = {at}" for at in range(LINES)) + "\n```",
        "The end.",
    ]
)


@pytest.mark.one_page
async def test_words_without_end_and_code_without_end_stay_in_their_place(page: Page, house: House) -> None:
    house.script = says(ODD, piece=2000)
    await ask(page, f"{ENDLESS} שלום")
    await answered(page)

    for size in (parameters.values[0] for parameters in SIZES):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        wide = await page.evaluate(
            """() => {
              const log = document.querySelector("#chat-log .gc-turns");
              return [document.documentElement.scrollWidth > innerWidth, log.scrollWidth > log.clientWidth];
            }"""
        )
        assert wide == [False, False], size
    code = await page.locator(f"{ANSWER} pre code").text_content() or ""
    assert code.strip().splitlines()[-1] == f"line_{LINES - 1} = {LINES - 1}"
    ways = await page.evaluate(
        """() => [...document.querySelectorAll("#chat-log [data-role=assistant] p")]
          .filter((one) => /[\\u0590-\\u06ff]/.test(one.textContent)).map((one) => getComputedStyle(one).direction)"""
    )
    assert set(ways) == {"rtl"}


async def test_a_store_that_is_full_in_the_middle_of_an_answer_leaves_it_whole(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(page, "go")
    await expect(page.locator(ANSWER)).to_contain_text("The beginning,")
    await page.evaluate(NO_ROOM)
    more.set()

    assert await answered(page) == "The beginning, and the end."
    await expect(page.locator(".gc-list-note", has_text="This browser takes no more")).to_have_count(1)
    house.script = says("Another.")
    await ask(page, "and on")
    assert await answered(page, 2) == "Another."


@pytest.mark.one_page
@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_right_meanwhile_loses_no_answer(page: Page, house: House, hours: int) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await page.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms; }", hours * 3_600_000)
    await ask(page, "go")
    await expect(page.locator(ANSWER)).to_contain_text("The beginning,")
    await page.reload()  # with the right time again
    await expect(page.locator(ANSWER)).to_contain_text("The beginning,")
    more.set()

    assert await answered(page) == "The beginning, and the end."
    await kept(page)
    assert len([one for one in house.asked if isinstance(one, ChatRequest) and texts(one)[-1] == "go"]) == 1
