"""
Decode what soundfile can't, in another process that can reach nothing: ffmpeg, bounded in time and output.

ffmpeg reads playlists and follows links when a file asks it to. Here it is told the one demuxer the content
calls for (or a list of those that open nothing else) and given one protocol, so a file can open no other file and
no connection. It never sees a shell or a name that somebody chose: it reads what stands open as its standard
input, in which it can seek.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.media.audio.complaints import Complaints
from groq_core.media.audio.container import HINT, MPEG_TS, Container, unsupported_error

Media: TypeAlias = bytes | Path
"""A whole file: its bytes, or where it lies, so that ten hours need not stand in memory."""

TIMEOUT = 900.0
"""Seconds for one recording; ffmpeg decodes an hour in about ten."""

PROBE_TIMEOUT = 20.0
_BLOCK = 1 << 18
_MAX_ALLOCATION = 1 << 28
_MAX_CHANNELS = 64

SAFE_DEMUXERS = (
    *("3dostr", "aac", "ac3", "adx", "aiff", "amr", "amrnb", "amrwb", "ape", "aptx", "asf", "ast", "au", "avi"),
    *("caf", "dsf", "dts", "dtshd", "dv", "eac3", "flac", "flv", "gsm", "gxf", "iff", "ircam", "kux", "latm", "loas"),
    *("matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf", "nistsphere", "nut", "ogg", "oma"),
    *("qcp", "rm", "rso", "shn", "sln", "sox", "spdif", "swf", "tak", "truehd", "tta", "voc", "vqf", "w64", "wav"),
    *("wtv", "wv", "xwma", "wsaud"),
)
"""Those that read one file and follow nothing out of it: no playlists, no lists of files, no pictures."""

_CERTAIN = 25
"""From this score on, of 100, ffmpeg has seen more than a resemblance."""

_TRUE_CLOCKS = frozenset({"mov", "matroska"})
"""Whose times count from the start of the film, also where the first of them is not 0."""

_CLOCKED = _TRUE_CLOCKS | {"mpegts", "mpeg", "avi", "flv", "asf", "ogg", "nut", "mxf", "rm", "dv", "gxf", "wtv"}
"""Whose packets carry times; those of the others are counted up, and wrong where two files were joined."""

_SHIFTED = frozenset({"mpegts", "mpeg", "live_flv"})
"""Whose clock ffmpeg lets begin with the first track that it was asked for, whatever began before it."""

_ON_ITS_CLOCK = ":async=1:min_hard_comp=0.03:first_pts=0"

_EXACT = frozenset({"mov", "matroska", "flac", "wav", "w64", "aiff", "au", "caf", "asf", "wv", "tta", "ape"})
"""Whose header tells the length, where others leave ffmpeg to guess it from the rate of bits."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track of sound, as ffprobe tells: ``number`` counts tracks of sound from 0."""

    number: int
    codec: str
    sample_rate: int
    channels: int
    layout: str
    default: bool
    duration_s: float | None
    language: str = ""
    start_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """
    What ffprobe tells of a file.

    Attributes:
        demuxer: What reads it; ffmpeg's first name for it.
        tracks: Its tracks of sound, one at least.
        duration_s: Seconds of the file by its own words; None where it does not say, or only lets itself be guessed.
        start_s: Where its clock begins.
        video: There is a picture track beside the sound.
        streams: All tracks, of whatever kind.
        picture_s: Where the first track begins that is no sound; None where there is none, or it does not say.
    """

    demuxer: str
    tracks: tuple[Track, ...]
    duration_s: float | None
    start_s: float
    video: bool
    streams: int
    picture_s: float | None = None

    def late_s(self, track: Track) -> float:
        """How much later than the film a track begins, where ffmpeg would not let it."""
        late = (track.start_s or 0.0) - self.start_s
        return late if self.demuxer in _SHIFTED and 0 < late < 3600 else 0.0

    def is_counted(self, track: Track) -> bool:
        """
        Whether only the first time of a track can be believed.

        The packets of an AVI carry none: what ffmpeg makes of their sizes is hours for some codecs. FLAC that comes
        in pieces of packets gets the time of a piece ten frames later.
        """
        return self.demuxer == "avi" or (track.codec == "flac" and self.demuxer in ("asf", "wtv"))

    def track_duration_s(self, track: Track) -> float | None:
        """Of one track. The picture of a film may go on after its sound has ended."""
        if self.demuxer not in _EXACT:
            return None
        return track.duration_s or (None if self.streams > 1 else self.duration_s)


def available() -> bool:
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def missing(container: Container) -> RequestError:
    return unsupported_error(
        f"{container.name} recordings can't be read here, since ffmpeg is not installed.",
        "ffmpeg_missing",
        hint="Save it as WAV, MP3, FLAC or OGG; or install ffmpeg where this app runs.",
    )


