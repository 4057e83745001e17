"""A page that has heard a question, and what it plays."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests.ui.conftest import House, silent_afterwards
from tests.ui.scripts import says
from tests.ui.talk.talking import ANSWER, LISTENS, chat


@pytest.fixture(scope="package", autouse=True)
async def silence(standing_pages: list[Page]) -> AsyncIterator[None]:
    async with silent_afterwards(standing_pages):
        yield


@pytest.fixture
async def talking(page: Page, house: House) -> Page:
    await page.evaluate(LISTENS)
    house.script = chat(house, says(ANSWER))
    return page
