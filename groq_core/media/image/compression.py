"""A picture as the smaller of JPEG and PNG, within so many bytes."""

from __future__ import annotations

import math
from io import BytesIO

from PIL import Image

from groq_core.media.image.format import invalid
from groq_core.media.text.phrases import size_in_words

MIN_EDGE = 32
"""Pixels; patch-based models refuse pictures smaller than a patch (a 32×32 PNG was accepted by Groq)."""

QUALITIES = (85, 70, 50)

_PNG_FRAME = 70
"""Bytes of a PNG that are not pixels: signature, header, chunk frames, zlib's own."""


def compress(image: Image.Image, max_bytes: int) -> tuple[bytes, str, tuple[int, int]]:
    """
    Encode a picture as the smaller of JPEG and PNG, at the best quality and then the largest size that fits.

    Raises:
        RequestError: Not even a few pixels fit.
    """
    while True:
        candidates = [(_jpeg(image, QUALITIES[0]), "image/jpeg")]
        if _suits_png(image, len(candidates[0][0])):
            candidates.append((_png(image), "image/png"))
        candidates.sort(key=lambda candidate: len(candidate[0]))
        data, mime = candidates[0]
        if len(data) > max_bytes:
            lesser = ((_jpeg(image, quality), "image/jpeg") for quality in QUALITIES[1:])
            data, mime = next((found for found in lesser if len(found[0]) <= max_bytes), (data, mime))
        if len(data) <= max_bytes:
            return data, mime, image.size
        if max(image.size) <= MIN_EDGE:
            raise invalid(
                f"The picture can't be made to fit {size_in_words(max_bytes)}.", "image_too_large", status=413
            )
        scale = max(0.5, min(0.9, math.sqrt(max_bytes / len(data))))
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _png(image: Image.Image, compress_level: int = 6) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def _suits_png(image: Image.Image, jpeg_bytes: int) -> bool:
    """
    Guess from three strips whether PNG would be smaller: yes for drawings and screenshots, no for photographs.

    Encoding a photograph as PNG to find out takes longer than everything else together.
    """
    strip = max(1, min(8, image.height // 3))
    tops = (0, (image.height - strip) // 2, image.height - strip)
    strips = (_png(image.crop((0, top, image.width, top + strip)), compress_level=1) for top in tops)
    sampled = sum(len(png) - _PNG_FRAME for png in strips)
    return sampled * image.height / (3 * strip) < 1.5 * jpeg_bytes
