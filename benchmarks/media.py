"""
How long a large photograph takes: ``media.images.prepare`` against Pillow's own three calls.

    python -m benchmarks.media

The floor is what nobody can do without: decode, resize once, encode. It is measured twice, with the decoder
asked to reduce while it decodes (``Image.draft``, the fastest Pillow can) and without, as most code does it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from groq_core.media.images import MAX_EDGE, QUALITIES, prepare

WIDTH, HEIGHT = 8064, 6048
ROUNDS = 7


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


def measured(*work: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each piece of work; rounds are interleaved, so that all meet the same weather."""
    times: list[list[float]] = [[] for _ in work]
    for _ in range(ROUNDS):
        for one, taken in zip(work, times, strict=True):
            start = time.thread_time()
            one()
            taken.append(time.thread_time() - start)
    return [statistics.median(taken) for taken in times]


def main() -> None:
    data = photograph()
    print(prepare(data, filename="photo.jpg").summary)
    ours, reduced, whole = measured(
        lambda: prepare(data, filename="photo.jpg"), lambda: floor(data, draft=True), lambda: floor(data, draft=False)
    )
    print(f"prepare                                  {ours * 1e3:7.1f} ms")
    print(f"Pillow: draft decode + resize + encode   {reduced * 1e3:7.1f} ms   ratio {ours / reduced:.2f}")
    print(f"Pillow: full decode + resize + encode    {whole * 1e3:7.1f} ms   ratio {ours / whole:.2f}")


if __name__ == "__main__":
    main()
