"""Recordings as people have them: each sample that once came out wrong, and others of its kind made on the spot."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from groq_core.media.audio import ffmpeg
from groq_core.media.audio.preparation import prepare
from tests.media.audio.hearing import CASES, JFK, case, decode, place_of, samples_in, write_wav
from tests.media.audio.repeats import repeats
from tests.media.samples import by_ffmpeg, file_by_ffmpeg, sample, tone, wav
from tests.requires import needs

pytestmark = needs("ffmpeg")

LENGTHS = [
    pytest.param("late.mp4", 16.0, id="late"),
    pytest.param("hole5s.webm", 43.64, id="hole"),
    pytest.param("concat.mp3", 22.1, id="joined"),
    pytest.param("chained_opus.ogg", 22.0, id="chained"),
    pytest.param("noxing.mp3", 11.09, id="no Xing"),
    pytest.param("phase_inv.m4a", 11.0, id="upside down"),
    pytest.param("opus.caf", 11.02, id="packet table at the end"),
    pytest.param("twotrack.mkv", 11.07, id="two tracks"),
    pytest.param("memo.m4a", 11.0, id="tags"),
    pytest.param("wav_zero.wav", 11.0, id="no length"),
    pytest.param("frag.mp4", 11.07, id="fragments"),
    pytest.param("cam.mts", 11.04, id="camera"),
]


@pytest.mark.parametrize(("name", "seconds"), LENGTHS)
def test_every_case_is_heard_whole_in_memory_and_on_disk(name: str, seconds: float) -> None:
    with repeats() as asked:
        prepared = prepare(case(name), name)
        once = asked.started
        on_disk = prepare(CASES / name, name)

    assert prepared.info.duration_s == pytest.approx(seconds, abs=0.06)
    assert prepared.info.levels.speech_likelihood == 1.0
    assert len(samples_in(prepared)) / 16_000 == pytest.approx(seconds, abs=0.12)
    assert not any("breaks off" in note for note in prepared.notes)
    assert on_disk == prepared
    assert asked.started == once


def test_sound_that_starts_late_keeps_the_time_of_the_film() -> None:
    prepared = prepare(case("late.mp4"))

    assert place_of(JFK, samples_in(prepared)) == pytest.approx(4.936, abs=0.07)


def test_of_two_tracks_the_default_is_heard_and_named() -> None:
    prepared = prepare(case("twotrack.mkv"))

    assert "track 2" in prepared.notes[0]
    assert place_of(JFK, samples_in(prepared)) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("loud", [0, 1, 2])
def test_without_a_default_the_loudest_track_is_heard(tmp_path: Path, loud: int) -> None:
    tracks = [write_wav(tmp_path, f"{at}.wav", JFK * (1 if at == loud else 0.001)) for at in range(3)]
    inputs = [arg for track in tracks for arg in ("-i", str(track))]
    target = tmp_path / "film.mkv"
    maps = [arg for at in range(3) for arg in ("-map", str(at), f"-disposition:a:{at}", "0")]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *maps, "-c:a", "flac", str(target)], check=True)

    prepared = prepare(target.read_bytes())

    assert f"track {loud + 1}" in prepared.notes[0]
    assert "loudest" in prepared.notes[0]
    assert np.abs(samples_in(prepared)).max() > 0.5


# ── what ffmpeg reads is a recording ─────────────────────────────────────────────────────────────────


def test_a_film_without_its_brand_and_an_mp3_behind_zeros_are_recordings(tmp_path: Path) -> None:
    film = file_by_ffmpeg(sample("jfk.wav"), tmp_path / "old.mov", "-c:a", "pcm_s16le")
    size = struct.unpack(">I", film[:4])[0]
    # QuickTime's files had no first box that names their kind; offsets count from the start, so it is blanked.
    unbranded = film[:4] + b"wide" + film[8:size].replace(b"qt  ", bytes(4)) + film[size:]

    for data in (unbranded, bytes(3000) + sample("jfk.mp3")):
        assert prepare(data).info.duration_s == pytest.approx(11.0, abs=0.15)


# ── lengths and clocks ───────────────────────────────────────────────────────────────────────────────


def test_joined_files_are_heard_to_the_end_whatever_their_first_header_says() -> None:
    mp3, ogg = sample("jfk.mp3"), sample("jfk-opus.ogg")
    tagged = by_ffmpeg(sample("jfk.wav"), "-b:a", "48k", "-f", "mp3", "-metadata", "title=One")

    assert prepare(mp3 * 3).info.duration_s == pytest.approx(33, abs=0.4)
    assert prepare(tagged + mp3).info.duration_s == pytest.approx(22, abs=0.4)
    assert prepare(ogg * 2).info.duration_s == pytest.approx(22, abs=0.2)


def test_a_chain_that_changes_its_rate_is_heard_to_the_end(tmp_path: Path) -> None:
    first = by_ffmpeg(sample("jfk.wav"), "-ar", "44100", "-c:a", "libvorbis", "-f", "ogg")
    second = by_ffmpeg(sample("jfk.wav"), "-ar", "22050", "-c:a", "libvorbis", "-f", "ogg")

    (tmp_path / "both.ogg").write_bytes(first + second)

    for media in (first + second, tmp_path / "both.ogg"):
        assert prepare(media).info.duration_s == pytest.approx(22, abs=0.2)


@pytest.mark.parametrize("length", [0, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_wav_without_a_length_is_read_to_its_end(length: int, subtype: str, tmp_path: Path) -> None:
    data = bytearray(wav(JFK, subtype=subtype))
    at = data.index(b"data")
    data[at + 4 : at + 8] = length.to_bytes(4, "little")

    (tmp_path / "a.wav").write_bytes(data)

    for media in (bytes(data), tmp_path / "a.wav"):
        prepared = prepare(media)
        assert prepared.info.duration_s == pytest.approx(11.0, abs=0.05)
        assert prepared.notes == ()
    assert (tmp_path / "a.wav").read_bytes() == data


def test_an_mp3_that_breaks_off_says_so_only_where_sound_is_missing() -> None:
    with_count = by_ffmpeg(sample("jfk.wav"), "-b:a", "48k", "-f", "mp3")  # a pipe can't be gone back in: no count

    assert not any("breaks off" in note for note in prepare(with_count[: len(with_count) // 2]).notes)
    assert any("breaks off" in note for note in prepare(sample("jfk.mp3")[:30_000]).notes)


CLOCKS = [
    pytest.param("mp4", ("-c:a", "aac"), id="AAC in MP4"),
    pytest.param("mov", ("-c:a", "alac"), id="ALAC in MOV"),
    pytest.param("mkv", ("-c:a", "flac"), id="FLAC in Matroska"),
    pytest.param("webm", ("-c:a", "libopus"), id="Opus in WebM"),
    pytest.param("mka", ("-c:a", "libvorbis"), id="Vorbis in Matroska"),
]


@pytest.mark.parametrize(("ending", "codec"), CLOCKS)
@pytest.mark.parametrize(("late_s", "hole_s"), [(0.0, 2.5), (1.7, 4.1)])
def test_any_late_start_and_any_hole_keeps_the_clock(
    tmp_path: Path, ending: str, codec: tuple[str, ...], late_s: float, hole_s: float
) -> None:
    """Two bursts, five seconds apart by the film's clock plus the hole between them."""
    bursts = np.concatenate((_burst(1), np.zeros(16_000 * 4, np.float32), _burst(2)))
    target = tmp_path / f"film.{ending}"
    shift = f"asetpts=PTS+({late_s}+if(gte(T\\,2.5)\\,{hole_s}\\,0))/TB"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", str(write_wav(tmp_path, "in.wav", bursts))),
            *("-f", "lavfi", "-i", "color=s=32x32:d=14:r=5", "-af", shift, "-map", "1:v", "-map", "0:a"),
            *("-c:v", "libvpx" if ending == "webm" else "mpeg4", *codec, str(target)),
        ],
        check=True,
    )

    samples = decode(target.read_bytes())

    assert place_of(_burst(1), samples[: int((late_s + 3) * 16_000)]) == pytest.approx(late_s, abs=0.05)
    assert place_of(_burst(2), samples) == pytest.approx(late_s + hole_s + 5, abs=0.05)


