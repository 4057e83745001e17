"""Speech in and out through every adapter."""

from __future__ import annotations

import msgspec
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    AudioDelta,
    Finished,
    Note,
    Segment,
    SegmentsFound,
    TextDelta,
    Transcript,
    Usage,
)
from groq_core.models.spec import ModelSpec
from groq_core.requests import SpeechRequest
from tests.providers.adapters import (
    AUDIO,
    SPEAKING,
    C,
    Connect,
    events_of,
    groq_at,
    openai_at,
)
from tests.wire_server import (
    END,
    Close,
    Script,
    answers,
    fails,
    head,
    piece,
    serving,
)

# ── speech in and out ────────────────────────────────────────────────────────────────────────────────

VERBOSE = {
    "task": "transcribe",
    "language": "English",
    "duration": 2.5,
    "text": " And so, my fellow Americans",
    "segments": [{"id": 0, "start": 0.0, "end": 2.5, "text": " And so, my fellow Americans", "avg_logprob": -0.1}],
    "x_groq": {"id": "req_body"},
}


async def test_a_recording_becomes_text_phrases_and_a_transcript(connect: Connect) -> None:
    spec = ModelSpec(id="whisper-large-v3-turbo", capabilities=frozenset({C.TRANSCRIPTION, C.TIMESTAMPS}))
    async with serving(answers(VERBOSE)) as wire, connect(wire.url) as provider:
        events = await events_of(provider, msgspec.structs.replace(AUDIO, language="en", prompt="Kennedy"), spec)

    text = "And so, my fellow Americans"
    segment = Segment(id=0, start=0.0, end=2.5, text=text, avg_logprob=-0.1)
    match events:
        case [TextDelta(said), SegmentsFound(phrases), Finished(model="whisper-large-v3-turbo") as finished]:
            assert (said, phrases) == (text, (segment,))
            assert finished.transcript == Transcript(text=text, language="English", duration=2.5, segments=(segment,))
            assert finished.usage == Usage(audio_s=2.5)
            assert finished.request_id == "req_body"
        case _:
            pytest.fail(f"unexpected events: {events}")
    (heard,) = wire.heard
    assert heard.path.endswith("/v1/audio/transcriptions")
    assert AUDIO.audio in heard.body
    assert b'filename="speech.wav"' in heard.body
    for name, value in {
        "model": spec.id,
        "response_format": "verbose_json",
        "language": "en",
        "prompt": "Kennedy",
        "temperature": "0.0",
        "timestamp_granularities[]": "segment",
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in heard.body


async def test_a_translation_goes_to_its_own_path(connect: Connect) -> None:
    request = msgspec.structs.replace(AUDIO, operation="translation")

    async with serving(answers({"text": " Hello"})) as wire, connect(wire.url) as provider:
        events = await events_of(provider, request)

    assert wire.heard[0].path.endswith("/v1/audio/translations")
    match events:
        case [TextDelta("Hello"), Finished(usage=Usage(audio_s=2.5))]:
            pass
        case _:
            pytest.fail(f"unexpected events: {events}")


async def test_silence_is_an_answer_without_words(connect: Connect) -> None:
    async with serving(answers({"text": " "})) as wire, connect(wire.url) as provider:
        events = await events_of(provider, AUDIO)

    assert [type(event) for event in events] == [Finished]


async def test_a_transcriber_without_phrases_is_not_asked_for_them() -> None:
    spec = ModelSpec(id="gpt-4o-transcribe", capabilities=frozenset({C.TRANSCRIPTION}))

    async with serving(answers({"text": "Hello"})) as wire, openai_at(wire.url) as provider:
        await events_of(provider, AUDIO, spec)

    assert b"verbose_json" not in wire.heard[0].body
    assert b"granularities" not in wire.heard[0].body


async def test_a_voice_comes_in_pieces_as_they_arrive(connect: Connect) -> None:
    script: Script = [head(200, "audio/wav", "transfer-encoding: chunked"), piece(b"RIFF"), piece(b"data"), END]

    async with serving(script) as wire, connect(wire.url) as provider:
        events = await events_of(provider, SpeechRequest(text="Hello"), SPEAKING)

    assert b"".join(event.data for event in events if isinstance(event, AudioDelta)) == b"RIFFdata"
    match events[-1]:
        case Finished(usage=Usage(characters=5), model="voice"):
            pass
        case _:
            pytest.fail(f"unexpected finish: {events[-1]}")
    assert wire.heard[0].json == {"model": "voice", "input": "Hello", "voice": "autumn", "response_format": "wav"}


async def test_a_voice_the_model_lacks_is_replaced_with_a_note(connect: Connect) -> None:
    async with serving(answers(b"RIFF", "audio/wav")) as wire, connect(wire.url) as provider:
        events = await events_of(provider, SpeechRequest(text="Hello", voice="alloy"), SPEAKING)

    assert isinstance(events[0], Note)
    assert wire.heard[0].json["voice"] == "autumn"


async def test_a_speed_goes_to_who_has_more_than_one_and_is_told_of_who_has_not(connect: Connect) -> None:
    sent, told = [], []
    for spec in (SPEAKING, msgspec.structs.replace(SPEAKING, one_speed=True)):
        for speed in (None, 1.0, 1.5):
            async with serving(answers(b"RIFF", "audio/wav")) as wire, connect(wire.url) as provider:
                events = await events_of(provider, SpeechRequest(text="Hello", speed=speed), spec)
            sent.append(wire.heard[0].json.get("speed"))
            told.append([event.code for event in events if isinstance(event, Note)])

    assert sent == [None, 1.0, 1.5, None, None, None]
    assert told == [[], [], [], [], [], ["speed_left_out"]]


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(answers(b"", "audio/wav"), Kind.EMPTY_ANSWER, id="nothing"),
        pytest.param(answers(b"<!doctype html><p>Sign in", "text/html"), Kind.MALFORMED, id="a page instead"),
        pytest.param(answers(b"busy, try later", "audio/wav"), Kind.MALFORMED, id="words named as sound"),
        pytest.param(answers({"error": {"message": "boom"}}), Kind.STREAM_ERROR, id="JSON instead"),
        pytest.param([head(200, "audio/wav", "content-length: 9") + b"RIFF", Close()], Kind.STREAM_CUT, id="cut"),
        pytest.param(fails(400, {"error": {"code": "model_terms_required"}}), Kind.TERMS_REQUIRED, id="terms"),
    ],
)
async def test_a_voice_that_breaks_off_is_a_failure(connect: Connect, script: Script, kind: Kind) -> None:
    async with serving(script) as wire, connect(wire.url) as provider:
        with pytest.raises(ProviderError) as caught:
            await events_of(provider, SpeechRequest(text="Hello"), SPEAKING)

    assert caught.value.kind is kind


async def test_what_groq_sets_with_one_answer_does_not_go_along_with_another_question() -> None:
    told = b'{"object": "list", "data": [], "text": "Hello"}'
    cookie, length = "set-cookie: __cf_bm=of-the-first; path=/", f"content-length: {len(told)}"
    whole = (head(200, "application/json", cookie, length) + told,)
    async with serving(*[whole] * 8) as wire:
        for host in ("127.0.0.1", "localhost"):  # the libraries below treat the two differently
            async with groq_at(wire.url.replace("127.0.0.1", host)) as provider:
                for _ in range(2):
                    await provider.models()
                    await events_of(provider, AUDIO)

    assert len(wire.heard) == 8
    assert not [heard for heard in wire.heard if "cookie" in heard.headers]
