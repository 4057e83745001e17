"""Colours that a person has chosen for every page (high contrast): what says something by its colour still says it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import kept
from tests.ui.scripts import answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

LOOKS = """(selector) => {
    const one = [...document.querySelectorAll(selector)].find((node) => node.checkVisibility());
    const { backgroundColor, backgroundImage, outlineStyle, textDecorationLine } = getComputedStyle(one);
    return [backgroundColor, backgroundImage, outlineStyle, textDecorationLine].join(" ");
}"""


async def assert_apart(page: Page, *pairs: tuple[str, str]) -> None:
    for one, other in pairs:
        assert await page.evaluate(LOOKS, one) != await page.evaluate(LOOKS, other), one


async def test_what_is_chosen_and_how_far_something_is_can_be_seen(tab: Page, house: House) -> None:
    await tab.emulate_media(forced_colors="active", reduced_motion="reduce")
    house.script = says("Yes.")
    await ask(tab, "one")
    await answered(tab)
    await tab.click("#conversation-new")
    await ask(tab, "two")
    await answered(tab)
    await kept(tab, 2)
    await tab.locator("#chat-log .gc-receipt summary").click()
    await tab.locator(".gc-picker input").click()
    await tab.keyboard.press("ArrowDown")
    await expect(tab.locator(".gc-picker-list .gc-at")).to_be_visible()
    await assert_apart(
        tab,
        (".gc-receipt .gc-bar", ".gc-receipt .gc-track"),
        (".gc-picker-list .gc-at", ".gc-picker-list li:not(.gc-at)"),
        (".gc-entry[aria-current=true]", ".gc-entry:not([aria-current])"),
        ("#gc-tabs [role=tab][aria-selected=true]", "#gc-tabs [role=tab][aria-selected=false]"),
    )
    await tab.keyboard.press("Escape")

    house.script = None
    await tab.click("#tab-batch-button")
    await tab.locator("#batch-file .gc-link").click()
    await expect(tab.locator(".gc-batch-columns button").first).to_be_visible()
    await tab.click("#batch-run")
    await expect(tab.locator("#tab-batch .gc-found-bar")).to_be_visible()
    await expect(tab.locator(".gc-limit b").first).to_be_visible()
    await assert_apart(
        tab,
        (".gc-track-fill", ".gc-batch-progress .gc-track"),
        (".gc-switch [aria-checked=true]", ".gc-switch [aria-checked=false]"),
        (".gc-limit b", ".gc-limit i"),
    )
    await tab.emulate_media(forced_colors="none", reduced_motion="no-preference")