def _burst(seed: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(0, 0.15, 16_000), np.float32)


# ── down to one channel ──────────────────────────────────────────────────────────────────────────────


def test_a_channel_upside_down_takes_nothing_away() -> None:
    prepared = prepare(case("phase_inv.m4a"))

    assert np.abs(samples_in(prepared)).max() > 0.3
    assert "channel" in prepared.notes[0]


@pytest.mark.parametrize("louder", [0, 1])
@pytest.mark.parametrize("share", [0.9, 0.6])
def test_of_opposed_channels_the_louder_is_taken(louder: int, share: float) -> None:
    stereo = np.stack((JFK, -JFK), axis=1) * np.array([1.0, share] if louder == 0 else [share, 1.0])

    prepared = prepare(wav(stereo))

    assert np.abs(np.abs(samples_in(prepared)) - np.abs(JFK)).max() < 0.02
    assert f"channel {louder + 1}" in prepared.notes[0]


@pytest.mark.parametrize("channels", [2, 4, 6, 8])
@pytest.mark.parametrize("voice", [0, 1, 2, -1])
def test_a_voice_in_one_channel_of_many_is_as_loud_as_it_was(channels: int, voice: int) -> None:
    if voice >= channels:
        return
    samples = np.zeros((len(JFK), channels), np.float32)
    samples[:, voice] = JFK

    assert np.abs(samples_in(prepare(wav(samples)))).max() == pytest.approx(np.abs(JFK).max(), abs=0.02)


