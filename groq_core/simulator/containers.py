"""
Just enough of WebM and MP4 to know how long a recording is, without a media library.

A browser's MediaRecorder writes WebM without a duration, so the last block's time is what counts; its Opus
packets are put into an Ogg file, which libsndfile decodes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

_MASTERS = frozenset({0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE1, 0x1F43B675, 0xA0})
OPUS_RATE = 48_000
_OPUS_FRAME_MS = (10, 20, 40, 60) * 3 + (10, 20) * 2 + (2.5, 5, 10, 20) * 4


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Duration in seconds; ``ogg`` holds the Opus sound as an Ogg file, where there is any."""

    format: str
    duration: float
    rate: int = 0
    channels: int = 0
    ogg: bytes | None = None


def read(data: bytes) -> Recording | None:
    """The container's facts, or None when it is neither WebM nor MP4."""
    try:
        if data.startswith(b"\x1a\x45\xdf\xa3"):
            return _webm(data)
        if data[4:8] == b"ftyp":
            return _mp4(data)
    except (IndexError, struct.error, ValueError):
        return None
    return None


def _webm(data: bytes) -> Recording:
    scale, declared, rate, channels = 1_000_000, 0.0, 0, 0
    codec, private = "", b""
    cluster = last = 0
    packets: list[bytes] = []
    for ident, body in _elements(data, 0, len(data)):
        match ident:
            case 0x2AD7B1:
                scale = int.from_bytes(body, "big")
            case 0x4489:
                declared = struct.unpack(">f" if len(body) == 4 else ">d", body)[0]
            case 0x86:
                codec = bytes(body).decode("ascii", "replace")
            case 0x63A2:
                private = bytes(body)
            case 0xB5:
                rate = int(struct.unpack(">f" if len(body) == 4 else ">d", body)[0])
            case 0x9F:
                channels = int.from_bytes(body, "big")
            case 0xE7:
                cluster = int.from_bytes(body, "big")
            case 0xA3 | 0xA1:
                _, size = _vint(body, 0)
                last = cluster + struct.unpack(">h", body[size : size + 2])[0]
                if not body[size + 2] & 0x06:
                    packets.append(bytes(body[size + 3 :]))
    is_opus = codec == "A_OPUS" and bool(packets)
    seconds = max(declared, last) * scale / 1e9
    if is_opus:
        seconds = max(seconds, last * scale / 1e9 + _samples(packets[-1]) / OPUS_RATE)
    ogg = _ogg_opus(packets, private, channels or 1) if is_opus else None
    return Recording(format="WEBM", duration=round(seconds, 3), rate=rate, channels=channels, ogg=ogg)


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, memoryview]]:
    """Walk EBML: every element that is not a master, in file order."""
    view = memoryview(data)
    position = start
    while position < end:
        ident, width = _vint(view, position, keep_marker=True)
        position += width
        size, width = _vint(view, position)
        unknown = size == (1 << 7 * width) - 1
        position += width
        if ident in _MASTERS:
            # Go inside; an unknown size (live recordings) lasts until the file ends.
            continue
        if unknown:
            return
        yield ident, view[position : position + size]
        position += size


def _vint(data: bytes | memoryview, position: int, *, keep_marker: bool = False) -> tuple[int, int]:
    """A variable-length integer and its width in bytes."""
    first = data[position]
    if not first:
        raise ValueError("not EBML")
    width = 9 - first.bit_length()
    value = int.from_bytes(data[position : position + width], "big")
    return (value if keep_marker else value & (1 << 7 * width) - 1), width


def _samples(packet: bytes) -> int:
    """Samples at 48 kHz of one Opus packet, by its table-of-contents byte (RFC 6716, section 3.1)."""
    if not packet:
        return 0
    toc = packet[0]
    frames = {0: 1, 1: 2, 2: 2}.get(toc & 3) or (packet[1] & 63 if len(packet) > 1 else 1)
    return int(_OPUS_FRAME_MS[toc >> 3] * OPUS_RATE / 1000) * frames


