"""From the end of what was said to the first sound: the page in Chromium, a provider that takes known times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
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
LET_GO_S: Final = 0.3
"""Between the last word and the release of who does not hurry."""
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
    const { fetch } = window;
    window.sent = {};
    window.fetch = (...asked) => {
        window.sent[new URL(asked[0].url ?? asked[0]).pathname.split("/").pop()] = performance.now();
        return fetch(...asked);
    };
    window.addEventListener("keyup", (event) => (window.releasedAt = event.timeStamp), true);
    const { suspend } = AudioContext.prototype;
    window.silences = [];
    AudioContext.prototype.suspend = function () {
        return suspend.call(this).then(() => window.silences.push(performance.now()));
    };
}"""


STAGES: Final = (
    ("transcribe", "recording is sent", 0),
    ("chat", "its words are asked about", TRANSCRIPT_S),
    ("speak", "its sentence is to be spoken", TOKEN_S),
    ("sound", "sound", SPEECH_S),
)
"""What the page does one after the other: when it sends what, and what the provider takes before."""


@dataclass(frozen=True)
class Round:
    """
    One question and its answer, in milliseconds.

    Attributes:
        first: From the end of what was said, or from the release, to the first sound.
        beyond: What each of the :data:`STAGES` took, without the provider's part.
        silence: From the beginning of an interruption to silence.
    """

    first: float
    beyond: tuple[float, ...]
    silence: float | None = None


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
        at_once = [await time_from_release(page) for _ in range(rounds)]
        later = [await time_from_release(page, LET_GO_S) for _ in range(rounds // 2)]
        await browser.close()
    silences = [one.silence for one in free if one.silence is not None]
    interrupted_by = f"{', '.join(sounds.WORDS)}; the first begins with 0.1 s of hiss"
    held = f"hold, release {LET_GO_S:g} s after the last word"
    return [
        *sound_rows("conversation, end of speech", free, SUM_MS + 120, SUM_MS + 250),
        *sound_rows("hold, release with the last word", at_once, None, SUM_MS + 60),
        *sound_rows(held, later, None, SUM_MS + 60),
        *rows("interruption, a word begins to silence", silences, interrupted_by, 150, None),
    ]


def sound_rows(what: str, found: list[Round], middle: float | None, worst: float | None) -> list[Row]:
    stages = zip(STAGES, zip(*(one.beyond for one in found), strict=True), strict=True)
    beyond = ", ".join(f"{name} {median(list(took)):.0f}" for (_, name, _), took in stages)
    against = f"{SUM_MS:.0f} ms of it are the provider's; beyond them until its {beyond}"
    return rows(f"{what} to first sound", [one.first for one in found], against, middle, worst)


def rows(what: str, found: list[float], against: str, middle: float | None, worst: float | None) -> list[Row]:
    detail = f"{len(found)} rounds"
    if not found:
        return [Row(what, None, "ms", against, middle, detail="was never heard")]
    return [
        Row(f"{what}, median", median(found), "ms", against, middle, detail=detail),
        Row(f"{what}, p95", percentile(found, 0.95), "ms", against, worst, detail=detail),
    ]


async def first_sound(page: Page, since: float) -> Round:
    """How long it took, and where the time went."""
    at = await page.evaluate("({ ...window.sent, sound: window.sounds[0] })")
    times = [since, *(float(at[name]) for name, _, _ in STAGES)]
    beyond = (next_ - last - 1000 * takes for (last, next_), (_, _, takes) in zip(pairwise(times), STAGES, strict=True))
    return Round(times[-1] - since, tuple(beyond))


async def conversation(page: Page, rounds: int) -> list[Round]:
    await page.click(TALK)
    await in_state(page, "listening")
    found = []
    for count in range(rounds):
        await page.evaluate("() => { window.sounds = []; window.silences = []; }")
        ended = float(await page.evaluate("window.play('question')"))
        await in_state(page, "speaking")
        heard = await first_sound(page, ended)
        await asyncio.sleep(1)
        word = sounds.WORDS[count % len(sounds.WORDS)]
        began = float(await page.evaluate(f"(window.said = window.play('{word}'), performance.now())"))
        await page.evaluate("window.said")
        await asyncio.sleep(0.3)
        silences = await page.evaluate("window.silences")
        found.append(replace(heard, silence=silences[0] - began if silences else None))
        await in_state(page, "speaking", "thinking", "listening")
        await page.keyboard.press("Escape")
        await asyncio.sleep(0.6)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    return found


async def time_from_release(page: Page, after_s: float = 0.0) -> Round:
    """Who holds lets go so long after the last word."""
    await in_state(page, "off")
    await page.evaluate("window.sounds = []")
    await page.focus(TALK)
    await page.keyboard.down(" ")
    await in_state(page, "listening")
    await page.evaluate("window.play('question')")
    await asyncio.sleep(after_s)
    await page.keyboard.up(" ")
    await in_state(page, "speaking")
    found = await first_sound(page, float(await page.evaluate("window.releasedAt")))
    await page.keyboard.press("Escape")
    return found
