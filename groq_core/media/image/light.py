"""
Bring colours that are not written in sRGB to it as a browser does: gAMA and cICP in PNG, nclx in HEIC and AVIF.

Source:
    https://www.w3.org/TR/png-3/#4ConceptsPrecedence (cICP, then iCCP, then sRGB, then gAMA), ITU-T H.273.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

_BT709, _BT2020, _P3_DCI, _P3_D65 = 1, 9, 11, 12
_LINEAR, _SRGB, _PQ, _HLG = 8, 13, 16, 18
_LIKE_SRGB: Final = frozenset({1, 2, 6, 13, 14, 15})
"""Transfers shown as if they were sRGB's: those of television differ by less than a display does."""

_TO_BT709: Final = {
    _P3_D65: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
    _P3_DCI: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),
    _BT2020: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
}
_DIFFUSE_WHITE: Final = 203.0
"""Candelas a square metre that count as white where a picture tells absolute light (ITU-R BT.2408)."""


class Coding(NamedTuple):
    """Code points of ITU-T H.273."""

    primaries: int
    transfer: int


def coding_of(data: bytes, format_name: str) -> Coding | None:
    """How a picture says its colours are coded; None where it does not, or as sRGB."""
    if format_name == "PNG":
        at = data.find(b"cICP", 8, 4096)
        found = Coding(data[at + 4], data[at + 5]) if at >= 0 and len(data) > at + 8 else None
    elif format_name in ("HEIF", "AVIF"):
        at = data.find(b"colrnclx", 0, 65_536)
        numbers = (int.from_bytes(data[at + place : at + place + 2], "big") for place in (8, 10))
        found = Coding(*numbers) if at >= 0 else None
    else:
        found = None
    if found is None or (found.primaries not in _TO_BT709 and found.transfer in _LIKE_SRGB):
        return None
    return found


def to_srgb(image: Image.Image, coding: Coding) -> Image.Image:
    """A picture in sRGB; an alpha channel stays as it is."""
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        return image
    colour = image.convert("RGBA" if "A" in image.mode else "RGB")
    values = np.asarray(colour)
    light = _linear(coding.transfer)[values[..., :3]]
    matrix = _TO_BT709.get(coding.primaries)
    if matrix is not None:
        light = light @ np.array(matrix, np.float32).T
    out = values.copy()
    out[..., :3] = _as_srgb(light)
    return Image.fromarray(out, colour.mode)


def brighten(image: Image.Image, gamma: float) -> Image.Image:
    """
    A picture whose samples are light to the power of ``gamma`` (as gAMA has it; sRGB's is about 0.4545).
    """
    if not 0.01 < gamma < 10 or math.isclose(gamma, 1 / 2.2, abs_tol=0.01) or image.mode not in _EIGHT_BITS:
        return image
    table = _as_srgb((np.arange(256, dtype=np.float32) / 255) ** (1 / gamma)).tolist()
    colours = len(image.getbands()) - ("A" in image.mode)
    return image.point(table * colours + list(range(256)) * ("A" in image.mode))


_EIGHT_BITS: Final = ("L", "LA", "RGB", "RGBA")


def _linear(transfer: int) -> npt.NDArray[np.float32]:
    """Light of each of the 256 codes, 1 being white."""
    code = np.arange(256, dtype=np.float64) / 255
    if transfer == _LINEAR:
        light = code
    elif transfer == _PQ:
        power = code ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        light = light * 10_000 / _DIFFUSE_WHITE
    elif transfer == _HLG:
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        light = light / 0.265  # 75 % of the signal is diffuse white
    elif transfer in (4, 5):
        light = code ** (2.2 if transfer == 4 else 2.8)
    else:
        light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.asarray(light, np.float32)


def _as_srgb(light: Any) -> npt.NDArray[np.uint8]:
    light = np.clip(light, 0, 1)
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(code * 255), np.uint8)
