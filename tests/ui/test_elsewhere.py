"""The watch over whom the page talks to sees what it is for."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from tests.requires import needs
from tests.ui.conftest import OTHER_ORIGINS, Elsewhere

pytestmark = [pytest.mark.browser, needs("chromium")]

LEAK = """(address) => new Promise((over) => {
    const picture = new Image();
    picture.onload = picture.onerror = over;
    picture.src = address;
})"""


async def test_other_hosts_and_other_ports_are_noticed(context: BrowserContext, elsewhere: Elsewhere) -> None:
    (page,) = context.pages
    elsewhere.asked.clear()
    await page.evaluate(LEAK, "http://fonts.test/letters")
    await page.evaluate(LEAK, "https://fonts.test/letters")
    with pytest.raises(PlaywrightError):
        await (await context.new_page()).goto("http://gone.test/away")
    assert {line.split()[1] for line in elsewhere.asked} == {
        "http://fonts.test/letters",
        "fonts.test:443",
        "http://gone.test/away",
    }

    await page.evaluate(LEAK, "http://127.0.0.1:9/other")
    assert "http://127.0.0.1:9/other" in await page.evaluate(OTHER_ORIGINS)
