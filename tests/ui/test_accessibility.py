"""axe finds nothing on any tab, in either theme, at either width."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs
from tests.ui.conftest import MEDIA, House, open_page
from tests.ui.scripts import answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

AXE = Path(__file__).parents[1] / "data" / "axe" / "axe.min.js"
TABS = ("Chat", "Image", "Microphone", "Extract", "Agent", "Batch")

RUN = """async ([coloursOnly, withPanel]) => {
    const plain = ({tags}) => !tags.some((tag) => ['wcag2aaa', 'experimental', 'deprecated'].includes(tag));
    const colours = axe.getRules(['cat.color']).filter(plain).map(({ruleId}) => ruleId);
    const where = withPanel ? document : { exclude: [['#gc-side']] };
    const found = await axe.run(where, {resultTypes: ['violations'], ...(coloursOnly && {runOnly: colours})});
    return found.violations
        .filter(({impact}) => ['moderate', 'serious', 'critical'].includes(impact))
        .map(({id, impact, nodes}) => `${impact} ${id}: ${nodes.slice(0, 4).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
}"""  # noqa: E501

ANSWER = (
    "# Title\n\nText with $x^2$ and `code`.\n\n$$\\int x$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n"
)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])
async def test_axe_finds_nothing(unopened: Page, house: House, size: tuple[int, int]) -> None:
    page = unopened
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await open_page(page, house)
    await page.wait_for_selector("#gc-tabs [role=tab]")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    house.script = says(ANSWER)
    await ask(page, "go")
    await answered(page)
    found = {"light": await look_everywhere(page, colours_only=False)}
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await expect(page.locator("body.dark")).to_have_count(1)
    # A theme changes nothing but colours: every other rule finds in the dark what it found in the light.
    found["dark"] = await look_everywhere(page, colours_only=True)

    assert {theme: wrong for theme, wrong in found.items() if wrong} == {}


async def look_everywhere(page: Page, *, colours_only: bool) -> dict[str, list[str]]:
    """What axe finds on each tab and in the settings, where it finds anything."""
    wrong = dict[str, list[str]]()
    for name in TABS:
        await page.get_by_role("tab", name=name, exact=True).click()
        await page.wait_for_timeout(600)
        # The panel beside the tabs is the same whichever of them is open.
        wrong[name] = await page.evaluate(RUN, [colours_only, name == TABS[0]])
    await page.get_by_role("tab", name="Chat", exact=True).click()
    await page.click("#settings-open")
    await page.wait_for_timeout(300)
    wrong["settings"] = await page.evaluate(RUN, [colours_only, True])
    await page.keyboard.press("Escape")
    await expect(page.locator("#settings")).to_be_hidden()
    return {name: found for name, found in wrong.items() if found}


SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=radio]")]
    .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .filter((one) => !one.closest(".gc-offscreen, .gc-text a"))
    .map((one) => {
      const marks = ["checkbox", "radio"].includes(one.type);
      const { width, height } = ((marks && one.closest("label")) || one).getBoundingClientRect();
      const writes = one.matches("input, select, textarea") && !marks;
      const letters = writes ? parseFloat(getComputedStyle(one).fontSize) : 16;
      return [one.id || one.className || one.textContent, Math.round(width), Math.round(height), letters];
    })
    .filter(([, width, height, letters]) => width && height && (width < 44 || height < 44 || letters < 16))"""
"""What a finger would miss on a phone, or what would make the phone enlarge the page."""

GRADIOS_OWN = {("border-none", 24)}
"""The box within Gradio's dropdown, all of which opens it."""


async def test_a_finger_meets_everything_on_every_tab(unopened: Page, house: House) -> None:
    page = unopened
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_page(page, house)
    await ask(page, "go")
    await answered(page)
    found = {"Chat": await page.evaluate(SMALL)}
    for name in TABS[1:]:
        await page.get_by_role("tab", name=name, exact=True).click()
        await FILLED[name](page)
        await page.wait_for_timeout(300)
        found[name] = await page.evaluate(SMALL)

    small = {
        name: [one for one in rows if not any(one[0].startswith(own) and one[2] == high for own, high in GRADIOS_OWN)]
        for name, rows in found.items()
    }
    assert {name: rows for name, rows in small.items() if rows} == {}


async def fill_image(page: Page) -> None:
    await page.set_input_files("#image-input input[type=file]", MEDIA / "kiwi.jpg")
    await page.locator(".gc-picture[data-state=ready]").wait_for()


async def fill_microphone(page: Page) -> None:
    await page.set_input_files("#mic-input input[type=file]", MEDIA / "jfk.wav")
    await page.click("#mic-transcribe")
    await page.wait_for_selector("#mic-transcript .gc-segment")


async def fill_extract(page: Page) -> None:
    await page.fill("#extract-input textarea", "Invoice 2041, total: 1,249.50 EUR")
    await page.click("#extract-run")
    await page.wait_for_selector("#extract-result .gc-value")


async def fill_agent(page: Page) -> None:
    await page.fill("#agent-task textarea", "Work out 6 * 7")
    await page.click("#agent-run")
    await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")


async def fill_batch(page: Page) -> None:
    await page.click("#batch-file >> text=Try an example")
    await page.wait_for_selector("#batch-file td >> text=Tides")
    await page.click("#batch-run")
    await page.wait_for_selector("#batch-progress [data-over]")


FILLED: dict[str, Callable[[Page], Awaitable[None]]] = {
    "Image": fill_image,
    "Microphone": fill_microphone,
    "Extract": fill_extract,
    "Agent": fill_agent,
    "Batch": fill_batch,
}
