"""
What people may use, as loans: a process borrows a little of a limit, spends it without asking, and gives the rest back.

The database counts what is lent as used, so that all processes together never spend more than the limit; while it is
away, each goes on with what it has borrowed. So that there is something to go on with, it is kept for a minute as long
as less than half of the limit is used; later, others may need it sooner. A process that dies takes its loans along:
they count as used until their window has passed. Windows move along in slots; a slot counts whole until all of it has
left the window.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from math import floor, inf
from typing import Final, Protocol, TypeAlias

import msgspec

from groq_core.settings.limits import PersonLimit

logger = logging.getLogger("groq_core.loans")

SLOT_S: Final[Mapping[str, int]] = {"minute": 5, "hour": 300, "day": 3600, "month": 86_400}
"""Seconds of a slot, by window."""

PART: Final = 0.02
"""Of a limit, that is borrowed at once where a request needs less."""

ATTEMPTS: Final = 8
"""Of tokens and money, so many attempts' worth is borrowed at least, up to this part of what is free."""

IDLE_S: Final = 1.0
"""Seconds after which what is not spent goes back, where half of the limit is used."""

KEPT_S: Final = 60.0
"""The same where less is; at most a sixtieth of the limit's window."""

FLUSH_S: Final = 0.5
PATIENCE_S: Final = 2.5
"""How long a request waits for what others have borrowed and may give back."""

LOOK_S: Final = 0.25
TINY: Final = 1e-9

Pot: TypeAlias = tuple[str, PersonLimit]


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """
    An answer of the bank.

    Attributes:
        granted: How much; 0 for a refusal.
        slot: Where it is counted.
        used: Of the limit, by everybody, this loan included.
        lent: The part of it that somebody holds and may yet give back.
        wait_s: Until so much will have left the window; 0 where it was granted.
        slot_s: Seconds that the slot still lasts; what is spent later counts elsewhere.
    """

    granted: float
    slot: int
    used: float
    lent: float
    wait_s: float = 0.0
    slot_s: float = inf


class Settlement(msgspec.Struct, frozen=True):
    """What changes in a slot: what is counted as used, and what of it is on loan."""

    subject: str
    limit: PersonLimit
    slot: int
    amount: float
    lent: float


