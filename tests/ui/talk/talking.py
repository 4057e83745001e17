"""What a test of talking says, hears and reads on the page."""

from __future__ import annotations

import asyncio
from io import BytesIO

import soundfile
from playwright.async_api import Page, Route, expect

from groq_core.events import Events
from groq_core.requests import ChatRequest, Request, SpeechRequest
from tests.ui.conftest import House, Script

BAR = ".gc-voice"
TALK = "#chat-talk"
ANSWER = "One is first. Two comes next. Three is last."

LISTENS = """() => {
    window.played = [];
    window.stopped = 0;
    const { start, stop } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (at) {
        window.played.push({ at, seconds: this.buffer.duration, told: this.context.currentTime });
        start.call(this, at);
    };
    AudioBufferSourceNode.prototype.stop = function () {
        window.stopped += 1;
        stop.call(this);
    };
}"""
"""Writes down what is played, when, and when that was told."""

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


async def by_pauses_alone(page: Page) -> None:
    """The turn model takes no pause for an end, so that nothing is written down in vain; it is asked all the same."""

    async def fulfil(route: Route) -> None:
        await route.fulfill(json={"finished": 0.1})

    await page.route("**/ui/turn?**", fulfil)


async def in_state(page: Page, *states: str) -> None:
    await page.wait_for_function(
        "(states) => states.includes(document.querySelector('.gc-voice')?.dataset.state)", arg=[*states], polling=20
    )


def questions(house: House) -> list[str]:
    return [asked.messages[-1]["content"] for asked in house.asked if isinstance(asked, ChatRequest)]


async def wait_for_questions(house: House, count: int = 1) -> list[str]:
    async with asyncio.timeout(20):
        while len(questions(house)) < count:  # noqa: ASYNC110 - the house offers a list, no event
            await asyncio.sleep(0.01)
    return questions(house)


def texts_spoken(house: House) -> list[str]:
    return [asked.text for asked in house.asked if isinstance(asked, SpeechRequest)]


async def lengths(house: House, texts: list[str]) -> list[float]:
    """Seconds each text takes when the simulator speaks it."""
    replies = [await house.core.speech.say(text) for text in texts]
    return [soundfile.info(BytesIO(reply.audio)).duration for reply in replies]
