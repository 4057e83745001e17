"""Talking where something is missing, refused, unplugged, slow or late: what was said is not lost."""

from __future__ import annotations

import asyncio
from io import BytesIO

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Events
from groq_core.requests import Request, SpeechRequest, TranscriptionRequest
from groq_core.simulator import Fault
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.microphone import install_microphone, play
from tests.ui.scripts import answered, says
from tests.ui.talk.talking import ANSWER, BROWSER_VOICE, TALK, chat, hold, in_state

pytestmark = [pytest.mark.browser, needs("chromium")]


@pytest.mark.one_page
async def test_where_there_is_no_voice_at_all_it_says_so(talking: Page, house: House) -> None:
    await talking.evaluate("Object.defineProperty(window, 'speechSynthesis', { value: undefined })")
    house.simulator.faults.add(Fault(kind="status", preset="503_over_capacity", operation="speech"))
    await hold(talking)

    await expect(talking.locator(".gc-voice-note")).to_contain_text("no voice here")
    assert await answered(talking) == ANSWER


@pytest.mark.one_page
async def test_nothing_said_is_not_sent(talking: Page, house: House) -> None:
    await talking.evaluate(
        """() => { navigator.mediaDevices.getUserMedia =
            async () => new AudioContext().createMediaStreamDestination().stream; }"""
    )
    await hold(talking, 0.6)

    await expect(talking.locator(".gc-voice-note")).to_contain_text("too quiet")
    assert house.asked == []


@pytest.mark.one_page
async def test_what_was_too_soft_is_kept_to_be_sent_all_the_same(talking: Page, house: House) -> None:
    speech, _ = soundfile.read(MEDIA / "jfk.wav", dtype="float32")
    await install_microphone(talking, whisper=speech[4800:44800] * np.float32(0.003))
    playing = asyncio.create_task(play(talking, "whisper"))
    await hold(talking, 1.5)
    await playing
    await expect(talking.locator(".gc-voice-note")).to_contain_text("too quiet")
    assert house.asked == []
    await talking.get_by_role("button", name="Try again").click()

    await in_state(talking, "thinking", "speaking")
    assert isinstance(house.asked[0], TranscriptionRequest)


@pytest.mark.one_page
async def test_refused_microphone_is_explained(talking: Page, house: House) -> None:
    await talking.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')); }")
    await talking.click(TALK)

    await expect(talking.locator(".gc-voice-note")).to_contain_text("allow it in the browser")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "allow it in the browser"),
        ("NotReadableError", "in use by another program"),
        ("NotFoundError", "There is no microphone"),
    ],
)
@pytest.mark.one_page
async def test_why_there_is_no_microphone_is_told_apart(talking: Page, house: House, name: str, words: str) -> None:
    await talking.evaluate(
        "(name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name)); }", name
    )
    await talking.click(TALK)

    await expect(talking.locator(".gc-voice-note")).to_contain_text(words)
    await in_state(talking, "off")


@pytest.mark.one_page
async def test_what_was_said_is_kept_until_it_is_written_down(talking: Page, house: House) -> None:
    refusing = True

    async def fails_at_first(request: Request) -> Events:
        if isinstance(request, TranscriptionRequest) and refusing:
            raise ChainError("Nobody can listen now.", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])
        async for event in chat(house, says(ANSWER))(request):
            yield event

    house.script = fails_at_first
    await hold(talking)
    note = talking.locator(".gc-voice-note")
    await expect(note).to_contain_text("The recording is kept")
    async with talking.expect_download() as coming:
        await note.get_by_text("Download").click()
    kept = await (await coming.value).path()
    # In a pause that is taken for the end it may have been sent before.
    *_, sent = (asked.audio for asked in house.asked if isinstance(asked, TranscriptionRequest))
    assert soundfile.info(kept).duration == pytest.approx(soundfile.info(BytesIO(sent)).duration, abs=0.01)

    refusing = False
    await note.get_by_text("Try again").click()

    assert await answered(talking) == ANSWER
    await expect(note).to_be_hidden()
    await in_state(talking, "off")


