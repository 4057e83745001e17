"""Recordings of any kind and length come out as parts Groq accepts."""

from __future__ import annotations

import struct
import tracemalloc
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.media.audio.container import container_of
from groq_core.media.audio.preparation import EXTENSIONS, PreparedAudio, prepare, probe
from tests.media.samples import FOLDER, by_ffmpeg, read_samples, sample, tone, wav
from tests.requires import needs

SPOKEN = ["jfk.wav", "jfk.mp3", "jfk-opus.ogg", "galileo.mp3", "marcelo.mp3", "vercel-transcript-test.mp3"]

REFUSED = [
    pytest.param(b"", 400, "empty_file", id="empty"),
    pytest.param(sample("empty-header-only.wav"), 400, "empty_audio", id="WAV header and nothing else"),
    pytest.param(wav(tone(0.01)), 400, "audio_too_short", id="a hundredth of a second"),
    pytest.param(b"RIFF\x24\0\0\0WAVE", 400, "invalid_audio", id="twelve bytes of WAV"),
    pytest.param(sample("jfk.mp3")[:3], 422, "unsupported_audio_format", id="three bytes of MP3"),
    pytest.param(b"Dear model, please listen.\n", 422, "unsupported_audio_format", id="text named .wav"),
    pytest.param(sample("kiwi.jpg"), 422, "unsupported_audio_format", id="picture"),
    pytest.param(b"%PDF-1.7\n", 422, "unsupported_audio_format", id="PDF"),
    pytest.param(bytes(range(256)) * 9, 422, "unsupported_audio_format", id="anything"),
]


@pytest.mark.parametrize(("data", "status", "code"), REFUSED)
def test_what_cannot_be_transcribed_is_refused_in_one_sentence(data: bytes, status: int, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        prepare(data, "recording.wav")

    assert (refused.value.status, refused.value.code, refused.value.param) == (status, code, "file")
    assert refused.value.message.endswith(".")
    assert refused.value.hint.endswith(".")


def test_too_many_bytes_and_too_many_seconds_are_refused_before_decoding() -> None:
    with pytest.raises(RequestError, match="too large: 352 KB of at most 1 KB") as large:
        prepare(sample("jfk.wav"), max_bytes=1000)
    with pytest.raises(RequestError, match=r"at most 5\.0 s") as long:
        prepare(sample("jfk.wav"), max_s=5.0)

    assert large.value.status == long.value.status == 413


@needs("ffmpeg")
def test_a_file_that_hides_its_length_is_stopped_while_decoding() -> None:
    data = by_ffmpeg(sample("jfk.wav"), "-f", "adts")

    with pytest.raises(RequestError, match=r"at most 5\.0 s") as refused:
        prepare(data, max_s=5.0)

    assert refused.value.code == "recording_too_long"


def by_flac(samples: object) -> bytes:
    return wav(samples, format_name="FLAC")


@pytest.mark.parametrize("name", SPOKEN)
def test_a_recording_of_speech_becomes_one_part(name: str) -> None:
    data = sample(name)

    prepared = prepare(data, name)

    (part,) = prepared.parts
    assert part.filename.rpartition(".")[2] in EXTENSIONS
    assert len(part.data) <= len(data)
    assert part.duration_s == pytest.approx(prepared.info.duration_s)
    assert prepared.info.levels.speech_likelihood > 0.6
    assert not prepared.info.is_silent
    assert not prepared.notes


def test_what_is_sent_sounds_like_what_came() -> None:
    original = read_samples(sample("jfk.wav"))

    (part,) = prepare(sample("jfk.wav")).parts

    info = soundfile.info(BytesIO(part.data))
    assert (info.format, info.samplerate, info.channels, info.subtype) == ("FLAC", 16_000, 1, "PCM_16")
    assert np.abs(read_samples(part.data) - original).max() < 1e-3


def test_the_smaller_of_original_and_flac_is_sent() -> None:
    assert prepare(sample("jfk.wav")).parts[0].filename == "audio.flac"
    assert prepare(sample("jfk.mp3")).parts[0].filename == "audio.mp3"
    assert prepare(sample("jfk-opus.ogg")).parts[0].filename == "audio.ogg"


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("jfk.mp3", "note.wav", "audio.mp3"),
        ("jfk-opus.ogg", "voice.oga", "audio.ogg"),
        ("jfk-opus.ogg", "", "audio.ogg"),
    ],
)
def test_the_content_names_the_file_whatever_it_was_called(name: str, wrong: str, right: str) -> None:
    prepared = prepare(sample(name), wrong)

    assert prepared.parts[0].filename == right


