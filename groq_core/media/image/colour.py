"""Bring any kind of pixel to 8-bit sRGB or grey, the two kinds every model and every browser agree on."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms


def to_eight_bits(image: Image.Image) -> Image.Image:
    """
    Bring a picture to a mode that can be resized: L, LA, RGB, RGBA, CMYK, YCbCr or LAB.

    A colour declared transparent becomes an alpha channel; a palette is looked up; more than 8 bits are scaled.
    """
    if image.mode.startswith(("I", "F")):
        return _scale(image)
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode in ("1", "P", "PA", "La", "RGBa", "RGBX", "HSV"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image


def _scale(image: Image.Image) -> Image.Image:
    """
    Scale grey values of 16 or 32 bits to 8.

    Cameras and scanners often use twelve of sixteen bits, and floats have no range at all: it is what they use.
    """
    values = np.asarray(image)
    if image.mode.startswith("I;16") and values.max() >= _FULL_RANGE:
        grey = (values.astype(np.uint16) >> 8).astype(np.uint8)
    else:
        grey = stretch(values)
    shown = Image.fromarray(grey)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        shown.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return shown


def stretch(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Bring values of any range to 0…255: the whole of it, or 0 to the largest where black is meant."""
    finite = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if 0 <= low < (high - low) / 2:  # black stays black, unless nearly all of the range lies above it
        low = 0.0
    # A picture that uses most of 0…1 or of 0…255 keeps its brightness.
    high = next((ceiling for ceiling in (1.0, 255.0, 65535.0) if ceiling / 2 < high <= ceiling), high)
    return ((finite - low) * (255.0 / max(high - low, 1e-30))).astype(np.uint8)


_FULL_RANGE = 0x8000


def on_ground(image: Image.Image) -> tuple[Image.Image, str | None]:
    """
    Put a picture with an alpha channel on white paper, or where it could not be seen there on a darker ground.

    Returns:
        The picture (the same where it has no alpha channel), and a note where the ground is not white.
    """
    if image.mode not in ("LA", "RGBA"):
        return image, None
    grey = _ground(image)
    paper = Image.new("RGB" if image.mode == "RGBA" else "L", image.size, (grey,) * 3 if image.mode == "RGBA" else grey)
    paper.paste(image.convert(paper.mode), mask=image.getchannel("A"))
    return paper, None if grey == 255 else "on a dark ground, since it is light on nothing"


_GROUNDS = (255, 48, 128)
_APART = 40
"""Steps of brightness between what can be seen and its ground."""


def _ground(image: Image.Image) -> int:
    """The first of white, dark and grey on which nearly all of a picture, or most of it, can be seen."""
    alpha = np.asarray(image.getchannel("A").reduce(max(1, max(image.size) // 800)), np.float32) / 255
    light = np.asarray(image.convert("LA").getchannel("L").reduce(max(1, max(image.size) // 800)), np.float32)
    if alpha.mean() > _MOSTLY_OPAQUE or not alpha.any():
        return 255
    seen = [float((alpha * (np.abs(light - ground) > _APART)).sum() / alpha.sum()) for ground in _GROUNDS]
    return _GROUNDS[0] if seen[0] > _ENOUGH_SEEN else _GROUNDS[int(np.argmax(seen))]


_MOSTLY_OPAQUE = 0.9
"""From here on a picture brings its own ground."""

_ENOUGH_SEEN = 0.6


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str | None]:
    """
    Bring colours to sRGB.

    Args:
        image: Without an alpha channel.
        profile: The ICC profile that came with it.

    Returns:
        A picture in mode RGB or L, and a note where the profile could not be followed.
    """
    note = None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if image.mode in ("RGB", "L") and _is_srgb(source):
                return image, None
            return _convert(image, source), None
        # lcms refuses broken profiles and profiles of another colour space, in PyCMSError or in OSError.
        except (ImageCms.PyCMSError, OSError, ValueError):
            note = "its colour profile is broken and was ignored"
    if image.mode == "LAB":
        return _convert(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))), note
    return (image if image.mode in ("RGB", "L") else image.convert("RGB")), note


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "sRGB" in ImageCms.getProfileDescription(profile)


def _convert(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # None only when converting in place
    return converted
