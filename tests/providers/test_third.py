"""A provider is added in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from groq_core.models.providers import ProviderSpec, provider_names, register
from tests.providers import third
from tests.stage import staged
from tests.wire_server import says, serving


def test_it_is_one_short_file() -> None:
    assert len(Path(third.__file__).read_text(encoding="utf-8").splitlines()) <= 40


async def test_a_third_provider_answers_when_the_others_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says("from the third", model="some/model")) as wire:
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or")
        monkeypatch.setenv("OPENROUTER_BASE_URL", wire.url)
        unregister = register(third.OPENROUTER)
        try:
            async with staged() as stage:
                stage.fault("status", preset="500", operation="chat")
                answer = await stage.stream()
        finally:
            unregister()

    assert answer.text == "from the third"
    assert answer.receipt["served_by"] == {"provider": "openrouter", "model": "some/model"}
    assert (wire.heard[0].path, wire.heard[0].headers["x-title"]) == ("/chat/completions", "groq-core")
    assert wire.heard[0].headers["authorization"] == "Bearer sk-or"
    assert provider_names() == ("groq", "openai")


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="taken"):
        register(ProviderSpec(name="groq", models=(), tiers={}, client=lambda: None))
