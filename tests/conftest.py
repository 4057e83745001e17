"""What every test gets."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The app runs on asyncio alone, so its tests do."""
    return "asyncio"
