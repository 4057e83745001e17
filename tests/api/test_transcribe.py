"""`/v1/audio/…`: forms in, words or sound out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from groq_core.api.app import create_api
from groq_core.errors import BrokenAnswerError, ChainError, RequestError
from groq_core.events import AudioDelta, Finished, Note, Segment, TextDelta, Transcript, Word
from groq_core.requests import SpeechRequest
from tests.api.stage import Script, Stage, begun, events_of, plays, serving

MEDIA = Path(__file__).parent.parent / "data" / "media"
URL = "/v1/audio/transcriptions"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\0" * 20

TRANSCRIPT = Transcript(
    text="Ask not.",
    language="English",
    duration=2.5,
    segments=(Segment(id=0, start=0.0, end=2.0, text=" Ask not.", avg_logprob=-0.1),),
    words=(Word(word="Ask", start=0.0, end=0.5), Word(word="not.", start=0.6, end=2.0)),
)

HEARS = plays(
    begun(model="whisper"),
    TextDelta("Ask "),
    TextDelta("not."),
    Finished(provider="groq", model="whisper", number=1, transcript=TRANSCRIPT),
)


async def transcribe(
    script: Script = HEARS,
    *,
    file: tuple[str, bytes] | None = ("jfk.wav", b"RIFF and so on"),
    path: str = URL,
    **fields: Any,
) -> tuple[httpx.Response, dict[str, object]]:
    """The answer to a form, and what the service was asked."""
    stage = Stage(script)
    form = {name.replace("granularities", "granularities[]"): value for name, value in fields.items()}
    async with stage.served() as client:
        response = await client.post(path, data=form, files={"file": file} if file else {"other": b""})
    return response, stage.transcription.heard


async def test_a_recording_reaches_the_service_whole_with_its_wishes() -> None:
    recording = (MEDIA / "jfk.wav").read_bytes()
    response, asked = await transcribe(
        file=("C:\\talks\\jfk.wav", recording),
        model="whisper-large-v3",
        language="EN",
        prompt="JFK",
        temperature="0.3",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    assert response.status_code == 200
    assert asked["data"] == recording
    assert asked["filename"] == "jfk.wav"
    assert asked["model"] == "whisper-large-v3"
    assert asked["language"] == "en"
    assert asked["prompt"] == "JFK"
    assert asked["temperature"] == 0.3
    assert asked["task"] == "transcribe"
    assert asked["granularities"] == ("word", "segment")


async def test_json_is_the_text_and_the_receipt() -> None:
    response, asked = await transcribe()

    body = response.json()
    assert body["text"] == "Ask not."
    assert body["usage"] == {"type": "duration", "seconds": 2.5}
    assert "notes" not in body
    assert body["x_groq_core"]["served_by"] == {"provider": "groq", "model": "whisper"}
    assert body["x_groq_core"]["request_id"] == response.headers["x-request-id"]
    assert asked["model"] == "audio"


async def test_what_could_not_be_had_is_told_beside_the_words() -> None:
    gap = Note(code="gap", text="From 10:00 to 11:00 nothing could be transcribed")
    script = plays(begun(), TextDelta("Ask not."), gap, Finished(model="whisper", number=1, transcript=TRANSCRIPT))
    told, _ = await transcribe(script)
    subtitles, _ = await transcribe(script, response_format="srt")

    assert told.json()["notes"] == [{"code": "gap", "text": "From 10:00 to 11:00 nothing could be transcribed"}]
    assert told.headers["x-groq-core-notes"] == subtitles.headers["x-groq-core-notes"] == "gap"


async def test_text_is_the_text_alone() -> None:
    response, _ = await transcribe(response_format="text")

    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == "Ask not."


async def test_verbose_json_has_times() -> None:
    response, _ = await transcribe(response_format="verbose_json", timestamp_granularities=["segment", "word"])

    body = response.json()
    assert (body["task"], body["language"], body["duration"]) == ("transcribe", "English", 2.5)
    assert body["words"][0] == {"word": "Ask", "start": 0.0, "end": 0.5}
    assert body["segments"][0]["text"] == " Ask not."
    assert set(body["segments"][0]) >= {"id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob"}
    assert "x_groq_core" in body


async def test_only_the_times_that_were_asked_for_are_told() -> None:
    words, _ = await transcribe(response_format="verbose_json", timestamp_granularities=["word"])
    phrases, _ = await transcribe(response_format="verbose_json")

    assert "segments" not in words.json()
    assert "words" not in phrases.json()


async def test_subtitles_come_as_srt_and_vtt() -> None:
    srt, asked = await transcribe(response_format="srt")
    vtt, _ = await transcribe(response_format="vtt")

    assert srt.text == "1\n00:00:00,000 --> 00:00:02,000\nAsk not.\n"
    assert vtt.text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nAsk not.")
    assert vtt.headers["content-type"] == "text/vtt; charset=utf-8"
    assert asked["granularities"] == ("segment", "word")


async def test_a_translation_is_one() -> None:
    response, asked = await transcribe(path="/v1/audio/translations", response_format="verbose_json", language="de")

    assert asked["task"] == "translate"
    assert asked["language"] is None
    assert response.json()["task"] == "translate"


async def test_a_streamed_transcript_is_pieces_and_then_the_whole() -> None:
    response, _ = await transcribe(stream="true")

    first, second, whole, end = events_of(response.text)
    assert first == {"type": "transcript.text.delta", "delta": "Ask "}
    assert second == {"type": "transcript.text.delta", "delta": "not."}
    assert isinstance(whole, dict)
    assert (whole["type"], whole["text"]) == ("transcript.text.done", "Ask not.")
    assert "x_groq_core" in whole
    assert end == "[DONE]"


async def test_a_streamed_transcript_that_breaks_says_so() -> None:
    response, _ = await transcribe(plays(begun(), TextDelta("Ask "), BrokenAnswerError("it broke")), stream="true")

    *_, last = events_of(response.text)
    assert isinstance(last, dict)
    assert last["error"]["message"] == "it broke"  # type: ignore[index]


@pytest.mark.parametrize("stream", ["true", "false"])
async def test_a_recording_nobody_writes_down_is_503(stream: str) -> None:
    response, _ = await transcribe(plays(begun(), ChainError("nobody can hear", retry_after=3)), stream=stream)

    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert response.json()["x_groq_core"]["attempts"][0]["outcome"] == "cancelled"


async def test_a_recording_the_service_refuses_is_the_callers_fault() -> None:
    refusal = RequestError("this is a picture", status=422, param="file", code="unsupported_audio_format")
    response, _ = await transcribe(plays(refusal))

    assert response.status_code == 422
    assert response.json()["error"]["code"] == "unsupported_audio_format"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        pytest.param({"file": None}, "file", id="no file"),
        pytest.param({"file": ("a.wav", b"")}, "file", id="an empty file"),
        pytest.param({"file": None, "url": "http://x/a.wav"}, "file", id="a file's address"),
        pytest.param({"response_format": "xml"}, "response_format", id="xml"),
        pytest.param({"temperature": "hot"}, "temperature", id="temperature as text"),
        pytest.param({"temperature": "nan"}, "temperature", id="no temperature at all"),
        pytest.param({"temperature": "1.5"}, "temperature", id="too hot"),
        pytest.param({"language": "e n"}, "language", id="no language"),
        pytest.param({"model": "x" * 201}, "model", id="a long model"),
        pytest.param({"stream": "yes please"}, "stream", id="stream in words"),
        pytest.param({"stream": "true", "response_format": "srt"}, "stream", id="subtitles streamed"),
        pytest.param({"stream": "true", "response_format": "vtt"}, "stream", id="other subtitles streamed"),
        pytest.param({"stream": "true", "response_format": "verbose_json"}, "stream", id="times streamed"),
        pytest.param({"diarize": "true"}, "diarize", id="what would change the transcript and is not known"),
        pytest.param({"known_speaker_names[]": "Ann"}, "known_speaker_names", id="a list of the same kind"),
        pytest.param({"timestamp_granularities": ["word"]}, "timestamp_granularities", id="times in plain json"),
        pytest.param(
            {"timestamp_granularities": ["letter"], "response_format": "verbose_json"},
            "timestamp_granularities",
            id="times of letters",
        ),
    ],
)
async def test_a_fault_in_a_form_names_its_field(fields: dict[str, Any], param: str) -> None:
    response, asked = await transcribe(**fields)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert asked == {}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/json", b"{}", id="JSON"),
        pytest.param("", b"", id="nothing"),
        pytest.param("multipart/form-data", b"x", id="no boundary"),
        pytest.param("multipart/form-data; boundary=b", b"no parts", id="no parts"),
        pytest.param(
            "multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", id="no name"
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhalf of it',
            id="half a form",
        ),
    ],
)
async def test_what_is_not_a_form_is_told_so(content_type: str, body: bytes) -> None:
    async with Stage(HEARS).served() as client:
        response = await client.post(URL, content=body, headers={"content-type": content_type})

    assert response.status_code == 400
    assert response.json()["error"]["message"]


async def test_a_recording_that_is_too_large_is_refused_before_it_is_sent() -> None:
    head = (
        f"POST {URL} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {200 * 2**20}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n\r\n"
    )
    async with serving(create_api(Stage(HEARS))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 413")


# ── speech ───────────────────────────────────────────────────────────────────────────────────────────

SPEAKS = plays(begun(model="voice"), AudioDelta(WAV[:10]), AudioDelta(WAV[10:]), Finished(model="voice", number=1))


async def test_speech_is_one_wav_file() -> None:
    stage = Stage(SPEAKS)
    async with stage.served() as client:
        response = await client.post("/v1/audio/speech", json={"input": "Hello", "voice": "troy", "model": "speech"})

    request = stage.asked[0]
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["x-groq-core-model"] == "voice"
    assert response.content == WAV
    assert isinstance(request, SpeechRequest)
    assert (request.text, request.voice, request.model) == ("Hello", "troy", "speech")


async def test_speech_that_breaks_is_an_error_and_no_short_file() -> None:
    async with Stage(plays(begun(), AudioDelta(WAV), BrokenAnswerError("it broke"))).served() as client:
        response = await client.post("/v1/audio/speech", json={"input": "Hello"})

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "answer_broken"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": " "}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"input": "Hi", "response_format": "midi"}, "response_format"),
        ({"input": "Hi", "voice": 7}, "voice"),
        ({"input": "Hi", "speed": 9}, "speed"),
        ({"input": "Hi", "speed": True}, "speed"),
        ({"input": "Hi", "model": []}, "model"),
    ],
)
async def test_a_fault_in_a_speech_names_its_field(body: dict[str, object], param: str) -> None:
    async with Stage(SPEAKS).served() as client:
        response = await client.post("/v1/audio/speech", json=body)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("english", "en"), ("zh_CN", "zh"), ("pt-BR", "pt"), ("Mandarin", "zh"), ("de", "de"), ("de_DE.UTF-8", "de"),
        ("ca_ES@valencia", "ca"), ("deutsch", "de"), ("Español", "es"), ("日本語", "ja"), ("eng", "en"), ("deu", "de"),
        ("ger", "de"), ("iw", "he"), ("nb-NO", "no"), ("haw", "haw"), ("yue", "yue"),
        ("auto", None), ("None", None), ("", None), ("und", None), ("detect", None),
    ],
)  # fmt: skip
async def test_a_language_is_understood_by_code_locale_and_name(said: str, code: str | None) -> None:
    _, asked = await transcribe(language=said)

    assert asked["language"] == code


@pytest.mark.parametrize(
    "said",
    [["word", "segment"], "word,segment", '["word", "segment"]', "Word, Segment", ["['word'", "'segment']"]],
    ids=str,
)
async def test_lists_and_formats_are_read_however_a_form_holds_them(said: Any) -> None:
    response, asked = await transcribe(response_format="Verbose_JSON", timestamp_granularities=said)

    assert response.status_code == 200
    assert asked["granularities"] == ("word", "segment")


async def test_what_changes_no_transcript_is_passed_over_and_noted() -> None:
    fields: dict[str, Any] = {"user": "u", "metadata": "{}", "chunking_strategy": "auto", "include[]": "logprobs"}
    response, _ = await transcribe(**fields)

    notes = [note["text"].split("`")[1] for note in response.json()["notes"]]
    assert (response.status_code, notes) == (200, ["user", "metadata", "chunking_strategy", "include"])


async def test_a_long_prompt_is_cut_and_noted() -> None:
    response, asked = await transcribe(prompt="x" * 900)

    assert asked["prompt"] == "x" * 896
    assert [note["code"] for note in response.json()["notes"]] == ["prompt_cut"]


@pytest.mark.parametrize(("wanted", "lacks"), [("word", ["words"]), ("segment", []), ("word,segment", ["words"])])
async def test_times_that_nobody_tells_are_told_as_missing(wanted: str, lacks: list[str]) -> None:
    """Groq translates without times of words, and OpenAI's newer transcribers know none at all."""
    timeless = msgspec.structs.replace(TRANSCRIPT, words=())
    script = plays(begun(), TextDelta("Ask not."), Finished(model="whisper", number=1, transcript=timeless))
    response, _ = await transcribe(script, response_format="verbose_json", timestamp_granularities=wanted)

    told = [note["text"] for note in response.json().get("notes", [])]
    assert told == [f"whoever wrote this down tells no times of {name}" for name in lacks]


