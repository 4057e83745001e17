"""Talking with the page in a real browser, with a microphone that plays a recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Events, Finished, Restarted, TextDelta, Transcript
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from groq_core.simulator import Fault
from tests.requires import find, needs
from tests.ui.conftest import ALONE, MEDIA, Elsewhere, House, Script, context_of
from tests.ui.scripts import BEGUN, DONE, Hung, answered, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

BAR = ".gc-voice"
TALK = "#chat-talk"
ANSWER = "One is first. Two comes next. Three is last."

LISTENS = """() => {
    window.played = [];
    window.stopped = 0;
    const { start, stop } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (at) {
        window.played.push({ at, seconds: this.buffer.duration });
        start.call(this, at);
    };
    AudioBufferSourceNode.prototype.stop = function () {
        window.stopped += 1;
        stop.call(this);
    };
}"""
"""Writes down what is played, and when."""

BROWSER_VOICE = """(voices) => {
    window.uttered = [];
    window.voices = [];
    const synthesis = {
        getVoices: () => voices,
        cancel: () => { window.cancelled = true; },
        pause: () => {},
        resume: () => {},
        speak: (utterance) => {
            if (!voices.length) return;
            window.uttered.push(utterance.text);
            window.voices.push(utterance.voice?.name);
            setTimeout(() => { utterance.onstart(); utterance.onend(); }, 50);
        },
    };
    Object.defineProperty(window, "speechSynthesis", { value: synthesis, configurable: true });
    window.SpeechSynthesisUtterance = function (text) { this.text = text; };
}"""
"""A browser with the voices of a desktop; headless Chromium has none."""


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> AsyncIterator[Browser]:
    """Its microphone hears two and a half seconds of speech, then four of silence, and so on."""
    speech, rate = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    phrase = speech[int(0.3 * rate) : int(2.8 * rate)]
    file = tmp_path_factory.mktemp("microphone") / "question.wav"
    soundfile.write(file, np.concatenate([phrase, np.zeros(4 * rate, "int16")]), rate)
    flags = [flag for flag in ALONE if not flag.startswith("--use-file-for-fake-audio-capture")]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"), args=[*flags, elsewhere.flag, f"--use-file-for-fake-audio-capture={file}"]
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def shared_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with context_of(browser) as context:
        yield context


@pytest.fixture(scope="module")
async def kept_pages(shared_context: BrowserContext) -> list[Page]:
    return []


@pytest.fixture
async def talking(page: Page, house: House) -> Page:
    await page.evaluate(LISTENS)
    house.script = chat(house, says(ANSWER))
    return page


def chat(house: House, script: Script) -> Script:
    """Answer chats by a script; what is heard and spoken comes from the simulator."""

    async def either(request: Request) -> Events:
        answers = script(request) if isinstance(request, ChatRequest) else house.core.handle(request)
        async for event in answers:
            yield event

    return either


async def hold(page: Page, seconds: float = 2.0) -> None:
    """Hold the button, and let go."""
    box = await page.locator(TALK).bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await expect(page.locator(BAR)).to_have_attribute("data-state", "listening")
    await asyncio.sleep(seconds)
    await page.mouse.up()


async def in_state(page: Page, *states: str) -> None:
    await page.wait_for_function(
        "(states) => states.includes(document.querySelector('.gc-voice')?.dataset.state)", arg=[*states], polling=20
    )


def texts_spoken(house: House) -> list[str]:
    return [asked.text for asked in house.asked if isinstance(asked, SpeechRequest)]


async def lengths(house: House, texts: list[str]) -> list[float]:
    """Seconds each text takes when the simulator speaks it."""
    replies = [await house.core.speech.say(text) for text in texts]
    return [soundfile.info(BytesIO(reply.audio)).duration for reply in replies]


async def test_held_question_is_written_down_answered_and_read_aloud_in_order(talking: Page, house: House) -> None:
    await hold(talking)
    assert await answered(talking) == ANSWER
    await in_state(talking, "off")

    kinds = [type(asked) for asked in house.asked]
    assert kinds[:3] == [TranscriptionRequest, ChatRequest, SpeechRequest]
    heard, asked, *_ = house.asked
    assert isinstance(heard, TranscriptionRequest)
    assert isinstance(asked, ChatRequest)
    assert heard.duration_s > 1.5
    assert "recording" in asked.messages[-1]["content"]
    # Two are asked for ahead, at the same time: only how they are played has an order.
    texts = sorted(texts_spoken(house), key=ANSWER.index)
    assert texts[0] == "One is first."
    assert " ".join(texts) == ANSWER
    played: list[dict[str, Any]] = await talking.evaluate("window.played")
    assert [one["seconds"] for one in played] == pytest.approx(await lengths(house, texts), abs=0.01)
    for before, after in pairwise(played):
        assert after["at"] == pytest.approx(before["at"] + before["seconds"], abs=0.001), "no gap, no overlap"
    assert await talking.locator(TALK).get_attribute("aria-pressed") == "false"


async def test_answer_is_heard_before_it_is_complete(talking: Page, house: House) -> None:
    answer = Hung("The first sentence is whole. The second one is still being wri")
    house.script = chat(house, answer)
    await hold(talking)
    await in_state(talking, "speaking")

    assert texts_spoken(house) == ["The first sentence is whole."]
    await talking.keyboard.press("Escape")
    await asyncio.wait_for(answer.closed.wait(), 10)


async def test_escape_stops_the_voice_and_the_answer(talking: Page, house: House) -> None:
    answer = Hung("This is a rather long sentence, so that there is time to press a key. " * 8)
    house.script = chat(house, answer)
    await hold(talking)
    await in_state(talking, "speaking")
    await talking.keyboard.press("Escape")

    await in_state(talking, "off")
    assert await talking.evaluate("window.stopped") >= 1
    await asyncio.wait_for(answer.closed.wait(), 10)
    await answered(talking, state="stopped")
    asked = len(texts_spoken(house))
    await asyncio.sleep(0.5)
    assert len(texts_spoken(house)) == asked <= 3, "at most two pieces ahead, and none after"


async def test_what_is_asked_for_is_called_off_upstream(talking: Page, house: House) -> None:
    house.simulator.faults.add(Fault(kind="never", operation="speech"))
    await hold(talking)
    async with asyncio.timeout(10):
        while not texts_spoken(house):  # noqa: ASYNC110 - the house offers a list, no event
            await asyncio.sleep(0.01)
    await talking.keyboard.press("Escape")

    async with asyncio.timeout(5):
        while house.simulator.open_streams:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await in_state(talking, "off")


async def test_one_press_begins_a_conversation_that_speaking_interrupts(talking: Page, house: House) -> None:
    answers = [Hung("It would take quite a while to say all of this in one go. " * 8) for _ in range(3)]
    turns = iter(answers)
    house.script = chat(house, lambda request: next(turns)(request))
    await talking.click(TALK)
    await in_state(talking, "listening")
    await in_state(talking, "speaking")  # the pause has sent the question
    await in_state(talking, "listening")  # the next phrase from the microphone interrupts

    await asyncio.wait_for(answers[0].closed.wait(), 10)
    assert await talking.evaluate("window.stopped") >= 1
    await in_state(talking, "thinking", "speaking")
    heard = [asked for asked in house.asked if isinstance(asked, TranscriptionRequest)]
    assert len(heard) == 2
    assert heard[1].duration_s > 2.4, "nothing of what interrupted is lost"
    await talking.click(TALK)
    await in_state(talking, "off")
    await expect(talking.locator(TALK)).to_have_text("Talk")


LOCKS = """() => {
    window.locks = [];
    const request = async () => {
        const lock = Object.assign(new EventTarget(), { released: false, async release() { lock.released = true; } });
        window.locks.push(lock);
        return lock;
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request }, configurable: true });
}"""
"""A screen whose locks can be counted: a headless one has none."""


async def test_escape_interrupts_first_and_ends_then(talking: Page, house: House) -> None:
    house.script = chat(house, Hung("A sentence for the voice. " * 20))
    await talking.evaluate(LOCKS)
    await talking.click(TALK)
    await in_state(talking, "speaking")
    await talking.keyboard.press("Escape")
    await in_state(talking, "listening")
    assert await talking.evaluate("window.locks.some((one) => !one.released)"), "the screen stays on"
    await talking.keyboard.press("Escape")

    await in_state(talking, "off")
    await talking.wait_for_function("window.locks.every((one) => one.released)")
    assert await talking.evaluate("document.querySelector('.gc-voice').hidden")


async def test_space_bar_talks_while_it_is_held(talking: Page, house: House) -> None:
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(1.5)
    await talking.keyboard.up(" ")

    assert await answered(talking) == ANSWER
    await talking.keyboard.press("Escape")


async def test_browsers_voice_reads_on_where_the_other_fails(talking: Page, house: House) -> None:
    await talking.evaluate(BROWSER_VOICE, [{"lang": "en-GB", "name": "Kate", "default": True}])

    async def terms_after_the_first(request: Request) -> Events:
        if isinstance(request, SpeechRequest) and len(texts_spoken(house)) > 1:
            raise ChainError("nobody", failures=[ProviderError(Kind.TERMS_REQUIRED, "accept them first")])
        async for event in chat(house, says(ANSWER))(request):
            yield event

    house.script = terms_after_the_first
    await hold(talking)
    await in_state(talking, "off")

    by_browser = await talking.evaluate("window.uttered")
    assert len(await talking.evaluate("window.played")) == 1
    assert " ".join(["One is first.", *by_browser]) == ANSWER, "nothing lost, nothing twice"
    await expect(talking.locator(".gc-voice-note")).to_contain_text("your browser's own voice")
    await expect(talking.locator(".gc-voice-note")).to_contain_text("terms")


async def test_answer_in_another_language_is_read_by_a_voice_that_speaks_it(talking: Page, house: House) -> None:
    voices = [{"lang": "en-GB", "name": "Kate", "default": True}, {"lang": "de-DE", "name": "Anna"}]
    await talking.evaluate(BROWSER_VOICE, voices)

    async def german(request: Request) -> Events:
        if isinstance(request, TranscriptionRequest):
            yield Finished(transcript=Transcript(text="Wie spät ist es auf dem Mond?", language="german", duration=2))
        else:
            async for event in says("Dort gibt es keine Uhren.")(request):
                yield event

    house.script = german
    await hold(talking)
    await in_state(talking, "off")

    assert await talking.evaluate("window.uttered") == ["Dort gibt es keine Uhren."]
    assert await talking.evaluate("window.voices") == ["Anna"]
    assert texts_spoken(house) == []


async def test_answer_that_begins_anew_is_read_anew(talking: Page, house: House) -> None:
    async def wait_for_speech() -> None:
        while not texts_spoken(house):  # noqa: ASYNC110 - the house offers a list, no event
            await asyncio.sleep(0.01)

    house.script = chat(
        house,
        plays(
            BEGUN,
            TextDelta("The first attempt says this. And th"),
            wait_for_speech,
            Restarted(provider="groq", model="other", kept="The first attempt says this. And th"),
            TextDelta("The second one says that."),
            DONE,
        ),
    )
    await hold(talking)
    await in_state(talking, "off")

    assert texts_spoken(house) == ["The first attempt says this.", "The second one says that."]
    played = await talking.evaluate("window.played")
    assert played[-1]["seconds"] == pytest.approx((await lengths(house, ["The second one says that."]))[0], abs=0.01)


async def test_where_there_is_no_voice_at_all_it_says_so(talking: Page, house: House) -> None:
    await talking.evaluate("Object.defineProperty(window, 'speechSynthesis', { value: undefined })")
    house.simulator.faults.add(Fault(kind="status", preset="503_over_capacity", operation="speech"))
    await hold(talking)

    await expect(talking.locator(".gc-voice-note")).to_contain_text("no voice here")
    assert await answered(talking) == ANSWER


async def test_nothing_said_is_not_sent(talking: Page, house: House) -> None:
    await talking.evaluate(
        """() => { navigator.mediaDevices.getUserMedia =
            async () => new AudioContext().createMediaStreamDestination().stream; }"""
    )
    await hold(talking, 0.6)

    await expect(talking.locator(".gc-voice-note")).to_contain_text("too quiet")
    assert house.asked == []


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
async def test_why_there_is_no_microphone_is_told_apart(talking: Page, house: House, name: str, words: str) -> None:
    await talking.evaluate(
        "(name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name)); }", name
    )
    await talking.click(TALK)

    await expect(talking.locator(".gc-voice-note")).to_contain_text(words)
    await in_state(talking, "off")


async def test_what_was_said_is_kept_until_it_is_written_down(talking: Page, house: House) -> None:
    refused = 1

    async def fails_once(request: Request) -> Events:
        nonlocal refused
        if isinstance(request, TranscriptionRequest) and refused:
            refused -= 1
            raise ChainError("Nobody can listen now.", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])
        async for event in chat(house, says(ANSWER))(request):
            yield event

    house.script = fails_once
    await hold(talking)
    note = talking.locator(".gc-voice-note")
    await expect(note).to_contain_text("The recording is kept")
    async with talking.expect_download() as coming:
        await note.get_by_text("Download").click()
    kept = await (await coming.value).path()
    sent = next(asked.audio for asked in house.asked if isinstance(asked, TranscriptionRequest))
    assert soundfile.info(kept).duration == pytest.approx(soundfile.info(BytesIO(sent)).duration, abs=0.01)

    await note.get_by_text("Try again").click()

    assert await answered(talking) == ANSWER
    await expect(note).to_be_hidden()
    await in_state(talking, "off")


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


async def test_a_key_that_comes_up_in_another_window_ends_the_holding(talking: Page, house: House) -> None:
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(2)
    await talking.evaluate("window.dispatchEvent(new Event('blur'))")

    assert await answered(talking) == ANSWER
    await in_state(talking, "off")


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


async def test_typed_question_silences_the_old_answer(talking: Page, house: House) -> None:
    house.script = chat(house, says("A sentence that takes a while to be read aloud. " * 6))
    await hold(talking)
    await in_state(talking, "speaking")
    await answered(talking)
    house.script = chat(house, says("typed"))
    await talking.fill("#chat-message textarea", "And now?")
    await talking.press("#chat-message textarea", "Enter")

    await in_state(talking, "off")
    assert await answered(talking, 2) == "typed"
    assert await talking.evaluate("window.stopped") >= 1
