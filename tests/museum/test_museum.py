"""
Programs made the way public demos are, with models that are gone by now: each runs unchanged against this server.

Those whose package is not installed here run where `make clients` has built an environment that has it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.clients.where import require_python
from tests.museum.forks import Forks, forks
from tests.museum.museum import NAMES, NEEDS, run
from tests.stage import Stage, staged


@pytest.fixture
async def house() -> AsyncIterator[Stage]:
    env = {"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "8", "GROQ_CORE_IDLE_TIMEOUT": "8", "GROQ_CORE_DEADLINE": "60"}
    async with staged(env) as stage:
        yield stage


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks | None]:
    with forks(tmp_path_factory.mktemp("forks")) as found:
        yield found


@pytest.mark.parametrize("name", NAMES)
async def test_a_program_runs_unchanged(name: str, house: Stage, forked: Forks | None, tmp_path: Path) -> None:
    python = require_python(NEEDS[name]) if name in NEEDS else Path(sys.executable)
    # What it asks first fails as on a busy day, and what is asked next as on the day after a model was shut down.
    for preset in ("429_tpm", "404_model"):
        house.fault("status", preset=preset, provider="groq", times=1)
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 48), "red").save(picture)

    outcome = await run(name, python, house.url, picture, forked=None if name in NEEDS else forked)

    assert not outcome.problem, outcome.problem


def test_the_museum_has_twenty_programs() -> None:
    assert len(NAMES) >= 20
