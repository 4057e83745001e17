"""
Make a picture fit to be sent: upright, sRGB, no larger than the model uses, and with nothing else in it.

One pure function, :func:`prepare`. Everything that is sent is encoded anew from pixels, so no metadata, no
second picture and no trailing bytes of the original can come along.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from groq_core.media.image.colour import on_white, to_eight_bits, to_srgb
from groq_core.media.image.format import EXTENSIONS, FORMATS, format_of, invalid, opened, reading
from groq_core.media.image.headers import overloaded, webp_size
from groq_core.media.image.metadata import metadata_of, orientation_of
from groq_core.media.image.pixel_budget import Room
from groq_core.media.text.phrases import listed, size_in_words
from groq_core.requests import IMAGE_TOKENS

MAX_EDGE = 1568
"""Long edge in pixels: beyond it, vision models scale down themselves and only the upload gets slower."""

MAX_BYTES = 2_900_000
"""Of one encoded picture: as base64 it stays below the 4 MB Groq documented (vision page, early 2026)."""

MAX_PIXELS = 64_000_000
"""Held in memory at once while decoding; a JPEG of 200 megapixels needs 3 million, as it is decoded reduced."""

MAX_INPUT_BYTES = 50_000_000

MIN_EDGE = 32
"""Pixels; patch-based models refuse pictures smaller than a patch (a 32×32 PNG was accepted by Groq)."""

QUALITIES = (85, 70, 50)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture of each EXIF orientation upright."""

_PNG_FRAME = 70
"""Bytes of a PNG that are not pixels: signature, header, chunk frames, zlib's own."""

_room = Room(MAX_PIXELS)
"""Memory is the process's, so this is: many large pictures at once are decoded one after another."""

_SIDEWAYS = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage:
    """
    A picture as it is sent, and what was done to it.

    Attributes:
        data: A whole JPEG or PNG file without metadata.
        mime: ``image/jpeg`` or ``image/png``.
        width, height: Pixels, as sent.
        original_width, original_height: Pixels, upright, as it came.
        original_format: As people call it, e.g. ``JPEG``.
        removed: Metadata that was left out, most private first, e.g. ``("GPS position", "camera data")``.
        notes: What else the sender should know, e.g. that only the first frame is sent.
        tokens: Input tokens it will cost by Groq's documents; other models count differently.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    original_width: int
    original_height: int
    original_bytes: int
    original_format: str
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tokens: int = IMAGE_TOKENS

    @property
    def data_url(self) -> str:
        """The picture as the ``url`` of an ``image_url`` part."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode('ascii')}"

    @property
    def part(self) -> dict[str, object]:
        """The picture as one part of a user message."""
        return {"type": "image_url", "image_url": {"url": self.data_url}}

    @property
    def summary(self) -> str:
        """One line: what came, what is sent, what was removed."""
        came = f"{self.original_width}×{self.original_height} {self.original_format}"
        sent = f"{self.width}×{self.height} {self.mime.removeprefix('image/').upper()}"
        line = f"{came}, {size_in_words(self.original_bytes)} → {sent}, {size_in_words(len(self.data))}"
        removed = [f"{listed(self.removed)} removed"] if self.removed else []
        return "; ".join((line, *removed, *self.notes))


