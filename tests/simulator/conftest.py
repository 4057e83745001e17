"""What the simulator's own tests get."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from groq_core.simulator import Simulator
from tests.simulator.http import connect


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(simulator) as client:
        yield client
