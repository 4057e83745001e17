"""The story of an answer: saved without secrets, and watched again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from groq_core.errors import Kind
from groq_core.events import AttemptFailed, TextDelta
from groq_core.services.story import read_story
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays

pytestmark = [pytest.mark.browser, needs("chromium")]

FAILED = AttemptFailed(
    number=1,
    provider="groq",
    model="openai/gpt-oss-20b",
    kind=Kind.AUTH,
    message="key gsk_abcdefgh12345678 refused at https://api.example.org/openai/v1 (10.1.2.3)",
    rest_s=15,
)


async def save(page: Page, words: str) -> bytes:
    async with page.expect_download() as downloading:
        await page.locator(".gc-story-save").get_by_text(words).click()
    path = await (await downloading.value).path()
    return await asyncio.to_thread(path.read_bytes)


@pytest.mark.one_page
async def test_story_is_saved_without_secrets_and_watched_again(page: Page, house: House, tmp_path: Path) -> None:
    house.script = plays(BEGUN, FAILED, BEGUN, TextDelta("A secret plan"), DONE)
    await ask(page, "go")
    await answered(page)
    await page.click(".gc-receipt summary")
    bare, full = await save(page, "Save what happened"), await save(page, "with the texts")

    for data in (bare, full):
        assert not [word for word in ("abcdefgh", "example.org", "10.1.2.3") if word in data.decode()]
        assert any(event.get("e") == "attempt_failed" for _, event in read_story(data).events)
    assert "secret plan" not in bare.decode()
    assert "secret plan" in full.decode()

    file = tmp_path / "story.json"
    file.write_bytes(full)
    await page.click("#settings-open")
    await page.set_input_files("#story-open", file)
    await expect(page.locator("#gc-story [data-role=assistant]")).to_contain_text("A secret plan")
    await expect(page.locator("#gc-story .gc-receipt")).to_be_attached()
    file.write_text(json.dumps({"format": "other"}))
    await page.locator("#gc-story").get_by_text("Close").click()
    await page.set_input_files("#story-open", file)
    await expect(page.locator("#settings")).to_contain_text("no saved story")
