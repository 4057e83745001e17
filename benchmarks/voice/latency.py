"""From the end of what was said to the first sound: the page in Chromium, a provider that takes known times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
from playwright.async_api import Page, async_playwright

from benchmarks.page import CHROMIUM, FLAGS
from benchmarks.rows import Row, median, percentile
from benchmarks.speech import RATE
from benchmarks.voice import sounds
from benchmarks.voice.timeline import ProviderClock, Timeline, in_words
from groq_core.compose import assemble
from groq_core.events import AttemptStarted, AudioDelta, Events, Finished, Routed, TextDelta, Transcript
from groq_core.requests import ChatRequest, Request, TranscriptionRequest
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
BEFORE_ANEW: Final = 5
"""Rounds before the page is opened anew: how the frames it hears by lie to what is said stays as it began."""
SUM_MS: Final = 1000 * (TRANSCRIPT_S + TOKEN_S + SPEECH_S)
ANSWER: Final = "This is the whole of the answer, and it goes on for a while so that somebody can interrupt it."

WATCH = """() => {
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (at = 0) {
        if (this.context.sampleRate !== 16000) {
            window.seen.sounds.push(performance.now() + 1000 * Math.max(0, at - this.context.currentTime));
        }
        start.call(this, at);
    };
    const { fetch } = window;
    window.fetch = async (...asked) => {
        const { pathname, search } = new URL(asked[0].url ?? asked[0]);
        const name = pathname.split("/").pop();
        window.seen.asked.push([name, search, performance.now()]);
        const answer = await fetch(...asked);
        window.seen.answered.push([name, search, performance.now()]);
        return answer;
    };
    window.addEventListener("keyup", (event) => (window.releasedAt = event.timeStamp), true);
    const { suspend } = AudioContext.prototype;
    AudioContext.prototype.suspend = function () {
        const { hushed, silences } = window.seen;
        hushed.push(performance.now());
        return suspend.call(this).then(() => silences.push(performance.now()));
    };
    window.forget = () => (window.seen = { sounds: [], asked: [], answered: [], hushed: [], silences: [] });
    window.forget();
}"""


STAGES: Final = (
    ("transcribe asked", "the provider is asked for the words", 0),
    ("chat asked", "for an answer", TRANSCRIPT_S),
    ("speak asked", "for its sound", TOKEN_S),
    ("sound", "sound is heard", SPEECH_S),
)
"""What happens one after the other, and what the provider takes before."""


@dataclass(frozen=True)
class Round:
    """
    One question and its answer, in milliseconds.

    Attributes:
        timeline: Since the end of what was said, or since the release.
        silence: From the beginning of an interruption to silence.
        hushed: To when the page told its sound to be silent.
    """

    timeline: Timeline
    silence: float | None = None
    hushed: float | None = None

    @property
    def first(self) -> float:
        """To the first sound."""
        return self.timeline.at["sound"]

    @property
    def beyond(self) -> tuple[float, ...]:
        """What each of the :data:`STAGES` took, without the provider's part."""
        times = [0.0, *(self.timeline.at[name] for name, _, _ in STAGES)]
        return tuple(
            next_ - last - 1000 * takes for (last, next_), (_, _, takes) in zip(pairwise(times), STAGES, strict=True)
        )


async def provide(clock: ProviderClock, request: Request) -> Events:
    """Takes the times that are written above."""
    yield Routed(request_id=request.request_id, tier="speed", reason="", candidates=("groq:scripted",))
    yield AttemptStarted(number=1, provider="groq", model="scripted")
    if isinstance(request, TranscriptionRequest):
        clock.note("transcribe asked")
        await asyncio.sleep(TRANSCRIPT_S)
        clock.note("transcribe told")
        yield Finished(transcript=Transcript(text="What time is it?", language="english", duration=request.duration_s))
    elif isinstance(request, ChatRequest):
        clock.note("chat asked")
        await asyncio.sleep(TOKEN_S)
        clock.note("chat told")
        yield TextDelta(ANSWER)
        yield Finished(provider="groq", model="scripted", number=1)
    else:
        clock.note("speak asked")
        await asyncio.sleep(SPEECH_S)
        clock.note("speak told")
        yield AudioDelta(voice.wav(np.full(72_000, 0.1, np.float32)))
        yield Finished(provider="groq", model="scripted", number=1)


@asynccontextmanager
async def house(clock: ProviderClock) -> AsyncIterator[str]:
    simulator = Simulator(seed=1)
    await simulator.start()
    provider: Callable[[Request], Events] = partial(provide, clock)
    async with assemble(Settings.from_env({}), simulator=simulator) as core:
        await core.catalogue.refresh()
        scripted = replace(core, handle=provider)
        async with served(scripted) as url:
            yield url
    await simulator.stop()


