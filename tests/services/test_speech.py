"""A text of any length becomes one recording: every word of it, in order, by whoever can speak."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import BrokenAnswerError, ChainError, RequestError
from groq_core.events import AttemptStarted, AudioDelta, Degraded, Events, Finished, Restarted, Routed, TextDelta
from groq_core.requests import Request, SpeechRequest
from groq_core.services.speech import PIECE, Speech, pack, pieces
from groq_core.simulator import voice
from tests.stage import Stage, staged

LONG = " ".join(f"This is sentence number {number}, and it is about as long as sentences are." for number in range(30))
RATE = 24_000


def sounding(text: str) -> bytes:
    """A recording whose samples are the letters of the text, so that it can be read back."""
    samples = np.frombuffer(text.encode("utf-32-le"), "<i4").astype("<i2")
    return voice.wav(samples.astype(np.float32) / 32767, streamed=True)


def text_in(file: bytes) -> str:
    samples, rate = soundfile.read(BytesIO(file), dtype="int16")
    assert rate == RATE
    return "".join(map(chr, samples))


class Voice:
    """
    Speaks so that it can be read back.

    Attributes:
        asked: The pieces, in the order they were asked for.
        hold: The first piece is kept back until this is set.
    """

    def __init__(self, refuses: str = "", rate: int = RATE) -> None:
        self.asked: list[str] = []
        self.refuses = refuses
        self.hold: asyncio.Event | None = None
        self.at_once = self.most_at_once = self.left = 0

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, SpeechRequest)
        first = not self.asked
        self.asked.append(request.text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield Routed(request_id=request.request_id, tier="speech", reason="", candidates=("groq:voice",))
            yield AttemptStarted(number=1, provider="groq", model="voice")
            await asyncio.sleep(0)
            if first and self.hold:
                await self.hold.wait()
            if self.refuses and self.refuses in request.text:
                raise ChainError("no voice")
            data = sounding(request.text)
            yield AudioDelta(data[:50])
            yield AudioDelta(data[50:])
            yield Finished(provider="groq", model="voice", number=1, cost_usd=0.01)
        finally:
            self.at_once -= 1
            self.left += 1


async def test_long_text_is_one_recording_with_every_word_in_order() -> None:
    voice = Voice()
    reply = await Speech(voice).say(LONG)

    assert text_in(reply.audio) == "".join(pack(pieces(LONG)))
    assert sorted(voice.asked) == sorted(pack(pieces(LONG)))
    assert max(map(len, voice.asked)) <= PIECE
    assert 1 < voice.most_at_once <= 3


async def test_receipt_lists_every_piece() -> None:
    voice = Voice()
    reply = await Speech(voice).say(LONG)

    outcomes = [attempt.outcome for attempt in reply.receipt.attempts]
    assert outcomes == ["answered"] * len(voice.asked)
    assert reply.receipt.cost_usd == pytest.approx(0.01 * len(voice.asked))
    assert reply.finished is not None
    assert reply.finished.usage is not None
    assert reply.finished.usage.characters == sum(map(len, voice.asked))


async def test_short_text_is_asked_for_as_it_stands() -> None:
    voice = Voice()
    reply = await Speech(voice).say(" One. Two. ")

    assert voice.asked == [" One. Two. "]
    assert text_in(reply.audio) == " One. Two. "
    assert [attempt.outcome for attempt in reply.receipt.attempts] == ["answered"]


async def test_piece_that_is_late_keeps_its_place() -> None:
    voice = Voice()
    voice.hold = asyncio.Event()
    speaking = asyncio.create_task(Speech(voice).say(LONG))
    while voice.left < 3:  # noqa: ASYNC110 - the others overtake it
        await asyncio.sleep(0)
    voice.hold.set()

    assert text_in((await speaking).audio) == "".join(pack(pieces(LONG)))


async def test_one_piece_that_cannot_be_had_gives_up_the_others() -> None:
    voice = Voice(refuses="number 3,")
    with pytest.raises(ChainError, match="no voice"):
        await Speech(voice).say(LONG)

    assert voice.at_once == 0
    assert len(voice.asked) < len([*pack(pieces(LONG))])


async def test_hanging_up_hangs_up_on_every_piece() -> None:
    voice = Voice()
    voice.hold = asyncio.Event()
    speaking = asyncio.create_task(Speech(voice).say(LONG))
    while voice.at_once < 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)

    assert voice.at_once == 0


async def test_another_attempt_at_a_piece_does_not_double_it() -> None:
    async def twice(request: Request) -> Events:
        assert isinstance(request, SpeechRequest)
        yield AudioDelta(sounding("half of"))
        yield Restarted(provider="groq", model="other", kept="")
        yield AudioDelta(sounding(request.text))
        yield Finished(model="other")

    assert text_in((await Speech(twice).say("Once.")).audio) == "Once."


async def test_friendly_sentence_is_no_recording() -> None:
    async def degrade(request: Request) -> Events:
        yield Degraded(message="I'm sorry", retry_after_s=3)
        yield TextDelta("I'm sorry")
        yield Finished(model="fallback")

    with pytest.raises(ChainError, match="I'm sorry") as caught:
        await Speech(degrade).say("Hello")
    assert caught.value.retry_after == 3


@pytest.mark.parametrize("events", [[], [Finished(model="m")], [AudioDelta(b"RIFF")]])
async def test_half_a_recording_is_none(events: list[Any]) -> None:
    async def break_off(request: Request) -> Events:
        for event in events:
            yield event

    with pytest.raises(BrokenAnswerError):
        await Speech(break_off).say("Hello")


async def test_pieces_that_cannot_be_joined_are_told() -> None:
    async def mp3(request: Request) -> Events:
        yield AudioDelta(b"ID3\x04" + bytes(60))
        yield Finished(model="m")

    with pytest.raises(BrokenAnswerError, match="not a WAV file"):
        await Speech(mp3).say(LONG)


async def test_nothing_to_say_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        await Speech(Voice()).say(" \n ")
    assert caught.value.param == "input"


# ── cutting ──────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(st.sampled_from("ab. ,!?…\n。、;:\"')3"), max_size=400), st.integers(5, 60))
def test_no_letter_is_lost_and_no_piece_too_long(text: str, limit: int) -> None:
    cut = [*pieces(text, limit)]

    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(0 < len(piece) <= limit for piece in [*cut, *pack(cut, limit)])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("It costs 2.50. Is it e.g. paid?", ["It costs 2.50.", "Is it e.g.", "paid?"]),
        ('He said "No!" Then he left.', ['He said "No!"', "Then he left."]),
        ("# Title\nA line\nAnother", ["# Title", "A line", "Another"]),
        ("やあ。元気？はい", ["やあ。", "元気？", "はい"]),
        ("...and so on.", ["...and so on."]),
    ],
)
def test_sentences_end_where_people_pause(text: str, cut: list[str]) -> None:
    assert [*pieces(text)] == cut


# ── on the simulator ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    # Four thousand letters are not spoken within half a second where others work too.
    async with staged({"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "60", "GROQ_CORE_DEADLINE": "120"}) as stage:
        yield stage


async def test_api_speaks_texts_of_openais_length(stage: Stage) -> None:
    text = (LONG * 3)[:4096]
    response = await stage.http.post("/v1/audio/speech", json={"input": text, "voice": "troy"})
    first = await stage.http.post("/v1/audio/speech", json={"input": next(pack(pieces(text))), "voice": "troy"})

    assert response.status_code == 200
    whole, rate = soundfile.read(BytesIO(response.content), dtype="int16")
    beginning, _ = soundfile.read(BytesIO(first.content), dtype="int16")
    assert rate == RATE
    assert np.array_equal(whole[: len(beginning)], beginning)
    assert len(whole) / rate > len(re.findall(r"\w+", text)) * 0.2
    assert len(stage.asked("speech")) == len([*pack(pieces(text))]) + 1


async def test_voices_of_two_providers_become_one_recording(stage: Stage) -> None:
    stage.fault("status", preset="400_terms", provider="groq", operation="speech", times=1)
    response = await stage.http.post("/v1/audio/speech", json={"input": LONG})

    assert response.status_code == 200
    assert soundfile.info(BytesIO(response.content)).duration > 60
    assert {name.partition(":")[0] for name in stage.asked("speech")} == {"groq", "openai"}


async def test_api_says_when_nobody_can_speak(stage: Stage) -> None:
    stage.fault("status", preset="400_terms", provider="groq", operation="speech")
    stage.fault("status", preset="503_over_capacity", provider="openai", operation="speech")
    response = await stage.http.post("/v1/audio/speech", json={"input": LONG})

    assert response.status_code == 503
    assert "terms" in response.text
