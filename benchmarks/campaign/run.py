"""Run it, and put what came of it into rows."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from benchmarks.campaign.faults import FAULTS, break_and_mend, plan
from benchmarks.campaign.house import House, open_house
from benchmarks.campaign.people import PEOPLE, TIGHT, Asker, Outcome, Visitor, make_people, mark, spend_by_person
from benchmarks.rows import Bench, Row, percentile

MEAN_USD = 3e-5
"""What a request of the campaign costs; what the model was asked, and whose answer reached nobody, counts so much."""

TIGHT_USD = 0.003
"""A third of the people have no more a day; in a short run half of what they would ask for."""

MOST_S = 12 * 60.0
"""After which nothing more is broken or asked, so that all of it takes fifteen minutes at most."""

PROMISE_S = 3.0


async def run(
    house: House,
    people: Mapping[str, tuple[str, str]],
    *,
    faults: Sequence[str],
    requests: int,
    seconds: float,
    visitors: int,
    seed: int,
    most_s: float,
) -> tuple[Outcome, dict[str, list[float]]]:
    """
    Ask and break at once.

    Args:
        people: By mark: key and model.
        faults: Names of :data:`FAULTS`, one after the other.
        seconds: Over which the requests are spread; the faults take what they take.

    Returns:
        What was seen, and the seconds until in step by fault.
    """
    outcome, chance, ends = Outcome(), random.Random(seed), asyncio.Event()
    times: defaultdict[str, list[float]] = defaultdict(list)
    timeout = aiohttp.ClientTimeout(total=40)
    each = -(-requests // PEOPLE)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http,
        aiohttp.ClientSession() as probe,
    ):
        while not await house.in_step(probe):
            await asyncio.sleep(0.1)
        asking = [
            asyncio.create_task(Asker(house.url, name, key, outcome, http, model).run(each, seconds / each, ends))
            for name, (key, model) in people.items()
        ]
        following = [
            asyncio.create_task(Visitor(house.url, outcome, http, random.Random(seed + n)).run(ends))
            for n in range(visitors)
        ]
        until = time.monotonic() + most_s
        for name in faults:
            if time.monotonic() > until:
                break  # a machine with other work on it; the table says how many there were
            print(f"{outcome.asked:6} asked, breaking: {name}", file=sys.stderr, flush=True)
            times[name].append(await break_and_mend(name, house, chance, probe))
            await asyncio.sleep(chance.uniform(0.0, 0.5))
        await asyncio.wait(asking, timeout=max(1.0, until - time.monotonic()))
        ends.set()
        await asyncio.gather(*asking, *following)
    return outcome, dict(times)


async def spend(house: House, outcome: Outcome, ledger: Mapping[str, float]) -> dict[str, float]:
    """What each person has spent at most, in dollars, by what was seen, the model and a ledger."""
    asked, most = await house.asked(), {}
    for number in range(PEOPLE):
        name = mark(number)
        # The ledger lacks the last half second of a killed replica, and askers what was cut on its way to them.
        untold = max(0, asked.get(name, 0) - outcome.known[name])
        most[name] = max(ledger.get(name, 0.0), outcome.usd[name] + untold * MEAN_USD)
    return most


def tight_usd(requests: int) -> float:
    """What a third of the people may spend, so that they come to their limit."""
    return round(min(TIGHT_USD, requests / PEOPLE * MEAN_USD / 2), 6)


def leaks(house: House) -> int:
    """Lines of the replicas' logs with a key or a question in them."""
    words = ("gsk_campaign", "gck_", "say that again", "Tell me of fox")
    return sum(
        any(word in line for word in words)
        for replica in house.replicas
        for line in replica.log.read_text(errors="replace").splitlines()
    )


def rows(
    outcome: Outcome, times: dict[str, list[float]], spent_usd: dict[str, float], leaked: int, took: str, limit: float
) -> list[Row]:
    """The table."""
    over = sum(max(0.0, spent_usd[mark(number)] - limit) for number in range(TIGHT))
    ample = max(1, outcome.asked - outcome.limits_met)
    all_times = [one for found in times.values() for one in found] or [0.0]
    refused = sum(outcome.refused.values())
    reasons = "; ".join(f"{count} × {why}" for why, count in outcome.reasons.most_common(3))
    resumed = (
        f"{outcome.runs} answers, followed again {outcome.resumed} times; {outcome.anew} times lost with its process "
        f"and Redis and begun anew; {outcome.gone} were forgotten before they could be compared. "
        f"{'; '.join(outcome.wrong[:3])}"
    )
    found = [
        Row(f"overspend of ten people with {limit:g} $ a day", round(over, 6), "$", "their limits", 0.0, detail=took),
        Row("false refusals", 100 * refused / ample, "%", "requests within limits", 0.5, detail=reasons),
        Row("429 that we brought on ourselves", float(outcome.upstream_429), "", "answers' attempts", 0.0),
        Row("back in step, slowest", max(all_times), "s", "the mend of the fault", PROMISE_S),
        Row("back in step, median", percentile(all_times, 0.5), "s", "the mend of the fault"),
        Row(
            "running answers resumed exactly",
            100 * (outcome.exact + outcome.gone) / max(1, outcome.runs),
            "%",
            "answers begun",
            100.0,
            at_most=False,
            detail=resumed,
        ),
        Row("texts that reached somebody else", float(outcome.crossed), "", "all answers", 0.0),
        Row("keys and questions in logs", float(leaked), "", "lines", 0.0),
    ]
    by_fault = ((name, times[name]) for name in FAULTS if name in times)
    return found + [
        Row(f"back in step: {name}", max(known), "s", "slowest", PROMISE_S, detail=f"{len(known)} times")
        for name, known in by_fault
    ]


async def campaign(bench: Bench, *, seed: int = 15) -> list[Row]:
    """200 faults under 20,000 requests; a tenth with ``--quick``."""
    faults, requests, seconds = bench.times(200, 20), bench.times(20_000, 2000), float(bench.times(540, 60))
    return await measure(faults, requests, seconds, seed=seed)


async def measure(
    faults: int | Sequence[str],
    requests: int,
    seconds: float,
    *,
    seed: int = 15,
    replicas: int = 3,
    visitors: int = 4,
    most_s: float = MOST_S,
) -> list[Row]:
    """A campaign of any size; with so many random faults, or with those that are named."""
    names = plan(faults, random.Random(seed)) if isinstance(faults, int) else faults
    began, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="campaign", dir="/tmp") as folder:
        async with open_house(Path(folder), replicas=replicas) as house:
            database = f"postgresql+psycopg://team@127.0.0.1:{house.postgres.port}/postgres"
            keys = await make_people(database, tight_usd(requests))
            people = {name: (key, "speed") for name, key in keys.items()}
            outcome, times = await run(
                house,
                people,
                faults=names,
                requests=requests,
                seconds=seconds,
                visitors=visitors,
                seed=seed,
                most_s=most_s,
            )
            await asyncio.sleep(2)  # the ledger is written twice a second
            usd = await spend(house, outcome, await spend_by_person(database))
            leaked = leaks(house)
    took = (
        f"{sum(map(len, times.values()))} faults, {outcome.asked} requests ({outcome.answered} answered, "
        f"{outcome.limits_met} refused by a limit, {outcome.cut} cut and asked again), {PEOPLE} people, "
        f"{replicas} replicas; "
        f"{(time.monotonic() - began) / 60:.0f} min, load average {load:.1f} to {os.getloadavg()[0]:.1f}"
    )
    return rows(outcome, times, usd, leaked, took, tight_usd(requests))
