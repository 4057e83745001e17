"""What the tests of providers share."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from tests.providers.adapters import Connect, groq_at, groq_by_sdk, openai_at, openai_by_sdk
from tests.providers.wires import Run


@pytest.fixture(
    params=[
        pytest.param(groq_at, id="groq"),
        pytest.param(openai_at, id="openai"),
        pytest.param(groq_by_sdk, id="groq by SDK"),
        pytest.param(openai_by_sdk, id="openai by SDK"),
    ]
)
def connect(request: pytest.FixtureRequest) -> Connect:
    """Both adapters, each over our wire and through its own SDK."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run on asyncio's own loop and on uvloop, whose transports are no `asyncio.Transport`."""
    return asyncio.run if request.param == "asyncio" else uvloop.run  # type: ignore[return-value]
