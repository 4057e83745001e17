"""Remember which ids were met, in sixteen bytes each."""

from __future__ import annotations

from array import array
from hashlib import blake2b


class IdSet:
    """
    A set of texts that keeps eight bytes of a hash of each, at most half full: a million ids take 32 MB at most.

    Two different ids among a million look the same with a chance of 3 in 10⁸.

    >>> ids = IdSet()
    >>> ids.add("a"), ids.add("a"), "a" in ids, "b" in ids, len(ids)
    (True, False, True, False, 1)
    """

    __slots__ = ("_count", "_mask", "_table")

    def __init__(self) -> None:
        self._count = 0
        self._mask = 1023
        self._table = array("Q", bytes(8 * 1024))

    def __len__(self) -> int:
        return self._count

    def __contains__(self, text: str) -> bool:
        return self._table[self._slot(_hash(text))] != 0

    def add(self, text: str) -> bool:
        """Take an id in; False when it was there already."""
        key = _hash(text)
        slot = self._slot(key)
        if self._table[slot]:
            return False
        self._table[slot] = key
        self._count += 1
        if self._count * 2 > self._mask:
            self._grow()
        return True

    def _slot(self, key: int) -> int:
        """Where the key stands, or the free place where it would."""
        table, mask = self._table, self._mask
        slot = key & mask
        while (found := table[slot]) and found != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys = self._table
        self._mask = self._mask * 2 + 1
        self._table = array("Q", bytes(8 * (self._mask + 1)))
        for key in keys:
            if key:
                self._table[self._slot(key)] = key


def _hash(text: str) -> int:
    """Eight bytes of a hash; 0 marks a free place, so no id may have it."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1
