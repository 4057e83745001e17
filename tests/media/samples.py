"""The real files of ``tests/data/media``, and worse ones made on the spot."""

from __future__ import annotations

import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

FOLDER = Path(__file__).parent.parent / "data" / "media"


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def encode_image(image: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares any size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0" * 64)) + png_chunk(b"IEND", b"")


def webp_bomb(edge: int) -> bytes:
    """A WebP of 44 bytes whose canvas alone takes eight bytes a pixel."""
    canvas = (edge - 1).to_bytes(3, "little") * 2
    body = (
        b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + canvas + b"VP8L" + struct.pack("<I", 6) + b"\x2f" + b"\0" * 5
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_bomb(width: int, height: int, *, progressive: bool) -> bytes:
    """A small JPEG that declares any size in its frame header."""
    data = bytearray(encode_image(Image.new("RGB", (16, 16)), "JPEG", progressive=progressive))
    frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_bomb(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def wav(samples: Any, rate: int = 16_000, subtype: str = "PCM_16", format_name: str = "WAV") -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=format_name, subtype=subtype)
    return buffer.getvalue()


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0, level: float = 0.3) -> Any:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def read_samples(data: bytes) -> Any:
    """Samples of a file soundfile reads, as float32 of shape (frames,)."""
    samples, _ = soundfile.read(BytesIO(data), dtype="float32", always_2d=True)
    return samples.mean(axis=1)


def by_ffmpeg(data: bytes, *arguments: str) -> bytes:
    """Encode a WAV as anything ffmpeg writes to a pipe."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", *arguments, "pipe:1"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def file_by_ffmpeg(data: bytes, path: Path, *arguments: str) -> bytes:
    """The same for what has to be a file, since ffmpeg goes back in it."""
    subprocess.run(["ffmpeg", "-v", "error", "-i", "pipe:0", *arguments, str(path)], input=data, check=True)
    return path.read_bytes()
