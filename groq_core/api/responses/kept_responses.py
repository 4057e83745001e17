"""Responses that have been given, kept for an hour so that they can be read again and gone on from."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec

from groq_core.api.encoding import json_bytes
from groq_core.requests import Caller, Message

KEPT_S: Final = 3600.0
MOST: Final = 2_000
MOST_BYTES: Final = 64 * 2**20
"""Bounds of what is kept in memory; beyond them the oldest responses go first."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """
    A response and what it answered.

    Attributes:
        response: The response object, as it was sent.
        items: The input it was given, without what came before.
        messages: The whole conversation, its answer included, as a chat goes on from it; without instructions.
        size: Bytes of response and items.
        ends: When it is forgotten, by the store's clock.
    """

    owner: tuple[str, str]
    response: dict[str, Any]
    items: list[dict[str, Any]]
    messages: tuple[Message, ...]
    size: int
    ends: float


class ResponseStore:
    """
    Keep responses in memory; each caller sees their own.

    Args:
        clock: Seconds.
    """

    def __init__(
        self,
        *,
        kept_s: float = KEPT_S,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
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
        name = response["id"]
        ends = self._clock() + self._kept_s
        self._kept[name] = Kept(
            owner=_owner(caller), response=response, items=items, messages=messages, size=size, ends=ends
        )
        self._bytes += size
        self._places |= {item["id"]: name for item in response["output"]}
        self._tidy()

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


def _owner(caller: Caller) -> tuple[str, str]:
    return caller.credential, caller.user
