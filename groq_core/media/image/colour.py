"""Bring any kind of pixel to 8-bit sRGB or grey, the two kinds every model and every browser agree on."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

WHITE = (255, 255, 255)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """
    Bring a picture to a mode that can be resized: L, LA, RGB, RGBA, CMYK, YCbCr or LAB.

    A colour declared transparent becomes an alpha channel; a palette is looked up; more than 8 bits are scaled.
    """
    if image.mode.startswith(("I", "F")):
        return _scaled(image)
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode in ("1", "P", "PA", "La", "RGBa", "RGBX", "HSV"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image


def _scaled(image: Image.Image) -> Image.Image:
    """
    Scale grey values of 16 or 32 bits to 8.

    Sixteen-bit values have a known range; 32-bit integers and floats have none, so theirs is what they use.
    """
    values = np.asarray(image)
    if image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and 255 < values.max() <= 65535):
        grey = (values.astype(np.uint16) >> 8).astype(np.uint8)
    else:
        grey = _stretched(values)
    shown = Image.fromarray(grey)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        shown.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return shown


def _stretched(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    finite = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = min(0.0, float(finite.min())), float(finite.max())
    # A float picture in 0…1 and an integer one in 0…255 keep their brightness.
    high = next((ceiling for ceiling in (1.0, 255.0) if high <= ceiling), high)
    return ((finite - low) * (255.0 / (high - low))).astype(np.uint8)


def on_white(image: Image.Image) -> Image.Image:
    """Put a picture with an alpha channel on white paper; others stay as they are."""
    if image.mode not in ("LA", "RGBA"):
        return image
    paper = Image.new("RGB" if image.mode == "RGBA" else "L", image.size, WHITE if image.mode == "RGBA" else 255)
    paper.paste(image.convert(paper.mode), mask=image.getchannel("A"))
    return paper


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
            return _converted(image, source), None
        # lcms refuses broken profiles and profiles of another colour space, in PyCMSError or in OSError.
        except (ImageCms.PyCMSError, OSError, ValueError):
            note = "its colour profile is broken and was ignored"
    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))), note
    return (image if image.mode in ("RGB", "L") else image.convert("RGB")), note


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "sRGB" in ImageCms.getProfileDescription(profile)


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
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
