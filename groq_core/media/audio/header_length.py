"""What a header says of a recording's length, and whether it can be believed."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

Bytes: TypeAlias = bytes | mmap.mmap

_FRAME_COUNTS: Final = (b"Xing", b"Info", b"VBRI")
_FAR: Final = 200_000
"""Bytes in which the first frame of an MP3 lies; a tag with a cover may come first."""


def has_frame_count(data: bytes | Path) -> bool:
    """Whether an MP3 tells how many frames it has; without that, any length is a guess from the rate of bits."""
    if isinstance(data, Path):
        with data.open("rb") as file:
            data = file.read(_FAR + 2_000_000)
    at = 0
    if data.startswith(b"ID3") and len(data) >= 10:
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    first = data[at : at + 4096]
    return any(mark in first for mark in _FRAME_COUNTS)


def links_of(data: Bytes) -> list[slice]:
    """
    Where the files lie that a chained Ogg is made of. Each has a clock and maybe a rate of its own, which readers mix
    up.

    Source:
        RFC 3533, section 4: a link begins where first pages come after pages that are none.
    """
    starts, before = list[int](), False
    for page in _pages_of(data):
        first = bool(data[page.start + 5] & 2)
        if first and not before:
            starts.append(page.start)
        before = first
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def is_cut_ogg(data: bytes | Path) -> bool:
    """Whether an Ogg file ends within one of its pages."""
    with look_into(data) as seen:
        end = max((page.stop for page in _pages_of(seen)), default=0)
        return end > len(seen) or seen[end : end + 4] == b"OggS"


def _pages_of(data: Bytes) -> Iterator[slice]:
    at = 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        count = data[at + 26]
        page = slice(at, at + 27 + count + sum(data[at + 27 : at + 27 + count]))
        yield page
        at = page.stop


def seams_of(data: bytes | Path) -> int:
    """At how many places at most MP3s were joined, by the headers and tags behind the first ones."""
    with look_into(data) as seen:
        marks = (_count(seen, mark) for mark in (*_FRAME_COUNTS, *_TAGS))
        return sum(max(0, count - 1) for count in marks)


_TAGS: Final = (b"ID3\x02", b"ID3\x03", b"ID3\x04", b"APETAGEX", b"LYRICSBEGIN")


def _count(data: Bytes, mark: bytes) -> int:
    count = at = 0
    while (at := data.find(mark, at)) >= 0:
        count, at = count + 1, at + 1
    return count


@contextmanager
def look_into(data: bytes | Path) -> Iterator[Bytes]:
    """The bytes of a recording wherever it is, without reading it; what is changed in them stays here."""
    if isinstance(data, bytes):
        yield data
    elif not data.stat().st_size:
        yield b""
    else:
        with data.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
            yield mapped


def is_lengthless_wav(data: Bytes) -> bool:
    """
    Whether a WAV's data have no length, or more than a file can: what is left by a writer that was killed, or by one
    that wrote to a pipe. A length that is merely too large means that something is missing.
    """
    at = _data_chunk(data) if data[:4] == b"RIFF" else -1
    return at >= 0 and int.from_bytes(data[at + 4 : at + 8], "little") in _NO_LENGTH and len(data) > at + 8


_NO_LENGTH: Final = frozenset({0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFDB, 0x7FFFFFD8, 0xFFFFFFDB, 0x7FFFFF00})


def with_length(data: Bytes) -> Bytes:
    """The same WAV with the lengths that it has; one that is only looked into is mended where it is."""
    at = _data_chunk(data)
    sizes = (
        min(len(data) - 8, 0xFFFFFFFF).to_bytes(4, "little"),
        min(len(data) - at - 8, 0xFFFFFFFF).to_bytes(4, "little"),
    )
    if isinstance(data, bytes):
        return b"".join((data[:4], sizes[0], data[8 : at + 4], sizes[1], data[at + 8 :]))
    data[4:8], data[at + 4 : at + 8] = sizes
    return data


def _data_chunk(data: Bytes) -> int:
    """Where the chunk with the samples begins; −1 where there is none."""
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == b"data":
            return at
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return -1
