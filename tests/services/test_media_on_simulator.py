"""Every real file through the whole application: what arrives upstream, and what comes back."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groq_core.compose import assemble
from groq_core.errors import Kind, RequestError
from groq_core.events import Event, Finished, Note, PartDone
from groq_core.media.text.subtitles import cues
from groq_core.reply import Reply
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.media.samples import FOLDER, read_samples, sample, wav
from tests.serving import listening
from tests.stage import FAST, Stage, staged

HEARD = {
    "galileo.mp3": 36.7,
    "jfk-opus.ogg": 11.0,
    "jfk.mp3": 11.0,
    "jfk.wav": 11.0,
    "jfk.webm": 11.0,
    "marcelo.mp3": 4.5,
    "music-8bit.wav": 10.0,
    "vercel-transcript-test.mp3": 2.5,
}
SEEN = ["hopper.jpg", "exif-orientation-6.jpg", "cmyk-adobe.jpg", "exif-gps.jpg", "png-16bit-gray-trns.png"]
SEEN += [
    "transparent.png",
    "one-pixel.png",
    "animated-5-frames.gif",
    "hopper.avif",
    "kiwi.jpg",
    "diamond.png",
    "truncated.jpg",
]

PATIENT = {
    "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "60",
    "GROQ_CORE_IDLE_TIMEOUT": "60",
    "GROQ_CORE_DEADLINE": "300",
}
"""Nothing here is about silence, and a busy machine is no quiet model."""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    # No cache: what is asked twice is to arrive twice.
    async with staged({"GROQ_CORE_CACHE_SIZE": "0", **PATIENT}) as stage:
        yield stage


async def test_every_recording_is_heard_to_its_end_and_the_others_are_refused(stage: Stage) -> None:
    for path in sorted(FOLDER.iterdir()):
        if path.name in HEARD:
            reply = await stage.core.transcription.transcribe(path.read_bytes(), path.name)

            assert reply.finished is not None
            assert reply.finished.transcript is not None
            assert reply.finished.transcript.duration == pytest.approx(HEARD[path.name], abs=0.1)
            assert "simulated transcript" in reply.text
            assert cues(reply.finished.transcript)
        else:
            with pytest.raises(RequestError) as refused:
                await stage.core.transcription.transcribe(path.read_bytes(), path.name)
            assert refused.value.param == "file"


@pytest.mark.parametrize("form", ["json", "text", "verbose_json", "srt", "vtt"])
async def test_a_recording_with_a_wrong_name_passes_over_http_in_every_format(stage: Stage, form: str) -> None:
    response = await stage.http.post(
        "/v1/audio/transcriptions",
        files={"file": ("voice.oga", sample("jfk-opus.ogg"))},
        data={"model": "audio", "response_format": form},
    )

    assert response.status_code == 200, response.text
    assert "simulated transcript of audio.ogg" in " ".join(response.text.split())


async def test_every_picture_is_seen_and_the_others_are_refused(stage: Stage) -> None:
    for path in sorted(FOLDER.iterdir()):
        if path.name in SEEN:
            reply = await stage.core.vision.ask("What is this?", [path.read_bytes()], max_completion_tokens=300)

            assert reply.text
            assert "image" in [note.code for note in reply.receipt.notes]
        else:
            with pytest.raises(RequestError) as refused:
                await stage.core.vision.ask("What is this?", [path.read_bytes()])
            assert refused.value.param == "image"


async def test_no_position_reaches_the_wire(simulator: Simulator) -> None:
    data = sample("exif-gps.jpg")
    async with open_relay(simulator.groq_url) as (url, sent):
        env = {**FAST, "GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": url}
        async with assemble(Settings.from_env(env)) as core:
            await core.vision.ask("Where is this?", [data])

    wire = bytes(sent)
    found = re.search(rb"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", wire)
    assert found is not None
    picture = base64.b64decode(found[1])
    assert data[2:20] not in picture  # where its EXIF block begins
    for trace in (b"Exif", b"GPS", b"MM\0*", b"II*\0"):
        assert trace not in picture
        assert trace not in wire
        # Nor in any of the three ways base64 may write it inside a longer text.
        for shift in range(3):
            inner = base64.b64encode(bytes(shift) + trace)[4 if shift else 0 : -4]
            assert len(inner) < 4 or inner not in wire


async def test_no_name_of_a_file_reaches_the_wire(simulator: Simulator) -> None:
    async with open_relay(simulator.groq_url) as (url, sent):
        env = {**FAST, "GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": url}
        async with assemble(Settings.from_env(env)) as core:
            await core.transcription.transcribe(sample("jfk.mp3"), "Talk with Dr Somebody.mp3")

    assert b"Somebody" not in sent
    assert b'filename="audio.mp3"' in sent


@asynccontextmanager
async def open_relay(target: str) -> AsyncIterator[tuple[str, bytearray]]:
    """A port that passes everything on and keeps what was sent."""
    host, port = re.findall(r"//([^:/]+):(\d+)", target)[0]
    sent = bytearray()

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, keep: bool) -> None:
        while data := await source.read(65536):
            if keep:
                sent.extend(data)
            sink.write(data)
        sink.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(copy(reader, onward, True), copy(onward_reader, writer, False), return_exceptions=True)
        finally:
            onward.close()

    async with listening(relay) as here:
        yield target.replace(f"{host}:{port}", f"127.0.0.1:{here}"), sent


async def test_an_hour_with_faults_on_comes_back_complete_and_in_order(stage: Stage) -> None:
    voice = (read_samples(sample("jfk.wav")) * 32767).astype(np.int16)
    hour = np.tile(np.concatenate((voice, np.zeros(16_000, np.int16))), 300)
    troubles: dict[Kind, dict[str, Any]] = {
        Kind.SERVER_ERROR: {"kind": "status", "preset": "500", "times": 3},
        Kind.CONNECTION: {"kind": "reset", "times": 2},
        Kind.RATE_LIMITED: {"kind": "status", "preset": "429_rpm", "retry_after": 0.2, "times": 2},
    }
    faults = {kind: stage.fault(**trouble, operation="audio", provider="groq") for kind, trouble in troubles.items()}
    events: list[Event] = [event async for event in stage.core.transcription.stream(wav(hour), "hour.wav")]

    reply = Reply()
    for event in events:
        reply.apply(event)
    parts = sorted((event for event in events if isinstance(event, PartDone)), key=lambda part: part.index)
    finished = events[-1]
    assert isinstance(finished, Finished)
    transcript = finished.transcript
    assert transcript is not None
    assert [part.outcome for part in parts] == ["answered"] * len(parts)
    assert len(parts) >= 6
    assert not [event for event in events if isinstance(event, Note)]
    assert transcript.duration == pytest.approx(3600, abs=0.01)
    # Each part tells its stretches of sound in words of their own, so a seam that is lost or doubled shows.
    assert re.findall(r"audio-(\d+)\.flac", transcript.text) == ["01"]
    told = re.findall(r"Sound for ([\d.]+) seconds", transcript.text)
    assert told == (["2", "1", "2.5", "3"] * 300)[1:], "the first stretch is the introduction"
    assert transcript.text == reply.text
    assert transcript.segments[0].start < 1
    assert transcript.segments[-1].end == pytest.approx(3600, abs=2)
    for before, after in pairwise(transcript.segments):
        assert before.end <= after.start
        assert after.start - before.end < 12
    # How many faults strike depends on the machine: a part that comes while Groq rests is the backup's at once.
    # All that did are in the receipt; and the first part meets two alone, since its request is repeated.
    struck = Counter({kind: troubles[kind]["times"] - (fault.times or 0) for kind, fault in faults.items()})
    asked = [record for record in reply.receipt.attempts if record.outcome != "skipped"]
    outcomes = Counter(record.error or record.outcome for record in asked)
    assert outcomes == Counter(answered=len(parts)) + struck
    assert struck.total() >= 2


async def test_nothing_is_left_on_disk(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    await stage.core.transcription.transcribe(sample("jfk.webm"), "voice.webm")
    await stage.core.vision.ask("What is this?", [sample("kiwi.jpg")])

    assert os.listdir(tmp_path) == []
