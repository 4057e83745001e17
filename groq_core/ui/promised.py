"""What one request of the page makes and another waits for, by a name that the page gave it."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import Final, Generic, TypeVar

from groq_core.errors import RequestError
from groq_core.requests import Caller

_T = TypeVar("_T")

MAX_KNOWN = 256
"""The newest; each is of use for half a second."""

SOON_S: Final = 0.3
"""Of two requests that a page sends at once the second may come first, by no more than this."""

_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}")


class Promised(Generic[_T]):
    """What will soon be known; None where nobody can say."""

    def __init__(self) -> None:
        self._known: asyncio.Future[_T | None] = asyncio.get_running_loop().create_future()

    def settle(self, value: _T | None) -> None:
        """The first word counts."""
        if not self._known.done():
            self._known.set_result(value)

    async def value(self) -> _T | None:
        """Wait for it; any number may."""
        return await asyncio.shield(self._known)


class PromisedByName(Generic[_T]):
    """
    Those of one process: known and to come.

    Args:
        missing: What to say of a name that nobody knows.
    """

    def __init__(self, missing: str) -> None:
        self._missing = missing
        self._promised: OrderedDict[tuple[str, str], Promised[_T]] = OrderedDict()
        self._expected: dict[tuple[str, str], asyncio.Future[None]] = {}

    def begin(self, caller: Caller, name: str) -> Promised[_T]:
        """A new one; with a name that is none, nobody will find it."""
        promised = Promised[_T]()
        if _NAME.fullmatch(name):
            self._promised[caller.user, name] = promised
            if (expected := self._expected.pop((caller.user, name), None)) is not None:
                expected.set_result(None)
            while len(self._promised) > MAX_KNOWN:
                self._promised.popitem(last=False)
        return promised

    def find(self, caller: Caller, name: str) -> Promised[_T]:
        """
        The one of that name, if it is this visitor's.

        Raises:
            RequestError: 409; another process has it, or it was long ago.
        """
        found = self._promised.get((caller.user, name))
        if found is None:
            raise RequestError(self._missing, status=409)
        return found

    async def find_soon(self, caller: Caller, name: str) -> Promised[_T]:
        """The same, of what may be begun a moment later."""
        key = (caller.user, name)
        if key not in self._promised:
            expected = self._expected.setdefault(key, asyncio.get_running_loop().create_future())
            try:
                await asyncio.wait([expected], timeout=SOON_S)
            finally:
                if self._expected.get(key) is expected:
                    del self._expected[key]
        return self.find(caller, name)
