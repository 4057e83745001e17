"""
Decode what soundfile can't, in another process that can reach nothing: ffmpeg, bounded in time and output.

ffmpeg reads playlists and follows links when a file asks it to. Here it is told the one demuxer the content
calls for and given one protocol, so a file can open no other file and no connection. It never sees a shell, a
name that somebody chose, or a file on disk: the recording stands in memory (or in an unlinked file).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from groq_core.errors import RequestError
from groq_core.media.audio.container import HINT, Container, unsupported

TIMEOUT = 300.0
"""Seconds for one recording; ffmpeg decodes an hour in about ten."""

PROBE_TIMEOUT = 20.0
_BLOCK = 1 << 17
_MAX_ALLOCATION = 1 << 28


@dataclass(frozen=True, slots=True)
class Probed:
    """What ffprobe tells of the first audio track; duration in seconds, None where the file does not say."""

    codec: str
    sample_rate: int
    channels: int
    duration_s: float | None
    video: bool


def available() -> bool:
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def missing(container: Container) -> RequestError:
    return unsupported(
        f"{container.name} recordings can't be read here, since ffmpeg is not installed.",
        "ffmpeg_missing",
        hint="Save it as WAV, MP3, FLAC or OGG; or install ffmpeg where this app runs.",
    )


def probe(data: bytes, container: Container) -> Probed:
    """
    Ask what is in a file without decoding it.

    Raises:
        RequestError: It is broken, or holds no audio track (422).
    """
    entries = (
        "stream=codec_type,codec_name,sample_rate,channels,duration:format=duration:stream_disposition=attached_pic"
    )
    command = ["ffprobe", "-v", "error", *_input(container), "-show_entries", entries, "-of", "json"]
    with _in_memory(data) as source:
        try:
            done = subprocess.run(
                command, stdin=source, capture_output=True, timeout=PROBE_TIMEOUT, check=False, env=_environment()
            )
        except subprocess.TimeoutExpired as error:
            raise _broken(container) from error
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        raise _broken(container) from error
    streams = found.get("streams", [])
    if not streams:
        raise _broken(container)
    audio = next((stream for stream in streams if stream.get("codec_type") == "audio"), None)
    if audio is None:
        raise unsupported(
            "The file holds no sound: it has no audio track.", "no_audio_track", hint="Choose another file."
        )
    return Probed(
        codec=audio.get("codec_name", ""),
        sample_rate=int(audio.get("sample_rate", 0)),
        channels=int(audio.get("channels", 0)),
        duration_s=_seconds(audio.get("duration")) or _seconds(found.get("format", {}).get("duration")),
        video=any(
            stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")
            for stream in streams
        ),
    )


@contextmanager
def decoding(data: bytes, container: Container, *, timeout: float = TIMEOUT) -> Iterator[Iterator[bytes]]:
    """
    Decode the first audio track to 16 kHz mono, block by block; leaving the block ends the process.

    Yields:
        An iterator of signed 16-bit little-endian samples, in pieces of whole samples.

    Raises:
        RequestError: Decoding took longer than ``timeout`` seconds, or gave nothing.
    """
    command = [
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet", "-max_alloc", str(_MAX_ALLOCATION)),
        *_input(container),
        *("-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-ac", "1", "-ar", "16000"),
        *("-f", "s16le", "pipe:1"),
    ]
    with (
        _in_memory(data) as source,
        subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        ) as process,
    ):
        overdue = threading.Event()

        def stop() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            assert process.stdout is not None
            yield _blocks(process.stdout, container, overdue, timeout)
        finally:
            timer.cancel()
            process.kill()


def _blocks(pipe: IO[bytes], container: Container, overdue: threading.Event, timeout: float) -> Iterator[bytes]:
    heard = False
    while block := pipe.read(_BLOCK):
        heard = True
        yield block[: len(block) & ~1]
    if overdue.is_set():
        raise unsupported(
            f"Decoding the recording took longer than {timeout:.0f} s.",
            "too_slow",
            status=413,
            hint="Send a shorter one.",
        )
    if not heard:
        raise _broken(container)


def _input(container: Container) -> list[str]:
    # MP4 keeps its index at the end as often as at the start, so it has to be sought in, which a pipe can't be.
    # The file protocol that takes is safe with the demuxer fixed: ffmpeg's follows no references unless told to.
    if container.demuxer == "mov":
        return ["-protocol_whitelist", "file", "-f", "mov", "-i", "/dev/stdin"]
    return ["-protocol_whitelist", "pipe", "-f", container.demuxer, "-i", "pipe:0"]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


@contextmanager
def _in_memory(data: bytes) -> Iterator[IO[bytes]]:
    """A file object on bytes that a child can read and seek, and that has no name anybody could open."""
    memory = os.fdopen(os.memfd_create("recording"), "w+b") if hasattr(os, "memfd_create") else None
    with memory or tempfile.TemporaryFile() as opened:
        opened.write(data)
        opened.flush()
        opened.seek(0)
        yield opened


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _broken(container: Container) -> RequestError:
    return unsupported(
        f"The {container.name} file is broken and can't be decoded.", "invalid_audio", status=400, hint=HINT
    )
