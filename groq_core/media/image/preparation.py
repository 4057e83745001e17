"""
Make a picture fit to be sent: upright, sRGB, no larger than the model uses, and with nothing else in it.

One pure function, :func:`prepare`. Everything that is sent is encoded anew from pixels, so no metadata, no
second picture and no trailing bytes of the original can come along.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace

from PIL import Image, ImageFile

from groq_core.connections.bytes import hold_bytes
from groq_core.media.image import tiles
from groq_core.media.image.compression import compress
from groq_core.media.image.deep import stretch_dark
from groq_core.media.image.format import EXTENSIONS, FORMATS, format_of, invalid, open_image, reading
from groq_core.media.image.frames import count_of, seek_first_shown
from groq_core.media.image.header_check import has_too_many_parts, webp_size
from groq_core.media.image.mending import count_lost_rows, is_cut_off, is_progressive, with_end
from groq_core.media.image.metadata import metadata_of, orientation_of
from groq_core.media.image.pixel_budget import Room
from groq_core.media.image.shaping import SIDEWAYS, cut_out, fit, scale_down, shape, without_info
from groq_core.media.text.phrases import enumerate_words, size_in_words
from groq_core.requests import IMAGE_TOKENS

MAX_EDGE = 1568
"""Long edge in pixels: beyond it, vision models scale down themselves and only the upload gets slower."""

MAX_BYTES = 2_900_000
"""Of one encoded picture: as base64 it stays below the 4 MB Groq documented (vision page, early 2026)."""

MAX_PIXELS = 64_000_000
"""Held in memory at once while decoding; a JPEG of 200 megapixels needs 3 million, as it is decoded reduced."""

MAX_INPUT_BYTES = 50_000_000

MIN_TILE_BYTES = 300_000
"""Of one piece of a picture that was cut up: enough for a legible screen."""

_room = Room(MAX_PIXELS)
"""Memory is the process's, so this is: many large pictures at once are decoded one after another."""

