"""Decode any recording to 16 kHz mono, block by block, so that hours of it take little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Final, TypeAlias, cast

import numpy as np
import soundfile

from groq_core.media.audio import ffmpeg
from groq_core.media.audio.complaints import Complaints
from groq_core.media.audio.container import AIFF, AU, FLAC, MP3, MPGA, OGG, OPUS, WAV, Container, unsupported_error
from groq_core.media.audio.ffmpeg import Media, Probed, Track
from groq_core.media.audio.header_length import (
    Bytes,
    has_frame_count,
    is_cut_ogg,
    is_lengthless_wav,
    links_of,
    look_into,
    seams_of,
    with_length,
)
from groq_core.media.audio.mixing import Mixer, finite, power_of
from groq_core.media.audio.ogg_clock import lateness
from groq_core.media.audio.packets import begin_s
from groq_core.media.audio.resample import Resampler, Samples

RATE: Final = 16_000
"""What Whisper hears; the server resamples to it anyway (speech-to-text page, 2025)."""

_SMALL_BLOCK = 1024  # frames
_VALUES_PER_BLOCK = 1 << 18
_MAX_CHANNELS = 64
_MAX_RATE = 1_000_000
_LISTENED_S = 600.0
"""Seconds of each track that are heard to find the loudest."""

_PLAIN: Final = frozenset({WAV, FLAC, AIFF, AU})
"""Read by soundfile also where ffmpeg is at hand: they have one track, and say truly how long it is."""

_GUESSED: Final = frozenset({MP3, MPGA, OGG, OPUS})
"""Whose length libsndfile takes from a header or a guess, which need not be that of what follows."""


@dataclass(frozen=True, slots=True)
class SampleSource:
    """
    A recording that is being decoded.

    Attributes:
        declared_s: Seconds by the file's header; None where it does not say, or need not be believed.
        video: There is a picture track beside the sound.
        plain: It holds one track of one or two channels and nothing else, from the start on.
        blocks: Mono samples at 16 kHz, mostly in −1…1, in the order of time. Can be read once.
        mixer: Tells, when all is read, which channel was taken alone.
        notes: What its sender should know of it.
        is_damaged: Tells, when all is read, whether some of it could not be decoded.
    """

    sample_rate: int
    channels: int
    declared_s: float | None
    video: bool
    plain: bool
    blocks: Iterator[Samples]
    mixer: Mixer
    notes: tuple[str, ...] = ()
    is_damaged: Callable[[], bool] = lambda: False


@contextmanager
def decoding(data: Media, container: Container, probed: Probed | None = None) -> Iterator[SampleSource]:
    """
    Open a recording with whatever can decode it.

    Args:
        probed: What ffprobe tells of it, where it has been asked already.

    Raises:
        RequestError: ``param="file"``; broken (400), no audio track or no decoder (422).
    """
    with_ffmpeg = ffmpeg.available()
    if container.reader == "soundfile" and (container in _PLAIN or not with_ffmpeg):
        with _readable(data, container) as readable:
            try:
                file = soundfile.SoundFile(readable())
            # It knows the container but not every codec that may be in it; ffmpeg may.
            except soundfile.LibsndfileError as error:
                if not with_ffmpeg:
                    raise _decoding_error(container) from error
            else:
                with file:
                    yield _from_soundfile(file, data, readable, container)
                return
    if not with_ffmpeg:
        raise ffmpeg.missing(container)
    with _by_ffmpeg(data, container, probed) as source:
        yield source


Readable: TypeAlias = Callable[[], IO[bytes] | str]


@contextmanager
def _readable(data: Media, container: Container) -> Iterator[Readable]:
    """What soundfile opens, as often as wanted; a WAV without a length gets the one it has."""
    if container == WAV:
        with look_into(data) as seen:
            if is_lengthless_wav(seen):
                mended = with_length(seen)
                yield lambda: _from_start(mended)
                return
    yield lambda: BytesIO(data) if isinstance(data, bytes) else str(data)


def _from_start(data: Bytes) -> IO[bytes]:
    if isinstance(data, bytes):
        return BytesIO(data)
    data.seek(0)
    return cast("IO[bytes]", data)


# ── soundfile ────────────────────────────────────────────────────────────────────────────────────────


def _from_soundfile(file: soundfile.SoundFile, data: Media, readable: Readable, container: Container) -> SampleSource:
    if not 0 < file.channels <= _MAX_CHANNELS or not 0 < file.samplerate <= _MAX_RATE:
        raise _decoding_error(container)
    known = container not in _GUESSED or has_frame_count(data)
    declared = file.frames / file.samplerate if known else None
    mixer = Mixer(file.channels, "5.1" if file.channels == 6 else "")
    blocks = _mix_down(file, readable, mixer)
    return SampleSource(file.samplerate, file.channels, declared, False, file.channels <= 2, blocks, mixer)


def _mix_down(file: soundfile.SoundFile, readable: Readable, mixer: Mixer) -> Iterator[Samples]:
    """One channel, at 16 kHz, about a quarter of a million values at a time."""
    resampler = Resampler(file.samplerate, RATE)
    for block in _blocks(file, readable):
        yield resampler.push(mixer.mix(finite(block)))
    yield resampler.flush()


def _blocks(file: soundfile.SoundFile, readable: Readable) -> Iterator[Samples]:
    """
    Large blocks, since libsndfile seeks after every read; where the file breaks off, small ones.

    A block that meets the broken place is lost whole, so what comes before it is read anew, bit by bit.
    """
    frames = max(_SMALL_BLOCK, _VALUES_PER_BLOCK // file.channels)
    heard = 0
    try:
        while len(block := file.read(frames, dtype="float32", always_2d=True)):
            heard += len(block)
            yield block
    except soundfile.LibsndfileError:
        with suppress(soundfile.LibsndfileError), soundfile.SoundFile(readable()) as again:
            again.seek(heard)
            while len(block := again.read(_SMALL_BLOCK, dtype="float32", always_2d=True)):
                yield block


# ── ffmpeg ───────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _by_ffmpeg(data: Media, container: Container, probed: Probed | None = None) -> Iterator[SampleSource]:
    """
    Args:
        probed: What ffprobe tells of it, where it has been asked already; most of what it takes is its start.
    """
    if container.demuxer == "ogg":
        with look_into(data) as seen:
            if len(links := links_of(seen)) > 1:
                yield _chain(seen, links, container)
                return
    probed = probed or ffmpeg.probe(data, container)
    track, note = _track_of(data, container, probed)
    channels = min(max(1, track.channels), _MAX_CHANNELS)
    mixer = Mixer(channels, track.layout)
    declared = probed.track_duration_s(track)
    if container in (MP3, MPGA) and has_frame_count(data):
        declared = probed.duration_s
    late_s, until_s = probed.late_s(track), None
    if probed.demuxer == "ogg" and probed.streams > 1:
        late_s, until_s = lateness(data, container, probed, track)
    elif probed.is_counted(track):
        late_s = begin_s(data, container, track.number)
    complaints = Complaints()
    opened = ffmpeg.decoding(
        data,
        container,
        track=track.number,
        channels=channels,
        start_s=probed.start_s,
        late_s=late_s,
        late_until_s=until_s,
        counted=probed.is_counted(track),
        complaints=complaints,
    )
    with opened as blocks:
        yield SampleSource(
            track.sample_rate,
            track.channels,
            declared,
            probed.video,
            probed.streams == 1 and channels <= 2,
            (mixer.mix(finite(block)) for block in _as_samples(blocks, channels)),
            mixer,
            (note,) if note else (),
            lambda: _is_damaged(data, container, complaints),
        )


def _is_damaged(data: Media, container: Container, complaints: Complaints) -> bool:
    if container.demuxer == "ogg" and is_cut_ogg(data):
        return True
    return complaints.exceed(seams_of(data) if container in (MP3, MPGA) else 0)


def _chain(data: Bytes, links: Sequence[slice], container: Container) -> SampleSource:
    """Several Ogg files in a row, each read for itself."""
    probed = ffmpeg.probe(data[links[0]], container)
    track = probed.tracks[0]

    damaged: list[bool] = []

    def blocks() -> Iterator[Samples]:
        for number, link in enumerate(links):
            with _by_ffmpeg(data[link], container, None if number else probed) as source:
                yield from source.blocks
                damaged.append(source.is_damaged())

    mixer = Mixer(1)
    return SampleSource(
        track.sample_rate, track.channels, None, probed.video, False, blocks(), mixer, is_damaged=lambda: any(damaged)
    )


def _track_of(data: Media, container: Container, probed: Probed) -> tuple[Track, str]:
    """The track its maker meant, else the loudest one; and a sentence about the choice where there was one."""
    tracks = probed.tracks
    if len(tracks) == 1:
        return tracks[0], ""
    defaults = [track for track in tracks if track.default]
    if len(defaults) == 1 and _power(data, container, probed, defaults[0]) > 0:
        chosen, why = defaults[0], "marked as the default"
    else:
        chosen, why = max(tracks, key=lambda track: _power(data, container, probed, track)), "the loudest"
    language = f" ({chosen.language})" if chosen.language not in ("", "und") else ""
    return chosen, (
        f"it has {len(tracks)} sound tracks; track {chosen.number + 1}{language}, {why}, is the one that is transcribed"
    )


def _power(data: Media, container: Container, probed: Probed, track: Track) -> float:
    with (
        ffmpeg.decoding(data, container, track=track.number, start_s=probed.start_s, at_most_s=_LISTENED_S) as blocks,
        suppress(Exception),
    ):
        return power_of([finite(block)[:, 0] for block in _as_samples(blocks, 1)])
    return 0.0


def _as_samples(blocks: Iterator[bytes], channels: int) -> Iterator[Samples]:
    for block in blocks:
        yield np.frombuffer(block, "<f4").reshape(-1, channels)


def head_of(data: Media, count: int = 1 << 20) -> bytes:
    """The first bytes of a recording, wherever it is."""
    if isinstance(data, bytes):
        return data if len(data) <= count else data[:count]
    with data.open("rb") as file:
        return file.read(count)


def size_of(data: Media) -> int:
    """Bytes of a recording, wherever it is."""
    return data.stat().st_size if isinstance(data, Path) else len(data)


def _decoding_error(container: Container) -> Exception:
    return unsupported_error(f"The {container.name} file is broken and can't be decoded.", "invalid_audio", status=400)
