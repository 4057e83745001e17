"""Sign-ins that were refused, for an admin to look at."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

import msgspec

KEPT: Final = 200


class RefusedSignIn(msgspec.Struct, frozen=True):
    """
    One of them.

    Attributes:
        at: Unix time in seconds.
        person: Who was meant, where there is somebody of that name; else empty, since people type passwords there.
        way: ``password`` or ``open id``.
    """

    at: float
    address: str
    person: str
    way: str


class RefusedSignIns:
    """Those that this process has seen, the newest few; a database keeps them longer, and of every process."""

    def __init__(self) -> None:
        self._kept: deque[RefusedSignIn] = deque(maxlen=KEPT)

    def note(self, address: str, *, person: str = "", way: str = "password") -> None:
        self._kept.append(RefusedSignIn(time.time(), address, person, way))

    async def newest(self, count: int = 100) -> list[RefusedSignIn]:
        return list(self._kept)[::-1][:count]
