"""Strangers at once, each with a mark of his own: nothing lost, nothing crossed."""

from __future__ import annotations

import pytest

from benchmarks.strangers import crowd, model, settings
from tests.doors.stage import house


@pytest.mark.timeout(120)
async def test_every_answer_carries_its_askers_mark() -> None:
    async with model(faults=0.2, pace_s=0.005) as (upstream, playing), house(**settings(upstream)) as (client, core):
        url = str(client.base_url).rstrip("/")
        tally = await crowd(url, streams=20, sessions=10, seconds=3)

    assert tally.wrong == []
    assert tally.ends["answered"] > 10
    assert tally.ends["left"] > 0
    assert playing.failed > 0
    assert core.log.under_way == 0