def test_two_people_on_two_channels_are_both_heard() -> None:
    other = np.roll(JFK, 40_000) * 0.5
    out = samples_in(prepare(wav(np.stack((JFK, other), axis=1))))

    assert np.corrcoef(out, JFK + other)[0, 1] > 0.99


# ── loud and quiet ───────────────────────────────────────────────────────────────────────────────────


def test_floats_beyond_full_scale_are_scaled_and_not_clipped() -> None:
    out = samples_in(prepare(wav(JFK * 8, subtype="FLOAT")))

    assert np.corrcoef(out, JFK)[0, 1] > 0.999
    assert np.abs(out).max() <= 1.0


@pytest.mark.parametrize("decibels", [-40, -60, -75])
def test_quiet_speech_is_lifted_and_is_speech(decibels: int) -> None:
    quiet = JFK * 10 ** (decibels / 20)
    prepared = prepare(wav(quiet, subtype="FLOAT"))

    assert not prepared.info.is_silent
    assert prepared.info.levels.speech_likelihood > 0.6
    assert np.abs(samples_in(prepared)).max() > 0.4
    assert np.corrcoef(samples_in(prepared), JFK)[0, 1] > 0.999


def test_speech_quieter_than_a_loud_room_elsewhere_is_judged_by_its_own_floor() -> None:
    rng = np.random.default_rng(4)
    quiet = JFK * 10 ** (-45 / 20) + rng.normal(0, 10 ** (-85 / 20), len(JFK))

    assert not prepare(wav(quiet, subtype="FLOAT")).info.is_silent


def test_a_demuxer_that_opens_other_files_is_never_chosen() -> None:
    assert not {"hls", "concat", "dash", "image2", "imf", "lavfi", "tedcaptions"} & set(ffmpeg.SAFE_DEMUXERS)


def test_tones_of_every_kind_keep_their_length() -> None:
    for seconds in (0.3, 1.0, 7.7):
        data = by_ffmpeg(wav(tone(seconds)), "-c:a", "libopus", "-f", "webm")
        assert prepare(data).info.duration_s == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize(("codec", "seconds"), [("aac", 0.8), ("aac", 7.3), ("libmp3lame", 4.2)])
def test_a_film_in_fragments_has_its_real_length(codec: str, seconds: float) -> None:
    flags = ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000", "-f", "mp4")
    data = by_ffmpeg(wav(tone(seconds, 48_000), 48_000), "-c:a", codec, *flags)
    prepared = prepare(data)

    assert prepared.info.duration_s == pytest.approx(seconds, abs=0.05)
    assert prepared.notes == ()
