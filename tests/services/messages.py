"""Outlook messages made on the spot: just enough of the compound file format (MS-CFB) for a reader to open them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypeAlias

Folder: TypeAlias = "Mapping[str, bytes | Folder]"

_SECTOR: Final = 512
_SMALLEST: Final = 4096
"""Bytes of a stream that is kept in sectors of its own."""
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(root: Folder) -> bytes:
    """A compound file with these streams in these storages; padded, so that none lies in the stream of small ones."""
    entries: list[bytes] = []
    data = bytearray()
    chains: list[tuple[int, int]] = []
    _write(root, "Root Entry", 5, entries, data, chains)
    directory = b"".join(entries)
    directory += bytes(-len(directory) % _SECTOR)
    fat: list[int] = []
    for first, count in chains:
        assert first == len(fat)
        fat += [*range(first + 1, first + count), _END]
    start = len(fat)
    count = len(directory) // _SECTOR
    fat += [*range(start + 1, start + count), _END]
    tables = 1
    while tables * 128 < len(fat) + tables:
        tables += 1
    at = len(fat)
    fat += [_FAT] * tables
    fat += [_FREE] * (tables * 128 - len(fat))
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        tables,
        start,
        0,
        4096,
        _END,
        0,
        _END,
        0,
    )
    places = [at + number for number in range(tables)]
    head += struct.pack("<109I", *(places + [_FREE] * (109 - tables)))
    return head + bytes(data) + directory + struct.pack(f"<{len(fat)}I", *fat)


def _write(
    folder: Folder, name: str, kind: int, entries: list[bytes], data: bytearray, chains: list[tuple[int, int]]
) -> int:
    """Write a storage and all in it; gives the number of its entry."""
    own = len(entries)
    entries.append(b"")
    children = [
        _write(value, key, 1, entries, data, chains)
        if isinstance(value, Mapping)
        else _stream(key, value, entries, data, chains)
        for key, value in sorted(folder.items(), key=lambda item: (len(item[0]), item[0].upper()))
    ]
    # A list, every entry the right neighbour of the one before: no balance is asked of a tree.
    for left, right in pairwise(children):
        entries[left] = entries[left][:72] + struct.pack("<I", right) + entries[left][76:]
    entries[own] = _entry(name, kind, children[0] if children else _FREE, _END if kind == 5 else 0, 0)
    return own


def _stream(name: str, value: bytes, entries: list[bytes], data: bytearray, chains: list[tuple[int, int]]) -> int:
    size = max(len(value), _SMALLEST)
    padded = value + bytes(size - len(value))
    first = len(data) // _SECTOR
    data += padded + bytes(-len(padded) % _SECTOR)
    chains.append((first, len(data) // _SECTOR - first))
    entries.append(_entry(name, 2, _FREE, first, size))
    return len(entries) - 1


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    spelled = name.encode("utf-16-le")
    return (
        spelled.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(spelled) + 2, kind, 1, _FREE, _FREE, child)
        + bytes(16 + 4 + 16)
        + struct.pack("<IQ", start, size)
    )


def text(words: str) -> bytes:
    """A property of type 001F: UTF-16, its end found by a zero."""
    return words.encode("utf-16-le")


def message(subject: str, body: str, **more: bytes | Folder) -> Folder:
    """The storages of a message, with the subject, sender and body where Outlook keeps them."""
    return {
        "__properties_version1.0": bytes(32),
        "__substg1.0_0037001F": text(subject),
        "__substg1.0_0C1A001F": text("Ada Lovelace"),
        "__substg1.0_1000001F": text(body),
        **more,
    }


def attachment(name: str, content: bytes) -> Folder:
    return {"__substg1.0_3707001F": text(name), "__substg1.0_37010102": content.ljust(_SMALLEST, b"\n")}
