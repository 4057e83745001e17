"""Whether all processes sign with the same secret; where they do not, a session of one is a stranger to the others."""

from __future__ import annotations

import logging
import time
from math import inf
from typing import Any, Final

from groq_core.access.sessions import mark_of
from groq_core.redaction import Secret
from groq_core.store.shared.link import PREFIX, Away, Link

logger = logging.getLogger("groq_core.shared")

KEY: Final = PREFIX + "secret"
LOOK_S: Final = 10.0
KEPT_S: Final = 25
"""How long a mark stands after the last process that bears it has ended."""

PATIENCE_S: Final = KEPT_S + LOOK_S
"""A mark that is another for longer is that of a process that runs, and not of one before the secret was changed."""


class SameSecret:
    """
    Leaves a mark of the secret, from which nobody learns it, and compares it with the mark that is there.

    Args:
        secret: None where each process makes its own, which the start has warned of.
    """

    def __init__(self, link: Link, secret: Secret | None) -> None:
        self._link = link
        self._mark = mark_of(secret).encode()
        self._looked_at = -inf
        self._another_since = inf
        self._told = False

    async def look(self) -> None:
        """Compare now and then, and say once that they stay different."""
        now = time.monotonic()
        if not self._mark or now < self._looked_at + LOOK_S:
            return
        self._looked_at = now
        try:
            found = await self._link.call(self._exchange)
        except Away:
            return
        if found == self._mark:
            self._another_since, self._told = inf, False
            return
        self._another_since = min(self._another_since, now)
        if not self._told and now >= self._another_since + PATIENCE_S:
            self._told = True
            logger.warning(
                "another process on the same Redis has another GROQ_CORE_SECRET: whoever signs in at one is a stranger "
                "to the other, so set the same for all"
            )

    async def _exchange(self, redis: Any) -> bytes:
        pipe = redis.pipeline(transaction=False)
        pipe.set(KEY, self._mark, nx=True, ex=KEPT_S)
        pipe.get(KEY)
        _, found = await pipe.execute()
        if found == self._mark:
            await redis.expire(KEY, KEPT_S)
        return bytes(found or self._mark)