class Bank(Protocol):
    """Where limits are counted for all processes."""

    async def borrow(self, subject: str, limit: PersonLimit, least: float, want: float, *, spend: bool) -> Loan:
        """Lend between ``least`` and ``want``, or nothing. With ``spend`` the least counts as spent already."""
        ...

    async def settle(self, number: int, changes: list[Settlement]) -> None:
        """Count them; once, however often they are told under one number, which grows with each call that succeeds."""
        ...

    async def state(self, subject: str, limit: PersonLimit) -> Loan:
        """How much is used, lending nothing."""
        ...


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The limit is used up for so many seconds."""

    def __init__(self, limit: PersonLimit, wait_s: float) -> None:
        super().__init__()
        self.limit = limit
        self.wait_s = wait_s


class Held(msgspec.Struct, frozen=True):
    """A part of a loan that belongs to one attempt."""

    pot: Pot
    slot: int
    amount: float


class _Purse(msgspec.Struct):
    """
    Attributes:
        slot_ends: By our clock.
        empty_until: Nothing will be free before then, for whoever wants ``empty_for`` or more: nobody has a loan.
    """

    slot: int = -1
    slot_ends: float = inf
    left: float = 0.0
    used: float = 0.0
    empty_until: float = 0.0
    empty_for: float = 0.0
    seen_at: float = -1e9
    touched_at: float = 0.0
    lock: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)


class Loans:
    """
    The loans of this process. :meth:`run` settles them twice a second.

    Args:
        bank: Where they are taken.
        unavailable: What the bank raises while it is away.
        away: Whether that is known; then nothing is given back that others could not take.
    """

    def __init__(
        self,
        bank: Bank,
        unavailable: tuple[type[BaseException], ...],
        *,
        away: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bank = bank
        self._unavailable = unavailable
        self._is_away = away
        self._clock = clock
        self._purses: dict[Pot, _Purse] = {}
        self._owed: dict[tuple[Pot, int], list[float]] = {}
        self._sent: dict[tuple[Pot, int], list[float]] = {}
        self._number = 1
        self._settling = asyncio.Lock()
        self._is_unsettled = False
        self._called_off: set[asyncio.Future[Loan]] = set()

    @property
    def away(self) -> bool:
        """The bank is away, or was when it was last told something."""
        return self._is_unsettled or self._is_away()

    async def take(self, subject: str, limit: PersonLimit, amount: float, *, spend: bool = False) -> Held:
        """
        Hold so much for one attempt; with ``spend`` it is spent at once.

        Of tokens no more than are left: nobody knows how long an answer will be, and the last one may be too long.

        Raises:
            Refused: The limit is used up, and nobody has given anything back within 2.5 s.
        """
        pot = (subject, limit)
        tokens = limit.kind == "tokens"
        if tokens:
            amount = min(amount, limit.amount)
        purse = self._purses.setdefault(pot, _Purse())
        ends = self._clock() + PATIENCE_S
        while True:
            async with purse.lock:
                held, loan = await self._from(pot, purse, amount, spend=spend)
            if held is not None:
                return held
            if amount > limit.amount:
                raise Refused(limit, loan.wait_s)
            if purse.left > TINY:
                self._give_back(pot, purse)  # what this process has is part of what is missing
                await self.flush()
                continue
            nobody_else = loan.lent <= TINY or self._clock() >= ends
            if tokens and nobody_else and (left := limit.amount - loan.used) > TINY:
                amount = min(amount, left)
                continue
            if nobody_else:
                raise Refused(limit, loan.wait_s)
            await self.flush()
            await asyncio.sleep(LOOK_S)

    async def _from(self, pot: Pot, purse: _Purse, amount: float, *, spend: bool) -> tuple[Held | None, Loan]:
        now = purse.touched_at = self._clock()
        if purse.left + TINY < amount or now >= purse.slot_ends:
            try:
                return await self._borrow(pot, purse, amount, spend=spend)
            except self._unavailable:
                if purse.left + TINY < amount:
                    left_s = purse.empty_until - self._clock()
                    if left_s <= 0 or amount < purse.empty_for:
                        raise
                    return None, Loan(granted=0.0, slot=purse.slot, used=purse.used, lent=0.0, wait_s=left_s)
        purse.left -= amount
        if spend:
            self._owe(pot, purse.slot, 0.0, -amount)
        return Held(pot, purse.slot, amount), Loan(granted=amount, slot=purse.slot, used=purse.used, lent=0.0)

    async def _borrow(self, pot: Pot, purse: _Purse, amount: float, *, spend: bool) -> tuple[Held | None, Loan]:
        subject, limit = pot
        want = limit.amount * PART
        if limit.kind != "requests":
            want = max(want, amount * ATTEMPTS)
        asked = asyncio.ensure_future(self._bank.borrow(subject, limit, amount, max(amount, want), spend=spend))
        try:
            loan = await asyncio.shield(asked)
        except asyncio.CancelledError:
            # What the bank has lent to who is called off would count as used until its window has passed.
            self._called_off.add(asked)
            asked.add_done_callback(partial(self._return, pot, amount if spend else 0.0))
            raise
        finally:
            purse.touched_at = self._clock()
        now = purse.seen_at = self._clock()
        purse.used = loan.used
        if loan.granted < amount - TINY:
            if loan.lent <= TINY:
                purse.empty_until, purse.empty_for = now + loan.wait_s, amount
            return None, loan
        purse.empty_until = 0.0
        if loan.slot != purse.slot:
            self._give_back(pot, purse)
        purse.slot, purse.slot_ends = loan.slot, now + loan.slot_s
        purse.left += loan.granted - amount
        return Held(pot, loan.slot, amount), loan

    def settle(self, held: Held, spent: float) -> None:
        """An attempt is over: what it did not spend may be spent by the next."""
        purse = self._purses.setdefault(held.pot, _Purse())
        rest = held.amount - spent
        if rest > 0 and held.slot == purse.slot:
            purse.left += rest
            purse.touched_at = self._clock()
            self._owe(held.pot, held.slot, 0.0, -spent)
        else:
            # More than was held is counted all the same: it has been spent.
            self._owe(held.pot, held.slot, -rest, -held.amount)

    def undo(self, held: Held) -> None:
        """Take back what was spent at once."""
        self._owe(held.pot, held.slot, -held.amount, 0.0)

    def _return(self, pot: Pot, spent: float, asked: asyncio.Future[Loan]) -> None:
        """Give back a loan that came when nobody waited for it any more."""
        self._called_off.discard(asked)
        if not asked.cancelled() and asked.exception() is None and (loan := asked.result()).granted > 0:
            self._owe(pot, loan.slot, -loan.granted, spent - loan.granted)

    def _give_back(self, pot: Pot, purse: _Purse) -> None:
        if purse.left > 0:
            self._owe(pot, purse.slot, -purse.left, -purse.left)
            purse.left = 0.0

    def _owe(self, pot: Pot, slot: int, amount: float, lent: float) -> None:
        change = self._owed.setdefault((pot, slot), [0.0, 0.0])
        change[0] += amount
        change[1] += lent

    async def usage(self, subject: str, limit: PersonLimit) -> tuple[float, float]:
        """How much of a limit is used, as far as is known here, and the seconds its slot still lasts."""
        pot = (subject, limit)
        purse = self._purses.setdefault(pot, _Purse())
        now = self._clock()
        if now - purse.seen_at > IDLE_S and not self.away:
            with suppress(*self._unavailable):
                state = await self._bank.state(subject, limit)
                purse.used, purse.seen_at = state.used, self._clock()
        untold = (change[0] for owed in (self._sent, self._owed) for (of, _), change in owed.items() if of == pot)
        return max(0.0, purse.used + sum(untold) - purse.left), float(limit.window_s)

    # ── settling ─────────────────────────────────────────────────────────────────────────────────────

    async def flush(self, *, everything: bool = False) -> None:
        """
        Tell the bank what was spent, and give back what lies idle.

        Args:
            everything: Give all of it back, idle or not; the process ends.
        """
        if everything and self._called_off:
            await asyncio.wait(self._called_off)  # what they are lent has to go back too
        if everything or not self._is_away():
            self._collect_idle(everything=everything)
        async with self._settling:
            # What was told and not answered is told again first, as it was: it may have been counted.
            while self._sent or self._owed:
                if not self._sent:
                    self._sent, self._owed = self._owed, {}
                if not await self._settle():
                    return

    async def _settle(self) -> bool:
        changes = [
            Settlement(subject, limit, slot, amount, lent)
            for ((subject, limit), slot), (amount, lent) in self._sent.items()
            if abs(amount) > TINY or abs(lent) > TINY
        ]
        try:
            if changes:
                await self._bank.settle(self._number, changes)
        except self._unavailable:
            if not self._is_unsettled:
                logger.warning("limits are not settled while the database is away")
            self._is_unsettled = True
            return False
        self._sent, self._number, self._is_unsettled = {}, self._number + 1, False
        return True

    def _collect_idle(self, *, everything: bool) -> None:
        now = self._clock()
        for pot, purse in list(self._purses.items()):
            if purse.lock.locked() and not everything:
                continue
            idle_s = now - purse.touched_at
            if everything or idle_s > _kept_s(purse, pot[1]) or (idle_s > IDLE_S and now >= purse.slot_ends):
                self._give_back(pot, purse)
                if idle_s > 600:
                    del self._purses[pot]

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()


def _kept_s(purse: _Purse, limit: PersonLimit) -> float:
    """How long an idle loan is kept, in case the bank goes away: longer while nobody else is short of it."""
    return IDLE_S if purse.used > limit.amount / 2 else max(IDLE_S, min(KEPT_S, limit.window_s / 60))


def slots_of(limit: PersonLimit, now: float) -> tuple[int, int]:
    """
    The current slot, and the oldest that still counts.

    >>> slots_of(PersonLimit("requests", 5, "minute"), 100)
    (20, 8)
    """
    slot_s = SLOT_S[limit.window]
    current = floor(now / slot_s)
    return current, current - limit.window_s // slot_s


def slot_left(limit: PersonLimit, now: float) -> float:
    """
    Seconds that the current slot still lasts.

    >>> slot_left(PersonLimit("requests", 5, "minute"), 103.5)
    1.5
    """
    slot_s = SLOT_S[limit.window]
    return slot_s - now % slot_s


def wait_for(limit: PersonLimit, amounts: Mapping[int, float], missing: float, now: float) -> float:
    """
    Seconds until so much will have left the window.

    >>> wait_for(PersonLimit("requests", 5, "minute"), {10: 3.0, 15: 2.0}, 4.0, 100.0)
    40.0
    """
    slot_s = SLOT_S[limit.window]
    gone = 0.0
    for slot in sorted(amounts):
        gone += amounts[slot]
        if gone >= missing - TINY:
            return max(1.0, (slot + limit.window_s // slot_s + 1) * slot_s - now)
    return float(limit.window_s)
