"""A third provider in one file: OpenAI's dialect with an address and headers of its own."""

from __future__ import annotations

import os

from groq_core.models.providers import ProviderSpec
from groq_core.models.spec import Capability, ModelSpec
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.redaction import Secret

CHAT = frozenset({Capability.CHAT, Capability.TOOLS, Capability.JSON_OBJECT})


def client() -> OpenAICompatibleProvider | None:
    key = os.environ.get("OPENROUTER_API_KEY")
    if not key:
        return None
    return OpenAICompatibleProvider(
        Secret(key),
        os.environ.get("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1"),
        name="openrouter",
        headers={"HTTP-Referer": "https://example.org", "X-Title": "groq-core"},
    )


OPENROUTER = ProviderSpec(
    name="openrouter",
    models=(ModelSpec(id="some/model", provider="openrouter", capabilities=CHAT, context_window=32_768, usd_out=1.0),),
    tiers={"speed": ("some/model",), "quality": ("some/model",)},
    client=client,
)
