"""What the tests of providers share."""

from __future__ import annotations

import pytest

from tests.providers.adapters import Connect, groq_at, groq_by_sdk, openai_at, openai_by_sdk


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
