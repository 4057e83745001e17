"""The ids by which scripts find what is on the page, tab by tab."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs

pytestmark = [pytest.mark.browser, needs("chromium")]

IDS = {
    "chat": (
        "chat-message", "chat-send", "chat-stop", "chat-log", "chat-model", "chat-talk", "chat-attach", "chat-dictate",
        "chat-compare", "conversations", "conversation-new", "conversation-temporary", "conversation-search",
    ),
    "image": ("image-input", "image-question", "image-send", "image-answer"),
    "microphone": ("mic-input", "mic-record", "mic-transcribe", "mic-transcript", "mic-language"),
    "extract": ("extract-input", "extract-schema", "extract-run", "extract-result"),
    "agent": ("agent-task", "agent-run", "agent-log"),
    "batch": ("batch-file", "batch-run", "batch-progress", "batch-result"),
}  # fmt: skip
EVERYWHERE = ("status-panel", "mode-banner", "settings-open", "tour-start")


@pytest.mark.one_page
async def test_everything_is_found_by_its_id(page: Page) -> None:
    for name in EVERYWHERE:
        await expect(page.locator(f"#{name}")).to_have_count(1)
    for tab, names in IDS.items():
        await page.click(f"#tab-{tab}-button")
        for name in names:
            await expect(page.locator(f"#{name}")).to_have_count(1)
