"""Groq keys that visitors bring along: checked once, then held in memory for as long as they are used."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from cachetools import TTLCache

from groq_core.access.visit import site_of
from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.redaction import Secret
from groq_core.requests import Caller

MAX_KEYS: Final = 2000
IDLE_S: Final = 12 * 3600
"""Seconds after its last use until a key is forgotten."""

CHECKS_A_MINUTE: Final = 60
CHECKS_OF_ONE: Final = 10
"""Of those, how many one address may cause, so that who tries keys out keeps nobody else from bringing theirs."""

REFUSED_S: Final = 60.0
"""How long a key that Groq refused is refused here without asking."""

BEGINNING: Final = "gsk_"
"""Of every key of Groq's."""

SHORTEST, LONGEST = 8, 256

Listing = Callable[[Caller], Awaitable[list[dict[str, Any]]]]
"""``GET /models`` with a caller's key."""


class OwnKey(msgspec.Struct, frozen=True, kw_only=True):
    """
    A key that Groq has accepted.

    Attributes:
        handle: What the page sends instead of the key from now on; who knows it may spend the key.
        ending: The last four characters, to be shown.
        credential: The same for the same key, so that its health and limits are one.
    """

    handle: str
    ending: str
    credential: str
    key: Secret


class OwnKeys:
    """
    The keys of this process's visitors, in memory alone: nothing is written, logged or shown.

    Args:
        models: Asks Groq which models a key may use; that is how a key is checked.
        clock: Seconds, monotonic.
    """

    def __init__(self, models: Listing, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._models = models
        self._clock = clock
        self._salt = secrets.token_bytes(32)
        self._kept: OrderedDict[str, tuple[OwnKey, float]] = OrderedDict()
        self._checks: deque[float] = deque()
        self._checks_of: TTLCache[str, int] = TTLCache(10_000, 60, timer=clock)
        self._handles: dict[str, str] = {}
        self._refused: TTLCache[str, RequestError] = TTLCache(10_000, REFUSED_S, timer=clock)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def recognise(self, text: str, address: str = "") -> OwnKey:
        """
        The key that a program sends along with every request; checked the first time.

        Args:
            address: Whose checks are counted.

        Raises:
            RequestError: As for :meth:`add`.
        """
        credential = self._credential(text.strip())
        async with self._turns.setdefault(credential, asyncio.Lock()):
            if (handle := self._handles.get(credential)) and (known := self.get(handle)) is not None:
                return known
            if (refused := self._refused.get(credential)) is not None:
                raise refused
            self._count_check_of(site_of(address))
            try:
                own = await self.add(text)
            except RequestError as error:
                if error.status == 422:
                    self._refused[credential] = error
                raise
            self._handles[credential] = own.handle
            return own

    def _credential(self, plain: str) -> str:
        return f"visitor:{hmac.new(self._salt, plain.encode(), 'sha256').hexdigest()[:20]}"

    async def add(self, text: str) -> OwnKey:
        """
        Check a key with Groq and keep it.

        Raises:
            RequestError: It cannot be a key, Groq refuses it, or Groq cannot be asked now.
        """
        key = Secret(text.strip())
        plain = key.reveal()
        if not (SHORTEST <= len(plain) <= LONGEST and plain.isascii() and plain.isprintable() and " " not in plain):
            raise RequestError("this is not a Groq key", param="own-key", hint="A key begins with gsk_; copy it whole.")
        self._count_check()
        credential = self._credential(plain)
        try:
            await self._models(Caller(credential=credential, groq_key=key))
        except ProviderError as error:
            raise _refusal(error) from None
        own = OwnKey(handle=secrets.token_urlsafe(32), ending=plain[-4:], credential=credential, key=key)
        self._kept[own.handle] = own, self._clock()
        self._tidy()
        return own

    def get(self, handle: str) -> OwnKey | None:
        """The key behind a handle; None when it was never there or is forgotten."""
        self._tidy()
        found = self._kept.get(handle)
        if found is None:
            return None
        self._kept[handle] = found[0], self._clock()
        self._kept.move_to_end(handle)
        return found[0]

    def remove(self, handle: str) -> None:
        """Forget a key at once."""
        if (gone := self._kept.pop(handle, None)) is not None and self._handles.get(gone[0].credential) == handle:
            del self._handles[gone[0].credential]

    def _tidy(self) -> None:
        oldest = self._clock() - IDLE_S
        while self._kept:
            handle, (_, used_at) = next(iter(self._kept.items()))
            if used_at > oldest and len(self._kept) <= MAX_KEYS:
                return
            self.remove(handle)

    def _count_check_of(self, address: str) -> None:
        count = self._checks_of.get(address, 0)
        if count >= CHECKS_OF_ONE:
            raise _too_many()
        self._checks_of[address] = count + 1

    def _count_check(self) -> None:
        now = self._clock()
        while self._checks and self._checks[0] <= now - 60:
            self._checks.popleft()
        if len(self._checks) >= CHECKS_A_MINUTE:
            raise _too_many()
        self._checks.append(now)


def _too_many() -> RequestError:
    return RequestError(
        "too many keys are being checked",
        param="own-key",
        status=429,
        hint="Try again in a minute.",
        retry_after=60,
    )


def _refusal(error: ProviderError) -> RequestError:
    if error.kind in (Kind.AUTH, Kind.NOT_PERMITTED):
        return RequestError(
            "Groq refuses this key", param="own-key", status=422, hint="Copy it again, or make a new one."
        )
    return RequestError(
        "the key could not be checked: Groq cannot be reached now",
        param="own-key",
        status=502,
        hint="Try again in a moment.",
    )
