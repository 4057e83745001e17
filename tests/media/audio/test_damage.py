"""Recordings that are damaged in the middle or at the end are heard as far as can be, and what is missing is said."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from groq_core.media.audio.preparation import prepare
from tests.requires import needs

pytestmark = needs("ffmpeg")

KINDS = {
    "mp3": "libmp3lame", "aac": "aac", "m4a": "aac", "ts": "aac", "ogg": "libvorbis", "opus": "libopus", "mka": "flac",
    "webm": "libopus", "wma": "wmav2", "ac3": "ac3",
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Six seconds of a tone in every kind, all written by one process."""
    folder = tmp_path_factory.mktemp("whole")
    outputs = [part for ending, codec in KINDS.items() for part in ("-c:a", codec, str(folder / f"a.{ending}"))]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "sine=500:d=6", *outputs]
    subprocess.run(command, check=True, timeout=60)
    return {ending: Path(folder, f"a.{ending}").read_bytes() for ending in KINDS}


def notes_of(data: bytes) -> str:
    return "; ".join(prepare(data).notes)


def test_nothing_is_said_of_what_is_whole(whole: dict[str, bytes]) -> None:
    mp3 = whole["mp3"]
    files = {**whole, "joined mp3": mp3 * 3, "mp3 behind zeros": bytes(5_000) + mp3, "joined opus": whole["opus"] * 2}
    files["mp3 with other tags"] = mp3 + b"APETAGEX" + bytes(range(200)) * 5 + b"TAG" + b"x" * 125

    assert {name: notes_of(data) for name, data in files.items()} == dict.fromkeys(files, "")


@pytest.mark.parametrize("noise", [True, False], ids=["noise", "zeros"])
def test_a_piece_that_cannot_be_decoded_is_told(whole: dict[str, bytes], noise: bool) -> None:
    told = {}
    for name, data in whole.items():
        start, size = len(data) // 2, len(data) // 20
        piece = random.Random(1).randbytes(size) if noise else bytes(size)
        told[name] = notes_of(data[:start] + piece + data[start + size :])

    assert {name: "it is damaged" in note for name, note in told.items()} == dict.fromkeys(whole, True)


def test_an_end_that_is_missing_is_told(whole: dict[str, bytes]) -> None:
    files = {name: data[: int(len(data) * 0.7) - 13] for name, data in whole.items() if name not in ("m4a", "ts")}
    told = {name: notes_of(data) for name, data in files.items()}

    assert {name: "it breaks off" in note or "it is damaged" in note for name, note in told.items()} == dict.fromkeys(
        files, True
    )