async def latency(rounds: int, *, show_timeline: bool = False) -> list[Row]:
    """Rows; the median and the 95th percentile of so many rounds each. With ``show_timeline``, print their marks."""
    clock = ProviderClock()
    async with house(clock) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        )
        page = await browser.new_page()
        free: list[Round] = []
        for _ in range(rounds // BEFORE_ANEW):
            await open_anew(page, url)
            free += await conversation(page, clock, BEFORE_ANEW)
        at_once = [await time_from_release(page, clock) for _ in range(rounds)]
        later = [await time_from_release(page, clock, LET_GO_S) for _ in range(rounds // 2)]
        await browser.close()
    silences = [one.silence for one in free if one.silence is not None]
    interrupted_by = f"{', '.join(sounds.WORDS)}; the first begins with 0.1 s of hiss"
    ways = {
        "conversation, end of speech": free,
        "hold, release with the last word": at_once,
        f"hold, release {LET_GO_S:g} s after the last word": later,
    }
    if show_timeline:
        for what, found in ways.items():
            print(in_words(what, [one.timeline for one in found]), end="\n\n")
        hushed = [round(one.hushed) for one in free if one.hushed is not None]
        print(f"a word begins, the sound is told to be silent (ms): {hushed}; it is: {[*map(round, silences)]}\n")
    middle, worst = SUM_MS + 120, {"conversation": SUM_MS + 250, "hold": SUM_MS + 60}
    return [
        *(
            row
            for what, found in ways.items()
            for row in sound_rows(what, found, middle if found is free else None, worst[what.partition(",")[0]])
        ),
        *rows("interruption, a word begins to silence", silences, interrupted_by, 150, None),
    ]


async def open_anew(page: Page, url: str) -> None:
    """With a microphone that hears what is played into it."""
    await page.goto(url)
    await page.wait_for_selector("#chat-send")
    await page.evaluate(WATCH)
    question = sounds.person("vercel-transcript-test.mp3")[: int(2.23 * RATE)]
    words = {word: sounds.robot("en", word) for word in sounds.WORDS}
    await install_microphone(page, question=question, **words)
    await page.hover(TALK)


def sound_rows(what: str, found: list[Round], middle: float | None, worst: float | None) -> list[Row]:
    stages = zip(STAGES, zip(*(one.beyond for one in found), strict=True), strict=True)
    beyond = ", ".join(f"{name} {median(list(took)):.0f}" for (_, name, _), took in stages)
    against = f"{SUM_MS:.0f} ms of it are the provider's; beyond them until {beyond}"
    return rows(f"{what} to first sound", [one.first for one in found], against, middle, worst)


def rows(what: str, found: list[float], against: str, middle: float | None, worst: float | None) -> list[Row]:
    detail = f"{len(found)} rounds"
    if not found:
        return [Row(what, None, "ms", against, middle, detail="was never heard")]
    return [
        Row(f"{what}, median", median(found), "ms", against, middle, detail=detail),
        Row(f"{what}, p95", percentile(found, 0.95), "ms", against, worst, detail=detail),
    ]


async def first_sound(page: Page, clock: ProviderClock, since: float) -> Round:
    """How long it took, and where the time went."""
    seen = await page.evaluate("({ ...window.seen, sound: window.seen.sounds[0], origin: performance.timeOrigin })")
    return Round(Timeline.of(since, float(seen["origin"]), seen, clock.at))


async def conversation(page: Page, clock: ProviderClock, rounds: int) -> list[Round]:
    await page.click(TALK)
    await in_state(page, "listening")
    found = []
    for count in range(rounds):
        await page.evaluate("window.forget()")
        ended = float(await page.evaluate("window.play('question')"))
        await in_state(page, "speaking")
        heard = await first_sound(page, clock, ended)
        await asyncio.sleep(1)
        word = sounds.WORDS[count % len(sounds.WORDS)]
        began = float(await page.evaluate(f"(window.said = window.play('{word}'), performance.now())"))
        await page.evaluate("window.said")
        await asyncio.sleep(0.3)
        seen = await page.evaluate("window.seen")
        silence, hushed = ([at - began for at in seen[name] if at > began] for name in ("silences", "hushed"))
        found.append(replace(heard, silence=next(iter(silence), None), hushed=next(iter(hushed), None)))
        await in_state(page, "speaking", "thinking", "listening")
        await page.keyboard.press("Escape")
        await asyncio.sleep(0.6)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    return found


async def time_from_release(page: Page, clock: ProviderClock, after_s: float = 0.0) -> Round:
    """Who holds lets go so long after the last word."""
    await in_state(page, "off")
    await page.evaluate("window.forget()")
    await page.focus(TALK)
    await page.keyboard.down(" ")
    await in_state(page, "listening")
    await page.evaluate("window.play('question')")
    await asyncio.sleep(after_s)
    await page.keyboard.up(" ")
    await in_state(page, "speaking")
    found = await first_sound(page, clock, float(await page.evaluate("window.releasedAt")))
    await page.keyboard.press("Escape")
    return found
