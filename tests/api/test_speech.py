"""Speech over HTTP: every format, as it is spoken, and what a break looks like in each."""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
from typing import Any

import httpx
import numpy as np
import openai
import orjson
import pytest
import soundfile

from groq_core.api.app import create_api
from groq_core.api.speech import TYPES
from groq_core.errors import BrokenAnswerError, ChainError
from groq_core.events import AudioDelta, Events, Finished, Routed, TextDelta
from groq_core.requests import Request, SpeechRequest
from tests.api.stage import Stage, begun, done, events_of, plays, serving
from tests.media.samples import tone, wav
from tests.requires import needs

needs_ffmpeg = needs("ffmpeg")

VOICE = wav(tone(0.5, rate=24_000), rate=24_000)
LONG = "This is a sentence of a good length, so that three of them do not fit into one request. " * 6


def speaks(request: Request) -> Any:
    return plays(begun(), AudioDelta(VOICE), done())(request)


def seconds(data: bytes) -> float:
    """Length by ffmpeg, which believes no header."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "s16le", "-ar", "24000", "-ac", "1", "pipe:1"]
    return len(subprocess.run(command, input=data, capture_output=True, check=True).stdout) / 48_000


@needs_ffmpeg
@pytest.mark.parametrize("form", [form for form in TYPES if form != "pcm"])
async def test_every_format_holds_what_was_spoken(form: str) -> None:
    stage = Stage(speaks)
    async with stage.served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": LONG, "response_format": form})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[form].decode()
    assert answer.headers["x-groq-core-model"] == "quick"
    pieces = len(stage.asked)
    assert pieces > 1
    assert seconds(answer.content) == pytest.approx(0.5 * pieces, abs=0.2)


async def test_pcm_is_16_bit_mono_at_24_khz() -> None:
    stage = Stage(speaks)
    async with stage.served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": LONG, "response_format": "pcm"})

    assert len(answer.content) == len(stage.asked) * 24_000
    assert np.abs(np.frombuffer(answer.content, "<i2")).max() > 5_000


@needs_ffmpeg
@pytest.mark.parametrize("form", TYPES)
async def test_the_sdk_streams_and_saves(form: Any) -> None:
    async with (
        serving(create_api(Stage(speaks))) as port,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0) as client,
        client.audio.speech.with_streaming_response.create(
            model="speech", voice="troy", input=LONG, response_format=form
        ) as spoken,
    ):
        data = b"".join([block async for block in spoken.iter_bytes()])

    assert len(data) > 1_000


async def test_the_first_piece_goes_out_before_the_last_is_spoken() -> None:
    gate = asyncio.Event()
    count = 0

    async def slow(request: Request) -> Events:
        nonlocal count
        count += 1
        assert isinstance(request, SpeechRequest)
        yield Routed(request_id=request.request_id, tier="speech", reason="", candidates=("groq:quick",))
        yield begun()
        if count > 1:
            await gate.wait()
        yield AudioDelta(VOICE)
        yield done()

    async with (
        Stage(slow).served() as http,
        http.stream("POST", "/v1/audio/speech", json={"input": LONG, "response_format": "pcm"}) as answer,
    ):
        blocks = answer.aiter_bytes()
        first = await anext(blocks)
        assert not gate.is_set()
        gate.set()
        rest = b"".join([block async for block in blocks])

    assert len(first) + len(rest) == count * 24_000


@needs_ffmpeg
@pytest.mark.parametrize("form", TYPES)
async def test_events_carry_the_same_recording(form: str) -> None:
    stage = Stage(speaks)
    async with stage.served() as http:
        body = {"input": LONG, "response_format": form, "stream_format": "sse"}
        answer = await http.post("/v1/audio/speech", json=body)

    events: list[Any] = events_of(answer.text)
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["x_groq_core"]["served_by"]["model"] == "quick"
    data = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    if form != "pcm":
        assert seconds(data) == pytest.approx(0.5 * len(stage.asked), abs=0.2)


def breaks_on(number: int) -> Any:
    count = 0

    def script(request: Request) -> Events:
        nonlocal count
        count += 1
        if count == number:
            return plays(begun(), ChainError("nobody speaks", retry_after=9))(request)
        return plays(begun(), AudioDelta(VOICE), done())(request)

    return script


@needs_ffmpeg
@pytest.mark.parametrize("form", TYPES)
async def test_a_failure_before_the_first_sound_has_a_status_of_its_own(form: str) -> None:
    for more in ({}, {"stream_format": "sse"}):
        async with Stage(breaks_on(1)).served() as http:
            answer = await http.post("/v1/audio/speech", json={"input": "Hi.", "response_format": form, **more})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "9")


def fails_late() -> Any:
    """The first piece is spoken, and only then does the second fail."""
    first_done = asyncio.Event()

    async def script(request: Request) -> Events:
        assert isinstance(request, SpeechRequest)
        yield Routed(request_id=request.request_id, tier="speech", reason="", candidates=("groq:quick",))
        yield begun()
        if LONG.startswith(request.text[:80]) and not first_done.is_set():
            first_done.set()
            yield AudioDelta(VOICE)
            yield Finished(provider="groq", model="quick", number=1)
            return
        await asyncio.sleep(0.2)
        raise BrokenAnswerError("the voice broke")

    return script


@needs_ffmpeg
@pytest.mark.parametrize("form", ["pcm", "mp3", "flac"])
async def test_a_recording_that_breaks_has_no_proper_end(form: str) -> None:
    async with Stage(fails_late()).served() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/v1/audio/speech", json={"input": LONG, "response_format": form})


@needs_ffmpeg
async def test_events_that_break_end_in_an_error() -> None:
    async with Stage(fails_late()).served() as http:
        body = {"input": LONG, "response_format": "mp3", "stream_format": "sse"}
        answer = await http.post("/v1/audio/speech", json=body)

    last: Any = events_of(answer.text)[-1]
    assert last["error"]["message"] == "the voice broke"
    assert "speech.audio.done" not in answer.text


async def test_without_ffmpeg_there_is_a_note_and_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    async with Stage(speaks).served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": "Hi.", "response_format": "mp3"})

    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["x-groq-core-notes"] == "speech_as_wav"
    assert soundfile.info(io.BytesIO(answer.content)).duration == pytest.approx(0.5)


@pytest.mark.parametrize("words", ["🎉 …", "<speak><break time='1s'/></speak>", "[whisper]", "* * *"])
async def test_nothing_is_asked_for_what_has_nothing_to_say(words: str) -> None:
    stage = Stage(speaks)
    async with stage.served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": words})

    assert answer.status_code == 400
    assert orjson.loads(answer.content)["error"]["param"] == "input"
    assert stage.asked == []


async def test_ssml_is_left_out_and_told() -> None:
    stage = Stage(speaks)
    async with stage.served() as http:
        body = {"input": "<speak>Hello <emphasis>there</emphasis>.</speak>"}
        whole = await http.post("/v1/audio/speech", json=body)
        streamed = await http.post("/v1/audio/speech", json=body | {"response_format": "pcm"})

    assert whole.headers["x-groq-core-notes"] == streamed.headers["x-groq-core-notes"] == "ssml_left_out"
    spoken = [request.text for request in stage.asked if isinstance(request, SpeechRequest)]
    assert spoken == ["Hello there."] * 2


@pytest.mark.parametrize("form", [{}, {"response_format": "pcm"}, {"stream_format": "sse"}])
async def test_what_no_voice_here_heeds_is_told(form: dict[str, str]) -> None:
    """A tone, a rate, a misspelt field: each would be missed in what is heard, and nowhere else."""
    asked = {"instructions": "Whisper.", "sample_rate": 24_000, "lang_code": "de", "user": "u", "stream": False} | form
    stage = Stage(speaks)
    async with stage.served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": "Hi."} | asked)

    assert answer.status_code == 200
    assert answer.headers["x-groq-core-notes"] == "parameter_passed_over"
    told = [text.split("`")[1] for text in orjson.loads(answer.headers["x-groq-core-note-texts"])]
    assert told == ["instructions", "lang_code", "user"]
    if "stream_format" in form:
        last: Any = events_of(answer.text)[-1]
        assert [note["code"] for note in last["notes"]] == ["parameter_passed_over"] * 3


@pytest.mark.parametrize(("form", "status"), [("pcm", 400), ("wav", 200)])
async def test_samples_without_a_header_come_at_the_rate_that_was_asked_for_or_not_at_all(
    form: str, status: int
) -> None:
    async with Stage(speaks).served() as http:
        body = {"input": "Hi.", "response_format": form, "sample_rate": 48_000}
        answer = await http.post("/v1/audio/speech", json=body)

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["param"] == "sample_rate"
    else:
        assert "sample_rate" in answer.headers["x-groq-core-note-texts"]


@pytest.mark.parametrize(("field", "value"), [("response_format", "midi"), ("stream_format", "chunks")])
async def test_a_format_nobody_knows_is_named(field: str, value: str) -> None:
    async with Stage(speaks).served() as http:
        answer = await http.post("/v1/audio/speech", json={"input": "Hi.", field: value})

    assert answer.status_code == 400
    assert orjson.loads(answer.content)["error"]["param"] == field


@needs_ffmpeg
async def test_whoever_hangs_up_ends_the_encoder_and_the_voice() -> None:
    async def endless(request: Request) -> Events:
        yield Routed(request_id="gc_x", tier="speech", reason="", candidates=("groq:quick",))
        yield begun()
        if LONG.startswith(request.text[:60]):  # type: ignore[union-attr]
            yield AudioDelta(VOICE * 1)
            yield done()
            return
        await asyncio.Event().wait()
        yield TextDelta("")

    stage = Stage(endless)
    async with stage.served() as http:
        async with http.stream(
            "POST", "/v1/audio/speech", json={"input": LONG + "Another end. " * 40, "response_format": "mp3"}
        ) as answer:
            await anext(answer.aiter_bytes())
        async with asyncio.timeout(5):
            while stage.running:  # noqa: ASYNC110 - the stage tells of one that left, not of all
                await asyncio.sleep(0.01)
