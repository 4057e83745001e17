"""What one person may use, counted."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.ratelimit.personal_limits import LocalLedger, People, Taken, key_of
from groq_core.requests import Caller
from groq_core.settings.limits import limits

ANN = Caller(user="person:1", person="ann", address="10.0.0.1")
BOB = Caller(user="person:2", person="bob", address="10.0.0.1")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def count_entries(people: People, caller: Caller, times: int) -> int:
    """How many of so many requests are let in."""
    count = 0
    for _ in range(times):
        try:
            await people.enter(caller)
        except RequestError as error:
            known = (error.status, error.code) == (429, "limit_reached") and (error.retry_after or 0) >= 1
            if not known:
                raise
        else:
            count += 1
    return count


async def test_the_limit_is_reached_and_over_again_after_its_window() -> None:
    clock = Clock()
    people = People(limits("20/minute"), LocalLedger(clock))

    assert await count_entries(people, ANN, 25) == 20
    assert await count_entries(people, BOB, 25) == 20, "somebody else at the same address has his own"
    clock.now = 61
    assert await count_entries(people, ANN, 1) == 1


async def test_what_is_refused_is_not_counted() -> None:
    clock = Clock()
    people = People(limits("2/minute, 3/day"), LocalLedger(clock))

    assert await count_entries(people, ANN, 10) == 2
    clock.now = 61
    assert await count_entries(people, ANN, 10) == 1
    assert [one.used for one in await people.allowances(ANN)] == [1, 3]


@pytest.mark.parametrize(("text", "tokens", "usd"), [("100 tokens/day", 100, 0.0), ("2 usd/day", 5, 2.0)])
async def test_tokens_and_money_end_it_too(text: str, tokens: int, usd: float) -> None:
    people = People(limits(text), LocalLedger(Clock()))

    await people.enter(ANN)
    held = await people.reserve(ANN, tokens, usd)
    await people.settle(ANN, held, "m", Taken(tokens_out=tokens, usd=usd))

    with pytest.raises(RequestError, match="used up"):
        await people.enter(ANN)


async def test_those_who_ask_at_once_hold_no_more_than_there_is() -> None:
    people = People(limits("1 usd/day"), LocalLedger(Clock()))
    under_way, refused = 0, list[tuple[int, str]]()

    async def ask() -> int:
        nonlocal under_way
        try:
            held = await people.reserve(ANN, 0, 0.3)
        except RequestError as error:
            refused.append((error.status, error.message.partition(",")[0]))
            return 0
        under_way += 1
        assert under_way <= 3
        await asyncio.sleep(0.01)
        under_way -= 1
        await people.settle(ANN, held, "m", Taken(usd=0.3))
        return 1

    assert sum(await asyncio.gather(*(ask() for _ in range(40)))) == 3
    assert set(refused) == {(429, "this could cost up to 0.3000 USD")}
    assert [one.used for one in await people.allowances(ANN)] == [pytest.approx(0.9)]


async def test_what_an_attempt_did_not_take_is_given_back_to_those_who_wait() -> None:
    people = People(limits("1 usd/day, 1000 tokens/day"), LocalLedger(Clock()))
    first = await people.reserve(ANN, 900, 0.9)
    waiting = asyncio.ensure_future(people.reserve(ANN, 500, 0.5))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert [one.used for one in await people.allowances(ANN)] == [0, 0], "held is not used"
    await people.enter(ANN)
    await people.settle(ANN, first, "m", Taken(tokens_out=10, usd=0.01))

    await people.settle(ANN, await waiting, "m", Taken(tokens_in=5, tokens_out=15, usd=0.02))

    assert [one.used for one in await people.allowances(ANN)] == [pytest.approx(0.03), pytest.approx(30)]


async def test_of_tokens_no_more_is_held_than_is_left() -> None:
    people = People(limits("100 tokens/day"), LocalLedger(Clock()))
    held = await people.reserve(ANN, 70_000, 0.0)
    assert [one.amount for one in held] == [100]
    await people.settle(ANN, held, "m", Taken(tokens_out=40))

    assert [one.remaining for one in await people.allowances(ANN)] == [60]


async def test_who_is_refused_by_one_limit_holds_nothing_of_another() -> None:
    people = People(limits("5 usd/day, 1 usd/minute"), LocalLedger(Clock()))
    with pytest.raises(RequestError, match="more than is left"):
        await people.reserve(ANN, 0, 2.0)

    assert [held.amount for held in await people.reserve(ANN, 0, 1.0)] == [1.0, 1.0]


async def test_visitors_share_what_their_address_has() -> None:
    people = People(limits("3/day"))
    visitors = [Caller(user=f"page:{number}", address="192.0.2.7") for number in range(5)]

    assert sum([await count_entries(people, visitor, 1) for visitor in visitors]) == 3


async def test_a_persons_own_line_wins() -> None:
    class Lines:
        async def of(self, caller: Caller) -> object:
            return limits("1/day") if caller.person == "bob" else None

    people = People(limits("5/day"), own=Lines())  # type: ignore[arg-type]

    assert (await count_entries(people, ANN, 9), await count_entries(people, BOB, 9)) == (5, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_addresses_of_one_customer_are_one(one: str, other: str, same: bool) -> None:
    assert (key_of(Caller(user="page:a", address=one)) == key_of(Caller(user="page:b", address=other))) is same


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=60))
async def test_never_more_than_the_limit_within_a_window(steps: list[tuple[float, bool]]) -> None:
    clock = Clock()
    people = People(limits("3/minute"), LocalLedger(clock))
    began, count = None, 0
    for wait, _ in steps:
        clock.now += wait
        if began is None or clock.now - began >= 60:
            began, count = clock.now, 0
        count += await count_entries(people, ANN, 1)
        assert count <= 3
