"""Nothing but sound leaves: no title, no place, no cover, whatever a recording is kept in."""

from __future__ import annotations

import struct
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.media.audio.container import container_of
from groq_core.media.audio.preparation import prepare
from groq_core.media.audio.tags import without_tags
from tests.media.audio.hearing import JFK, case, place_of, samples_in, write_wav
from tests.media.samples import file_by_ffmpeg, read_samples, sample

# ── nothing but sound leaves ─────────────────────────────────────────────────────────────────────────

SECRET = "12 Elm Street"
TAGGED = [
    pytest.param("m4a", ("-b:a", "24k"), id="M4A"),
    pytest.param("mp4", ("-b:a", "24k", "-movflags", "use_metadata_tags"), id="MP4"),
    pytest.param("ogg", ("-c:a", "libvorbis"), id="Vorbis"),
    pytest.param("opus", ("-c:a", "libopus"), id="Opus"),
    pytest.param("webm", ("-c:a", "libopus"), id="WebM"),
    pytest.param("mp3", ("-b:a", "32k", "-write_id3v1", "1"), id="MP3"),
    pytest.param("aac", ("-b:a", "24k", "-write_id3v2", "1"), id="AAC"),
    pytest.param("flac", (), id="FLAC"),
    pytest.param("wav", (), id="WAV"),
    pytest.param("aiff", ("-write_id3v2", "1"), id="AIFF"),
    pytest.param("caf", (), id="CAF"),
    pytest.param("wma", (), id="WMA"),
    pytest.param("mkv", (), id="Matroska"),
]


@pytest.mark.parametrize(("ending", "options"), TAGGED)
def test_no_words_of_any_container_leave(tmp_path: Path, ending: str, options: tuple[str, ...]) -> None:
    words = [
        arg for key in ("title", "artist", "comment", "album", "location") for arg in ("-metadata", f"{key}={SECRET}")
    ]
    data = file_by_ffmpeg(sample("jfk.wav"), tmp_path / f"memo.{ending}", *words, *options)

    prepared = prepare(data)

    for part in prepared.parts:
        assert SECRET.encode() not in part.data
        assert "Elm".encode("utf-16-le") not in part.data
    assert place_of(JFK, samples_in(prepared)) == pytest.approx(0, abs=0.07)


def test_ape_and_lyrics_behind_an_mp3_are_cut_off() -> None:
    item = struct.pack("<II", len(SECRET), 0) + b"Title\0" + SECRET.encode()
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, 0) + bytes(8)
    lyrics = b"LYRICSBEGIN" + SECRET.encode()
    tails = [
        item + footer,
        b"APETAGEX"
        + struct.pack("<IIII", 2000, len(item) + 32, 1, 0xA0000000)
        + bytes(8)
        + item
        + footer[:-12]
        + struct.pack("<I", 0x80000000)
        + bytes(8),
        lyrics + b"%06dLYRICS200" % len(lyrics),
        lyrics + b"LYRICSEND",
        item + footer + b"TAG" + SECRET.encode().ljust(125, b"\0"),
    ]
    for tail in tails:
        (part,) = prepare(sample("marcelo.mp3") + tail).parts

        assert SECRET.encode() not in part.data
        assert b"APETAGEX" not in part.data


def test_a_cover_does_not_leave(tmp_path: Path) -> None:
    cover = tmp_path / "cover.jpg"
    cover.write_bytes(sample("kiwi.jpg"))
    voice = write_wav(tmp_path, "in.wav", JFK)
    for ending in ("mp3", "m4a", "flac"):
        target = tmp_path / f"memo.{ending}"
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(voice),
            "-i",
            str(cover),
            "-map",
            "0",
            "-map",
            "1",
            "-c:v",
            "copy",
        ]
        subprocess.run([*command, "-disposition:v", "attached_pic", "-b:a", "24k", str(target)], check=True)
        data = target.read_bytes()

        (part,) = prepare(data).parts

        assert sample("kiwi.jpg")[200:400] in data
        assert sample("kiwi.jpg")[200:400] not in part.data


def test_what_memo_tells_is_gone_and_its_sound_is_not() -> None:
    (part,) = prepare(case("memo.m4a")).parts

    assert b"Elm Street" in case("memo.m4a")
    assert b"Elm Street" not in part.data
    assert part.filename == "audio.m4a"


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["jfk.mp3", "jfk-opus.ogg", "jfk.webm"]),
    damage=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=5),
    kept=st.integers(0, 20_000),
)
def test_a_damaged_file_is_stripped_or_not_vouched_for(name: str, damage: list[tuple[int, int]], kept: int) -> None:
    data = bytearray(sample(name)[:kept])
    for place, value in damage:
        if place < len(data):
            data[place] = value

    stripped = without_tags(bytes(data), container_of(sample(name)))

    assert stripped is None or len(stripped) <= len(data)


def test_a_flac_keeps_its_samples_when_it_loses_its_words() -> None:
    buffer = BytesIO()
    with soundfile.SoundFile(buffer, "w", 16_000, 1, format="FLAC") as file:
        file.title = SECRET
        file.write(JFK)

    stripped = without_tags(buffer.getvalue(), container_of(buffer.getvalue()))

    assert stripped is not None
    assert SECRET.encode() not in stripped
    assert np.array_equal(read_samples(stripped), read_samples(buffer.getvalue()))