def part(name: str, content: bytes, disposition: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{disposition}\r\n\r\n'.encode() + content + b"\r\n"


async def send(*parts: bytes) -> tuple[httpx.Response, dict[str, object]]:
    stage = Stage(HEARS)
    async with stage.served() as client:
        head = {"content-type": "multipart/form-data; boundary=b"}
        response = await client.post(URL, content=b"".join(parts) + b"--b--\r\n", headers=head)
    return response, stage.transcription.heard


@pytest.mark.parametrize("disposition", ["", '; filename=""', "; filename*=UTF-8''%C3%BC.wav", "; filename=a.wav"])
@pytest.mark.parametrize("size", [20, 100_000])
async def test_the_file_is_the_file_with_a_name_or_without(disposition: str, size: int) -> None:
    response, asked = await send(part("file", WAV + b"\0" * size, disposition), part("model", b"audio"))

    assert response.status_code == 200, response.text
    assert asked["data"] == WAV + b"\0" * size


NAMED = '; filename="a.wav"'
ONE, OTHER = part("file", WAV, NAMED), part("file", WAV + b"\0", NAMED)


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        pytest.param([ONE, OTHER], "file", id="two recordings"),
        pytest.param([ONE, part("audio", WAV + b"\xff", NAMED)], "audio", id="another under a name of its own"),
        pytest.param([part("audio", WAV + bytes(100_000), NAMED)], "audio", id="the only one under another name"),
        pytest.param([ONE, part("prompt", b"x" * 70_000)], "prompt", id="a field that is too long"),
    ],
)
async def test_no_part_of_a_form_is_dropped_without_a_word(parts: list[bytes], param: str) -> None:
    response, asked = await send(*parts)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert asked == {}


async def test_a_field_that_comes_as_a_file_is_read() -> None:
    """So JavaScript sends a `Blob`, and `curl -F prompt=@names.txt`."""
    empty = part("file", b"", '; filename=""')
    response, asked = await send(ONE, part("prompt", b"JFK", '; filename="blob"'), empty)

    assert response.status_code == 200, response.text
    assert (asked["prompt"], asked["data"]) == ("JFK", WAV)