def recognise(data: Media) -> tuple[Container, Probed | None] | None:
    """
    Whatever ffmpeg takes for a recording without a signature known here: AC3, WavPack, W64, MOV without a brand.

    Returns:
        Its kind, with what is in it, since most of what ffprobe takes is its start; None where it holds no sound, which
        :func:`probe` says in a sentence.
    """
    entries = f"{_ENTRIES}:format=format_name,format_long_name,probe_score,duration,start_time"
    command = ["ffprobe", "-v", "error", *_list(), "-show_entries", entries, "-of", "json"]
    found = ask(data, command, "recording")
    form = found.get("format", {})
    if form.get("probe_score", 0) < _CERTAIN:
        return None
    demuxer = str(form.get("format_name", "")).partition(",")[0]
    name = str(form.get("format_long_name", demuxer)).partition(" (")[0].removeprefix("raw ")
    container = MPEG_TS if demuxer == "mpegts" else Container(name or demuxer, "", demuxer)
    return container, _probed(found, container)


def probe(data: Media, container: Container) -> Probed:
    """
    Ask what is in a file without decoding it.

    Raises:
        RequestError: It is broken, or holds no audio track (422).
    """
    entries = f"{_ENTRIES}:format=duration,start_time,format_name"
    command = ["ffprobe", "-v", "error", *choose(container), "-show_entries", entries, "-of", "json"]
    found = ask(data, command, container.name)
    if not found.get("streams"):
        raise _decoding_error(container)
    probed = _probed(found, container)
    if probed is None:
        raise unsupported_error(
            "The file holds no sound: it has no audio track.", "no_audio_track", hint="Choose another file."
        )
    return probed


_ENTRIES = (
    "stream=codec_type,codec_name,sample_rate,channels,channel_layout,duration,start_time"
    ":stream_disposition=attached_pic,default:stream_tags=language"
)
"""What is asked of each track."""


def _probed(found: dict[str, Any], container: Container) -> Probed | None:
    """An answer of ffprobe's; None where there is no track of sound."""
    streams = found.get("streams", [])
    sounds = [stream for stream in streams if stream.get("codec_type") == "audio"]
    tracks = tuple(_track(number, stream) for number, stream in enumerate(sounds))
    if not tracks:
        return None
    form = found.get("format", {})
    return Probed(
        demuxer=str(form.get("format_name", container.demuxer)).partition(",")[0],
        tracks=tracks,
        duration_s=seconds(form.get("duration")),
        start_s=seconds(form.get("start_time")) or 0.0,
        video=any(_moves(stream) for stream in streams),
        streams=len(streams),
        picture_s=min((begin for begin in map(_picture_start, streams) if begin is not None), default=None),
    )


def _picture_start(stream: dict[str, Any]) -> float | None:
    return None if stream.get("codec_type") == "audio" else seconds(stream.get("start_time"))


