"""What is unfolded comes into sight, whatever it is and however low its line stood."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.ui.conftest import SIZES

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]

LINES = """() => [...document.querySelectorAll("details:not([open]) > summary")]
    .filter((line) => line.checkVisibility() && getComputedStyle(line).pointerEvents !== "none")"""

UNFOLD_EACH = f"""async () => {{
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const seen = [];
    for (const line of ({LINES})()) {{
        const fold = line.parentElement;
        line.scrollIntoView({{ block: "end" }});
        await frame();
        line.click();
        for (let frames = 0; frames < 3; frames += 1) await frame();
        const {{ left, top, bottom }} = fold.getBoundingClientRect();
        const at = [left + 10, Math.min(bottom, innerHeight) - 12];
        // What is taller than its place shows its beginning, and so its line.
        const inSight = fold.contains(document.elementFromPoint(...at)) && top >= 0;
        seen.push([line.textContent, inSight]);
        line.click();
        await frame();
    }}
    return seen;
}}"""


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
async def test_what_is_unfolded_is_seen(tab: Page) -> None:
    size = tab.viewport_size
    assert size is not None
    await tab.set_viewport_size({"width": size["width"], "height": 640})
    await tab.emulate_media(reduced_motion="reduce")
    await tab.fill("#chat-message textarea", "Compare TCP and UDP in a table, and think about it")
    await tab.click("#chat-send")
    await expect(tab.locator('#chat-log [data-role="assistant"][data-state="done"]')).to_have_count(1)
    seen = await tab.evaluate(UNFOLD_EACH)
    assert len(seen) >= 2, seen
    assert [line for line, in_sight in seen if not in_sight] == []


GROW = """async () => {
    const frames = async (count) => {
        for (let left = count; left > 0; left -= 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    };
    const fold = document.querySelector("#chat-log .gc-receipt");
    const line = fold.querySelector("summary");
    line.scrollIntoView({ block: "end" });
    await frames(1);
    line.click();
    await frames(5);
    const more = document.createElement("p");
    more.style.height = "120px";
    fold.append(more);
    await frames(5);
    const { bottom } = more.getBoundingClientRect();
    return [bottom, document.getElementById("chat-log").getBoundingClientRect().bottom];
}"""


async def test_what_comes_late_into_a_fold_is_seen_too(tab: Page) -> None:
    await tab.emulate_media(reduced_motion="reduce")
    await tab.fill("#chat-message textarea", "Compare TCP and UDP in a table")
    await tab.click("#chat-send")
    await expect(tab.locator('#chat-log [data-role="assistant"][data-state="done"]')).to_have_count(1)
    bottom, end_of_log = await tab.evaluate(GROW)
    assert bottom <= end_of_log + 1