def test_a_name_that_promises_another_format_is_noted() -> None:
    assert prepare(sample("jfk.mp3"), "note.wav").notes == ("it is a MP3 file although its name ends in .wav",)


@pytest.mark.parametrize(
    ("channels", "rate", "subtype"),
    [
        pytest.param(6, 48_000, "PCM_16", id="6 channels"),
        pytest.param(1, 44_100, "PCM_24", id="24 bit"),
        pytest.param(2, 22_050, "PCM_U8", id="8 bit"),
        pytest.param(2, 96_000, "FLOAT", id="float"),
        pytest.param(1, 8_000, "ULAW", id="telephone"),
        pytest.param(1, 11_025, "DOUBLE", id="double at an odd rate"),
    ],
)
def test_any_form_of_samples_becomes_sixteen_kilohertz_mono(channels: int, rate: int, subtype: str) -> None:
    voice = np.repeat(tone(3.0, rate)[:, None], channels, axis=1)

    prepared = prepare(wav(voice, rate, subtype))

    (part,) = prepared.parts
    if part.filename == "audio.flac":
        sent = read_samples(part.data)
        assert len(sent) == 48_000
        assert float(np.sqrt((sent[4000:-4000] ** 2).mean() * 2)) == pytest.approx(0.3, abs=0.02)
    assert (prepared.info.channels, prepared.info.sample_rate) == (channels, rate)
    assert prepared.info.duration_s == pytest.approx(3.0, abs=0.001)


def test_samples_that_are_no_numbers_do_no_harm() -> None:
    wild = tone(2.0)
    wild[::100] = np.nan
    wild[50::100] = np.inf

    assert prepare(wav(wild, subtype="FLOAT")).info.levels.peak_dbfs == 0.0


