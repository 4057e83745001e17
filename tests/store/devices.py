"""Browsers of people who sign in to a team's page."""

from __future__ import annotations

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from tests.store.stage import PASSWORD, TeamStage
from tests.ui.kept_page import FIND_KEEPER, forget

WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)


class Devices:
    """Browsers of people, each with an empty page; of the tests before only their caches of files are left."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._all: list[BrowserContext] = []
        self._used = 0

    async def take(self, stage: TeamStage, size: ViewportSize) -> Page:
        """One that nobody has used in this test."""
        if self._used == len(self._all):
            self._all.append(await self._browser.new_context())
        page = await self._all[self._used].new_page()
        self._used += 1
        await page.goto(f"{stage.url}/health")
        await forget(page)
        await page.set_viewport_size(size)
        return page

    async def put_away(self) -> None:
        for context in self._all[: self._used]:
            for page in context.pages:
                await page.close()
        self._used = 0


async def sign_in(devices: Devices, stage: TeamStage, person: str, size: ViewportSize = WIDE) -> Page:
    page = await devices.take(stage, size)
    await page.goto(stage.url)
    await page.fill("#sign-in-name", person)
    await page.fill("#sign-in-password", PASSWORD)
    await page.click("#sign-in-button")
    return page


async def wait_until_kept(page: Page) -> None:
    """Until all that this page was told is kept by the server."""
    await page.evaluate(f"async () => {{ {FIND_KEEPER} await kept.settled(); }}")
