"""The same faults on LiteLLM's proxy: ``python -m benchmarks campaign-beside``."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.campaign.faults import FAULTS, plan
from benchmarks.campaign.house import open_house
from benchmarks.campaign.people import PEOPLE, TIGHT, Outcome, mark
from benchmarks.campaign.replica import LiteLLM
from benchmarks.campaign.run import measure, run, spend, tight_usd
from benchmarks.rows import Bench, Row

REQUESTS: Final = 1500
"""The budget in ``litellm_campaign.yaml`` is what ten people may spend in a run of so many."""

SHARED: Final = tuple(name for name in FAULTS if "PostgreSQL" not in name)
"""Its proxy runs without a database here."""


async def beside(bench: Bench, *, seed: int = 15, replicas: int = 3) -> list[Row]:
    """One run of ours, one of LiteLLM's proxy, with the same faults in the same order; a fifth with ``--quick``."""
    count, seconds = bench.times(30, 6), float(bench.times(150, 40))
    names = [name for name in plan(3 * count, random.Random(seed)) if name in SHARED][:count]
    ours = await measure(names, REQUESTS, seconds, seed=seed, replicas=replicas, visitors=0, most_s=2 * seconds)
    with tempfile.TemporaryDirectory(prefix="campaign", dir="/tmp") as folder:
        async with open_house(Path(folder), replicas=replicas, kind=LiteLLM) as house:
            people = {mark(one): (LiteLLM.KEY, "tight" if one < TIGHT else "speed") for one in range(PEOPLE)}
            outcome, times = await run(
                house,
                people,
                faults=names,
                requests=REQUESTS,
                seconds=seconds,
                visitors=0,
                seed=seed,
                most_s=2 * seconds,
            )
            spent = await spend(house, outcome, {})
    done = sum(map(len, times.values()))
    kept = [row for row in ours if row.what.startswith(("overspend", "false refusals", "texts that"))]
    return kept + theirs(
        outcome, spent, f"{done} of the same {len(names)} faults, {replicas} replicas, {PEOPLE} people"
    )


def theirs(outcome: Outcome, spent: dict[str, float], took: str) -> list[Row]:
    """What LiteLLM's proxy came to, without a reach: it is the anchor."""
    budget = TIGHT * tight_usd(REQUESTS)
    over = max(0.0, sum(spent[mark(number)] for number in range(TIGHT)) - budget)
    ample = max(1, outcome.asked - outcome.limits_met)
    refused = sum(outcome.refused.values())
    why = "; ".join(f"{count} × {reason}" for reason, count in outcome.reasons.most_common(3))
    seen = (
        f"{took}; {outcome.asked} requests ({outcome.answered} answered, {outcome.limits_met} refused by the budget, "
        f"{outcome.cut} cut and asked again)"
    )
    peer = "LiteLLM's proxy"
    return [
        Row(
            f"{peer}: overspend of ten people with {budget:g} $ together",
            round(over, 6),
            "$",
            "its budget",
            detail=seen,
        ),
        Row(f"{peer}: false refusals", 100 * refused / ample, "%", "requests within limits", detail=why),
        Row(f"{peer}: texts that reached somebody else", float(outcome.crossed), "", "all answers"),
    ]
