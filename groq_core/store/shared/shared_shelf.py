"""What every replica should find, in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from groq_core.store.shared.link import PREFIX, Away, Link
from groq_core.store.shelf import ShelfAway

TAKE: Final = "local found = redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return found"
"""What Redis calls GETDEL from 6.2 on."""


class SharedShelf:
    """See :class:`groq_core.store.shelf.SharedPlace`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def put(self, name: str, body: bytes, seconds: float) -> None:
        try:
            await self._link.call(lambda redis: redis.set(f"{PREFIX}shelf:{name}", body, px=int(seconds * 1000)))
        except Away as away:
            raise ShelfAway from away

    async def renew(self, names: Sequence[str], seconds: float) -> list[str]:
        async def ask(redis: Any) -> Any:
            pipe = redis.pipeline(transaction=False)
            for name in names:
                pipe.pexpire(f"{PREFIX}shelf:{name}", int(seconds * 1000))
            return await pipe.execute()

        try:
            there = await self._link.call(ask)
        except Away as away:
            raise ShelfAway from away
        return [name for name, found in zip(names, there, strict=True) if not found]

    async def get(self, name: str) -> bytes | None:
        try:
            found: bytes | None = await self._link.call(lambda redis: redis.get(f"{PREFIX}shelf:{name}"))
        except Away as away:
            raise ShelfAway from away
        return found

    async def remove(self, name: str) -> None:
        try:
            await self._link.call(lambda redis: redis.delete(f"{PREFIX}shelf:{name}"))
        except Away as away:
            raise ShelfAway from away

    async def take(self, name: str) -> bytes | None:
        try:
            found: bytes | None = await self._link.call(lambda redis: redis.eval(TAKE, 1, f"{PREFIX}shelf:{name}"))
        except Away as away:
            raise ShelfAway from away
        return found
