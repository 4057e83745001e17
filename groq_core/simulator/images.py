"""What can be measured of a picture: format, size, orientation, colours, brightness. From its bytes, nothing else."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections import Counter
from typing import Any

import msgspec
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.wire_format import Json, WireError, bad_request

# Named colours as hue, saturation, value would part them, but by nearest point in RGB, which is good enough to read.
COLOURS = {
    "black": (15, 15, 15),
    "dark grey": (75, 75, 75),
    "grey": (130, 130, 130),
    "light grey": (195, 195, 195),
    "white": (245, 245, 245),
    "red": (205, 40, 40),
    "dark red": (110, 20, 25),
    "orange": (235, 135, 35),
    "brown": (120, 75, 40),
    "beige": (220, 200, 165),
    "yellow": (240, 220, 60),
    "olive": (125, 125, 45),
    "light green": (160, 205, 110),
    "green": (60, 155, 60),
    "dark green": (25, 75, 35),
    "turquoise": (60, 190, 185),
    "light blue": (150, 195, 230),
    "blue": (50, 95, 200),
    "dark blue": (20, 35, 100),
    "purple": (130, 60, 165),
    "pink": (235, 150, 185),
}
_NAMES = tuple(COLOURS)
_POINTS = np.array(list(COLOURS.values()), dtype=np.int32)
_SAMPLE = 64
_MAX_PIXELS = 120_000_000


class ReceivedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """
    A measured picture.

    Attributes:
        width, height: Pixels, as it is meant to be seen (turned by its EXIF orientation).
        turned: It is stored in another orientation.
        colours: Names with share of the area, most common first.
        brightness, contrast: 0 to 1, of the grey values.
        frames: More than one when it is animated.
        url: Where a picture was only linked; nothing was measured then.
    """

    format: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    mode: str = ""
    turned: bool = False
    transparent: bool = False
    frames: int = 1
    colours: tuple[tuple[str, float], ...] = ()
    brightness: float = 0.0
    contrast: float = 0.0
    url: str = ""


def parts(messages: list[Json]) -> list[Json]:
    """The ``image_url`` objects of a conversation, oldest first."""
    return [
        part["image_url"]
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
        if isinstance(part, dict) and part.get("type") == "image_url" and isinstance(part.get("image_url"), dict)
    ]


def load(messages: list[Json], model: SimModel) -> list[ReceivedPicture]:
    """
    Measure every picture of a conversation.

    Raises:
        WireError: One is broken, too large in pixels or in bytes.
    """
    return [_load(str(part.get("url", "")), model) for part in parts(messages)]


def measure(data: bytes) -> ReceivedPicture:
    """
    Measure one picture.

    Raises:
        ValueError: The bytes are no picture, or not a whole one.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                return _measure(image, len(data))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"invalid image data: {error}") from error


def describe(pictures: list[ReceivedPicture], question: str) -> str:
    """The answer to a question about pictures: what was measured, and that nobody looked."""
    lines = []
    asked = " ".join(question.split())
    if asked:
        lines.append(f"You asked: “{asked[:120]}”")
    lines.append(
        "*Simulated: no model has seen "
        + ("this picture" if len(pictures) == 1 else f"these {len(pictures)} pictures")
        + "; what follows was measured from its pixels.*".replace("its", "its" if len(pictures) == 1 else "their")
    )
    if len(pictures) == 1:
        lines.append(_describe(pictures[0]))
    else:
        lines += [f"**Image {number}.** {_describe(picture)}" for number, picture in enumerate(pictures, 1)]
    return "\n\n".join(lines)


