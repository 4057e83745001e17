"""
Signatures: by which first bytes a picture is known. The one place for it, and without a decoder, so that whatever
only has to tell a picture from something else loads none.
"""

from __future__ import annotations

from typing import Final, Literal

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

_UNREAD: Final = (
    (0, b"\xff\x0a", "JPEG XL pictures"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL pictures"),
    (0, b"v/1\x01", "OpenEXR pictures"),
    (0, b"#?RADIANCE", "Radiance HDR pictures"),
    (0, b"DDS ", "DDS textures"),
    (0, b"icns", "ICNS icons"),
    (0, b"gimp xcf", "GIMP projects (XCF)"),
    (0, b"AT&TFORM", "DjVu documents"),
    (0, b"\x01\xda\0\x01", "SGI pictures"),
    (0, b"\x01\xda\x01\x01", "SGI pictures"),
    (0, b"\x0a\x05\x01\x08", "PCX pictures"),
    (0, b"SIMPLE  =", "FITS pictures"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF drawings"),
    (40, b" EMF", "EMF drawings"),
    (0, b"FUJIFILMCCD-RAW", "raw photographs of a camera"),
    (0, b"IIRO", "raw photographs of a camera"),
    (0, b"IIRS", "raw photographs of a camera"),
    (0, b"IIU\0", "raw photographs of a camera"),
    (0, b"\0MRM", "raw photographs of a camera"),
    (4, b"ftypcrx", "raw photographs of a camera"),
)
"""Pictures that nothing here decodes: where their first bytes lie, and what they are called."""

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


def unread_kind(data: bytes) -> str | None:
    """
    What kind of picture it is that is known here and not read; None for any other.

    >>> unread_kind(b"v/1\\x01"), unread_kind(b"GIF89a")
    ('OpenEXR pictures', None)
    """
    if is_raw_photograph(data):
        return "raw photographs of a camera"
    return next((name for at, start, name in _UNREAD if data.startswith(start, at)), None)


def is_raw_photograph(data: bytes) -> bool:
    """
    Whether a TIFF is a camera's negative (DNG, NEF, ARW, CR2): its first picture is a small preview of it.

    Source:
        Adobe DNG specification 1.7, "NewSubFileType" and "DNGVersion"; TIFF 6.0, section 2.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return False
    if data[8:10] == b"CR":
        return True
    at = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[at : at + 2], order)
    entries = [data[place : place + 12] for place in range(at + 2, at + 2 + 12 * count, 12)]
    tags = {int.from_bytes(one[:2], order): one[8:12] for one in entries if len(one) == 12}
    reduced = int.from_bytes(tags.get(_SUBFILE_TYPE, b""), order) & 1
    return _DNG_VERSION in tags or bool(reduced and _SUB_PICTURES in tags)


_SUBFILE_TYPE: Final = 254
_SUB_PICTURES: Final = 330
_DNG_VERSION: Final = 50706


def _iso_media(head: bytes) -> str | None:
    """AVIF, HEIC and films share a container; the brands at its start tell them apart."""
    brands = head[8 : int.from_bytes(head[:4], "big")]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    return "HEIF" if any(brand in brands for brand in _HEIC_BRANDS) else None
