"""The language of a recording on the Microphone tab: whatever it is called, it is the one that was meant."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from groq_core.incoming.languages import NAMES
from groq_core.requests import TranscriptionRequest
from groq_core.ui.static import ASSETS
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.kept_page import open_page

BOX = "#mic-language input"
TYPED = {
    "en": "en", "es": "es", "fr": "fr", "de-AT": "de", "German": "de", "english": "en", "Deutsch": "de",
    "français": "fr", "francais": "fr", "Französisch": "fr", "Englisch": "en", "日本語": "ja", "tiếng Việt": "vi",
    "українська": "uk", "Mandarin": "zh", "Javanese": "jw", "": None,
}  # fmt: skip


def test_the_list_has_what_transcribers_know() -> None:
    script = (ASSETS / "js" / "microphone" / "languages.js").read_text("utf-8")
    known = "".join(re.findall(r'^  "(.*)"', script, re.MULTILINE)).split()

    assert known == sorted({code for code in NAMES.values() if len(code) == 2})


@pytest.mark.browser
@needs("chromium")
@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
async def test_a_language_is_typed_by_its_code_or_any_of_its_names(browser: Browser, house: House, locale: str) -> None:
    context = await browser.new_context(locale=locale)
    page = await context.new_page()
    await open_page(page, house.url)
    await page.click("#tab-microphone-button")
    await page.set_input_files("#mic-input input[type=file]", MEDIA / "jfk.wav")
    sent = {}
    for typed in TYPED:
        await page.fill(BOX, "")
        await page.locator(BOX).press_sequentially(typed)
        await page.press(BOX, "Enter")
        await page.fill("#mic-prompt input", f"asked for {typed}")  # or the answer would come from the cache
        await page.click("#mic-transcribe")
        await expect(page.locator("#gc-mic-result [data-state=done]")).to_be_attached()
        await expect(page.locator("body[data-mic]")).to_have_count(0)
        asked = house.asked[-1]
        assert isinstance(asked, TranscriptionRequest)
        sent[typed] = asked.language
    await context.close()

    assert sent == TYPED
