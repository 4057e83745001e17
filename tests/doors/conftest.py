"""A server whose doors are tried, for those that need none of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.doors.stage import house


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with house() as (client, _):
        yield client