def _load(url: str, model: SimModel) -> ReceivedPicture:
    if not url.startswith("data:"):
        return ReceivedPicture(url=url)
    head, _, encoded = url.partition(",")
    if not head.startswith("data:image/") or ";base64" not in head:
        raise bad_request("invalid image data", param="messages")
    if len(encoded) > model.image_bytes * 4 // 3 + 4:
        raise WireError(413, "Request Entity Too Large", code="request_too_large")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request("invalid base64 image data", param="messages") from error
    pixels = _pixels(data)
    limit = model.image_megapixels
    if limit is not None and pixels is not None and pixels > limit * 1e6:
        raise bad_request(
            f"Image too large: {pixels} pixels. The maximum allowed is {limit * 1e6:.0f} pixels", param="messages"
        )
    try:
        return measure(data)
    except ValueError as error:
        raise bad_request("invalid image data", param="messages") from error


def _pixels(data: bytes) -> int | None:
    """Width times height by the header alone, so that a bomb is refused before it is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                return image.width * image.height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _measure(image: Image.Image, size: int) -> ReceivedPicture:
    if image.width * image.height > _MAX_PIXELS:
        raise ValueError(f"{image.width} x {image.height} pixels are too many")
    format_, mode = image.format or "", image.mode
    frames = getattr(image, "n_frames", 1)
    transparent = "A" in mode or "transparency" in image.info
    image.load()
    turned = image.getexif().get(0x0112, 1) not in (0, 1)
    upright = ImageOps.exif_transpose(image) if turned else image
    width, height = upright.size
    sample = upright.convert("RGBA" if transparent else "RGB")
    if transparent:
        # What shows through is shown on white, as a page would.
        sample = Image.alpha_composite(Image.new("RGBA", sample.size, "white"), sample).convert("RGB")
    sample = sample.resize((min(_SAMPLE, width), min(_SAMPLE, height)), Image.Resampling.BOX)
    pixels = np.asarray(sample, dtype=np.int32).reshape(-1, 3)
    grey = (pixels @ np.array([299, 587, 114])) / 255_000
    return ReceivedPicture(
        format=format_,
        width=width,
        height=height,
        bytes=size,
        mode=mode,
        turned=turned,
        transparent=transparent,
        frames=frames,
        colours=_colours(pixels),
        brightness=round(float(grey.mean()), 3),
        contrast=round(float(grey.std()), 3),
    )


def _colours(pixels: np.ndarray[Any, Any]) -> tuple[tuple[str, float], ...]:
    distance = ((pixels[:, None, :] - _POINTS[None, :, :]) ** 2).sum(axis=2)
    counts = Counter(distance.argmin(axis=1).tolist())
    shares = ((_NAMES[index], round(count / len(pixels), 3)) for index, count in counts.most_common(4))
    return tuple((name, share) for name, share in shares if share >= 0.03)


def _describe(picture: ReceivedPicture) -> str:
    if picture.url:
        return (
            f"It was linked, not sent ({picture.url[:120]}), and the simulator fetches nothing, so it was not measured."
        )
    shape = (
        "square" if picture.width == picture.height else "landscape" if picture.width > picture.height else "portrait"
    )
    colours = ", ".join(f"{name} ({share:.0%})" for name, share in picture.colours) or "no dominant colour"
    extras = []
    if picture.turned:
        extras.append("stored turned, shown upright by its EXIF orientation")
    if picture.transparent:
        extras.append("with transparency")
    if picture.frames > 1:
        extras.append(f"animated, {picture.frames} frames")
    return (
        f"A {picture.format} picture, {picture.width} × {picture.height} pixels, {shape}"
        f"{''.join(f', {extra}' for extra in extras)}; {_size(picture.bytes)}.\n\n"
        f"- **Main colours:** {colours}\n"
        f"- **Brightness:** {_bright(picture.brightness)} ({picture.brightness:.0%})\n"
        f"- **Contrast:** {_contrast(picture.contrast)}"
    )


def _bright(value: float) -> str:
    return "dark" if value < 0.3 else "medium" if value < 0.6 else "bright"


def _contrast(value: float) -> str:
    return "flat" if value < 0.1 else "moderate" if value < 0.22 else "strong"


def _size(count: int) -> str:
    return (
        f"{count} bytes"
        if count < 1024
        else f"{count / 1024:.1f} kB"
        if count < 1024**2
        else f"{count / 1024**2:.1f} MB"
    )
