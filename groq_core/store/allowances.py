"""What people, keys and groups may use, by the database: the limits behind every request and every attempt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cachetools import TTLCache

from groq_core.errors import RequestError
from groq_core.ratelimit.personal_limits import Allowance, allowance, key_of, limit_error, too_little
from groq_core.ratelimit.personal_limits import People as Limited
from groq_core.requests import Caller
from groq_core.settings.limits import PersonLimit
from groq_core.store.bank import DatabaseBank
from groq_core.store.books import Books, LedgerEntry, today
from groq_core.store.database import PATIENCE_S, Database, away_error
from groq_core.store.keys import ApiKeys
from groq_core.store.loans import Held, Loans, Refused
from groq_core.store.people import PeopleStore
from groq_core.store.presence import LOOK_S, UNAVAILABLE
from groq_core.store.tables import NAME

REMEMBERED_S = 2.0
"""How long limits that were changed may stay in force."""

KNOWN_S = 60.0
"""How long the last known limits count while the database does not answer."""

Bounds = Sequence[tuple[str, Sequence[PersonLimit]]]


def key_number(caller: Caller) -> int:
    """The number of an API key; 0 for who came without one."""
    kind, _, number = caller.user.partition(":")
    return int(number) if kind == "key" and number.isdigit() else 0


class TeamLimits(Limited):
    """
    Limits of a person, of the key they use and of their group, all of which hold.

    Args:
        everybody: The settings', for whoever has none of their own.
    """

    def __init__(self, database: Database, everybody: Sequence[PersonLimit]) -> None:
        super().__init__(everybody)
        self._database = database
        self._people = PeopleStore(database)
        self._keys = ApiKeys(database)
        self.loans = Loans(DatabaseBank(database), UNAVAILABLE, away=lambda: bool(database.presence.away))
        self.books = Books(database)
        self._bounds: TTLCache[tuple[str, str, str | None], Bounds] = TTLCache(10_000, REMEMBERED_S)
        self._last_bounds: TTLCache[tuple[str, str, str | None], Bounds] = TTLCache(10_000, KNOWN_S)

    @property
    def has_limits(self) -> bool:
        return True

    async def limits_of(self, caller: Caller) -> Sequence[PersonLimit]:
        return [limit for _, limits in await self._all(caller) for limit in limits]

    async def _all(self, caller: Caller) -> Bounds:
        place = (caller.user, caller.person, key_of(caller))
        found = self._bounds.get(place)
        if found is None:
            last = self._last_bounds.get(place)
            try:
                found = await self._database.patiently(lambda: self._read(caller), known=last is not None)
            except UNAVAILABLE:
                if last is None:
                    raise away_error("what may be spent") from None
                found = last
            self._bounds[place] = self._last_bounds[place] = found
        return found

    async def _read(self, caller: Caller) -> Bounds:
        found: list[tuple[str, Sequence[PersonLimit]]] = []
        number = key_number(caller)
        of_key = await self._keys.bounds(number) if number else ()
        if of_key:
            found.append((f"key:{number}", of_key))
        if caller.person:
            own, team, together = await self._people.bounds(caller.person)
            found.append((f"person:{caller.person}", self._limits if own is None else own))
            if team and together:
                found.append((f"group:{team}", together))
        elif not of_key and (key := key_of(caller)) is not None:
            found.append((key, self._limits))
        return found

    async def enter(self, caller: Caller) -> None:
        taken: list[Held] = []
        try:
            for subject, limits in await self._all(caller):
                for limit in limits:
                    if limit.kind == "requests":
                        with suppress(*UNAVAILABLE):  # requests go on; money does not
                            taken.append(await self.loans.take(subject, limit, 1.0, spend=True))
        except BaseException as error:
            for held in taken:
                self.loans.undo(held)
            if isinstance(error, Refused):
                raise limit_error(error.limit, error.wait_s) from None
            raise

    async def reserve(self, caller: Caller, tokens: float, usd: float) -> list[Any]:
        """
        Hold what an attempt can take at most, before it is sent.

        Raises:
            RequestError: 429 where there is not so much left; 503 where nobody can say.
        """
        held: list[Held] = []
        try:
            for subject, limits in await self._all(caller):
                for limit in limits:
                    amount = {"tokens": tokens, "usd": usd}.get(limit.kind, 0.0)
                    if amount > 0:
                        held.append(await self._hold(subject, limit, amount))
        except BaseException:  # who is called off holds nothing either
            for earlier in held:
                self.loans.settle(earlier, 0.0)
            raise
        return held

    async def _hold(self, subject: str, limit: PersonLimit, amount: float) -> Held:
        """
        Take a loan; a database that is away for a moment is waited for.

        Raises:
            RequestError: As for :meth:`reserve`.
        """
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self.loans.take(subject, limit, amount)
            except Refused as refused:
                raise too_little(limit, refused.wait_s, amount) from None
            except UNAVAILABLE:
                if time.monotonic() >= ends:
                    raise away_error("what may be spent") from None
            await asyncio.sleep(LOOK_S)

    async def settle(self, caller: Caller, held: Sequence[Any], model: str, line: Any) -> None:
        """An attempt is over: give back what it did not take, and write down what it did."""
        for one in held:
            limit = one.pot[1]
            self.loans.settle(one, line.usd if limit.kind == "usd" else float(line.tokens_in + line.tokens_out))
        self.books.note(line)

    def line(self, caller: Caller, model: str) -> LedgerEntry:
        """An empty line of the ledger for this caller."""
        return LedgerEntry(day=today(), person=caller.person, key=key_number(caller), model=model[:NAME])

    async def allowances(self, caller: Caller) -> list[Allowance]:
        try:
            bounds = await self._all(caller)
        except RequestError:
            return []  # nobody can say
        return [
            allowance(limit, *await self.loans.usage(subject, limit)) for subject, limits in bounds for limit in limits
        ]
