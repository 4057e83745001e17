"""The connection to Redis, and whether it is there: while it is away, nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from groq_core.errors import SettingsError
from groq_core.redaction import Secret, redact
from groq_core.store.shared.lane import ANSWER_S, CONNECT_S, LaneClient

logger = logging.getLogger("groq_core.shared")

T = TypeVar("T")
Client = TypeVar("Client", bound=Redis)

PREFIX: Final = "{groq-core}:"
"""Of every key; in braces, so that a cluster keeps them together for the scripts."""


def client_of(kind: type[Client], address: Secret, **options: Any) -> Client:
    """
    A client that has not connected yet.

    Raises:
        SettingsError: The address holds an option that nobody knows, or a value that cannot be read.
    """
    try:
        client = kind.from_url(address.reveal(), **options)
        client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # where the options are looked at
    except (TypeError, ValueError, RedisError) as error:
        words = re.sub(r"^.* keyword argument ", "no such option: ", str(error))
        raise SettingsError(
            f"GROQ_CORE_REDIS_URL: what stands behind its question mark cannot be used: {redact(words)}",
            hint="Leave the option out, or look how redis-py spells it.",
        ) from None
    assert isinstance(client, kind), "redis-py makes one of the class that is asked"
    return client


class Away(Exception):  # noqa: N818 - a state, not a fault
    """Redis does not answer, or may not be written."""


class Link:
    """
    A pool of connections with a memory: after one failure every call fails at once, until :meth:`recheck` succeeds.

    Attributes:
        away: Why it is away; empty while it is there.
    """

    def __init__(self, address: Secret, changed: Callable[[], None] = lambda: None) -> None:
        client = client_of(
            LaneClient,
            address,
            # We wait no longer ourselves: redis-py would make a task of each write, and `asyncio.wait_for` of Python
            # 3.11, with which it waits for that, may forget that it was cancelled.
            socket_timeout=None,
            socket_connect_timeout=CONNECT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._client = client
        self._changed = changed
        self.away = "it was not asked yet"
        self.since = time.monotonic()

    async def call(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """
        Ask something.

        Raises:
            Away: There is no answer; at once where that is known.
        """
        if self.away:
            raise Away(self.away)
        return await self.recheck(ask)

    async def recheck(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """The same, though it may be away; what comes of it decides whether it is."""
        try:
            async with asyncio.timeout(CONNECT_S + ANSWER_S):
                found = await ask(self._client)
        except (RedisError, OSError, TimeoutError) as error:
            await self._lose(error)
            raise Away(self.away) from None
        if self.away:
            logger.info("the shared state is there")
            self.away = ""
            self._changed()
        return found

    async def _lose(self, error: BaseException) -> None:
        why = "it may only be read" if isinstance(error, ReadOnlyError) else type(error).__name__
        if not self.away:
            logger.warning("the shared state is away, each process goes on alone: %s", redact(str(error)) or why)
            self.since = time.monotonic()
        if why != self.away:
            self.away = why
            self._changed()
        # The name may lead to another server by now.
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._client.lane.drop()
                await self._client.connection_pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._client.aclose()
