"""Lends parts of limits out of the database; by its clock, so that replicas whose clocks differ agree."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.settings.limits import PersonLimit
from groq_core.store.database import Database, clock_of
from groq_core.store.loans import TINY, Loan, Settlement, slot_left, slots_of, wait_for
from groq_core.store.once import Once
from groq_core.store.tables import UsageRow

SHARERS = 8
"""Nobody borrows more than such a part of what is free, unless one attempt needs it."""


class DatabaseBank:
    """See :class:`groq_core.store.loans.Bank`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._once = Once(database)

    async def borrow(self, subject: str, limit: PersonLimit, least: float, want: float, *, spend: bool) -> Loan:
        return await self._database.within(lambda: self._borrow(subject, limit, least, want, spend=spend))

    async def _borrow(self, subject: str, limit: PersonLimit, least: float, want: float, *, spend: bool) -> Loan:
        async with self._database.writing() as connection:
            now = await self._begin(connection, subject, limit)
            current, oldest = slots_of(limit, now)
            amounts, lent = await _count(connection, subject, limit, oldest)
            used = sum(amounts.values())
            free = limit.amount - used
            if free + TINY < least:
                wait_s = wait_for(limit, amounts, least - free, now)
                return Loan(granted=0.0, slot=current, used=used, lent=lent, wait_s=wait_s)
            granted = max(least, min(want, free / SHARERS))
            loaned = granted - least if spend else granted
            await _add(connection, subject, limit, current, granted, loaned)
            if current not in amounts:
                whole = _of(subject, limit)
                await connection.execute(delete(UsageRow).where(*whole, UsageRow.slot < oldest))
        slot_s = slot_left(limit, now)
        return Loan(granted=granted, slot=current, used=used + granted, lent=lent + loaned, slot_s=slot_s)

    async def settle(self, number: int, changes: Sequence[Settlement]) -> None:
        async def write(connection: AsyncConnection) -> None:
            # In one order, so that two processes never wait for each other.
            for change in sorted(changes, key=lambda one: (one.subject, one.limit, one.slot)):
                await _add(connection, change.subject, change.limit, change.slot, change.amount, change.lent)

        await self._once.write(number, write)

    async def state(self, subject: str, limit: PersonLimit) -> Loan:
        return await self._database.within(lambda: self._state(subject, limit))

    async def _state(self, subject: str, limit: PersonLimit) -> Loan:
        async with self._database.reading() as connection:
            now = await clock_of(connection)
            current, oldest = slots_of(limit, now)
            amounts, lent = await _count(connection, subject, limit, oldest)
        return Loan(granted=0.0, slot=current, used=sum(amounts.values()), lent=lent)

    async def _begin(self, connection: AsyncConnection, subject: str, limit: PersonLimit) -> float:
        if self._database.sqlite:
            return time.time()  # one machine, and one writer at a time
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"{subject} {limit.kind} {limit.window}"},
        )
        return await clock_of(connection)


def _of(subject: str, limit: PersonLimit) -> tuple[ColumnElement[bool], ...]:
    return (UsageRow.subject == subject, UsageRow.kind == limit.kind, UsageRow.window == limit.window)


async def _count(
    connection: AsyncConnection, subject: str, limit: PersonLimit, oldest: int
) -> tuple[dict[int, float], float]:
    rows = await connection.execute(
        select(UsageRow.slot, UsageRow.amount, UsageRow.loaned).where(*_of(subject, limit), UsageRow.slot >= oldest)
    )
    amounts: dict[int, float] = {}
    lent = 0.0
    for slot, amount, loaned in rows:
        amounts[slot] = amount
        lent += loaned
    return amounts, lent


async def _add(
    connection: AsyncConnection, subject: str, limit: PersonLimit, slot: int, amount: float, loaned: float
) -> None:
    change = update(UsageRow).where(*_of(subject, limit), UsageRow.slot == slot)
    values = {"amount": UsageRow.amount + amount, "loaned": UsageRow.loaned + loaned}
    if not (await connection.execute(change.values(values))).rowcount and amount > 0:
        row = {"subject": subject, "kind": limit.kind, "window": limit.window, "slot": slot}
        await connection.execute(insert(UsageRow).values(**row, amount=amount, loaned=loaned))
