"""
Signatures: by which first bytes a picture is known. The one place for it, and without a decoder, so that whatever
only has to tell a picture from something else loads none.
"""

from __future__ import annotations

from typing import Final

_STARTS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51\0", "JPEG2000"),
    (b"\0\0\1\0", "ICO"),
    (b"8BPS\0\1", "PSD"),
    (b"qoif", "QOI"),
    *((b"P%c%c" % (kind, gap), "PPM") for kind in b"123456fF" for gap in b" \t\r\n"),
)

_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Bytes of the second header of a BMP; two letters alone might begin a text."""

_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

HEAD: Final = 64
"""Bytes from the start that are looked at."""

MEDIA_TYPES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "JPEG2000": "image/jp2",
    "ICO": "image/vnd.microsoft.icon",
    "PSD": "image/vnd.adobe.photoshop",
    "QOI": "image/qoi",
    "PPM": "image/x-portable-anymap",
}
"""Of each format that has a signature."""

SENDABLE: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Media types that every vision model takes."""

UNMISTAKABLE: Final = frozenset({"JPEG", "PNG", "GIF"})
"""Formats whose signature nothing else begins with, so that a file is one whatever its name says."""


def signature(data: bytes) -> str | None:
    """
    The format that a file's first bytes promise, as Pillow calls it; None for what is no picture by them.

    >>> signature(b"GIF89a"), signature(b"BMW sold more cars than ever before in its history")
    ('GIF', None)
    """
    head = data[:HEAD]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and len(head) > 26 and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    return next((name for start, name in _STARTS if head.startswith(start)), None)


def _iso_media(head: bytes) -> str | None:
    """AVIF, HEIC and films share a container; the brands at its start tell them apart."""
    brands = head[8 : int.from_bytes(head[:4], "big")]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    return "HEIF" if any(brand in brands for brand in _HEIC_BRANDS) else None
