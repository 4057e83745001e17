"""Any container, codec, late start and length: words are where they were said. The whole of it is a benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.containers import Row, listen, try_pair, write
from tests.requires import needs

pytestmark = needs("ffmpeg")

PAIRS = {
    "wav": "pcm_s24le",
    "w64": "pcm_f32le",
    "rf64": "pcm_s16le",
    "aiff": "pcm_s16be",
    "au": "pcm_mulaw",
    "caf": "alac",
    "flac": "flac",
    "ogg": "libvorbis",
    "opus": "libopus",
    "spx": "libspeex",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "mka": "wavpack",
    "wma": "wmav2",
    "ac3": "ac3",
    "eac3": "eac3",
    "dts": "dca",
    "wv": "wavpack",
    "tta": "tta",
    "voc": "pcm_u8",
    "aac": "aac",
    "gsm": "libgsm",
}
FILMS = {
    "mp4": "aac",
    "mov": "pcm_s16le",
    "mkv": "libmp3lame",
    "webm": "libopus",
    "ts": "aac",
    "m2ts": "ac3",
    "mpg": "mp2",
    "flv": "aac",
    "nut": "flac",
    "3gp": "aac",
}


def test_words_are_where_they_were_said_whatever_they_came_in(tmp_path: Path) -> None:
    for number, (ending, codec) in enumerate(PAIRS.items()):
        (outcome,) = try_pair([Row(ending, codec, 0.0, (0.7, 6.3)[number % 2])], tmp_path)

        assert outcome.kept, outcome


def test_words_of_a_film_are_where_they_were_said_although_its_sound_starts_late(tmp_path: Path) -> None:
    for number, (ending, codec) in enumerate(FILMS.items()):
        (outcome,) = try_pair([Row(ending, codec, (3.2, 0.4)[number % 2], (2.4, 0.7)[number % 2])], tmp_path)

        assert outcome.kept, outcome


ODD_FILMS = (
    ("avi", "libmp3lame", 3.2, 2.4), ("avi", "pcm_s16le", 0.4, 0.7), ("avi", "dca", 0.0, 0.7),
    ("avi", "eac3", 3.2, 0.7), ("avi", "g726", 3.2, 0.7), ("asf", "flac", 0.0, 2.4), ("wtv", "flac", 3.2, 0.7),
    ("ogv", "flac", 3.2, 0.7), ("ogv", "flac", 0.4, 6.3), ("ogv", "libvorbis", 3.2, 0.7),
    ("ogv", "libvorbis", 0.4, 2.4), ("ogv", "libopus", 3.2, 0.7),
)  # fmt: skip
"""Of Ogg on one page and on several, and with a first page that lasts longer than the sound is late."""


def test_words_of_a_film_are_where_they_were_said_where_ffmpeg_does_not_know(tmp_path: Path) -> None:
    for ending, codec, late_s, length_s in ODD_FILMS:
        (outcome,) = try_pair([Row(ending, codec, late_s, length_s)], tmp_path)

        assert outcome.kept, outcome


def test_what_ffmpeg_cannot_decode_itself_is_told(tmp_path: Path) -> None:
    (outcome,) = try_pair([Row("wtv", "aac", 0.0, 2.4)], tmp_path)

    assert outcome.verdict == ("kept" if outcome.kept else "said"), outcome


@pytest.mark.parametrize(("off", "kept"), [(0.0, True), (0.3, False)])
def test_a_word_elsewhere_is_found_out(tmp_path: Path, off: float, kept: bool) -> None:
    path = write(Row("mkv", "flac", 1.0, 2.4), tmp_path)
    assert path is not None

    assert listen(path, Row("mkv", "flac", 1.0 + off, 2.4)).kept is kept
