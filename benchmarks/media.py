"""
How long a large photograph and a long recording take, against Pillow's own three calls and against ffmpeg.

    python -m benchmarks picture recording

The floor of a photograph is what nobody can do without: decode, resize once, encode. It is measured twice, with
the decoder asked to reduce while it decodes (`Image.draft`, the fastest Pillow can) and without, as most code
does it. The floor of a recording is ffmpeg turning it into 16 kHz mono FLAC, with no thought of silence or cuts.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import soundfile
from PIL import Image

from benchmarks.processes import PeerMissingError
from benchmarks.rows import Bench, Row, median
from groq_core.media.audio.preparation import prepare as prepare_audio
from groq_core.media.image.compression import QUALITIES
from groq_core.media.image.preparation import MAX_EDGE, prepare

WIDTH, HEIGHT = 8064, 6048


def photograph() -> bytes:
    """48 megapixels of sky, hills and sensor noise, with the EXIF block a phone writes."""
    rng = np.random.default_rng(48)
    x = np.linspace(0, 12, WIDTH, dtype=np.float32)
    y = np.linspace(0, 9, HEIGHT, dtype=np.float32)[:, None]
    hills = 60 * np.sin(x + np.cos(y * 2)) * np.cos(y - x / 3) + 25 * np.sin(17 * x) * np.sin(23 * y)
    channels = [
        np.clip(120 + tint * 10 + hills + rng.normal(0, 6, (HEIGHT, WIDTH)).astype(np.float32), 0, 255).astype(np.uint8)
        for tint in range(3)
    ]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone"
    buffer = BytesIO()
    Image.fromarray(np.stack(channels, axis=-1)).save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()


def floor(data: bytes, *, draft: bool) -> None:
    """Decode, one resize, encode: nothing turned, checked, managed or compared."""
    image: Image.Image = Image.open(BytesIO(data))
    size = MAX_EDGE, round(MAX_EDGE * image.height / image.width)
    if draft:
        image.draft(None, size)
    image = image.resize(size, Image.Resampling.BICUBIC)
    image.save(BytesIO(), "JPEG", quality=QUALITIES[0])


def measure(rounds: int, *work: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each piece of work; rounds are interleaved, so that all meet the same weather."""
    times: list[list[float]] = [[] for _ in work]
    for _ in range(rounds):
        for one, taken in zip(work, times, strict=True):
            start = time.thread_time()
            one()
            taken.append(time.thread_time() - start)
    return [median(taken) for taken in times]


async def picture(bench: Bench) -> list[Row]:
    """A photograph of 48 megapixels, from the phone's file to what is sent."""
    data = photograph()
    ours, reduced, whole = measure(
        bench.times(9, 3),
        lambda: prepare(data, filename="photo.jpg"),
        lambda: floor(data, draft=True),
        lambda: floor(data, draft=False),
    )
    detail = f"{ours * 1e3:.0f} ms of CPU against {reduced * 1e3:.0f}; {prepare(data).summary}"
    peer = "Pillow: reducing decode, one resize, encode"
    return [
        Row("a photograph of 48 megapixels prepared", ours / reduced, "×", peer, 1.2, detail=detail),
        Row("the same", ours / whole, "×", "Pillow: full decode, one resize, encode", detail=f"{whole * 1e3:.0f} ms"),
    ]


def talk(minutes: int) -> bytes:
    """A WAV at 48 kHz, stereo: bursts of noise of the length of words, with pauses."""
    rng = np.random.default_rng(5)
    second = rng.normal(0, 3000, (48_000, 2)) * (np.sin(np.linspace(0, 30, 48_000)) > 0)[:, None]
    buffer = BytesIO()
    with soundfile.SoundFile(buffer, "w", 48_000, 2, format="WAV", subtype="PCM_16") as file:
        for _ in range(minutes * 60):
            file.write(second.astype(np.int16))
    return buffer.getvalue()


def by_ffmpeg(data: bytes) -> float:
    """CPU seconds of ffmpeg's own conversion, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        "pipe:0",
        "-ar",
        "16000",
        "-ac",
        "1",
        "-c:a",
        "flac",
        "-f",
        "flac",
        "pipe:1",
    ]
    subprocess.run(command, input=data, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def recording(bench: Bench) -> list[Row]:
    """A long recording, decoded, measured, cut and encoded."""
    if shutil.which("ffmpeg") is None:
        raise PeerMissingError("ffmpeg is not installed")
    minutes = bench.times(60, 5)
    data = talk(minutes)
    start = time.process_time()
    prepared = prepare_audio(data, "talk.wav")
    ours = time.process_time() - start
    theirs = by_ffmpeg(data)
    detail = f"{ours:.1f} s of CPU against {theirs:.1f}; {prepared.summary}"
    return [
        Row(f"{minutes} minutes of talk prepared", ours / theirs, "×", "ffmpeg: to 16 kHz mono FLAC", detail=detail)
    ]