def ask(data: Media, command: list[str], name: str) -> dict[str, Any]:
    """
    What ffprobe answers.

    Args:
        command: All but the input.
        name: Of the kind of file, for the error.

    Raises:
        RequestError: It takes too long, or answers nothing.
    """
    with _open_media(data) as (source, path):
        try:
            done = subprocess.run(
                [*command, "-i", path],
                stdin=source,
                capture_output=True,
                timeout=PROBE_TIMEOUT,
                check=False,
                env=_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise _file_error(name) from error
    try:
        found = msgspec.json.decode(done.stdout)
    except ValueError as error:
        raise _file_error(name) from error
    return found if isinstance(found, dict) else {}


def _track(number: int, stream: dict[str, Any]) -> Track:
    tags = {key.lower(): str(value) for key, value in stream.get("tags", {}).items()}
    return Track(
        number=number,
        codec=str(stream.get("codec_name", "")),
        sample_rate=int(stream.get("sample_rate", 0)),
        channels=int(stream.get("channels", 0)),
        layout=str(stream.get("channel_layout", "")),
        default=bool(stream.get("disposition", {}).get("default")),
        duration_s=seconds(stream.get("duration")),
        language=tags.get("language", ""),
        start_s=seconds(stream.get("start_time")),
    )


def _moves(stream: dict[str, Any]) -> bool:
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")


@contextmanager
def decoding(
    data: Media,
    container: Container,
    *,
    track: int = 0,
    channels: int = 1,
    start_s: float = 0.0,
    late_s: float = 0.0,
    late_until_s: float | None = None,
    at_most_s: float | None = None,
    counted: bool = False,
    complaints: Complaints | None = None,
    timeout: float = TIMEOUT,
) -> Iterator[Iterator[bytes]]:
    """
    Decode a track to 16 kHz, block by block, on the file's own clock; leaving the block ends the process.

    What starts late begins with silence, and a hole of missing packets is a silence as long as it was.

    Args:
        track: Counts tracks of sound from 0.
        channels: How many come out; as many as go in, so that they are mixed by who knows what they hold.
        start_s: Where the file's clock begins, as probed.
        late_s: How much later the track does, where ffmpeg takes no notice of it.
        late_until_s: It does from this moment on, by its own reckoning; None for never.
        at_most_s: Seconds to decode.
        counted: Its packets' times are wrong or missing, so its samples are counted from where it begins.
        complaints: Takes what the decoder finds wrong with the file.

    Yields:
        An iterator of 32-bit little-endian floats, channels in turn, in pieces of whole samples.

    Raises:
        RequestError: Decoding took longer than ``timeout`` seconds, or gave nothing.
    """
    own_clock = container.demuxer in _TRUE_CLOCKS and 0 < start_s < 3600
    command = [
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "repeat+error", "-max_alloc", str(_MAX_ALLOCATION)),
        *(("-copyts",) if own_clock else ()),
        *choose(container),
    ]
    late = f"{'N/SR/TB' if counted else 'PTS'}+{late_s}/TB"
    late = late if late_until_s is None else f"if(lt(T\\,{late_until_s})\\,{late}\\,PTS)"
    shift = f"asetpts={late}," if late_s or counted else ""
    options = [
        *("-map", f"0:a:{track}", "-vn", "-sn", "-dn", "-map_metadata", "-1"),
        *(("-t", str(at_most_s)) if at_most_s else ()),
        *("-af", shift + "aresample=16000" + (_ON_ITS_CLOCK if container.demuxer in _CLOCKED else "")),
        *("-ac", str(channels), "-f", "f32le", "pipe:1"),
    ]
    with (
        _open_media(data) as (source, path),
        subprocess.Popen(
            [*command, "-i", path, *options],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if complaints is None else subprocess.PIPE,
            env=_environment(),
        ) as process,
    ):
        if complaints is not None:
            complaints.hear(process)
        overdue = threading.Event()

        def stop() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            assert process.stdout is not None
            yield _blocks(process.stdout, container, 4 * channels, overdue, timeout)
        finally:
            timer.cancel()
            process.kill()
            if complaints is not None:
                complaints.wait()


def _blocks(
    pipe: IO[bytes], container: Container, frame: int, overdue: threading.Event, timeout: float
) -> Iterator[bytes]:
    heard = False
    size = _BLOCK - _BLOCK % frame
    while block := pipe.read(size):
        heard = True
        yield block[: len(block) - len(block) % frame]
    if overdue.is_set():
        raise unsupported_error(
            f"Decoding the recording took longer than {timeout:.0f} s.",
            "too_slow",
            status=413,
            hint="Send a shorter one.",
        )
    if not heard:
        raise _decoding_error(container)


def choose(container: Container) -> list[str]:
    """The arguments by which only what reads this kind of file is used."""
    return ["-protocol_whitelist", "file", "-f", container.demuxer]


def _list() -> list[str]:
    return ["-protocol_whitelist", "file", "-format_whitelist", ",".join(SAFE_DEMUXERS)]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


@contextmanager
def _open_media(data: Media) -> Iterator[tuple[IO[bytes], str]]:
    """
    A file object on a recording, and the path under which the child that gets it as its input can seek in it.

    An index may stand at the end as well as at the start, so a pipe would not do. The file protocol that takes is
    safe with the demuxer fixed: those here follow no references unless told to.
    """
    if isinstance(data, Path):
        with data.open("rb") as file:
            yield file, "/dev/stdin" if os.path.exists("/dev/stdin") else str(data)
        return
    if os.name == "nt":  # no child can open its input by a name there
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "recording")
            path.write_bytes(data)
            with path.open("rb") as file:
                yield file, str(path)
        return
    memory = os.fdopen(os.memfd_create("recording"), "w+b") if hasattr(os, "memfd_create") else None
    with memory or tempfile.TemporaryFile() as opened:
        opened.write(data)
        opened.flush()
        opened.seek(0)
        yield opened, "/dev/stdin"


def seconds(text: Any) -> float | None:
    """Of what ffprobe tells; None where it is no number."""
    try:
        return float(text) if text else None
    except (TypeError, ValueError):
        return None


def _decoding_error(container: Container) -> RequestError:
    return _file_error(container.name)


def _file_error(name: str) -> RequestError:
    return unsupported_error(f"The {name} file is broken and can't be decoded.", "invalid_audio", status=400, hint=HINT)
