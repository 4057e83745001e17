"""What ffmpeg decodes, what it is not to open, and what is done where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from groq_core.errors import RequestError
from groq_core.media.audio import ffmpeg
from groq_core.media.audio.container import MP4
from groq_core.media.audio.preparation import EXTENSIONS, prepare
from tests.media.audio.hearing import case
from tests.media.audio.repeats import repeats
from tests.media.samples import by_ffmpeg, file_by_ffmpeg, sample, tone, wav
from tests.requires import needs

FILM = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=11", "-map", "0:a", "-map", "1:v", "-shortest")
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov")


@needs("ffmpeg")
@pytest.mark.parametrize(
    ("arguments", "named", "video"),
    [
        pytest.param((*FRAGMENTED, "-f", "mp4"), "MP4", False, id="mp4"),
        pytest.param((*FRAGMENTED, "-f", "ipod"), "M4A", False, id="m4a"),
        pytest.param((*FILM, "-c:a", "aac", *FRAGMENTED, "-f", "mp4"), "MP4", True, id="film"),
        pytest.param((*FILM, "-c:v", "libvpx", "-f", "webm"), "WebM", True, id="webm film"),
        pytest.param(("-f", "matroska",), "Matroska", False, id="mkv"),
        pytest.param(("-f", "adts",), "AAC", False, id="aac"),
        pytest.param(("-f", "asf",), "WMA", False, id="wma"),
        pytest.param(("-f", "mpegts",), "MPEG-TS", False, id="mpeg-ts"),
        pytest.param(("-c:a", "libspeex", "-f", "ogg"), "OGG", False, id="speex"),
        pytest.param(("-f", "aiff",), "AIFF", False, id="aiff"),
        pytest.param(("-c:a", "mp2", "-f", "mp2"), "MPEG audio", False, id="mp2"),
    ],
)  # fmt: skip
def test_ffmpeg_reads_what_soundfile_cannot(arguments: tuple[str, ...], named: str, video: bool) -> None:
    prepared = prepare(by_ffmpeg(sample("jfk.wav"), *arguments), "upload.bin")

    (part,) = prepared.parts
    assert (prepared.info.format, prepared.info.video) == (named, video)
    assert prepared.info.duration_s == pytest.approx(11.0, abs=0.2)
    assert prepared.info.levels.speech_likelihood == 1.0
    assert part.filename.rpartition(".")[2] in EXTENSIONS
    if video:
        assert part.filename == "audio.flac"


@needs("ffmpeg")
def test_an_index_at_the_end_of_an_mp4_is_found(tmp_path: Path) -> None:
    data = file_by_ffmpeg(sample("jfk.wav"), tmp_path / "phone.m4a")

    assert data.index(b"mdat") < data.index(b"moov")
    assert prepare(data).info.duration_s == pytest.approx(11.0, abs=0.1)


@needs("ffmpeg")
def test_where_the_phone_was_is_not_sent_along(tmp_path: Path) -> None:
    options = ("-b:a", "24k", "-metadata", "location=+48.2+016.4/")
    data = file_by_ffmpeg(sample("jfk.wav"), tmp_path / "phone.mp4", *options)

    (part,) = prepare(data).parts

    assert b"loci" in data
    assert b"loci" not in part.data


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["late.mp4", "twotrack.mkv", "opus.caf", "cam.mts", "concat.mp3"])
def test_what_is_recognised_is_probed_at_once_as_it_would_be_afterwards(name: str) -> None:
    data = case(name)

    found = ffmpeg.recognise(data)

    assert found is not None
    container, probed = found
    assert probed is not None
    assert probed == ffmpeg.probe(data, container)


def test_what_nobody_knows_by_its_first_bytes_is_asked_about_once() -> None:
    with repeats() as asked:
        prepare(by_ffmpeg(sample("jfk.wav"), "-f", "ac3"))

    assert asked.started == 2, "once asked, once decoded"


def test_a_film_without_sound_says_so() -> None:
    silent = by_ffmpeg(sample("jfk.wav"), "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-map", "1:v", "-f", "matroska")

    with pytest.raises(RequestError, match="no audio track"):
        prepare(silent)


@needs("ffmpeg")
def test_a_playlist_inside_a_container_opens_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(tone(3.0)))
    playlist = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:3.0,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()

    for disguise in (
        playlist,
        b"\x1aE\xdf\xa3" + playlist,
        b"\0\0\0\x18ftypmp42" + playlist,
        b"\0\0\x01\xba" + playlist,
    ):
        with pytest.raises(RequestError):
            prepare(disguise)


@needs("ffmpeg")
def test_decoding_that_takes_too_long_is_ended() -> None:
    data = by_ffmpeg(wav(np.zeros(16_000 * 600, np.int16)), "-f", "mp4", *FRAGMENTED)

    with pytest.raises(RequestError, match="took longer") as refused, ffmpeg.decoding(data, MP4, timeout=0.0) as blocks:
        for _ in blocks:
            pass

    assert refused.value.status == 413


def test_without_ffmpeg_a_small_file_is_sent_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)

    prepared = prepare(sample("jfk.webm"), "voice.webm")

    (part,) = prepared.parts
    assert (part.filename, len(part.data)) == ("audio.webm", len(sample("jfk.webm")))
    assert b"encoder" not in part.data.lower()
    assert not prepared.info.measured
    assert not prepared.info.is_silent
    assert prepared.notes == ("sent as it is, since ffmpeg is not installed here",)


def test_without_ffmpeg_a_large_file_or_a_strange_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)

    for data, limit in ((sample("jfk.webm"), 30_000), (b"#!AMR\n" + bytes(99), 25_000_000)):
        with pytest.raises(RequestError, match="ffmpeg is not installed") as refused:
            prepare(data, max_part_bytes=limit)
        assert refused.value.code == "ffmpeg_missing"


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    prepare(sample("jfk.webm"))

    assert list(tmp_path.iterdir()) == []