@pytest.mark.one_page
async def test_a_reload_asks_first_while_something_said_is_not_written_down(talking: Page, house: House) -> None:
    def nobody(request: Request) -> Events:
        raise ChainError("Nobody can listen now.", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])

    house.script = nobody
    await hold(talking)
    note = talking.locator(".gc-voice-note")
    await expect(note).to_contain_text("The recording is kept")
    leaving = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"

    assert await talking.evaluate(leaving)
    await note.get_by_text("Throw away").click()
    await expect(note).to_be_hidden()
    assert not await talking.evaluate(leaving)


@pytest.mark.one_page
async def test_a_button_pressed_twice_at_once_leaves_no_microphone_open(talking: Page, house: House) -> None:
    await talking.evaluate(
        """() => {
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.streams = [];
            navigator.mediaDevices.getUserMedia = async (wanted) => {
                const stream = await ask(wanted);
                await new Promise((later) => setTimeout(later, 300));
                window.streams.push(stream);
                return stream;
            };
        }"""
    )
    await talking.dblclick(TALK)
    await talking.wait_for_function("window.streams.length > 0")
    await talking.keyboard.press("Escape")
    await talking.keyboard.press("Escape")
    await in_state(talking, "off")

    live = "window.streams.filter((stream) => stream.getTracks().some((track) => track.readyState === 'live')).length"
    assert await talking.evaluate(live) == 0
    assert await talking.evaluate("window.streams.length") == 1


@pytest.mark.one_page
async def test_on_a_slow_network_and_without_one_nothing_said_is_lost(talking: Page, house: House) -> None:
    network = await talking.context.new_cdp_session(talking)
    slow = {"offline": False, "latency": 150, "downloadThroughput": 60_000, "uploadThroughput": 40_000}
    await network.send("Network.emulateNetworkConditions", slow)
    await hold(talking)
    assert await answered(talking) == ANSWER
    await in_state(talking, "off")
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(1.5)
    await network.send("Network.emulateNetworkConditions", slow | {"offline": True})
    await talking.keyboard.up(" ")
    note = talking.locator(".gc-voice-note")
    await expect(note).to_contain_text("The recording is kept")
    await network.send("Network.emulateNetworkConditions", slow)
    await note.get_by_text("Try again").click()

    assert await answered(talking, 2) == ANSWER
    await network.detach()


@pytest.mark.one_page
async def test_a_key_that_comes_up_in_another_window_ends_the_holding(talking: Page, house: House) -> None:
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(2)
    await talking.evaluate("window.dispatchEvent(new Event('blur'))")

    assert await answered(talking) == ANSWER
    await in_state(talking, "off")


@pytest.mark.one_page
async def test_a_microphone_that_is_unplugged_is_told_and_what_was_said_is_sent(talking: Page, house: House) -> None:
    await talking.evaluate(
        """() => {
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await ask(wanted));
        }"""
    )
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(2)
    await talking.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")

    await expect(talking.locator(".gc-voice-note")).to_contain_text("microphone is gone")
    await talking.keyboard.up(" ")
    assert await answered(talking) == ANSWER


@pytest.mark.one_page
async def test_a_voice_that_is_late_leaves_its_piece_to_the_browsers(talking: Page, house: House) -> None:
    await talking.evaluate(BROWSER_VOICE, [{"lang": "en-GB", "name": "Kate", "default": True}])
    hung = asyncio.Event()

    async def silent(request: Request) -> Events:
        if isinstance(request, SpeechRequest):
            await hung.wait()
        async for event in chat(house, says(ANSWER))(request):
            yield event

    house.script = silent
    await hold(talking)
    await in_state(talking, "off")
    hung.set()

    assert " ".join(await talking.evaluate("window.uttered")) == ANSWER
    await expect(talking.locator(".gc-voice-note")).to_contain_text("your browser's own voice")