@pytest.mark.parametrize("name", ["jfk.mp3", "galileo.mp3"])
def test_a_recording_that_breaks_off_is_sent_as_far_as_it_goes(name: str) -> None:
    data = sample(name)

    prepared = prepare(data[: len(data) // 2])

    assert 0.3 < prepared.info.duration_s / probe(data).duration_s < 0.7
    assert prepared.parts[0].filename == "audio.flac"
    assert prepared.notes[0].startswith("it breaks off: ")


def test_a_flac_cut_in_the_middle_is_heard_up_to_there() -> None:
    whole = by_flac(read_samples(sample("jfk.wav")))

    prepared = prepare(whole[: len(whole) // 2])

    assert 4 < prepared.info.duration_s < 7
    assert prepared.notes[0].startswith("it breaks off: ")


def test_names_and_pictures_in_an_mp3_are_left_out() -> None:
    tag = b"ID3\x03\0\0" + bytes((0, 0, 1, 0)) + b"TPE1" + struct.pack(">I", 10) + b"\0\0" + b"\0Somebody!"
    data = tag.ljust(138, b"\0") + sample("marcelo.mp3") + b"TAG" + b"Somebody".ljust(125, b"\0")

    (part,) = prepare(data).parts

    assert part.filename == "audio.mp3"
    assert b"Somebody" not in part.data


# ── long recordings ──────────────────────────────────────────────────────────────────────────────────


def sentences(count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The eleven seconds of jfk.wav again and again, with a second of room noise between."""
    voice = (read_samples(sample("jfk.wav")) * 32767).astype(np.int16)
    pause = np.random.default_rng(2).normal(0, 3, 16_000).astype(np.int16)
    return np.tile(np.concatenate((voice, pause)), count)


def test_a_long_recording_is_cut_where_nobody_speaks() -> None:
    data = wav(sentences(20))

    prepared = prepare(data, max_part_s=60.0, overlap_s=0.4)

    assert len(prepared.parts) > 4
    for before, after in pairwise(prepared.parts):
        cut = (before.end_s + after.start_s) / 2
        assert before.end_s - after.start_s == pytest.approx(0.4)
        assert 10.9 < cut % 12 < 12.0


def test_parts_cover_everything_and_hold_what_was_said_there() -> None:
    samples = sentences(12)

    prepared = prepare(wav(samples), max_part_s=40.0)

    assert prepared.parts[0].start_s == 0.0
    assert prepared.parts[-1].end_s == pytest.approx(len(samples) / 16_000)
    assert [part.index for part in prepared.parts] == list(range(len(prepared.parts)))
    for part in prepared.parts:
        assert part.duration_s <= 40.0
        sent = read_samples(part.data)
        there = samples[round(part.start_s * 16_000) :][: len(sent)] / 32768
        assert np.abs(sent - there).max() < 1e-3
    for before, after in pairwise(prepared.parts):
        assert before.end_s - after.start_s == pytest.approx(prepared.overlap_s)


def test_the_byte_limit_cuts_as_well() -> None:
    noise = np.random.default_rng(3).integers(-32768, 32767, 16_000 * 60).astype(np.int16)

    prepared = prepare(wav(noise), max_part_bytes=400_000, overlap_s=1.0)

    assert len(prepared.parts) > 4
    assert all(len(part.data) <= 400_000 for part in prepared.parts)


def test_a_long_recording_is_held_in_blocks_and_not_as_a_whole() -> None:
    data = wav(sentences(40))  # eight minutes, 15 MB; as float64 it would be 61
    tracemalloc.start()
    try:
        prepared = prepare(data, max_part_s=60.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    sent = sum(len(part.data) for part in prepared.parts)
    assert len(prepared.parts) > 8
    # A minute of samples while a cut is looked for, a few copies of it, and what is sent.
    assert peak - sent < 20_000_000


@settings(max_examples=40, deadline=None)
@given(seconds=st.floats(0.2, 40), part_s=st.floats(3, 15), overlap_s=st.floats(0, 1.2), seed=st.integers(0, 9))
def test_any_length_is_covered_by_parts_within_limits(
    seconds: float, part_s: float, overlap_s: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 2000, round(seconds * 16_000)).astype(np.int16)

    prepared = prepare(wav(noise), max_part_s=part_s, overlap_s=overlap_s)

    parts = prepared.parts
    assert parts[0].start_s == 0
    assert parts[-1].end_s == pytest.approx(seconds, abs=0.001)
    assert all(0.01 <= part.duration_s <= part_s for part in parts)
    for before, after in pairwise(parts):
        assert before.end_s - after.start_s == pytest.approx(overlap_s, abs=0.001)


# ── whatever comes ───────────────────────────────────────────────────────────────────────────────────


def outcome(data: bytes, filename: str = "") -> PreparedAudio | RequestError:
    try:
        return prepare(data, filename)
    except RequestError as refused:
        return refused


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_ends_in_parts_or_in_a_sentence(path: Path) -> None:
    found = outcome(path.read_bytes(), path.name)

    assert isinstance(found, PreparedAudio) or found.param == "file"


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(["jfk.wav", "jfk.mp3", "jfk-opus.ogg", "marcelo.mp3", "music-8bit.wav"]),
    damage=st.lists(st.tuples(st.one_of(st.floats(0, 0.01), st.floats(0, 0.999)), st.integers(0, 255)), max_size=6),
    kept=st.floats(0.01, 0.3),
)
def test_damage_ends_in_parts_or_in_a_sentence(name: str, damage: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(sample(name)[: int(kept * len(sample(name)))])
    for place, value in damage:
        data[int(place * len(data))] = value

    found = outcome(bytes(data))

    match found:
        case PreparedAudio():
            assert all(part.filename.rpartition(".")[2] in EXTENSIONS for part in found.parts)
        case RequestError():
            assert found.param == "file"


@settings(max_examples=120, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_have_a_container_or_a_sentence(data: bytes) -> None:
    try:
        assert container_of(data).demuxer
    except RequestError as refused:
        found = refused.param
    else:
        found = "file"

    assert found == "file"
