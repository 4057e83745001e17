"""
Make a recording fit to be transcribed: any kind, any length, as one part or as several.

What is sent is the smaller of the original and 16 kHz mono FLAC, which is what Whisper hears in any case. A
recording over ten minutes is cut where it is quietest. It is decoded block by block, so three hours take no
more memory than ten minutes do, apart from the parts themselves.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from groq_core.media.audio import ffmpeg
from groq_core.media.audio.container import (
    EXTENSIONS,
    Container,
    container_of,
    find_container,
    unsupported_error,
)
from groq_core.media.audio.cutting import Cutter, PartSamples
from groq_core.media.audio.decode import RATE, SampleSource, decoding, head_of, size_of
from groq_core.media.audio.ffmpeg import Media, Probed
from groq_core.media.audio.levels import LevelMeter, Levels, LevelSum
from groq_core.media.audio.mixing import gain_of
from groq_core.media.audio.packets import longest_gap
from groq_core.media.audio.resample import Samples
from groq_core.media.audio.tags import without_tags
from groq_core.media.text.phrases import length_in_words, size_in_words

__all__ = ["EXTENSIONS", "AudioInfo", "AudioPart", "Preparation", "PreparedAudio", "prepare", "probe"]

MAX_PART_S = 600.0
"""Length of Groq's own chunking example (groq-api-cookbook, 2026-08)."""

MAX_PART_BYTES = 25_000_000
"""Direct upload on any plan (speech-to-text page, 2025)."""

OVERLAP_S = 5.0
"""What two parts share: a dozen words to find the seam by."""

SEARCH_S = 30.0
MAX_BYTES = 2_000_000_000
MAX_S = 24 * 3600.0

MIN_S = 0.1
"""Groq takes 0.01 s; nobody says anything in less than a tenth."""

