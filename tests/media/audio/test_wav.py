"""WAV files are read whatever their header claims, and joined without losing a sample."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from groq_core.media.audio.wav import join_wavs, read_wav, write_wav

SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT")


def sound(samples: np.ndarray[Any, Any], rate: int = 24_000, subtype: str = "PCM_16", format_: str = "WAV") -> bytes:
    file = BytesIO()
    soundfile.write(file, samples, rate, format=format_, subtype=subtype)
    return file.getvalue()


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray[Any, Any]:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def with_length(file: bytes, riff: int, data: int) -> bytes:
    """The same file with other lengths in its header."""
    at = file.index(b"data") + 4
    return file[:4] + struct.pack("<I", riff) + file[8:at] + struct.pack("<I", data) + file[at + 4 :]


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    channels=st.integers(1, 2),
    subtype=st.sampled_from(SUBTYPES),
    format_=st.sampled_from(("WAV", "WAVEX")),
    rate=st.sampled_from((8_000, 24_000, 48_000)),
)
def test_parts_of_one_kind_joined_are_their_samples_one_after_the_other(
    lengths: list[int], channels: int, subtype: str, format_: str, rate: int
) -> None:
    rng = np.random.default_rng(sum(lengths))
    files = [sound(rng.uniform(-1, 1, (length, channels)), rate, subtype, format_) for length in lengths]

    whole, told = soundfile.read(BytesIO(join_wavs(files)), always_2d=True)

    assert told == rate
    assert np.array_equal(whole, np.concatenate([soundfile.read(BytesIO(file), always_2d=True)[0] for file in files]))


@pytest.mark.parametrize(("riff", "data"), [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (36, 10**9)])
def test_lengths_in_the_header_are_not_believed(riff: int, data: int) -> None:
    true = sound(tone(0.1, 24_000))

    assert read_wav(with_length(true, riff, data)) == read_wav(true)
    assert join_wavs([with_length(true, riff, data)]) == join_wavs([true])


def test_what_stands_beside_the_samples_is_passed_over() -> None:
    plain = sound(tone(0.01, 8_000))
    at = plain.index(b"data")
    noted = plain[:at] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + plain[at:] + b"id3 " + struct.pack("<I", 2) + b"xy"

    assert read_wav(noted) == read_wav(plain)


def test_parts_of_other_kinds_are_made_like_the_first() -> None:
    first = sound(tone(0.5, 24_000))
    other = sound(np.column_stack([tone(0.5, 48_000)] * 2), 48_000, "FLOAT")

    whole, rate = soundfile.read(BytesIO(join_wavs([first, other, first])))

    assert rate == 24_000
    assert len(whole) == 36_000
    assert np.abs(whole[12_200:23_800] - tone(1, 24_000)[200:11_800]).max() < 0.01


def test_an_odd_number_of_bytes_is_padded_and_not_counted() -> None:
    file = join_wavs([sound(np.zeros((3, 1)), subtype="PCM_U8")])

    assert len(file) % 2 == 0
    assert soundfile.info(BytesIO(file)).frames == 3
    assert struct.unpack_from("<I", file, 4)[0] == len(file) - 8


@pytest.mark.parametrize(
    "file",
    [b"", b"RIFF", b"ID3\x04" + bytes(40), b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd"],
    ids=["nothing", "too short", "an MP3", "no chunks", "no format"],
)
def test_what_is_no_recording_is_said_to_be_none(file: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        join_wavs([file])


@given(st.binary(max_size=120))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    try:
        wave = read_wav(b"RIFF\0\0\0\0WAVE" + data)
    except ValueError:
        return
    assert read_wav(write_wav(wave)) == wave
