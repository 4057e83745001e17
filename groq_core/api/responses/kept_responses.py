"""Responses that have been given, kept for an hour so that they can be read again and gone on from."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import msgspec
from cachetools import LRUCache

from groq_core.api.responses.long_strings import put_together, seal, take_apart, unseal
from groq_core.encoding import json_bytes
from groq_core.requests import Caller, Message, image_parts
from groq_core.store.shelf import SharedPlace, ShelfAway

KEPT_S: Final = 3600.0
MOST: Final = 2_000
MOST_BYTES: Final = 64 * 2**20
"""Bounds of what is kept in memory; beyond them the oldest responses go first."""

LONGER_S: Final = 60.0
"""Long strings outlast whatever refers to them."""

MOST_SHARED_BYTES: Final = 8 * 2**20
"""A larger response is found only where it was given."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """
    A response and what it answered.

    Attributes:
        response: The response object, as it was sent.
        items: The input it was given, without what came before.
        messages: The whole conversation, its answer included, as a chat goes on from it; without instructions.
        size: Bytes of response and items.
        ends: When it is forgotten, by the store's clock.
        apart: Names of the long strings that stand beside it on a shelf; empty here.
    """

    owner: tuple[str, str]
    response: dict[str, Any]
    items: list[dict[str, Any]]
    messages: tuple[Message, ...]
    size: int
    ends: float
    apart: tuple[str, ...] = ()


class ResponseStore:
    """
    Keep responses in memory; each caller sees their own.

    Where there is a shelf that other processes read too, what stands there counts: :meth:`load` brings a response
    from there, :meth:`settle` takes there what was kept. While it is away, the memory goes on alone.

    Args:
        shelf: What all processes share; None where there is nothing of the kind.
        clock: Seconds.
    """

    def __init__(
        self,
        *,
        kept_s: float = KEPT_S,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        shelf: SharedPlace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._unsettled: list[Kept] = []
        self._strings: LRUCache[str, str] = LRUCache(most_bytes, getsizeof=len)
        self._kept_s = kept_s
        self._most = most
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._places: dict[str, str] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(
        self,
        caller: Caller,
        response: dict[str, Any],
        items: list[dict[str, Any]],
        messages: tuple[Message, ...],
    ) -> None:
        """Keep a response; one that is larger than the whole store is not."""
        size = len(json_bytes(response)) + len(json_bytes(items))
        if size > self._most_bytes:
            return
        ends = self._clock() + self._kept_s
        kept = Kept(owner=_owner(caller), response=response, items=items, messages=messages, size=size, ends=ends)
        self._put(kept)
        if self._shelf is not None and size <= MOST_SHARED_BYTES:
            self._unsettled.append(kept)

    def _put(self, kept: Kept) -> None:
        name = kept.response["id"]
        if name in self._kept:
            self._drop(name)
        self._kept[name] = kept
        self._bytes += kept.size
        self._places |= {item["id"]: name for item in kept.response["output"]}
        self._tidy()

    async def settle(self) -> None:
        """Let the other processes find what was kept since the last time."""
        unsettled, self._unsettled = self._unsettled, []
        for kept in unsettled:
            with suppress(ShelfAway):
                await self._shelve(kept)

    async def _shelve(self, kept: Kept) -> None:
        assert self._shelf is not None
        found: dict[str, str] = {}
        whole = msgspec.to_builtins(kept)
        if image_parts(kept.messages):
            body = await asyncio.to_thread(take_apart, whole, found)  # naming pictures takes a while
        else:
            body = take_apart(whole, found)
        if found:
            body["apart"] = list(found)
            await self._shelve_apart(kept.owner, found)
        await self._shelf.put(_place(kept.owner, kept.response["id"]), json_bytes(body), self._kept_s)

    async def _shelve_apart(self, owner: tuple[str, str], strings: dict[str, str]) -> None:
        assert self._shelf is not None
        seconds = self._kept_s + LONGER_S
        places = {_string_place(owner, name): name for name in strings}
        for place in await self._shelf.renew(list(places), seconds):
            name = places[place]
            await self._shelf.put(place, await asyncio.to_thread(seal, name, strings[name]), seconds)
        for place, name in places.items():
            self._remember(place, strings[name])

    async def _unshelve(self, owner: tuple[str, str], name: str) -> Kept | None:
        """
        What stands there; None where there is nothing, or not all of it.

        Raises:
            ShelfAway: Nobody can say.
        """
        assert self._shelf is not None
        body = await self._shelf.get(_place(owner, name))
        if body is None:
            return None
        found, strings = msgspec.json.decode(body), dict[str, str]()
        for named in found.get("apart", ()):
            place = _string_place(owner, named)
            text = self._strings.get(place)
            if text is None:
                if (kept := await self._shelf.get(place)) is None:
                    return None
                try:
                    text = self._remember(place, await asyncio.to_thread(unseal, named, kept))
                except ValueError:
                    return None
            strings[named] = text
        whole = msgspec.convert(put_together(found, strings) if strings else found, Kept)
        return msgspec.structs.replace(whole, apart=())

    def _remember(self, place: str, text: str) -> str:
        """Of several responses that hold the same, all hold this one."""
        if len(text) <= self._strings.maxsize:
            self._strings[place] = text
        return text

    async def load(self, caller: Caller, names: Iterable[str]) -> None:
        """Bring responses of this caller here as they are now, or take them away where another process deleted them."""
        if self._shelf is None:
            return
        for name in names:
            try:
                found = await self._unshelve(_owner(caller), name)
            except ShelfAway:
                return
            if found is not None:
                self._put(msgspec.structs.replace(found, ends=self._clock() + self._kept_s))
            elif (kept := self.find(caller, name)) is not None and kept.size <= MOST_SHARED_BYTES:
                self._drop(name)

    async def remove(self, caller: Caller, name: str) -> None:
        """Let no process find it any more."""
        if self._shelf is not None:
            with suppress(ShelfAway):
                await self._shelf.remove(_place(_owner(caller), name))

    def find(self, caller: Caller, name: str) -> Kept | None:
        """A response of this caller, or None when there is none (any more)."""
        self._tidy()
        kept = self._kept.get(name)
        return kept if kept is not None and kept.owner == _owner(caller) else None

    def item(self, caller: Caller, name: str) -> dict[str, Any] | None:
        """An output item of a response of this caller, by the item's id."""
        kept = self.find(caller, self._places.get(name, ""))
        return next((item for item in kept.response["output"] if item["id"] == name), None) if kept else None

    def forget(self, caller: Caller, name: str) -> bool:
        """Delete a response; tells whether there was one."""
        if self.find(caller, name) is None:
            return False
        self._drop(name)
        return True

    def _tidy(self) -> None:
        now = self._clock()
        while self._kept:
            name, oldest = next(iter(self._kept.items()))
            if oldest.ends > now and len(self._kept) <= self._most and self._bytes <= self._most_bytes:
                return
            self._drop(name)

    def _drop(self, name: str) -> None:
        kept = self._kept.pop(name)
        self._bytes -= kept.size
        for item in kept.response["output"]:
            self._places.pop(item["id"], None)


def referred(raw: bytes) -> list[str]:
    """
    Ids of responses that a body goes on from, by itself or by one of their items.

    >>> referred(b'{"previous_response_id": "resp_1", "input": [{"type": "item_reference", "id": "msg_2_1"}]}')
    ['resp_1', 'resp_2']
    """
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    if not isinstance(body, dict):
        return []
    items = body.get("input")
    names = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    found = ["resp_" + name.split("_")[1] for name in names if isinstance(name, str) and name.count("_") == 2]
    previous = body.get("previous_response_id")
    return list(dict.fromkeys([previous, *found] if isinstance(previous, str) else found))


def _place(owner: tuple[str, str], name: str) -> str:
    """Where it stands on the shelf; who does not know whose it is finds nothing."""
    return hashlib.sha256("\0".join(("response", *owner, name)).encode()).hexdigest()


def _string_place(owner: tuple[str, str], name: str) -> str:
    """Where a long string stands; it tells nothing of the name, without which nobody can read what is there."""
    return _place(owner, f"sealed {name}")


def _owner(caller: Caller) -> tuple[str, str]:
    return caller.credential, caller.user