def _ogg_opus(packets: list[bytes], head: bytes, channels: int) -> bytes:
    """Opus packets as an Ogg stream (RFC 7845)."""
    if not head.startswith(b"OpusHead"):
        head = b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 312, OPUS_RATE, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"sim." + struct.pack("<I", 0)
    pages = [_page([head], 0, 0, 2), _page([tags], 0, 1, 0)]
    position, number = 0, 2
    for start in range(0, len(packets), 40):
        group = packets[start : start + 40]
        position += sum(map(_samples, group))
        last = start + 40 >= len(packets)
        pages.append(_page(group, position, number, 4 if last else 0))
        number += 1
    return b"".join(pages)


def _page(packets: list[bytes], position: int, number: int, flags: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, position, 0x51, number, 0, len(lacing)) + lacing
    page = head + b"".join(packets)
    return page[:22] + struct.pack("<I", _crc(page)) + page[26:]


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def _crc(data: bytes) -> int:
    """Ogg's checksum: CRC-32 with polynomial 0x04c11db7, not reflected, starting at zero."""
    value = 0
    for byte in data:
        value = (value << 8) & 0xFFFFFFFF ^ _CRC[value >> 24 ^ byte]
    return value


def _mp4(data: bytes) -> Recording | None:
    moov = _box(data, b"moov")
    header = _box(moov, b"mvhd") if moov is not None else None
    if header is None:
        return None
    if header[0] == 1:
        scale, length = struct.unpack(">IQ", header[20:32])
    else:
        scale, length = struct.unpack(">II", header[12:20])
    seconds = length / scale if scale else 0.0
    return Recording(format="MP4", duration=round(seconds or _fragments_s(data, moov or b""), 3))


def _fragments_s(data: bytes, moov: bytes) -> float:
    """Seconds of the sound in a file whose header tells none, since it was written while it was recorded."""
    sound = next((track for track in _boxes(moov, b"trak") if b"soun" in track), b"")
    header = _box(_box(sound, b"mdia") or b"", b"mdhd")
    number = _box(sound, b"tkhd")
    if header is None or number is None:
        return 0.0
    scale = int.from_bytes(header[20:24] if header[0] == 1 else header[12:16], "big")
    track = number[20:24] if number[0] == 1 else number[12:16]
    usual = next((x[12:16] for x in _boxes(_box(moov, b"mvex") or b"", b"trex") if x[4:8] == track), b"")
    total = 0
    for moof in _boxes(data, b"moof"):
        for part in _boxes(moof, b"traf"):
            head = _box(part, b"tfhd") or b""
            if head[4:8] == track:
                total += sum(_run_length(run, head, usual) for run in _boxes(part, b"trun"))
    return total / scale if scale else 0.0


def _run_length(run: bytes, head: bytes, usual: bytes) -> int:
    """Ticks of one run of samples: each tells its own, or all have the fragment's, or the track's (ISO 14496-12)."""
    flags, count = int.from_bytes(run[1:4], "big"), int.from_bytes(run[4:8], "big")
    if not flags & 0x100:
        told = int.from_bytes(head[1:4], "big")
        at = 8 + 8 * (told & 1) + 2 * (told & 2)
        return count * int.from_bytes(head[at : at + 4] if told & 8 else usual, "big")
    start = 8 + 4 * (flags & 1) + (flags & 4)
    width = 4 * (flags >> 8 & 0xF).bit_count()
    places = range(start, min(start + count * width, len(run) - 3), width)
    return sum(int.from_bytes(run[at : at + 4], "big") for at in places)


def _boxes(data: bytes, wanted: bytes) -> Iterator[bytes]:
    position = 0
    while position + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[position : position + 8])
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        size = size or len(data) - position
        if size < head:
            return
        if name == wanted:
            yield data[position + head : position + size]
        position += size


def _box(data: bytes, wanted: bytes) -> bytes | None:
    return next(_boxes(data, wanted), None)
