"""A small part of the state-fault campaign, with real processes; `python -m benchmarks.campaign` is the whole."""

from __future__ import annotations

import random

import pytest

from benchmarks.campaign.faults import FAULTS, plan
from benchmarks.campaign.run import measure
from tests.requires import needs

SMALL = (
    "Redis killed",
    "Redis demoted to read-only",
    "Redis failed over to its replica",
    "Redis flushed",
    "way to Redis cut",
    "PostgreSQL killed",
    "clock of a replica wrong by up to an hour",
    "disk of a replica full",
)


@needs("redis-server", "nginx", "PostgreSQL")
async def test_whatever_breaks_nobody_overspends_and_every_answer_is_whole_and_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = await measure(SMALL, 180, 6.0, replicas=2, visitors=2)
    rows = {row.what.partition(" with ")[0]: row for row in found}
    assert rows["overspend of ten people"].value == 0
    assert " 0 refused by a limit" not in rows["overspend of ten people"].detail, "nobody came to a limit"
    assert "first difference" not in rows["running answers resumed exactly"].detail
    assert rows["texts that reached somebody else"].value == 0
    assert rows["keys and questions in logs"].value == 0


def test_a_plan_has_every_kind_of_fault_and_is_the_same_for_the_same_seed() -> None:
    first, again = (plan(200, random.Random(7)) for _ in range(2))
    assert first == again
    assert set(first) == set(FAULTS)
    assert len(first) == 200