_PIXEL_BYTES = 8
"""Of a pixel while it is worked on: as it was decoded, and as it was turned or converted."""


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
        removed = [f"{enumerate_words(self.removed)} removed"] if self.removed else []
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
        data: A whole file of one of :data:`~groq_core.media.image.format.FORMATS`.
        filename: Only to tell when its extension promises another format; may be empty.
        max_edge: Pixels of the long edge, as sent.
        max_bytes: Of the file, as sent; base64 makes it a third larger.
        max_pixels: Held in memory while decoding.

    Raises:
        RequestError: ``param="image"``; 413 when it is too large, 422 when it is no picture a model reads, 400
            when it is empty, broken or cut off.
    """
    format_name = _check(data, max_pixels, max_input_bytes)
    limits = _Limits(max_edge, max_bytes, max_pixels)
    picture, pages = _read(data, format_name, filename, limits, page=0, at_most=1)
    note = (f"only the first of its {pages} pages is sent",) if pages > 1 else ()
    (sent,) = _encode_all(picture, limits, more=note)
    return sent


def prepare_all(
    data: bytes,
    *,
    filename: str = "",
    at_most: int = 5,
    max_edge: int = MAX_EDGE,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    max_input_bytes: int = MAX_INPUT_BYTES,
) -> tuple[PreparedImage, ...]:
    """
    Make a file fit to be sent as one picture or several: the pages of a TIFF, the tiles of a screenshot as long as
    a conversation, in reading order.

    Args:
        at_most: Pictures that may come of it; what does not fit into them is said in a note.

    Raises:
        RequestError: As :func:`prepare`.
    """
    format_name = _check(data, max_pixels, max_input_bytes)
    limits = _Limits(max_edge, max_bytes, max_pixels)
    first, pages = _read(data, format_name, filename, limits, page=0, at_most=at_most)
    if pages == 1:
        return _encode_all(first, limits)
    taken = min(pages, at_most)
    sent = list[PreparedImage]()
    for page in range(taken):
        picture = first if page == 0 else _read(data, format_name, filename, limits, page=page, at_most=1)[0]
        note = f"page {page + 1} of {pages}"
        if page == taken - 1 and taken < pages:
            room = f"{at_most} {'picture' if at_most == 1 else 'pictures'}"
            note += (
                f"; page {pages} is not sent, since a question takes {room}"
                if pages == taken + 1
                else f"; pages {taken + 1} to {pages} are not sent, since a question takes {room}"
            )
        sent.extend(
            _encode_all(replace(picture, boxes=picture.boxes[:1] if taken > 1 else picture.boxes), limits, (note,))
        )
    return tuple(sent)


@dataclass(frozen=True, slots=True)
class _Limits:
    max_edge: int
    max_bytes: int
    max_pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """Pixels that need only be encoded, one piece for every box; and what is to be said of them."""

    pieces: tuple[Image.Image, ...]
    boxes: tuple[tiles.Box, ...]
    size: tuple[int, int]
    original_bytes: int
    original_format: str
    removed: tuple[str, ...]
    notes: tuple[str | None, ...]


def _read(
    data: bytes, format_name: str, filename: str, limits: _Limits, *, page: int, at_most: int
) -> tuple[_Picture, int]:
    """Decode a page of a file; also tells how many there are."""
    with reading():
        image = open_image(data, format_name)
        if page:
            image.seek(page)
        original = image.size
        # A JPEG is decoded at 1/2, 1/4 or 1/8 where that suffices.
        image.draft(None, _conversion(image.size, limits.max_edge, at_most))
    # A progressive JPEG is held whole before it is reduced.
    held = _check_pixels(*(original if is_progressive(image) else image.size), limits.max_pixels)
    with _room.hold(held), hold_bytes(held * _PIXEL_BYTES), reading():
        pages = count_of(image, format_name) if format_name == "TIFF" else 1
        _, frame_note = seek_first_shown(image, format_name)
        image, cut_note = _load(image, data, format_name)
        shown = stretch_dark(image, data, format_name, page)
        # A TIFF is turned upright by Pillow when it is loaded, and HEIC by its decoder; no other format is.
        orientation = 1 if format_name in ("TIFF", "HEIF") else orientation_of(image)
        original = image.size if format_name == "TIFF" else original
        removed = metadata_of(image)
        width, height = original[::-1] if orientation in SIDEWAYS else original
        boxes = tiles.boxes((width, height), limits.max_edge, at_most)
        upright, colour_note = shape(shown, data, format_name, orientation, limits.max_edge if len(boxes) == 1 else 0)
        # Where the decoder reduced it, boxes are smaller, too.
        scale = upright.width / width
        pieces = [cut_out(upright, box, scale) for box in boxes] if boxes[1:] else [upright]
        pieces = [without_info(scale_down(piece, limits.max_edge)) for piece in pieces]
    notes = (
        cut_note,
        frame_note,
        colour_note,
        _wrong_name_note(filename, format_name),
        _legibility(tuple(pieces), boxes, (width, height)),
        "enlarged, since models can't see pictures that small" if pieces[0].width > width else None,
    )
    return (
        _Picture(
            pieces=tuple(pieces),
            boxes=tuple(boxes),
            size=(width, height),
            original_bytes=len(data),
            original_format=FORMATS[format_name],
            removed=removed,
            notes=notes,
        ),
        pages,
    )


def _load(image: ImageFile.ImageFile, data: bytes, format_name: str) -> tuple[ImageFile.ImageFile, str | None]:
    """
    Decode the pixels, before the metadata is read: asking a PNG for it decodes it. A JPEG that is cut off is
    decoded as far as it goes.
    """
    try:
        image.load()
    except OSError as error:
        if format_name != "JPEG" or not is_cut_off(error):
            raise
    else:
        return image, None
    size = image.size
    mended = open_image(with_end(data), format_name)
    mended.draft(None, size)
    mended.load()
    lost, rows = count_lost_rows(data, size)
    if lost > _MOST_LOST * rows:
        raise invalid(
            "The picture is cut off: nearly all of it is missing.", "truncated_image", hint="Copy or download it again."
        )
    if is_progressive(mended):
        return mended, "its end is missing, so it is less sharp than it was" if lost else None
    return mended, f"its end is missing: the lowest {lost} of its {rows} rows are lost" if lost else None


_MOST_LOST = 0.95


def _conversion(size: tuple[int, int], max_edge: int, at_most: int) -> tuple[int, int]:
    """The size a picture must at least be decoded at."""
    if len(tiles.boxes(size, max_edge, at_most)) > 1 or len(tiles.boxes(size[::-1], max_edge, at_most)) > 1:
        return size
    return fit(size, max_edge)


def _legibility(pieces: tuple[Image.Image, ...], boxes: list[tiles.Box], size: tuple[int, int]) -> str | None:
    """What to say where a long picture is cut up, or had to be made so small that text in it is lost."""
    width = boxes[0][2] - boxes[0][0]
    scale = pieces[0].width / width
    parts = f"cut into {len(pieces)} overlapping parts" if len(pieces) > 1 else ""
    if max(size) < tiles.LONG * min(size) or scale >= tiles.ILLEGIBLE:
        return parts or None
    shown = f"shown at {pieces[0].width}×{pieces[0].height}, at which small text in it can't be read"
    return f"{parts}; {shown}" if parts else shown


def _encode_all(picture: _Picture, limits: _Limits, more: tuple[str, ...] = ()) -> tuple[PreparedImage, ...]:
    """Encode the pieces of a picture; those after the first say which they are, and nothing else."""
    share = (
        limits.max_bytes if len(picture.pieces) == 1 else max(MIN_TILE_BYTES, limits.max_bytes // len(picture.pieces))
    )
    sent = list[PreparedImage]()
    for number, piece in enumerate(picture.pieces[: len(picture.boxes)], start=1):
        encoded, mime, size = compress(piece, share)
        own = tuple(filter(None, (*more, *picture.notes))) if number == 1 else ()
        part = (f"part {number} of {len(picture.pieces)}",) if len(picture.pieces) > 1 else ()
        sent.append(
            PreparedImage(
                data=encoded,
                mime=mime,
                width=size[0],
                height=size[1],
                original_width=picture.size[0],
                original_height=picture.size[1],
                original_bytes=picture.original_bytes,
                original_format=picture.original_format,
                removed=picture.removed,
                notes=(*part, *own),
            )
        )
    return tuple(sent)


def _check(data: bytes, max_pixels: int, max_input_bytes: int) -> str:
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
    if has_too_many_parts(data, format_name):
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


def _wrong_name_note(filename: str, format_name: str) -> str | None:
    extension = filename.rpartition(".")[2].lower()
    if EXTENSIONS.get(extension, format_name) == format_name:
        return None
    return f"it is a {FORMATS[format_name]} file although its name ends in .{extension}"
