"""
Look over the beginning of a picture before a decoder does, where the decoder would trust it too far.

Pillow walks the segments of a JPEG and the chunks of a PNG one by one in Python, so 40 MB of empty ones keep it
busy for more than a minute; and libwebp takes memory for two whole frames as soon as a file is opened.
"""

from __future__ import annotations

import struct

MAX_SEGMENTS = 3000
"""Of a JPEG before its pixels: a depth map of 10 MB in 64 KB pieces is 160."""

MAX_FILLER = 65_536
"""Bytes between the segments of a JPEG that belong to none."""

MAX_CHUNKS = 50_000
"""Of a PNG: one of 50 MB in pieces of 4 KB has 12,000."""


def has_too_many_parts(data: bytes, format_name: str) -> bool:
    """Whether a file has so many parts that walking them would take longer than a picture is worth."""
    if format_name == "JPEG":
        return _jpeg_overloaded(data)
    return format_name == "PNG" and _png_overloaded(data)


def _jpeg_overloaded(data: bytes) -> bool:
    at, filler = 2, 0
    for _ in range(MAX_SEGMENTS):
        start = at
        while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] == b"\xff" and at - start < MAX_FILLER:
            at += 1
        filler += at - start
        marker = data[at : at + 2]
        if marker == b"\xff\xda" or len(marker) < 2:
            return False
        if marker[0] != 0xFF or marker[1] in (0x00, 0xFF):
            found = data.find(b"\xff", at + 1, at + 1 + MAX_FILLER)
            filler += (found if found >= 0 else at + MAX_FILLER) - at
            at = found
        elif 0xD0 <= marker[1] <= 0xD9 or marker[1] == 0x01:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        if filler >= MAX_FILLER:
            return True
    return True


def _png_overloaded(data: bytes) -> bool:
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return False
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return True


def webp_size(data: bytes) -> tuple[int, int]:
    """
    Width and height a WebP file declares; (0, 0) when it is cut before them.

    Source:
        https://developers.google.com/speed/webp/docs/riff_container
    """
    kind = data[12:16]
    if len(data) < 30:
        return 0, 0
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF
