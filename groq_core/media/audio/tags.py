"""
Take everything but sound out of a file, without touching the sound: titles, names, covers, positions, dates.

Each container keeps its place for them. What can be cut off is cut off; where offsets would shift, the place is
blanked. A file whose structure is not understood to the end is not vouched for: then the answer is None, and who
asked sends the decoded samples instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from groq_core.media.audio.container import AAC, FLAC, M4A, MP3, MP4, MPGA, OGG, OPUS, WEBM, Container


def without_tags(data: bytes, container: Container) -> bytes | None:
    """
    A recording with nothing but sound in it, or None where that can't be promised.

    >>> without_tags(b"ID3" + bytes(7) + b"sound", MP3)
    b'sound'
    """
    strip = _STRIPPERS.get(container)
    if strip is None:
        return None
    try:
        return strip(data)
    except (ValueError, IndexError):
        return None


# ── MPEG audio: tags stand before and behind ─────────────────────────────────────────────────────────


def _mpeg(data: bytes) -> bytes:
    begin, end = 0, len(data)
    while data[begin : begin + 3] == b"ID3":
        begin += 10 + _synchsafe(data[begin + 6 : begin + 10]) + (10 if data[begin + 5] & 0x10 else 0)
        begin += len(data[begin : begin + 65_536]) - len(data[begin : begin + 65_536].lstrip(b"\0"))
    while (shorter := _without_tail(data, begin, end)) != end:
        end = shorter
    bare = data[begin:end]
    if b"APETAGEX" in bare or b"LYRICSBEGIN" in bare or bare[-128:-125] == b"TAG":
        raise ValueError("a tag in an unusual place")
    return bare


def _without_tail(data: bytes, begin: int, end: int) -> int:
    """Where the sound ends if the last thing before ``end`` is a tag; else ``end``."""
    if data[max(begin, end - 128) : end][:3] == b"TAG":
        return max(begin, end - 128)
    if data[end - 32 : end - 24] == b"APETAGEX":
        size = int.from_bytes(data[end - 20 : end - 16], "little") + (32 if data[end - 9] & 0x80 else 0)
        return max(begin, end - size)
    if data[end - 9 : end] == b"LYRICS200":
        length = data[end - 15 : end - 9]
        if not length.isdigit():
            raise ValueError("a tag without its length")
        return max(begin, end - 15 - int(length))
    if data[end - 9 : end] == b"LYRICSEND" and (start := data.rfind(b"LYRICSBEGIN", begin, end)) >= 0:
        return start
    if data[end - 10 : end - 7] == b"3DI":
        return max(begin, end - 20 - _synchsafe(data[end - 4 : end]))
    return end


def _synchsafe(four: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=True))


# ── FLAC: blocks before the sound ────────────────────────────────────────────────────────────────────

_STREAMINFO, _SEEKTABLE = 0, 3


def _flac(data: bytes) -> bytes:
    at, kept = 4, list[tuple[int, bytes]]()
    while True:
        kind, length = data[at] & 0x7F, int.from_bytes(data[at + 1 : at + 4], "big")
        if kind in (_STREAMINFO, _SEEKTABLE):
            kept.append((kind, data[at + 4 : at + 4 + length]))
        last = data[at] & 0x80
        at += 4 + length
        if last:
            break
    if not kept or kept[0][0] != _STREAMINFO:
        raise ValueError("no stream info")
    blocks = [
        bytes((kind | (0x80 if place == len(kept) - 1 else 0),)) + len(body).to_bytes(3, "big") + body
        for place, (kind, body) in enumerate(kept)
    ]
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    return b"".join((b"fLaC", *blocks, data[at:end]))


# ── MP4: boxes; blanked in place, since other boxes count bytes from the start ───────────────────────

_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf", b"dinf"})
_TELLING: Final = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip", b"wide", b"hnti", b"ilst", b"pnot", b"prft"})
_SOUND_ALONE: Final = b"soun"


def _mp4(data: bytes) -> bytes:
    out = bytearray(data)
    _blank_boxes(out, 0, len(out))
    return bytes(out)


def _blank_boxes(out: bytearray, at: int, end: int) -> None:
    while at + 8 <= end:
        size, kind, head = int.from_bytes(out[at : at + 4], "big"), bytes(out[at + 4 : at + 8]), 8
        if size == 1:
            size, head = int.from_bytes(out[at + 8 : at + 16], "big"), 16
        size = size or end - at
        if size < head or at + size > end:
            raise ValueError("a box that is larger than what it stands in")
        if kind in _TELLING:
            out[at + 4 : at + 8] = b"free"
            out[at + head : at + size] = bytes(size - head)
        elif kind == b"hdlr":
            if out[at + 16 : at + 20] not in (_SOUND_ALONE, b"url ", b"alis", bytes(4)):
                raise ValueError("a track that is no sound")
            out[at + 32 : at + size] = bytes(max(0, size - 32))
        elif kind in (b"mvhd", b"tkhd", b"mdhd"):
            dates = 16 if out[at + 8] == 1 else 8
            out[at + 12 : at + 12 + dates] = bytes(dates)
        elif kind in _PARENTS:
            _blank_boxes(out, at + head, at + size)
        at += size
    out[at:end] = bytes(end - at)


# ── Matroska and WebM: elements; blanked in place ────────────────────────────────────────────────────

_VOID: Final = 0xEC
_ENTERED: Final = frozenset({0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675})
"""Segment, Info, Tracks, TrackEntry, Cluster."""
_LEFT_OUT: Final = frozenset({0x1254C367, 0x1941A469, 0x1043A770, 0x7BA9, 0x4461, 0x7384, 0x536E, 0x73A4, 0xEC, 0xBF})
"""Tags, Attachments, Chapters, Title, DateUTC, SegmentFilename, Name, SegmentUUID, Void, CRC-32."""
_TRACK_TYPE: Final = 0x83


def _matroska(data: bytes) -> bytes:
    out = bytearray(data)
    at = 0
    while at < len(out):
        start = at
        number, at = _vint(out, at, keep_marker=True)
        size, at = _vint(out, at, keep_marker=False)
        unknown = size == (1 << 7 * (at - start - _length_of_id(number))) - 1
        if number in _ENTERED:
            continue
        if unknown or at + size > len(out):
            raise ValueError("an element that does not end")
        if number == _TRACK_TYPE and out[at : at + size].lstrip(b"\0") != b"\x02":
            raise ValueError("a track that is no sound")
        if number in _LEFT_OUT:
            _void(out, start, at + size)
        at += size
    return bytes(out)


def _length_of_id(number: int) -> int:
    return (number.bit_length() + 7) // 8


def _vint(out: bytearray, at: int, *, keep_marker: bool) -> tuple[int, int]:
    first = out[at]
    length = 9 - first.bit_length()
    if not first or at + length > len(out):
        raise ValueError("no element")
    value = int.from_bytes(out[at : at + length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), at + length


def _void(out: bytearray, start: int, end: int) -> None:
    """Put an empty element of the same length over everything from ``start`` to ``end``."""
    length = end - start
    if length < 2:
        raise ValueError("too short to be blanked")
    width = 1 if length <= 0x7F else 8
    size = length - 1 - width
    out[start] = _VOID
    out[start + 1 : start + 1 + width] = ((1 << 7 * width) | size).to_bytes(width, "big")
    out[start + 1 + width : end] = bytes(size)


# ── Ogg: the comment packet is emptied in place, and its pages' checksums are made anew ──────────────

_COMMENTS: Final = {b"OpusTags": 0, b"\x03vorbis": 1, b"\x81kate\0\0\0": 0}
"""How comments begin, and how many bytes must still follow them."""


def _ogg(data: bytes) -> bytes:
    out = bytearray(data)
    packet = list[int]()
    heads = 0
    for page, segments, body in _pages(data):
        if data[page + 5] & 2:
            heads, packet = heads + 1, []
            if heads > 1:  # a second stream beside the first or after it, which not every reader goes on to
                raise ValueError("more than one stream")
        at = body
        for segment in segments:
            packet.extend(range(at, at + segment))
            at += segment
            if segment < 255:
                _empty_comments(out, packet)
                packet = []
            elif len(packet) > _LONGEST_COMMENT:
                raise ValueError("a packet that does not end")
    for page, segments, body in _pages(data):
        end = body + sum(segments)
        if out[page:end] != data[page:end]:
            out[page + 22 : page + 26] = bytes(4)
            out[page + 22 : page + 26] = _checksum(out[page:end]).to_bytes(4, "little")
    return bytes(out)


_LONGEST_COMMENT: Final = 4_000_000


def _pages(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"OggS":
            raise ValueError("no page")
        count = data[at + 26]
        segments = data[at + 27 : at + 27 + count]
        yield at, segments, at + 27 + count
        at += 27 + count + sum(segments)


def _empty_comments(out: bytearray, packet: list[int]) -> None:
    head = bytes(out[place] for place in packet[:9])
    mark = next((mark for mark in _COMMENTS if head.startswith(mark)), None)
    if mark is None:
        return
    tail = _COMMENTS[mark]
    room = len(packet) - len(mark) - 8 - tail
    if room < 0:
        raise ValueError("comments cut short")
    emptied = mark + room.to_bytes(4, "little") + b" " * room + bytes(4) + b"\x01" * tail
    for place, byte in zip(packet, emptied, strict=True):
        out[place] = byte


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        rows.append(value)
    return tuple(rows)


_CRC: Final = _table()


def _checksum(page: bytes | bytearray) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value


_STRIPPERS: Final[dict[Container, Callable[[bytes], bytes]]] = {
    MP3: _mpeg,
    MPGA: _mpeg,
    AAC: _mpeg,
    FLAC: _flac,
    M4A: _mp4,
    MP4: _mp4,
    OGG: _ogg,
    OPUS: _ogg,
    WEBM: _matroska,
}
