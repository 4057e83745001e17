"""A decoded picture brought into shape: scaled, upright, on a ground, in sRGB or grey, and telling nothing else."""

from __future__ import annotations

from PIL import Image

from groq_core.media.image import light, tiles
from groq_core.media.image.colour import on_ground, to_eight_bits, to_srgb
from groq_core.media.image.compression import MIN_EDGE

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

SIDEWAYS = (5, 6, 7, 8)
"""Orientations of a picture whose width is its height."""


def fit(size: tuple[int, int], max_edge: int) -> tuple[int, int]:
    """
    Scale a size so that the long edge fits and, where that leaves room, the short one is not too short.

    >>> fit((4032, 3024), 1568), fit((8, 8), 1568), fit((1, 60_000), 1568)
    ((1568, 1176), (32, 32), (1, 1568))
    """
    short, long = min(size), max(size)
    scale = min(max_edge / long, max(1.0, MIN_EDGE / short))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shape(
    image: Image.Image, data: bytes, format_name: str, orientation: int, max_edge: int
) -> tuple[Image.Image, str | None]:
    """The picture itself: scaled (unless ``max_edge`` is 0), upright, on a ground, in sRGB or grey; and a note."""
    profile, gamma = image.info.get("icc_profile"), image.info.get("gamma")
    pixels = to_eight_bits(image)
    if max_edge:
        pixels = scale_down(pixels, max_edge)
    if orientation in _TURNS:
        pixels = pixels.transpose(_TURNS[orientation])
    coding = light.coding_of(data, format_name)
    if coding is not None:
        pixels, profile = light.to_srgb(pixels, coding), None
    elif format_name == "PNG" and gamma and not profile and "srgb" not in image.info:
        pixels = light.brighten(pixels, gamma)
    grounded, ground_note = on_ground(pixels)
    shown, colour_note = to_srgb(grounded, profile)
    notes = [note for note in (ground_note, colour_note) if note]
    return shown, "; ".join(notes) or None


def scale_down(image: Image.Image, max_edge: int) -> Image.Image:
    size = fit(image.size, max_edge)
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def cut_out(image: Image.Image, box: tiles.Box, scale: float) -> Image.Image:
    left, top, right, bottom = (round(edge * scale) for edge in box)
    return image.crop((left, top, right, bottom))


def without_info(image: Image.Image) -> Image.Image:
    """A copy that tells nothing: encoders copy comments and profiles from there."""
    bare = image.copy()
    bare.info = {}
    return bare
