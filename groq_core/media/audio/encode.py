"""Voices into the formats people play: ffmpeg, fed samples as they come and read as it writes."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Final

RATE: Final = 24_000
"""Samples a second of everything that goes in; what Orpheus speaks, and what OpenAI's `pcm` is."""

ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-b:a", "48k", "-page_duration", "100000", "-f", "ogg"),
    "flac": ("-c:a", "flac", "-f", "flac"),
    "aac": ("-c:a", "aac", "-b:a", "64k", "-f", "adts"),
}
"""What ffmpeg is told for each format."""

TIMEOUT: Final = 30.0
"""Seconds for one block to come out once all samples are in."""

_BLOCK: Final = 1 << 15


class EncodingError(Exception):
    """ffmpeg ended before the recording was whole."""


def available() -> bool:
    """Whether there is an ffmpeg to encode with."""
    return shutil.which("ffmpeg") is not None


async def encode(samples: AsyncGenerator[bytes, None], form: str) -> AsyncGenerator[bytes, None]:
    """
    Encode 16-bit little-endian mono samples at :data:`RATE` while they come.

    Args:
        form: One of :data:`ARGUMENTS`.

    Raises:
        EncodingError: ffmpeg is too old for the format, or was ended by somebody.
        Exception: Whatever ``samples`` raises, after everything before it has been given out.
    """
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet"),
        *(
            "-protocol_whitelist",
            "pipe",
            "-probesize",
            "32",
            "-analyzeduration",
            "0",
            "-f",
            "s16le",
            "-ar",
            str(RATE),
            "-ac",
            "1",
            "-i",
            "pipe:0",
        ),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flush_packets", "1", *ARGUMENTS[form], "pipe:1"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(process.stdin, samples))
    try:
        while block := await process.stdout.read(_BLOCK):
            yield block
        await feeding
        async with asyncio.timeout(TIMEOUT):
            if await process.wait() != 0:
                raise EncodingError(f"ffmpeg could not write {form}")
    finally:
        feeding.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.gather(feeding, process.wait(), return_exceptions=True)


async def _feed(pipe: asyncio.StreamWriter, samples: AsyncGenerator[bytes, None]) -> None:
    try:
        async with aclosing(samples):
            async for block in samples:
                # An ffmpeg that has ended says so by its exit status; what it did not read is of no matter.
                with suppress(ConnectionError):
                    pipe.write(block)
                    await pipe.drain()
    finally:
        pipe.close()