def prepare(
    data: bytes,
    *,
    filename: str = "",
    max_edge: int = MAX_EDGE,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    max_input_bytes: int = MAX_INPUT_BYTES,
) -> PreparedImage:
    """
    Make one picture fit to be sent to a vision model.

    Bytes, kind and declared size are checked before a pixel is decoded. Safe to call from any thread.

    Args:
        data: A whole file: JPEG, PNG, GIF, WebP, AVIF, BMP or TIFF.
        filename: Only to tell when its extension promises another format; may be empty.
        max_edge: Pixels of the long edge, as sent.
        max_bytes: Of the file, as sent; base64 makes it a third larger.
        max_pixels: Held in memory while decoding.

    Raises:
        RequestError: ``param="image"``; 413 when it is too large, 422 when it is no picture a model reads, 400
            when it is empty, broken or cut off.
    """
    format_name = _checked(data, max_pixels, max_input_bytes)
    with reading():
        image = opened(data, format_name)
        original = image.size
        image.draft(None, _fitted(image.size, max_edge))  # a JPEG is decoded at 1/2, 1/4 or 1/8 where that suffices
    # A progressive JPEG is held whole before it is reduced.
    pixels_held = _check_pixels(*(original if image.info.get("progressive") else image.size), max_pixels)
    with _room.held(pixels_held), reading():
        image.load()  # before the metadata is read: asking a PNG for it decodes it
        # A TIFF is turned upright by Pillow when it is loaded; no other format is.
        orientation = 1 if format_name == "TIFF" else orientation_of(image)
        original = image.size if format_name == "TIFF" else original
        removed = metadata_of(image)
        animated = format_name != "JPEG" and getattr(image, "is_animated", False)
        pixels, colour_note = _pixels(image, max_edge, orientation)
    width, height = original[::-1] if orientation in _SIDEWAYS else original
    encoded, mime, sent = _encoded(pixels, max_bytes)
    notes = (
        "only the first of its frames is sent" if animated else None,
        colour_note,
        _misnamed(filename, format_name),
        "enlarged, since models can't see pictures that small" if sent[0] > width else None,
    )
    return PreparedImage(
        data=encoded,
        mime=mime,
        width=sent[0],
        height=sent[1],
        original_width=width,
        original_height=height,
        original_bytes=len(data),
        original_format=FORMATS[format_name],
        removed=removed,
        notes=tuple(filter(None, notes)),
    )


def _checked(data: bytes, max_pixels: int, max_input_bytes: int) -> str:
    """Name the format of a file that is worth opening, by its bytes alone."""
    if len(data) > max_input_bytes:
        raise invalid(
            f"The picture is too large: {size_in_words(len(data))} of at most {size_in_words(max_input_bytes)}.",
            "image_too_large",
            status=413,
            hint="Send a smaller picture.",
        )
    format_name = format_of(data)
    if format_name == "WEBP":
        _check_pixels(*webp_size(data), max_pixels)
    if overloaded(data, format_name):
        raise invalid("The picture is broken: it has more parts than any picture needs.", hint="Save it anew.")
    return format_name


def _check_pixels(width: int, height: int, max_pixels: int) -> int:
    if width * height > max_pixels:
        raise invalid(
            f"The picture has too many pixels: {width}×{height}, {width * height / 1e6:.0f} megapixels "
            f"of at most {max_pixels / 1e6:.0f}.",
            "too_many_pixels",
            status=413,
            hint="Send a smaller picture.",
        )
    return width * height


def _fitted(size: tuple[int, int], max_edge: int) -> tuple[int, int]:
    """
    Scale a size so that the long edge fits and, where that leaves room, the short one is not too short.

    >>> _fitted((4032, 3024), 1568), _fitted((8, 8), 1568), _fitted((1, 60_000), 1568)
    ((1568, 1176), (32, 32), (1, 1568))
    """
    short, long = min(size), max(size)
    scale = min(max_edge / long, max(1.0, MIN_EDGE / short))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _pixels(image: Image.Image, max_edge: int, orientation: int) -> tuple[Image.Image, str | None]:
    """The picture itself: scaled, upright, on white, in sRGB or grey; and a note about its colours."""
    profile = image.info.get("icc_profile")
    scaled = to_eight_bits(image)
    size = _fitted(scaled.size, max_edge)
    if size != scaled.size:
        scaled = scaled.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    if orientation in _TURNS:
        scaled = scaled.transpose(_TURNS[orientation])
    pixels, note = to_srgb(on_white(scaled), profile)
    bare = pixels.copy() if pixels is image else pixels
    bare.info = {}  # encoders copy comments and profiles from here
    return bare, note


def _encoded(image: Image.Image, max_bytes: int) -> tuple[bytes, str, tuple[int, int]]:
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


def _misnamed(filename: str, format_name: str) -> str | None:
    extension = filename.rpartition(".")[2].lower()
    if EXTENSIONS.get(extension, format_name) == format_name:
        return None
    return f"it is a {FORMATS[format_name]} file although its name ends in .{extension}"
