"""Money: what attempts took is in the ledger and in the limits, exactly once, however they ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import RequestError
from groq_core.ratelimit.personal_limits import LocalLedger, People
from groq_core.redaction import Secret
from groq_core.requests import Caller
from groq_core.settings.limits import PersonLimit, limits
from groq_core.simulator import Fault, Simulator
from groq_core.store.allowances import TeamLimits
from groq_core.store.bank import DatabaseBank
from groq_core.store.books import Books, LedgerEntry
from groq_core.store.database import Database, open_database
from groq_core.store.people import PeopleStore
from groq_core.store.shared.ledger import SharedLedger, steady
from groq_core.store.shared.link import PREFIX, Link
from tests.requires import needs, require
from tests.store.replicas import Redis
from tests.store.stage import ask, eventually, sqlite_url, team_stage

TOKENS, USD = PersonLimit("tokens", 40_000.0, "day"), PersonLimit("usd", 20.0, "month")
GROUP = PersonLimit("usd", 30.0, "day")
LIVES = 60
ANN = Caller(person="ann", user="person:1")


class Life:
    """One attempt: holds what it may take, takes some of it or more, and may be called off at any turn."""

    def __init__(self, people: People, caller: Caller, chance: random.Random) -> None:
        self.people, self.caller = people, caller
        self.tokens, self.usd = chance.randrange(1, 400), chance.randrange(1, 200) / 1000
        self.part = chance.choice([0.0, 0.3, 1.0, 1.2])
        self.turns = chance.choice([0, 0, 1, 3, 10])
        self.leaves_after = chance.choice([None, 0, 1, 2, 3, 5, 8, 13, 40])
        self.took: tuple[int, float] | None = None

    async def live(self) -> None:
        await self.people.enter(self.caller)
        held = await self.people.reserve(self.caller, float(self.tokens), self.usd)
        line = self.people.line(self.caller, "groq:m")
        try:
            for _ in range(self.turns):
                await asyncio.sleep(0)
        finally:
            line.requests = 1
            line.tokens_out, line.usd = int(self.tokens * self.part), self.usd * self.part
            self.took = line.tokens_out, line.usd
            await self.people.settle(self.caller, held, "groq:m", line)

    async def run(self) -> None:
        living = asyncio.create_task(self.live())
        if self.leaves_after is not None:
            for _ in range(self.leaves_after):
                await asyncio.sleep(0)
            living.cancel()
        done, _ = await asyncio.wait([living])
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                assert isinstance(error, RequestError), error


async def lead(people: People, caller: Caller, seed: int) -> tuple[float, float]:
    """Lives side by side; tokens and dollars that they took."""
    chance = random.Random(seed)
    lives = [Life(people, caller, chance) for _ in range(LIVES)]
    for at in range(0, LIVES, 10):
        await asyncio.gather(*(life.run() for life in lives[at : at + 10]))
    took = [life.took for life in lives if life.took is not None]
    assert took
    return float(sum(tokens for tokens, _ in took)), sum(usd for _, usd in took)


@pytest.mark.parametrize("seed", range(5))
async def test_a_database_counts_what_was_taken_once_and_holds_nothing(database: Database, seed: int) -> None:
    people = TeamLimits(database, ())
    store = PeopleStore(database)
    await store.add("ann", who="tests", limits=f"{TOKENS}, {USD}, 1000/day")
    await store.set_team("ann", "lab", who="tests")
    await store.set_limits("@lab", str(GROUP), who="tests")

    tokens, usd = await lead(people, ANN, seed)
    await settled(people)

    bank = DatabaseBank(database)
    found = [await bank.state(*pot) for pot in (("person:ann", TOKENS), ("person:ann", USD), ("group:lab", GROUP))]
    assert [one.used for one in found] == pytest.approx([tokens, usd, usd])
    assert [one.lent for one in found] == pytest.approx([0.0] * 3, abs=1e-6)
    lines = await people.books.read()
    assert sum(line.tokens_out for line in lines) == tokens
    assert sum(line.usd for line in lines) == pytest.approx(usd)


async def settled(people: TeamLimits) -> None:
    await asyncio.sleep(0.05)
    await people.loans.flush(everything=True)
    await people.books.flush()


class Clock:
    """A machine's own."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.now = 1_790_000_000.0 + ahead_s

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def ledger_on(redis: Redis, me: str = "a", clock: Clock | None = None) -> AsyncIterator[SharedLedger]:
    link = Link(Secret(redis.url))
    await link.recheck(lambda client: client.set(PREFIX + "born", 1))
    ledger = SharedLedger(link, lambda: 0.5, me=me, clock=clock or steady)
    yield ledger
    await ledger.close()
    await link.close()


