"""From the end of what was said to the first sound: the page in Chromium, a provider that takes known times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import numpy as np
from playwright.async_api import Page, async_playwright

from benchmarks.page import CHROMIUM, FLAGS
from benchmarks.rows import Row, median, percentile
from benchmarks.speech import RATE
from benchmarks.voice import sounds
from groq_core.compose import assemble
from groq_core.events import AttemptStarted, AudioDelta, Events, Finished, Routed, TextDelta, Transcript
from groq_core.requests import ChatRequest, Request, TranscriptionRequest
from groq_core.services.speech import Speech
from groq_core.services.transcription import TranscriptionService
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator, voice
from tests.ui.conftest import served
from tests.ui.microphone import install_microphone
from tests.ui.talk.talking import TALK, in_state

TRANSCRIPT_S: Final = 0.3
TOKEN_S: Final = 0.12
SPEECH_S: Final = 0.15
SUM_MS: Final = 1000 * (TRANSCRIPT_S + TOKEN_S + SPEECH_S)
ANSWER: Final = "This is the whole of the answer, and it goes on for a while so that somebody can interrupt it."

WATCH = """() => {
    const { start } = AudioBufferSourceNode.prototype;
    window.sounds = [];
    AudioBufferSourceNode.prototype.start = function (at = 0) {
        if (this.context.sampleRate !== 16000) {
            window.sounds.push(performance.now() + 1000 * Math.max(0, at - this.context.currentTime));
        }
        start.call(this, at);
    };
    window.addEventListener("keyup", (event) => (window.releasedAt = event.timeStamp), true);
    const { suspend } = AudioContext.prototype;
    window.silences = [];
    AudioContext.prototype.suspend = function () {
        return suspend.call(this).then(() => window.silences.push(performance.now()));
    };
}"""


async def provider(request: Request) -> Events:
    """Takes the times that are written above."""
    yield Routed(request_id=request.request_id, tier="speed", reason="", candidates=("groq:scripted",))
    yield AttemptStarted(number=1, provider="groq", model="scripted")
    if isinstance(request, TranscriptionRequest):
        await asyncio.sleep(TRANSCRIPT_S)
        yield Finished(transcript=Transcript(text="What time is it?", language="english", duration=request.duration_s))
    elif isinstance(request, ChatRequest):
        await asyncio.sleep(TOKEN_S)
        yield TextDelta(ANSWER)
        yield Finished(provider="groq", model="scripted", number=1)
    else:
        await asyncio.sleep(SPEECH_S)
        yield AudioDelta(voice.wav(np.full(72_000, 0.1, np.float32)))
        yield Finished(provider="groq", model="scripted", number=1)


@asynccontextmanager
async def house() -> AsyncIterator[str]:
    simulator = Simulator(seed=1)
    await simulator.start()
    async with assemble(Settings.from_env({}), simulator=simulator) as core:
        await core.catalogue.refresh()
        scripted = replace(core, handle=provider, transcription=TranscriptionService(provider), speech=Speech(provider))
        async with served(scripted) as url:
            yield url
    await simulator.stop()


async def latency(rounds: int) -> list[Row]:
    """Rows; the median and the 95th percentile of so many rounds each."""
    async with house() as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        )
        page = await browser.new_page()
        await page.goto(url)
        await page.wait_for_selector("#chat-send")
        await page.evaluate(WATCH)
        question = sounds.person("vercel-transcript-test.mp3")[: int(2.23 * RATE)]
        words = {word: sounds.robot("en", word) for word in sounds.WORDS}
        await install_microphone(page, question=question, **words)
        await page.hover(TALK)
        free = await conversation(page, rounds)
        hold = [await time_from_release(page) for _ in range(rounds)]
        await browser.close()
    turns, silences = [one for one, _ in free], [two for _, two in free if two is not None]
    return [
        *rows("conversation, end of speech to first sound", turns, SUM_MS + 120, SUM_MS + 250),
        *rows("hold, release to first sound", hold, None, SUM_MS + 60),
        *rows("interruption, a word begins to silence", silences, 150, None),
    ]


def rows(what: str, found: list[float], middle: float | None, worst: float | None) -> list[Row]:
    provider = f"{SUM_MS:.0f} ms of it are the provider's"
    against = provider if "sound" in what else f"{', '.join(sounds.WORDS)}; the first begins with 0.1 s of hiss"
    return [
        Row(f"{what}, median", median(found), "ms", against, middle, detail=f"{len(found)} rounds"),
        Row(f"{what}, p95", percentile(found, 0.95), "ms", against, worst, detail=f"{len(found)} rounds"),
    ]


async def conversation(page: Page, rounds: int) -> list[tuple[float, float | None]]:
    """Milliseconds to the first sound, and from a word to silence."""
    await page.click(TALK)
    await in_state(page, "listening")
    found = []
    for count in range(rounds):
        await page.evaluate("() => { window.sounds = []; window.silences = []; }")
        ended = float(await page.evaluate("window.play('question')"))
        await in_state(page, "speaking")
        first = float(await page.evaluate("window.sounds[0]"))
        await asyncio.sleep(1)
        word = sounds.WORDS[count % len(sounds.WORDS)]
        began = float(await page.evaluate(f"(window.said = window.play('{word}'), performance.now())"))
        await page.evaluate("window.said")
        await asyncio.sleep(0.3)
        silences = await page.evaluate("window.silences")
        found.append((first - ended, silences[0] - began if silences else None))
        await in_state(page, "speaking", "thinking", "listening")
        await page.keyboard.press("Escape")
        await asyncio.sleep(0.6)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    return found


async def time_from_release(page: Page) -> float:
    await in_state(page, "off")
    await page.evaluate("window.sounds = []")
    await page.focus(TALK)
    await page.keyboard.down(" ")
    await in_state(page, "listening")
    await page.evaluate("window.play('question')")
    await page.keyboard.up(" ")
    await in_state(page, "speaking")
    first = float(await page.evaluate("window.sounds[0] - window.releasedAt"))
    await page.keyboard.press("Escape")
    return first
