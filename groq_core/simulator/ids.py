"""Ids as the wire shows them: ULIDs for requests and files, UUIDs for completions, short words for tool calls."""

from __future__ import annotations

import hashlib
import random
import string
import time
from uuid import UUID

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_ALNUM = string.ascii_lowercase + string.digits
_BASE62 = string.ascii_letters + string.digits


class Ids:
    """
    Makes ids; with a ``seed`` the random halves repeat from run to run.

    >>> len(Ids(1).ulid("req"))
    30
    """

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)

    def ulid(self, prefix: str) -> str:
        """``req_`` and 26 characters: 48 bits of milliseconds, 80 random bits, as ``x-request-id`` has them."""
        return f"{prefix}_{_ulid((time.time_ns() // 1_000_000) << 80 | self.random.getrandbits(80))}"

    def completion(self) -> str:
        """``chatcmpl-`` and a UUID, on Groq."""
        return f"chatcmpl-{self.uuid()}"

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def word(self, length: int, letters: str = _ALNUM) -> str:
        return "".join(self.random.choices(letters, k=length))

    def base62(self, length: int) -> str:
        return self.word(length, _BASE62)

    def hex(self, length: int) -> str:
        return f"{self.random.getrandbits(4 * length):0{length}x}"

    def seed(self) -> int:
        """A seed as Groq reports one when none was asked for: a positive 31-bit integer."""
        return self.random.getrandbits(31)


def organisation(key: str) -> str:
    """The organisation a key belongs to: the same key always names the same one, and never shows itself."""
    digest = hashlib.sha256(key.encode()).digest()
    # 01j… to 01k…: organisations that were founded in 2025, as the recordings show them.
    return f"org_01k{_ulid(int.from_bytes(digest[:16], 'big'))[3:]}"


def fingerprint(model: str) -> str:
    """``fp_`` and ten hex digits, the same for one model; Groq changes them with every deployment."""
    return f"fp_{hashlib.sha256(model.encode()).hexdigest()[:10]}"


def _ulid(value: int) -> str:
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
