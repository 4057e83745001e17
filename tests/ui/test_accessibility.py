"""axe finds nothing on any tab, in either theme, at either width."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.scripts import answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

AXE = Path(__file__).parents[1] / "data" / "axe" / "axe.min.js"
TABS = ("Chat", "Image", "Microphone", "Extract", "Agent", "Batch")

RUN = """async () => {
    const found = await axe.run(document, {resultTypes: ['violations']});
    return found.violations
        .filter(({impact}) => ['moderate', 'serious', 'critical'].includes(impact))
        .map(({id, impact, nodes}) => `${impact} ${id}: ${nodes.slice(0, 4).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
}"""  # noqa: E501

ANSWER = (
    "# Title\n\nText with $x^2$ and `code`.\n\n$$\\int x$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n"
)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(page: Page, house: House, size: tuple[int, int], theme: str) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    await open_page(page, house)
    await page.wait_for_selector("#gc-tabs [role=tab]")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    house.script = says(ANSWER)
    await ask(page, "go")
    await answered(page)
    wrong = dict[str, list[str]]()
    for name in TABS:
        await page.get_by_role("tab", name=name, exact=True).click()
        await page.wait_for_timeout(600)
        wrong[name] = await page.evaluate(RUN)
    await page.get_by_role("tab", name="Chat", exact=True).click()
    await page.click("#settings-open")
    await page.wait_for_timeout(300)
    wrong["settings"] = await page.evaluate(RUN)

    assert {name: found for name, found in wrong.items() if found} == {}
