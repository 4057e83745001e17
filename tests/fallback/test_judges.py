"""Other people's judges, in part: `python -m benchmarks.judges` goes through all of what they have."""

from __future__ import annotations

import pytest

from benchmarks import gateway, mocked


@pytest.mark.parametrize("name", gateway.CHECKS)
async def test_a_check_of_gateways_holds_for_ours_and_sees_one_that_is_broken(name: str) -> None:
    ours, broken = await gateway.judge(name)

    assert ours == ""
    assert broken


@pytest.mark.parametrize(
    "name", ["429 with Retry-After 1", "500 three times", "401 for ever", "cut cleanly", "malformed"]
)
async def test_a_provider_that_judges_its_client_finds_nothing(name: str) -> None:
    found = await mocked.judge_one(name)

    assert found.ended
    assert found.findings == []
