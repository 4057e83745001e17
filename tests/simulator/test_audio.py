"""Recordings are measured, not understood; speech sounds as long as the text is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from groq_core.simulator import Fault, Simulator, sound, transcript, voice
from tests.simulator.http import connect, error

MEDIA = Path(__file__).parent.parent / "data" / "media"
HEAR, TRANSLATE, SPEAK = (f"/openai/v1/audio/{name}" for name in ("transcriptions", "translations", "speech"))
ORPHEUS = "canopylabs/orpheus-v1-english"
TYPES = "file must be one of the following types: [flac mp3 mp4 mpeg mpga m4a ogg opus wav webm]"


def wav(samples: np.ndarray[Any, Any], rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


async def hear(
    http: httpx.AsyncClient, data: bytes, name: str = "a.wav", path: str = HEAR, **form: Any
) -> httpx.Response:
    form = {"model": "whisper-large-v3", **form}
    return await http.post(path, data=form, files={"file": (name, data)})


@pytest.mark.parametrize(
    ("name", "duration", "channels"),
    [
        ("jfk.wav", 11.0, 1),
        ("jfk.mp3", 11.0, 1),
        ("jfk-opus.ogg", 11.0, 1),
        ("jfk.webm", 11.0, 1),
        ("galileo.mp3", 36.7, 1),
        ("marcelo.mp3", 4.5, 1),
        ("music-8bit.wav", 10.0, 2),
    ],
)
def test_real_recordings_are_measured(name: str, duration: float, channels: int) -> None:
    heard = sound.measure((MEDIA / name).read_bytes())

    assert heard.duration == pytest.approx(duration, abs=0.1)
    assert heard.channels == channels
    assert heard.loudness is not None
    assert -60 < heard.loudness < 0


def test_levels_are_those_of_the_samples() -> None:
    heard = sound.measure(wav(0.5 * np.sin(np.arange(16_000) / 5)))

    assert heard.peak == pytest.approx(-6.0, abs=0.1)
    assert heard.loudness == pytest.approx(-9.0, abs=0.1)
    assert heard.silence == 0


def test_silence_is_told_by_its_share() -> None:
    tone, quiet = 0.3 * np.sin(np.arange(16_000) / 5), np.zeros(16_000)

    heard = sound.measure(wav(np.concatenate([tone, quiet, tone, quiet])))

    assert heard.silence == pytest.approx(0.5, abs=0.03)
    assert [(round(stretch.start), round(stretch.end)) for stretch in heard.active] == [(0, 1), (2, 3)]


async def test_transcript_says_that_it_is_simulated_and_what_was_measured(http: httpx.AsyncClient) -> None:
    text = (await hear(http, (MEDIA / "jfk.wav").read_bytes(), "jfk.wav")).json()["text"]

    assert text.startswith(" This is a simulated transcript of jfk.wav; no model has heard it.")
    assert "lasts 11.00 seconds, 16 kHz mono WAV" in text


async def test_segments_and_words_cover_the_recording(http: httpx.AsyncClient) -> None:
    form: dict[str, Any] = {"response_format": "verbose_json", "timestamp_granularities[]": ["segment", "word"]}
    told = (await hear(http, (MEDIA / "jfk.wav").read_bytes(), **form)).json()

    segments, words = told["segments"], told["words"]
    assert told["duration"] == pytest.approx(11.0)
    assert segments[-1]["end"] == pytest.approx(11.0)
    assert "".join(segment["text"] for segment in segments) == told["text"]
    assert " ".join(word["word"] for word in words) == told["text"].strip()
    times = [time for segment in segments for time in (segment["start"], segment["end"])]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("granularities", "shape"),
    [
        ([], (False, list)),
        (["segment"], (False, list)),
        (["word"], (True, type(None))),
        (["word", "segment"], (True, list)),
    ],
)
async def test_granularities_decide_what_is_told(
    http: httpx.AsyncClient, granularities: list[str], shape: tuple[bool, type]
) -> None:
    form: dict[str, Any] = {"response_format": "verbose_json"}
    if granularities:
        form["timestamp_granularities[]"] = granularities
    told = (await hear(http, (MEDIA / "jfk.wav").read_bytes(), **form)).json()

    assert ("words" in told, type(told["segments"])) == shape


async def test_text_is_bare(http: httpx.AsyncClient) -> None:
    answer = await hear(http, (MEDIA / "jfk.wav").read_bytes(), response_format="text")

    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert answer.text.startswith(" This is")
    assert not answer.text.endswith("\n")


async def test_translation_is_english(http: httpx.AsyncClient) -> None:
    data = (MEDIA / "marcelo.mp3").read_bytes()
    told = (await hear(http, data, "m.mp3", TRANSLATE, response_format="verbose_json")).json()

    assert (told["task"], told["language"]) == ("translate", "English")
    assert "translation" in told["text"]


@pytest.mark.parametrize(
    ("name", "data", "form", "status", "message"),
    [
        ("a.oga", b"x", {}, 400, TYPES),
        ("a", b"x", {}, 400, TYPES),
        ("a.wav", b"", {}, 400, "file is empty"),
        ("a.wav", b"no sound at all", {}, 400, "could not process file - is it a valid media file?"),
        ("a.wav", wav(np.zeros(80)), {}, 400, "Audio file is too short. Minimum audio length is 0.01 seconds."),
        ("a.wav", b"x", {"response_format": "srt"}, 400, "response_format must be one of [json text verbose_json]"),
        ("a.wav", b"x", {"temperature": "2"}, 400, "temperature must be a number between 0 and 1"),
        ("a.wav", b"x", {"prompt": "x" * 900}, 400, "prompt must be at most 896 characters"),
        ("a.wav", b"x", {"model": "whisper-9"}, 404, None),
        ("a.wav", b"x", {"model": "openai/gpt-oss-20b"}, 400, None),
    ],
)  # fmt: skip
async def test_bad_recordings_are_refused(
    http: httpx.AsyncClient, name: str, data: bytes, form: Any, status: int, message: str | None
) -> None:
    answer = await hear(http, data, name, **form)

    assert answer.status_code == status
    assert message is None or answer.json()["error"]["message"] == message


async def test_more_than_25_megabytes_is_413_on_the_free_plan() -> None:
    async with Simulator(pace=0, limits="free") as simulator, connect(simulator) as http:
        assert (await hear(http, b"\0" * (25 * 1024 * 1024 + 1))).status_code == 413


async def test_turbo_does_not_translate(http: httpx.AsyncClient) -> None:
    answer = await hear(http, b"x", path=TRANSLATE, model="whisper-large-v3-turbo")

    assert answer.status_code == 400


# ── speech ───────────────────────────────────────────────────────────────────────────────────────────


async def test_speech_is_a_wav_as_long_as_the_text(http: httpx.AsyncClient) -> None:
    short, long = [sound.measure((await http.post(SPEAK, json=speech("Good morning. " * n))).content) for n in (1, 5)]

    assert short.rate == voice.RATE
    assert 0.5 < short.duration < 3
    assert long.duration > 3 * short.duration
    assert short.peak is not None
    assert -20 < short.peak < -1


def speech(text: str = "Good morning.", **extra: Any) -> dict[str, Any]:
    return {"model": ORPHEUS, "voice": "diana", "input": text, "response_format": "wav", **extra}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (speech(response_format="mp3"), "response_format must be one of [wav]"),
        ({k: v for k, v in speech().items() if k != "response_format"}, "response_format must be one of [wav]"),
        (speech(voice="alloy"), "voice must be one of [autumn diana hannah austin daniel troy]"),
        (speech(""), "input is required"),
        (speech(model="whisper-large-v3"), "The model `whisper-large-v3` does not support text to speech"),
    ],
)
async def test_bad_speech_is_refused(http: httpx.AsyncClient, body: Any, message: str) -> None:
    status, refused = await error(http, body, SPEAK)

    assert (status, refused["message"]) == (400, message)


@pytest.mark.parametrize("shape", ["mp3", "opus", "flac", "wav"])
async def test_openai_speaks_in_every_format(http: httpx.AsyncClient, shape: str) -> None:
    body = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "Hello there.", "response_format": shape}

    data = (await http.post("/v1/audio/speech", json=body)).content

    if shape == "wav":
        # OpenAI streams its WAV: the sizes in the header are not known yet.
        assert data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    else:
        assert sound.measure(data).duration > 0.4


async def test_openai_subtitles(http: httpx.AsyncClient) -> None:
    data = (MEDIA / "jfk.wav").read_bytes()
    answer = await hear(http, data, path="/v1/audio/transcriptions", model="whisper-1", response_format="srt")

    assert answer.text.startswith("1\n00:00:00,")
    assert " --> " in answer.text


@pytest.mark.parametrize("kind", ["cut", "malformed", "empty", "stall", "error_event", "slow_first_token", "status"])
@pytest.mark.parametrize("shape", ["json", "text", "verbose_json"])
async def test_faults_hit_transcripts(simulator: Simulator, http: httpx.AsyncClient, kind: Any, shape: str) -> None:
    data = (MEDIA / "marcelo.mp3").read_bytes()
    whole = (await hear(http, data, "m.mp3", response_format=shape)).content
    simulator.faults.add(Fault(kind=kind, seconds=0.01, operation="audio"))

    try:
        answer = await hear(http, data, "m.mp3", response_format=shape)
    except httpx.RemoteProtocolError:
        assert kind == "cut"
        return
    if kind in ("error_event", "status"):
        assert answer.status_code == 500
    elif kind in ("malformed", "empty"):
        assert answer.content == (b"" if kind == "empty" else whole[: len(answer.content)])
        assert len(answer.content) < len(whole)
    else:
        assert len(answer.content) == len(whole)


async def test_a_cut_falls_in_the_middle_of_speech(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="cut", operation="speech"))

    with pytest.raises(httpx.RemoteProtocolError):
        await http.post(SPEAK, json=speech())


async def test_a_long_recording_is_told_stretch_by_stretch_where_the_sound_is(http: httpx.AsyncClient) -> None:
    told = (await hear(http, (MEDIA / "galileo.mp3").read_bytes(), "g.mp3", response_format="verbose_json")).json()

    assert " The recording lasts 36.71 seconds, 48 kHz mono MP3." in told["text"]
    starts = [segment["start"] for segment in told["segments"] if "hertz" in segment["text"]]
    assert starts == [stretch.start for stretch in sound.measure((MEDIA / "galileo.mp3").read_bytes()).active[1:]]


def test_overlapping_cuttings_have_the_same_words_where_they_overlap() -> None:
    spoken, rate = soundfile.read(MEDIA / "jfk.wav")
    long = np.concatenate([spoken, np.zeros(rate)] * 8)
    whole, cut = (transcript.write(sound.measure(wav(samples, rate))) for samples in (long, long[int(30.4 * rate) :]))

    later = [phrase.text for phrase in whole if phrase.start > 34]
    assert len(later) > 15
    assert [phrase.text for phrase in cut][-len(later) :] == later