@needs("redis-server")
@pytest.mark.parametrize("seed", range(5))
async def test_redis_counts_what_was_taken_once_and_holds_nothing(redis: Redis, seed: int) -> None:
    async with ledger_on(redis) as mine, ledger_on(redis, "b") as other:
        people = People((TOKENS, USD, GROUP), mine)
        tokens, usd = await lead(people, ANN, seed)
        await asyncio.sleep(0.05)
        await mine.close()

        seen = await People((TOKENS, USD, GROUP), other).allowances(ANN)

        assert [one.used for one in seen] == pytest.approx([tokens, usd, usd], abs=1e-6)
        assert [one.used for one in await people.allowances(ANN)] == pytest.approx([tokens, usd, usd], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
async def test_a_process_alone_counts_what_was_taken_once_and_holds_nothing(seed: int) -> None:
    people = People((TOKENS, USD, GROUP), LocalLedger())
    tokens, usd = await lead(people, ANN, seed)

    assert [one.used for one in await people.allowances(ANN)] == pytest.approx([tokens, usd, usd])


DAY_S = 86_400
JUMPS = [0, 3600, -3600, DAY_S, -DAY_S, 40 * DAY_S]


@needs("redis-server")
@pytest.mark.parametrize("limit", ["6/hour", "6/day", "6/month"])
@pytest.mark.parametrize("jump_s", JUMPS)
async def test_a_limit_holds_whatever_the_clock_of_a_machine_says_and_does(
    redis: Redis, limit: str, jump_s: float
) -> None:
    """Windows are those of Redis: a clock that is wrong from the start, or set while it runs, makes no new ones."""
    clock = Clock(ahead_s=jump_s)
    async with ledger_on(redis, clock=clock) as mine, ledger_on(redis, "b") as other:
        one, two = People(limits(limit), mine), People(limits(limit), other)
        for people in (one, two, one):
            await people.enter(ANN)
        clock.now += jump_s
        for people in (one, two):
            await people.enter(ANN)
        clock.now -= jump_s
        await one.enter(ANN)
        for people in (one, two):
            with pytest.raises(RequestError, match="used up"):
                await people.enter(ANN)
            assert [found.used for found in await people.allowances(ANN)] == [6]


LONGEST_MODEL = "x" * 200


async def test_a_model_s_name_of_any_length_leaves_the_ledger_going(url: str, simulator: Simulator) -> None:
    """One too long for its column stopped everybody's, as long as the process ran."""
    async with team_stage(url, simulator) as stage:
        assert stage.core.team is not None
        books = stage.core.team.limits.books
        key = (await stage.core.team.keys.create("ci", who="tests", person="bob")).reveal()
        async with stage.client(key=key) as http:
            for model in (LONGEST_MODEL, "speed"):
                assert (await ask(http, model=model)).status_code == 200
        await books.flush()

        lines = await books.read()

    assert sum(line.requests for line in lines) == 2
    assert all(line.requests for line in lines), "of a model that took nothing there is no line"


@pytest.mark.parametrize("unfit", [{"person": "a\0"}, {"model": "m" * 300}, {"tokens_in": 2**70}])
async def test_a_line_that_cannot_be_kept_keeps_no_other_back(database: Database, unfit: dict[str, Any]) -> None:
    books = Books(database)
    for number in range(7):
        words: dict[str, Any] = {
            "day": "2026-11-27",
            "person": f"p{number}",
            "key": 0,
            "model": "m",
            "requests": 1,
            "usd": 0.5,
        }
        books.note(LedgerEntry(**(words | (unfit if number == 3 else {}))))

    await books.flush()
    books.note(LedgerEntry(day="2026-11-27", person="p0", key=0, model="m", requests=1, usd=0.25))
    await books.flush()

    found = {line.person: line.usd for line in await books.read() if line.person != "p3" and "\0" not in line.person}
    assert found == {"p0": 0.75, **{f"p{number}": 0.5 for number in (1, 2, 4, 5, 6)}}
    assert not books.away


@pytest.fixture(params=["alone", "redis", "sqlite"])
async def limited(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[People]:
    """Whoever counts what one person may use."""
    match request.param:
        case "alone":
            yield People(limits(LITTLE), LocalLedger())
        case "redis":
            require("redis-server")
            async with ledger_on(request.getfixturevalue("redis")) as ledger:
                yield People(limits(LITTLE), ledger)
        case _:
            async with open_database(Secret(sqlite_url(tmp_path / "team.db"))) as database:
                yield TeamLimits(database, limits(LITTLE))


LITTLE = "5000 tokens/day"
UNBOUNDED = 70_000.0
"""What an answer may take at most that nobody has bounded: more than many people have."""


@pytest.mark.parametrize("first", [100.0, UNBOUNDED])
async def test_who_has_some_tokens_left_may_ask_without_a_bound(limited: People, first: float) -> None:
    """With a database they were told that all of them are used up, from the first question on."""
    for amount, took in ((first, 300), (UNBOUNDED, 2000), (UNBOUNDED, 2600), (UNBOUNDED, 400)):
        held = await limited.reserve(ANN, amount, 0.0)
        line = limited.line(ANN, "groq:m")
        line.requests, line.tokens_out = 1, took
        await limited.settle(ANN, held, "groq:m", line)
    with pytest.raises(RequestError, match="used up"):
        await limited.reserve(ANN, UNBOUNDED, 0.0)
    (found,) = await limited.allowances(ANN)
    assert found.used == pytest.approx(5300, abs=1)


async def test_who_asks_beside_an_answer_under_way_has_what_that_one_leaves(limited: People) -> None:
    first = await limited.reserve(ANN, 4000.0, 0.0)
    second = await limited.reserve(ANN, UNBOUNDED, 0.0)
    for held in (first, second):
        line = limited.line(ANN, "groq:m")
        line.requests, line.tokens_out = 1, 500
        await limited.settle(ANN, held, "groq:m", line)
    third = await limited.reserve(ANN, UNBOUNDED, 0.0)
    assert [one.amount for one in third] == pytest.approx([4000], abs=1)


@needs("redis-server")
@pytest.mark.parametrize("limit", ["100000 tokens/day", "2 usd/day"])
async def test_what_another_replica_only_holds_is_waited_for_and_not_told_as_used_up(redis: Redis, limit: str) -> None:
    """Three who ask at once on three replicas each hold what an answer can take at most, and take a little of it."""
    async with ledger_on(redis) as one, ledger_on(redis, "b") as two, ledger_on(redis, "c") as three:
        replicas = [People(limits(limit), ledger) for ledger in (one, two, three)]

        async def ask_on(people: People) -> None:
            await people.enter(ANN)
            held = await people.reserve(ANN, UNBOUNDED, 1.4)
            line = people.line(ANN, "groq:m")
            await asyncio.sleep(0.2)
            line.requests, line.tokens_out, line.usd = 1, 200, 0.02
            await people.settle(ANN, held, "groq:m", line)

        await asyncio.gather(*(ask_on(people) for people in replicas))
        wanted = [600 if "tokens" in limit else 0.06] * 3

        async def all_know() -> bool:
            for ledger in (one, two, three):
                await ledger.tell_again()  # as with each beat
            return [(await people.allowances(ANN))[0].used for people in replicas] == pytest.approx(wanted)

        assert await eventually(all_know)


@pytest.mark.parametrize("hedge", ["0", "1"])
async def test_receipts_ledger_and_limits_say_the_same_whatever_breaks(
    tmp_path: Path, simulator: Simulator, hedge: str
) -> None:
    limit = PersonLimit("usd", 5.0, "day")
    async with team_stage(f"sqlite:///{tmp_path}/team.db", simulator, GROQ_CORE_HEDGE=hedge) as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("ci", who="tests", person="bob", limit=str(limit))).reveal()
        for fault in (Fault(kind="cut", after=3, probability=0.4), Fault(kind="status", status=500, probability=0.2)):
            simulator.faults.add(fault)
        receipts = 0.0
        async with stage.client(key=key) as http:
            for _ in range(4):
                texts = [f"Number {number % 4} of a few words" for number in range(6)]
                answers = await asyncio.gather(*(ask(http, text, temperature=0) for text in texts))
                receipts += sum(answer.json()["x_groq_core"]["cost_usd"] or 0.0 for answer in answers)
        await settled(team.limits)

        lines = await team.limits.books.read()
        state = await DatabaseBank(team.database).state("key:1", limit)

    assert sum(line.usd for line in lines) == pytest.approx(receipts)
    assert (state.used, state.lent) == pytest.approx((receipts, 0.0), abs=1e-9)
    assert receipts > 0
