"""The Microphone tab in a real browser, on the whole application."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from groq_core.errors import ChainError
from groq_core.events import Events
from groq_core.requests import Request, TranscriptionRequest
from tests.requires import needs
from tests.ui.conftest import MEDIA, House, open_page
from tests.ui.conversations import NO_BLOBS
from tests.ui.microphone import clock_from
from tests.ui.scripts import BEGUN, files_on_disk, plays

pytestmark = [pytest.mark.browser, needs("chromium")]

RECORDINGS = "#mic-input input[type=file]"


@pytest.fixture
async def mic_tab(page: Page) -> Page:
    await page.get_by_role("tab", name="Microphone").click()
    await page.wait_for_selector("#mic-input .record-button")
    await start_over(page)
    return page


async def start_over(page: Page) -> None:
    """Put away what a test before has left on a page that stays open: a recording, and what was chosen."""
    await page.uncheck("#mic-ahead")
    recording = page.locator("#mic-input [aria-label='Remove the recording']")
    if await recording.is_visible():
        await recording.click()
    await expect(page.locator("#mic-input [data-state=empty]")).to_have_count(1)


@pytest.mark.one_page
async def test_speech_from_the_microphone_is_written_down(mic_tab: Page, house: House) -> None:
    before = files_on_disk()
    await mic_tab.click("#mic-input .record-button")
    await expect(mic_tab.locator(".gc-clock")).to_contain_text(clock_from(2))
    await mic_tab.click("#mic-input .stop-button")
    await expect(mic_tab.locator("#mic-input audio")).to_be_visible()
    await mic_tab.click("#mic-transcribe")
    await mic_tab.wait_for_selector("#mic-transcript .gc-segment")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible()

    assert "recording" in await mic_tab.input_value("#mic-transcript textarea")
    [sent] = house.asked
    assert isinstance(sent, TranscriptionRequest)
    assert sent.duration_s > 1.5
    assert files_on_disk() == before


async def record(page: Page) -> None:
    await page.click("#mic-input .record-button")
    await expect(page.locator(".gc-clock")).to_contain_text(clock_from(1))
    await page.click("#mic-input .stop-button")
    await expect(page.locator("#mic-input audio")).to_be_visible()


LEAVING = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"


async def test_what_was_recorded_is_kept_until_it_is_written_down(mic_tab: Page, house: House) -> None:
    def nobody(request: Request) -> Events:
        raise ChainError("Nobody can listen now.")

    house.script = nobody
    await mic_tab.evaluate(NO_BLOBS)
    await record(mic_tab)
    assert await mic_tab.evaluate(LEAVING), "leaving asks first"
    await mic_tab.click("#mic-transcribe")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible()
    await mic_tab.click("#mic-input .record-button")
    note = mic_tab.locator(".gc-recorder-note")
    await expect(note).to_contain_text("not written down yet")
    await note.get_by_text("Keep it").click()
    await expect(mic_tab.locator("#mic-input audio")).to_be_visible()
    async with mic_tab.expect_download() as coming:
        await mic_tab.click("#mic-input [aria-label='Download the recording']")
    kept = soundfile.info(await (await coming.value).path()).duration

    other = await mic_tab.context.new_page()
    await mic_tab.goto("about:blank")
    await open_page(other, house)
    await other.get_by_role("tab", name="Microphone").click()
    await expect(other.locator(".gc-recorder-note")).to_contain_text("before the page was closed")
    house.script = None
    await other.click("#mic-transcribe")
    await other.wait_for_selector("#mic-transcript .gc-segment")
    sent = house.asked[-1]
    assert isinstance(sent, TranscriptionRequest)
    assert sent.duration_s == pytest.approx(kept, abs=0.01)
    assert not await other.evaluate(LEAVING), "it is written down: nothing to ask any more"
    await other.click("#mic-input .record-button")
    await expect(other.locator("#mic-input .stop-button")).to_be_visible()
    assert await other.evaluate(LEAVING), "while it records, leaving asks first"
    await other.close()


async def test_a_microphone_that_goes_leaves_what_was_recorded(mic_tab: Page) -> None:
    await mic_tab.evaluate(
        """() => {
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await ask(wanted));
        }"""
    )
    await mic_tab.click("#mic-input .record-button")
    await expect(mic_tab.locator(".gc-clock")).to_contain_text(clock_from(1))
    await mic_tab.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")

    await expect(mic_tab.locator(".gc-recorder-note")).to_contain_text("microphone is gone")
    await expect(mic_tab.locator("#mic-input audio")).to_be_visible()
    await mic_tab.click("#mic-input [aria-label='Remove the recording']")


TALKATIVE = """() => {
  const Node = window.AudioWorkletNode;
  let heard = 0;
  window.AudioWorkletNode = class extends Node {
    constructor(...given) {
      super(...given);
      const { port } = this;
      const speak = (tell) => ({ data }) => {
        const block = Float32Array.from({ length: data.length * 20 }, (_, at) => {
          const second = (heard + at) / 16000;
          return second % 22 < 21.3 ? 0.3 * Math.sin(2000 * second) : 0;
        });
        heard += block.length;
        tell({ data: block });
      };
      Object.defineProperty(this, "port", { value: { set onmessage(tell) { port.onmessage = speak(tell); } } });
    }
  };
}"""
"""A microphone in front of somebody who speaks twenty times as fast as time passes, and pauses every 22 seconds."""


@pytest.fixture
async def long_speech(mic_tab: Page) -> Page:
    await mic_tab.evaluate(TALKATIVE)
    return mic_tab


async def test_long_speech_is_written_down_while_it_is_recorded(long_speech: Page, house: House) -> None:
    page = long_speech
    await page.check("#mic-ahead")
    await page.click("#mic-input .record-button")
    await expect(page.locator("#mic-transcript textarea")).to_have_value(re.compile("22.* seconds|21.* seconds"))
    async with asyncio.timeout(20):
        while len(house.asked) < 2:  # noqa: ASYNC110 - what was asked is a list
            await asyncio.sleep(0.02)
    assert await page.locator(".stop-button").is_visible(), "it still records"
    await page.click("#mic-input .stop-button")
    await page.wait_for_selector("#mic-transcript .gc-segment")
    await expect(page.locator("#mic-transcribe")).to_be_visible()

    sent = [one.duration_s for one in house.asked if isinstance(one, TranscriptionRequest)]
    length = await page.evaluate("document.querySelector('#mic-input audio').duration")
    assert len(sent) > 2, "two parts while it recorded, and the rest"
    assert sum(sent) == pytest.approx(length, abs=0.05), "nothing twice and nothing left out"
    async with page.expect_download() as downloading:
        await page.click(".gc-chip[data-format=json]")
    transcript = json.loads((await (await downloading.value).path()).read_text())
    starts = [segment["start"] for segment in transcript["segments"]]
    assert starts == sorted(starts)
    assert starts[-1] > sum(sent[:-1]) - 0.01, "the times are those of the whole recording"
    assert transcript["text"].count("recording") == len(sent), "the words of all parts are there"
    assert not await page.evaluate(LEAVING), "it is written down"


async def test_long_dictation_is_sent_while_it_is_spoken(long_speech: Page, house: House) -> None:
    page = long_speech
    await page.get_by_role("tab", name="Chat").click()
    await page.click("#chat-dictate")
    async with asyncio.timeout(20):
        while len(house.asked) < 1:  # noqa: ASYNC110 - what was asked is a list
            await asyncio.sleep(0.02)
    await expect(page.locator("#chat-dictate")).to_have_attribute("aria-pressed", "true")
    await page.click("#chat-dictate")
    await expect(page.locator("#chat-message textarea")).to_have_value(re.compile("recording.*recording", re.DOTALL))

    assert len([one for one in house.asked if isinstance(one, TranscriptionRequest)]) >= 2


@pytest.mark.one_page
async def test_recording_brought_along_is_written_down_and_exported(mic_tab: Page) -> None:
    await mic_tab.set_input_files(RECORDINGS, MEDIA / "jfk.wav")
    await mic_tab.click("#mic-transcribe")
    await mic_tab.wait_for_selector("#mic-transcript .gc-segment")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible()
    await mic_tab.fill("#mic-transcript textarea", "my own words")

    exports = {}
    for form in ("txt", "srt", "vtt", "json"):
        async with mic_tab.expect_download() as downloading:
            await mic_tab.click(f".gc-chip[data-format={form}]")
        download = await downloading.value
        assert download.suggested_filename == f"jfk.{form}"
        exports[form] = (await download.path()).read_text()
    assert exports["txt"] == "my own words"
    assert exports["srt"].startswith("1\n00:00:00,")
    assert exports["vtt"].startswith("WEBVTT\n")
    assert json.loads(exports["json"])["segments"]


@pytest.mark.one_page
async def test_click_on_a_phrase_plays_from_there(mic_tab: Page) -> None:
    await mic_tab.set_input_files(RECORDINGS, MEDIA / "jfk.wav")
    await mic_tab.click("#mic-transcribe")
    await mic_tab.wait_for_selector("#mic-transcript .gc-segment >> nth=1")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible()
    await mic_tab.locator(".gc-segment > button").nth(1).click()

    await mic_tab.wait_for_function("document.querySelector('#mic-input audio').currentTime > 0.5")


@pytest.mark.one_page
async def test_transcript_goes_to_the_chat(mic_tab: Page) -> None:
    await mic_tab.set_input_files(RECORDINGS, MEDIA / "jfk.wav")
    await mic_tab.click("#mic-transcribe")
    await mic_tab.wait_for_selector("#mic-transcript .gc-segment")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible()
    await mic_tab.fill("#mic-transcript textarea", "Ask not what your country can do for you.")
    await mic_tab.get_by_role("button", name="Send to chat").click()

    await expect(mic_tab.locator("#chat-message textarea")).to_have_value("Ask not what your country can do for you.")


@pytest.mark.one_page
async def test_what_is_no_recording_is_refused_in_words(mic_tab: Page) -> None:
    await mic_tab.set_input_files(RECORDINGS, MEDIA / "broken.png")
    await mic_tab.click("#mic-transcribe")

    card = mic_tab.locator("#gc-mic-result .gc-card")
    await expect(card).to_be_visible()
    assert len((await card.inner_text()).split()) > 5


@pytest.mark.one_page
async def test_failed_transcription_can_be_tried_again(mic_tab: Page, house: House) -> None:
    house.script = plays(BEGUN, ChainError("no model could answer"))
    await mic_tab.set_input_files(RECORDINGS, MEDIA / "jfk.wav")
    await mic_tab.click("#mic-transcribe")
    card = mic_tab.locator("#gc-mic-result .gc-card")
    await expect(card).to_be_visible()
    house.script = None
    await card.locator("button").click()

    await mic_tab.wait_for_selector("#mic-transcript .gc-segment")
    await expect(card).to_have_count(0)


@pytest.mark.one_page
async def test_silence_is_called_silence(mic_tab: Page, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(48_000, "int16"), 16_000)
    await mic_tab.set_input_files(RECORDINGS, tmp_path / "silence.wav")
    await mic_tab.click("#mic-transcribe")

    await expect(mic_tab.locator(".gc-told [data-code=no_speech]")).to_contain_text("speech")
    await expect(mic_tab.locator("#mic-transcript textarea")).to_be_hidden()


@pytest.mark.one_page
async def test_long_recording_shows_its_parts_and_tries_a_failed_one_again(
    mic_tab: Page, house: House, tmp_path: Path
) -> None:
    speech, rate = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    spaced = np.concatenate([speech[::2], np.zeros(rate // 2, "int16")])
    soundfile.write(tmp_path / "long.wav", np.tile(spaced, 110), rate // 2)  # 22 minutes
    failing = iter(range(99))

    async def fails_once(request: Request) -> Events:
        if next(failing) == 1:
            raise ChainError("nobody listened")
        async for event in house.core.handle(request):
            yield event

    house.script = fails_once
    await mic_tab.set_input_files(RECORDINGS, tmp_path / "long.wav")
    await mic_tab.click("#mic-transcribe")
    await mic_tab.wait_for_selector(".gc-parts [data-outcome=failed], .gc-parts [data-outcome=again]")
    await expect(mic_tab.locator("#mic-transcribe")).to_be_visible(timeout=60_000)

    cells = mic_tab.locator(".gc-parts i")
    assert await cells.count() >= 3
    await expect(mic_tab.locator(".gc-parts [data-outcome=answered]")).to_have_count(await cells.count())
    assert await mic_tab.get_attribute(".gc-parts", "aria-valuenow") == "100"
    assert "22:0" in await mic_tab.inner_text(".gc-parts p")