MIN_PART_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo:
    """
    What a recording is like.

    Attributes:
        format: As people call it, by content.
        duration_s: Seconds, as decoded; 0 when it could not be decoded here (see ``measured``).
        sample_rate, channels: As it came.
        levels: How loud it is, and where.
        measured: False when ffmpeg was needed and missing, so that nothing is known but the format.
        video: It is a film; only its sound is used.
    """

    format: str
    original_bytes: int
    duration_s: float = 0.0
    sample_rate: int = 0
    channels: int = 0
    levels: Levels = field(default_factory=Levels)
    measured: bool = True
    video: bool = False

    @property
    def is_silent(self) -> bool:
        """Nothing is heard for as long as a syllable takes; False when nothing is known."""
        return self.measured and sum(end - start for start, end in self.levels.active) < 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPart:
    """
    One piece that is sent; times in seconds from the start of the recording.

    Attributes:
        data: A whole file.
        filename: Made here; its extension is one Groq accepts, and nobody's words are in it.
        index: Counted from 0.
        last: No other part comes after it.
        info: What this part alone is like; the times in it count from the start of the recording, too.
    """

    data: bytes = field(repr=False)
    filename: str
    start_s: float
    end_s: float
    info: AudioInfo = field(repr=False)
    index: int = 0
    last: bool = True

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAudio:
    """A recording as it is sent: its parts in the order of time, what it is like, and what to tell its sender."""

    parts: tuple[AudioPart, ...]
    info: AudioInfo
    overlap_s: float = OVERLAP_S
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line: what came, what is sent."""
        return _summary(self.info, self.parts, self.notes)


class Preparation:
    """
    A recording on its way to be sent: iterate for its parts, and read the rest afterwards.

    A part is handed out as soon as it is decoded, so the first can be sent while the last is still far.

    Args:
        data: A whole file, or where it lies: WAV, MP3, FLAC, OGG, Opus, AIFF, and with ffmpeg all that it reads.
        filename: Counts for nothing but a note: the content decides.
        max_part_s, max_part_bytes: Limits of one part.
        overlap_s: Seconds that two parts share.

    Raises:
        RequestError: ``param="file"``; 413 when it is too large or too long, 422 when it is no recording, 400
            when it is empty, broken or too short.
    """

    def __init__(
        self,
        data: Media,
        filename: str = "",
        *,
        max_part_s: float = MAX_PART_S,
        max_part_bytes: int = MAX_PART_BYTES,
        overlap_s: float = OVERLAP_S,
        max_bytes: int = MAX_BYTES,
        max_s: float = MAX_S,
    ) -> None:
        self._size = size_of(data)
        if self._size > max_bytes:
            raise unsupported_error(
                f"The recording is too large: {size_in_words(self._size)} of at most {size_in_words(max_bytes)}.",
                "file_too_large",
                status=413,
                hint="Send it in pieces, or as MP3.",
            )
        self._data, self._max_bytes, self._max_s = data, max_bytes, max_s
        self._container, self._probed = recognise(data)
        self._max_part_bytes = max_part_bytes
        # FLAC is never larger than the two bytes a sample it comes from, but for its header.
        self._max_part_s = min(max_part_s, (max_part_bytes - 20_000) / (2 * RATE))
        self.overlap_s = overlap_s
        self.notes: list[str] = []
        self._stopped = False
        self.expected_s: float | None = None
        self.info = AudioInfo(format=self._container.name, original_bytes=self._size, measured=False)
        if (note := _wrong_name_note(filename, self._container)) is not None:
            self.notes.append(note)

    def stop(self) -> None:
        """End at the next block; from any thread. Who iterates gets no further part."""
        self._stopped = True

    def __iter__(self) -> Generator[AudioPart, None, None]:
        if self._container.reader == "ffmpeg" and not ffmpeg.available():
            yield self._original_part()
            return
        with decoding(self._data, self._container, self._probed) as source:
            self._check_length(source.declared_s or 0.0)
            self.expected_s = source.declared_s
            self.notes.extend(source.notes)
            yield from self._parts(source)

    def _parts(self, source: SampleSource) -> Iterator[AudioPart]:
        cutter = Cutter(
            longest=int(self._max_part_s * RATE),
            overlap=int(self.overlap_s * RATE),
            search=int(SEARCH_S * RATE),
            total=int((source.declared_s or 0.0) * RATE) or None,
        )
        meter, whole = LevelMeter(), LevelSum()
        heard = count = 0
        for block in source.blocks:
            if self._stopped:
                return
            heard += len(block)
            self._check_length(heard / RATE)
            meter.push(block)
            for stretch in cutter.push(block):
                info = self._info(source, meter, stretch.start / RATE, len(stretch.samples) / RATE)
                part = _encode(stretch, info, count, last=False)
                del stretch  # forty megabytes that nobody needs while the next are gathered
                whole.add(info.levels, info.duration_s)
                meter.forget(cutter.start / RATE)
                yield part
                count += 1
        seconds = heard / RATE
        if seconds < MIN_S:
            raise _too_short(seconds)
        last = cutter.rest()
        length = len(last.samples) / RATE
        rest = self._info(source, meter, last.start / RATE, length)
        whole.add(rest.levels, length)
        self.info = replace(rest, levels=whole.levels, duration_s=seconds)
        told = len(self.notes)
        self._note_cut(source.declared_s or seconds, seconds)
        if source.is_damaged() and len(self.notes) == told:
            self.notes.append("it is damaged: what can't be decoded of it is missing")
        if source.mixer.alone is not None:
            self.notes.append(f"its channels take each other away, so channel {source.mixer.alone + 1} is used alone")
        if count == 0:
            as_it_is = source.plain and source.mixer.alone is None and gain_of(last.samples) == 1.0
            # A header that tells another length would be believed by whoever gets it.
            as_it_is = as_it_is and abs((source.declared_s or seconds) - seconds) < 0.5
            yield self._smaller(_encode(last, self.info), replaceable=as_it_is)
        elif length >= MIN_PART_S:
            yield _encode(last, rest, count)

    def _info(self, source: SampleSource, meter: LevelMeter, start_s: float, length_s: float) -> AudioInfo:
        return AudioInfo(
            format=self._container.name,
            original_bytes=self._size,
            duration_s=length_s,
            sample_rate=source.sample_rate,
            channels=source.channels,
            levels=meter.levels(start_s),
            video=source.video,
        )

    def _note_cut(self, declared_s: float, seconds: float) -> None:
        """Where the end of the recording is missing, that is noted, and what was heard is sent."""
        cut_off = declared_s - seconds > max(1.0, 0.02 * declared_s)
        if cut_off:
            self.notes.append(
                f"it breaks off: {length_in_words(seconds)} of {length_in_words(declared_s)} could be read"
            )

    def _smaller(self, part: AudioPart, *, replaceable: bool) -> AudioPart:
        """The original in place of the FLAC, where it is fit to be sent, smaller, and tells nothing else."""
        small = self._size <= min(2 * len(part.data), self._max_part_bytes)
        if not (replaceable and self._container.extension and small):
            return part
        original = without_tags(self._whole(), self._container)
        if original is None or len(original) > len(part.data) or self._has_gaps(original):
            return part
        return replace(part, data=original, filename=f"audio.{self._container.extension}")

    def _has_gaps(self, original: bytes) -> bool:
        """A hole in the packets is silence to us and may be nothing to whoever gets them."""
        return self._container.reader == "ffmpeg" and longest_gap(original, self._container) > 0.05

    def _whole(self) -> bytes:
        return self._data.read_bytes() if isinstance(self._data, Path) else self._data

    def _original_part(self) -> AudioPart:
        """The original as it is: what can be done without ffmpeg."""
        if not self._container.extension or self._size > self._max_part_bytes:
            raise ffmpeg.missing(self._container)
        bare = without_tags(self._whole(), self._container)
        if bare is None:  # nothing here could tell what else would go along
            raise ffmpeg.missing(self._container)
        self.notes.append("sent as it is, since ffmpeg is not installed here")
        name = f"audio.{self._container.extension}"
        return AudioPart(data=bare, filename=name, start_s=0.0, end_s=0.0, info=self.info)

    def _check_length(self, seconds: float) -> None:
        if seconds > self._max_s:
            raise unsupported_error(
                f"The recording is too long: at most {length_in_words(self._max_s)} can be transcribed at once.",
                "recording_too_long",
                status=413,
                hint="Send it in pieces.",
            )


def recognise(data: Media) -> tuple[Container, Probed | None]:
    """
    What kind of recording it is, by its content, and what is in it where that had to be asked; RequestError where it
    is none.
    """
    head = head_of(data)
    if (known := find_container(head)) is not None:
        return known, None
    return (ffmpeg.recognise(data) if ffmpeg.available() else None) or (container_of(head), None)


def prepare(
    data: Media,
    filename: str = "",
    *,
    max_part_s: float = MAX_PART_S,
    max_part_bytes: int = MAX_PART_BYTES,
    overlap_s: float = OVERLAP_S,
    max_bytes: int = MAX_BYTES,
    max_s: float = MAX_S,
) -> PreparedAudio:
    """
    Make a recording fit to be sent, all of it at once; see :class:`Preparation` for arguments and errors.

    Safe to call from any thread.
    """
    preparation = Preparation(
        data,
        filename,
        max_part_s=max_part_s,
        max_part_bytes=max_part_bytes,
        overlap_s=overlap_s,
        max_bytes=max_bytes,
        max_s=max_s,
    )
    parts = tuple(preparation)
    return PreparedAudio(parts=parts, info=preparation.info, overlap_s=overlap_s, notes=tuple(preparation.notes))


def probe(data: Media, filename: str = "") -> AudioInfo:
    """Measure a recording: length, loudness, where anybody speaks. Errors as for :class:`Preparation`."""
    return prepare(data, filename).info


def _encode(stretch: PartSamples, info: AudioInfo, index: int = 0, *, last: bool = True) -> AudioPart:
    start = stretch.start / RATE
    return AudioPart(
        data=_flac(stretch.samples),
        filename="audio.flac" if last and not index else f"audio-{index + 1:02}.flac",
        start_s=start,
        end_s=start + len(stretch.samples) / RATE,
        info=info,
        index=index,
        last=last,
    )


def _flac(samples: Samples) -> bytes:
    """Sixteen bits, so many of them used that quiet speech keeps its shape; a minute at a time."""
    gain = np.float32(gain_of(samples))
    buffer = BytesIO()
    with soundfile.SoundFile(buffer, "w", RATE, 1, format="FLAC", subtype="PCM_16") as file:
        for start in range(0, len(samples), _BLOCK):
            block = samples[start : start + _BLOCK] * gain
            file.write(np.rint(np.clip(block, -1.0, 1.0) * np.float32(32767)).astype(np.int16))
    return buffer.getvalue()


_BLOCK = 60 * RATE


def _too_short(seconds: float) -> Exception:
    if not seconds:
        return unsupported_error(
            "The recording holds no sound: 0 seconds.", "empty_audio", status=400, hint="Record or choose it again."
        )
    return unsupported_error(
        f"The recording is too short: {length_in_words(seconds)}, at least {MIN_S} s are needed.",
        "audio_too_short",
        status=400,
        hint="Hold the button while you speak.",
    )


def _wrong_name_note(filename: str, container: Container) -> str | None:
    extension = filename.rpartition(".")[2].lower()
    same = {container.extension, container.name.lower(), container.demuxer}
    if extension not in EXTENSIONS or extension in same or {extension, container.extension} <= _KIN:
        return None
    return f"it is a {container.name} file although its name ends in .{extension}"


_KIN = {"mp4", "m4a", "mpeg", "mpga", "mp3", "ogg", "opus"}
"""Extensions people use for each other's containers without harm."""


def _summary(info: AudioInfo, parts: tuple[AudioPart, ...], notes: tuple[str, ...]) -> str:
    came = f"{info.format}, {length_in_words(info.duration_s)}, {size_in_words(info.original_bytes)}"
    if not info.measured:
        came = f"{info.format}, {size_in_words(info.original_bytes)}"
    sent = sum(len(part.data) for part in parts)
    kind = parts[0].filename.rpartition(".")[2].upper()
    if len(parts) > 1:
        going = f"{len(parts)} parts, 16 kHz mono FLAC, {size_in_words(sent)}"
    elif kind == "FLAC":
        going = f"16 kHz mono FLAC, {size_in_words(sent)}"
    else:
        going = "sent as it is"
    return "; ".join((f"{came} → {going}", *notes))
