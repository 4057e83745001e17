"""Questions that are spoken, and answers that are heard."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
import soundfile
from playwright.async_api import Page, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Events, Finished, Restarted, TextDelta, Transcript
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from groq_core.simulator import Fault
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.microphone import install_microphone, play
from tests.ui.scripts import BEGUN, DONE, Hung, answered, plays, says
from tests.ui.talk.talking import (
    ANSWER,
    BROWSER_VOICE,
    TALK,
    by_pauses_alone,
    chat,
    hold,
    in_state,
    lengths,
    texts_spoken,
)

pytestmark = [pytest.mark.browser, needs("chromium")]


DRAWN = """() => {
    const { fetch } = window;
    window.fetch = (address, ...more) => {
        const drawn = document.querySelectorAll("#chat-log [data-role=user]").length;
        if (String(address).endsWith("/chat")) window.drawn = drawn;
        return fetch(address, ...more);
    };
}"""
"""Writes down how many questions stand on the page when one is sent."""


@pytest.mark.one_page
async def test_held_question_is_written_down_answered_and_read_aloud_in_order(talking: Page, house: House) -> None:
    await talking.evaluate(DRAWN)
    await by_pauses_alone(talking)
    await hold(talking)
    assert await answered(talking) == ANSWER
    await in_state(talking, "off")

    kinds = [type(asked) for asked in house.asked]
    assert kinds[:3] == [TranscriptionRequest, ChatRequest, SpeechRequest]
    heard, asked, *_ = house.asked
    assert isinstance(heard, TranscriptionRequest)
    assert isinstance(asked, ChatRequest)
    assert heard.duration_s > 1.5
    assert heard.granularities == ("segment",), "times of words take longer, and nobody looks at them"
    assert await talking.evaluate("window.drawn") == 0, "a question is asked before it is drawn"
    assert "recording" in asked.messages[-1]["content"]
    # Two are asked for ahead, at the same time: only how they are played has an order.
    texts = sorted(texts_spoken(house), key=ANSWER.index)
    assert texts[0] == "One is first."
    assert " ".join(texts) == ANSWER
    played: list[dict[str, Any]] = await talking.evaluate("window.played")
    assert [one["seconds"] for one in played] == pytest.approx(await lengths(house, texts), abs=0.01)
    for before, after in pairwise(played):
        # On a busy machine one may come when the one before it is over: then it is heard at once.
        due = max(before["at"] + before["seconds"], after["told"])
        assert after["at"] == pytest.approx(due, abs=0.001), "no gap, no overlap"
    assert await talking.locator(TALK).get_attribute("aria-pressed") == "false"


@pytest.mark.one_page
async def test_answer_is_heard_before_it_is_complete(talking: Page, house: House) -> None:
    answer = Hung("The first sentence is whole. The second one is still being wri")
    house.script = chat(house, answer)
    await hold(talking)
    await in_state(talking, "speaking")

    assert texts_spoken(house) == ["The first sentence is whole."]
    await talking.keyboard.press("Escape")
    await asyncio.wait_for(answer.closed.wait(), 10)


@pytest.mark.one_page
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


@pytest.mark.one_page
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


@pytest.mark.one_page
async def test_one_press_begins_a_conversation_that_speaking_interrupts(talking: Page, house: House) -> None:
    answers = [Hung("It would take quite a while to say all of this in one go. " * 8) for _ in range(3)]
    turns = iter(answers)
    house.script = chat(house, lambda request: next(turns)(request))
    speech, _ = soundfile.read(MEDIA / "jfk.wav", dtype="float32")
    await install_microphone(talking, phrase=speech[4800:44800])
    await by_pauses_alone(talking)
    await talking.click(TALK)
    await in_state(talking, "listening")
    await play(talking, "phrase")
    await in_state(talking, "speaking")  # the pause has sent the question
    await talking.evaluate("void window.play('phrase')")
    await in_state(talking, "listening")  # which interrupts

    await asyncio.wait_for(answers[0].closed.wait(), 10)
    assert await talking.evaluate("window.stopped") >= 1
    await in_state(talking, "thinking", "speaking")
    heard = [asked for asked in house.asked if isinstance(asked, TranscriptionRequest)]
    assert len(heard) == 2
    assert heard[1].duration_s > 2.3, "nothing of what interrupted is lost: 1.9 s of speech, and 0.4 before it"
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


@pytest.mark.one_page
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


@pytest.mark.one_page
async def test_space_bar_talks_while_it_is_held(talking: Page, house: House) -> None:
    await talking.focus(TALK)
    await talking.keyboard.down(" ")
    await in_state(talking, "listening")
    await asyncio.sleep(1.5)
    await talking.keyboard.up(" ")

    assert await answered(talking) == ANSWER
    await talking.keyboard.press("Escape")


@pytest.mark.one_page
async def test_browsers_voice_reads_on_where_the_other_fails(talking: Page, house: House) -> None:
    await talking.evaluate(BROWSER_VOICE, [{"lang": "en-GB", "name": "Kate", "default": True}])

    async def terms_after_the_first(request: Request) -> Events:
        if isinstance(request, SpeechRequest) and request.text != "One is first.":
            raise ChainError("nobody", failures=[ProviderError(Kind.TERMS_REQUIRED, "accept them first")])
        async for event in chat(house, says(ANSWER))(request):
            yield event

    house.script = terms_after_the_first
    await hold(talking)
    await in_state(talking, "off")

    by_browser = await talking.evaluate("window.uttered")
    played = len(await talking.evaluate("window.played"))  # none, where a busy machine takes two seconds for it
    assert " ".join([*["One is first."] * played, *by_browser]) == ANSWER, "nothing lost, nothing twice"
    await expect(talking.locator(".gc-voice-note")).to_contain_text("your browser's own voice")
    await expect(talking.locator(".gc-voice-note")).to_contain_text("terms")


@pytest.mark.one_page
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


@pytest.mark.one_page
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


@pytest.mark.one_page
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
