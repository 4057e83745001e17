"""A recording of any length is written down in order, whatever its parts go through."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from groq_core.errors import ChainError, RequestError
from groq_core.events import (
    AttemptStarted,
    Degraded,
    Event,
    Events,
    Finished,
    Note,
    PartDone,
    PartStarted,
    Routed,
    Segment,
    SegmentsFound,
    TextDelta,
    Transcript,
)
from groq_core.media.audio.preparation import Preparation
from groq_core.pipeline import Handler
from groq_core.reply import Reply
from groq_core.requests import Caller, Request
from groq_core.services.transcription import TranscriptionService
from tests.media.samples import read_samples, sample, wav
from tests.services.ears import Ears, numbers, recording, speak

WORDS = speak(240)  # two minutes
LONG = recording(WORDS)


def short_parts(data: bytes, filename: str) -> Preparation:
    return Preparation(data, filename, max_part_s=25.0, overlap_s=3.0)


async def events_of(service: TranscriptionService, data: bytes = LONG, filename: str = "talk.wav") -> list[Event]:
    async with aclosing(service.stream(data, filename)) as events:
        return [event async for event in events]


def fold(events: list[Event]) -> Reply:
    reply = Reply()
    for event in events:
        reply.apply(event)
    return reply


def of(kind: type, events: list[Event]) -> list[object]:
    return [event for event in events if isinstance(event, kind)]


async def test_a_short_recording_is_one_request_and_one_answer() -> None:
    words = speak(20)
    data = recording(words)
    ears = Ears(words, data)

    reply = await TranscriptionService(ears).transcribe(
        data, "my secret name.wav", language="en", prompt="Names", caller=Caller(user="me")
    )

    (request,) = ears.asked
    assert (request.filename, request.language, request.prompt) == ("audio.flac", "en", "Names")
    assert request.duration_s == pytest.approx(10.0, abs=0.1)
    assert request.caller.user == "me"
    assert reply.finished is not None
    assert reply.finished.transcript is not None
    assert numbers(reply.text) == numbers(reply.finished.transcript.text) == list(range(20))
    assert reply.receipt.as_dict()["served_by"] == {"provider": "groq", "model": "whisper"}
    assert [attempt["outcome"] for attempt in reply.receipt.as_dict()["attempts"]] == ["answered"]
    assert reply.receipt.cost_usd == pytest.approx(0.01)


async def test_a_long_recording_comes_back_whole_in_order_with_times_that_fit() -> None:
    ears = Ears(WORDS, LONG, short_parts)

    reply = fold(await events_of(TranscriptionService(ears, prepare=short_parts)))

    assert len(ears.asked) > 4
    assert reply.finished is not None
    transcript = reply.finished.transcript
    assert transcript is not None
    assert numbers(transcript.text) == numbers(reply.text) == list(range(240))
    assert [number for segment in transcript.segments for number in numbers(segment.text)] == list(range(240))
    assert tuple(reply.segments) == transcript.segments
    for segment in transcript.segments:
        first, last = numbers(segment.text)[0], numbers(segment.text)[-1]
        assert segment.start == pytest.approx(WORDS[first].start, abs=0.3)
        assert segment.end == pytest.approx(WORDS[last].end, abs=0.3)
    assert transcript.duration == pytest.approx(120.0, abs=0.2)
    assert transcript.words == ()


async def test_the_receipt_names_every_attempt_of_every_part_and_their_price() -> None:
    ears = Ears(WORDS, LONG, short_parts, failing={2: 1})

    receipt = fold(await events_of(TranscriptionService(ears, prepare=short_parts))).receipt

    outcomes = [record.outcome for record in receipt.attempts]
    parts = len(ears.asked) - 1
    assert sorted(outcomes) == ["answered"] * parts + ["failed"]
    assert receipt.cost_usd == pytest.approx(0.01 * parts + 0.001)
    assert len({event.request_id for event in ears.asked}) == 1


async def test_parts_run_side_by_side_but_no_more_than_allowed() -> None:
    ears = Ears(WORDS, LONG, short_parts)
    ears.hold = {index: asyncio.Event() for index in range(20)}
    service = TranscriptionService(ears, prepare=short_parts, parallel=3)

    async with aclosing(service.stream(LONG, "talk.wav")) as events:
        async for event in events:
            if isinstance(event, AttemptStarted) and event.number == 3:
                for gate in ears.hold.values():
                    gate.set()

    assert ears.most_under_way == 3


async def test_text_appears_as_soon_as_everything_before_it_is_known() -> None:
    ears = Ears(WORDS, LONG, short_parts)
    ears.hold = {1: asyncio.Event()}
    service = TranscriptionService(ears, prepare=short_parts, parallel=9)
    seen: list[Event] = []

    async with aclosing(service.stream(LONG, "talk.wav")) as events:
        async for event in events:
            seen.append(event)
            if len(of(PartDone, seen)) == len(ears.asked) - 1 > 3 and not ears.hold[1].is_set():
                before = numbers("".join(delta.text for delta in seen if isinstance(delta, TextDelta)))
                ears.hold[1].set()

    assert before == list(range(len(before)))
    assert 20 < len(before) < 60
    assert numbers(fold(seen).text) == list(range(240))


async def test_a_part_that_failed_is_tried_once_more_when_the_others_are_done() -> None:
    ears = Ears(WORDS, LONG, short_parts, failing={1: 1})

    events = await events_of(TranscriptionService(ears, prepare=short_parts))

    again = [event for event in events if isinstance(event, PartStarted) and event.again]
    assert [event.index for event in again] == [1]
    assert events.index(again[0]) > events.index([event for event in events if isinstance(event, PartDone)][-2])
    assert numbers(fold(events).text) == list(range(240))
    assert not [event for event in events if isinstance(event, Note) and event.code == "gap"]


async def test_a_part_that_cannot_be_had_leaves_a_gap_and_all_else_stays() -> None:
    ears = Ears(WORDS, LONG, short_parts, failing={1: 99})

    events = await events_of(TranscriptionService(ears, prepare=short_parts))

    (gap,) = [event for event in events if isinstance(event, Note) and event.code == "gap"]
    reply = fold(events)
    found = numbers(reply.text)
    assert "Nobody answered." in gap.text
    assert found == sorted(set(found))
    assert {*range(40), *range(100, 240)} <= set(found) < set(range(240))
    assert isinstance(events[-1], Finished)


async def test_when_every_part_fails_the_error_of_the_chain_comes_out() -> None:
    ears = Ears(WORDS, LONG, short_parts, failing=dict.fromkeys(range(99), 99))
    asked = len(list(short_parts(LONG, "")))

    with pytest.raises(ChainError, match="Nobody answered"):
        await events_of(TranscriptionService(ears, prepare=short_parts))

    assert len(ears.asked) == asked


async def test_a_friendly_sentence_is_no_transcript() -> None:
    async def degrading(request: Request) -> Events:
        yield Degraded(message="None of the models answers.", retry_after_s=7.0)
        yield TextDelta("None of the models answers.")
        yield Finished(model="fallback")

    with pytest.raises(ChainError) as failed:
        await events_of(TranscriptionService(degrading), sample("jfk.mp3"))

    assert failed.value.retry_after == 7.0


async def test_a_bug_below_is_not_taken_for_a_failed_part() -> None:
    async def break_off(request: Request) -> Events:
        yield AttemptStarted(number=1, provider="groq", model="whisper")
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await events_of(TranscriptionService(break_off), sample("jfk.mp3"))


@pytest.mark.parametrize("data", [b"", b"no recording", sample("empty-header-only.wav"), sample("kiwi.jpg")])
async def test_what_is_no_recording_is_refused_before_anybody_is_asked(data: bytes) -> None:
    ears = Ears(WORDS, LONG)

    with pytest.raises(RequestError) as refused:
        await events_of(TranscriptionService(ears), data)

    assert refused.value.param == "file"
    assert not ears.asked


def says(text: str) -> Handler[Request]:
    async def handle(request: Request) -> Events:
        yield Routed(request_id="gc_1", tier="audio", reason="", candidates=())
        segments = (Segment(id=0, start=0.0, end=3.0, text=text),)
        yield TextDelta(text)
        yield SegmentsFound(segments)
        yield Finished(model="whisper", transcript=Transcript(text=text, language="English", segments=segments))

    return handle


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(wav(np.zeros(48_000)), "the recording is silent", id="silence"),
        pytest.param(sample("music-8bit.wav"), "nobody seems to speak", id="music"),
    ],
)
async def test_no_speech_is_said_plainly_and_thank_you_is_not(data: bytes, told: str) -> None:
    events = await events_of(TranscriptionService(says("Thank you.")), data)

    (note,) = [event for event in events if isinstance(event, Note)]
    reply = fold(events)
    assert (note.code, told in note.text) == ("no_speech", True)
    assert reply.text == ""
    assert reply.finished is not None
    transcript = reply.finished.transcript
    assert transcript is not None
    assert (transcript.text, transcript.segments, transcript.language) == ("", (), "English")


async def test_a_real_thank_you_is_kept() -> None:
    reply = await TranscriptionService(says("Thank you.")).transcribe(sample("marcelo.mp3"), "")

    assert reply.text == "Thank you."


async def test_a_silent_part_of_a_long_recording_is_not_sent() -> None:
    words = speak(60)
    voice = read_samples(recording(words))
    data = wav(np.concatenate((voice, np.zeros(16_000 * 80))))
    ears = Ears(words, data, short_parts)

    events = await events_of(TranscriptionService(ears, prepare=short_parts), data)

    silent = [event for event in events if isinstance(event, PartDone) and event.outcome == "silent"]
    assert len(silent) >= 2
    assert len(ears.asked) + len(silent) == len(list(short_parts(data, "")))
    assert numbers(fold(events).text) == list(range(60))
    assert not [event for event in events if isinstance(event, Note)]


async def test_walking_away_ends_every_part() -> None:
    ears = Ears(WORDS, LONG, short_parts)
    ears.hold = {index: asyncio.Event() for index in range(20)}
    service = TranscriptionService(ears, prepare=short_parts, parallel=3)

    async with aclosing(service.stream(LONG, "talk.wav")) as events:
        async for _ in events:
            if ears.under_way == 3:
                break

    assert ears.under_way == 0
    assert ears.left == len(ears.asked)


async def test_walking_away_ends_the_decoding() -> None:
    long = wav(np.zeros(16_000 * 1200, np.int16), format_name="FLAC")
    begun: list[Preparation] = []

    def prepare(data: bytes, filename: str) -> Preparation:
        begun.append(Preparation(data, filename, max_part_s=1800.0, max_part_bytes=100_000_000))
        return begun[-1]

    reading = asyncio.ensure_future(anext(TranscriptionService(says("Hm."), prepare=prepare).stream(long, "")))
    await asyncio.sleep(0.1)
    reading.cancel()
    await asyncio.wait([reading])

    assert reading.cancelled()
    assert not begun[0].info.measured  # it never came to the end


async def test_what_is_of_no_known_kind_is_shown_to_ffmpeg_beside_the_event_loop() -> None:
    """tests/blocking.py fails what starts a program there."""
    with pytest.raises(RequestError, match="not a recording"):
        await events_of(TranscriptionService(says("Hm.")), bytes(range(7, 256)) * 40)


async def test_notes_about_the_recording_are_passed_on() -> None:
    data = sample("jfk.mp3")

    events = await events_of(TranscriptionService(says("And so.")), data[: len(data) // 2], "half.mp3")

    (note,) = [event for event in events if isinstance(event, Note)]
    assert note.code == "recording"
    assert "breaks off" in note.text
