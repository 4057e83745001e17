"""A place for what every replica should find, behind one protocol: the database, or Redis where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ShelfAway(Exception):  # noqa: N818 - a state, not a fault
    """Nobody can say now what is there."""


class SharedPlace(Protocol):
    """
    Bytes by name, for a while.

    Raises:
        ShelfAway: From every method, while it does not answer.
    """

    async def put(self, name: str, body: bytes, seconds: float) -> None: ...

    async def renew(self, names: Sequence[str], seconds: float) -> list[str]:
        """Keep these for so long from now on; gives those that are not there."""
        ...

    async def get(self, name: str) -> bytes | None: ...

    async def remove(self, name: str) -> None: ...

    async def take(self, name: str) -> bytes | None:
        """Get and remove at once: of several that want it one gets it."""
        ...
