"""Markdown that is hostile, broken or unusual: the page stays alive, and shows what can be shown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.scripts import answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

CASES = Path(__file__).parents[1] / "data" / "page"
ANSWER = "#chat-log [data-role=assistant]"

WATCH = """() => {
    globalThis.longest = 0;
    let last = performance.now();
    const look = () => {
        const now = performance.now();
        globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
        setTimeout(look, 10);
    };
    look();
}"""


async def show(page: Page, house: House, text: str, piece: int = 4000) -> str:
    house.script = says(text, piece=piece)
    await ask(page, "go")
    return await answered(page)


async def show_afresh(page: Page, house: House, text: str, piece: int = 4000) -> str:
    """The same in a conversation of its own, which costs less than a page of its own."""
    await page.click("#conversation-new")
    await expect(page.locator(ANSWER)).to_have_count(0)
    return await show(page, house, text, piece)


MARKS = (
    "$a ",
    "$a",
    "_a_ ",
    "_a_",
    "*a ",
    "**a ",
    "[a",
    "![a",
    "`a ",
    "~~a ",
    "***a_",
    "[[[[",
    "<a ",
    "a_b_c ",
    "$a$ ",
)


async def test_twenty_thousand_marks_freeze_nothing(page: Page, house: House) -> None:
    await page.evaluate(WATCH)
    longest = {}
    for mark in MARKS:
        await page.evaluate("globalThis.longest = 0")
        await show_afresh(page, house, mark * 20_000, piece=100_000)
        longest[mark] = await page.evaluate("globalThis.longest")

    # Far above what it takes, far below what a freeze is: these took from seconds to minutes.
    assert {mark: ms for mark, ms in longest.items() if ms >= 4000} == {}


@pytest.mark.one_page
async def test_deep_nesting_is_shown_as_it_was_written(page: Page, house: House) -> None:
    nested = {
        mark: await show_afresh(page, house, mark * 3000 + "the end") for mark in ("> ", "- ", "1. ", ">>", "* > ")
    }

    assert [mark for mark, text in nested.items() if "the end" not in text] == []


@pytest.mark.one_page
async def test_nested_roots_leave_the_tab_alive(page: Page, house: House) -> None:
    for depth in (200, 2000):
        text = await show_afresh(page, house, "$$" + "\\sqrt{" * depth + "x" + "}" * depth + "$$\n\nAfterwards.")

        assert "Afterwards." in text, depth
        assert "sqrt" in text, depth


@pytest.mark.one_page
async def test_crash_case_is_shown_as_text(page: Page, house: House) -> None:
    text = await show(page, house, (CASES / "katex-crash.md").read_text(encoding="utf-8"))

    assert "sqrt" in text
    await ask(page, "still there?")
    await answered(page, 2)


@pytest.mark.one_page
async def test_right_to_left_by_paragraph(page: Page, house: House) -> None:
    await show(page, house, (CASES / "rtl.md").read_text(encoding="utf-8") + "\n\nA paragraph in English.")
    directions = await page.locator(f"{ANSWER} p").evaluate_all("all => all.map((p) => getComputedStyle(p).direction)")

    assert directions[0] == "rtl"
    assert directions[-1] == "ltr"


@pytest.mark.one_page
async def test_thoughts_in_the_answer_are_folded(page: Page, house: House) -> None:
    await show(page, house, (CASES / "think.md").read_text(encoding="utf-8"))
    answer = page.locator(ANSWER)

    await expect(answer.get_by_text("Hello after thinking.")).to_be_visible()
    await expect(answer.get_by_text("I should say hello")).to_be_hidden()


@pytest.mark.one_page
async def test_one_tilde_strikes_nothing_through(page: Page, house: House) -> None:
    assert await show(page, house, "a~b~c and ~one~ and ~~gone~~") == "a~b~c and ~one~ and gone"
    await expect(page.locator(f"{ANSWER} del")).to_have_text(["gone"])


@pytest.mark.one_page
async def test_footnotes_stand_at_the_foot(page: Page, house: House) -> None:
    await show(page, house, "It is so.[^1]\n\n[^1]: Because *somebody* said so.")

    await expect(page.locator(f"{ANSWER} .gc-note-mark")).to_have_text("1")
    await expect(page.locator(f"{ANSWER} .gc-note")).to_contain_text("Because somebody said so.")


async def test_diagram_is_drawn_above_its_source(page: Page, house: House) -> None:
    loaded = page.locator("script[src*=mermaid]")
    await expect(loaded).to_have_count(0)
    await show(page, house, "```mermaid\ngraph TD\n  A[Start] --> B[End]\n```")

    await expect(page.locator(f"{ANSWER} .gc-diagram img")).to_be_visible()
    assert (
        await page.locator(".gc-diagram img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 20
    )
    await expect(loaded).to_have_count(1)


@pytest.mark.one_page
async def test_what_is_no_diagram_stays_code(page: Page, house: House) -> None:
    await show(page, house, "```mermaid\nthis is <none>\n```")
    await page.wait_for_selector("script[src*=mermaid]", state="attached")

    assert await page.locator(f"{ANSWER} code").inner_text() == "this is <none>\n"
    await expect(page.locator(".gc-diagram")).to_have_count(0)


@pytest.mark.one_page
async def test_dead_link_looks_dead_and_code_wraps(page: Page, house: House) -> None:
    await show(page, house, "[dead](javascript:alert(1)) and [alive](https://example.org)\n\n```py\nx = 1\n```")
    dead, alive = page.locator(f"{ANSWER} a").nth(0), page.locator(f"{ANSWER} a").nth(1)
    look = "(link) => getComputedStyle(link).textDecorationLine"

    assert await dead.evaluate(look) != await alive.evaluate(look)
    await page.click(".gc-wrap-code")
    assert await page.locator(f"{ANSWER} pre code").evaluate("(c) => getComputedStyle(c).whiteSpace") == "pre-wrap"


@pytest.mark.one_page
async def test_what_held_still_holds(page: Page, house: House) -> None:
    needles = {"dollar.md": "$5", "nested.md": "Outside text.", "pipes.md": "a | b", "wide.md": "After table."}
    for name, needle in needles.items():
        text = await show_afresh(page, house, (CASES / name).read_text(encoding="utf-8"), piece=9)

        assert needle in text
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.one_page
async def test_slow_answer_with_many_marks_arrives_in_time(page: Page, house: House) -> None:
    """Drawn again and again while it grows, which a whole answer at once does not show."""
    began = time.monotonic()
    text = await show(page, house, "_a_ $b$ " * 3000, piece=400)

    assert text.startswith(("_a_", "a"))
    assert time.monotonic() - began < 25
