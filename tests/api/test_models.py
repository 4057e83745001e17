"""`GET /v1/models`: aliases first, then every model with what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from groq_core.api.model_list import ALIASES
from groq_core.models.catalogue import CatalogueKeeper
from groq_core.models.spec import Capability, ModelSpec
from tests.api.stage import Stage


def spec(name: str, **fields: Any) -> ModelSpec:
    provider, _, id = name.partition(":")
    return ModelSpec(id=id, provider=provider, capabilities=frozenset({Capability.CHAT}), **fields)


MODELS = [
    spec("groq:quick", context_window=131_072, max_output=8192, usd_in=0.05, usd_out=0.08),
    spec("groq:vendor/late", status="retired", replacement="quick"),
    spec("groq:missing"),
    spec("groq:contract", status="enterprise"),
    spec("openai:quick"),
    spec("openai:other"),
]


async def listing(models: list[ModelSpec] = MODELS) -> Stage:
    """A stage whose Groq lists `quick` alone, and has no key for the backup."""

    async def fetch() -> list[dict[str, Any]]:
        return [{"id": "quick", "object": "model", "active": True}]

    stage = Stage()
    stage.catalogue = CatalogueKeeper(fetch, static={model.name: model for model in models})
    await stage.catalogue.refresh()
    return stage


async def entries(stage: Stage) -> list[dict[str, Any]]:
    async with stage.served() as client:
        body = (await client.get("/v1/models")).json()
    assert body["object"] == "list"
    data: list[dict[str, Any]] = body["data"]
    return data


async def test_aliases_come_first_and_tell_what_they_resolve_to() -> None:
    data = await entries(await listing())

    assert [entry["id"] for entry in data[:6]] == ["auto", "speed", "quality", "vision", "audio", "speech"]
    assert [entry["resolves_to"] for entry in data[:3]] == ["groq:quick", "groq:quick", None]
    assert data[1]["status"] == "active"
    assert data[2]["status"] == "unavailable"
    assert "first of its list" in data[1]["note"]


async def test_every_entry_has_openais_shape() -> None:
    for entry in await entries(await listing()):
        assert entry["object"] == "model"
        assert isinstance(entry["id"], str)
        assert isinstance(entry["created"], int)
        assert isinstance(entry["owned_by"], str)
        assert isinstance(entry["status"], str)


async def test_a_status_tells_what_became_of_a_model() -> None:
    status = {entry["id"]: entry["status"] for entry in (await entries(await listing()))[6:]}

    assert status == {
        "quick": "active",
        "vendor/late": "retired",
        "missing": "gone",
        "contract": "enterprise",
        "openai:quick": "no_key",
        "other": "no_key",
    }


async def test_a_model_tells_its_figures() -> None:
    (entry,) = (entry for entry in await entries(await listing()) if entry["id"] == "quick")

    assert entry["context_window"] == 131_072
    assert entry["max_completion_tokens"] == 8192
    assert entry["capabilities"] == ["chat"]
    assert entry["tiers"] == ["speed"]
    assert entry["pricing"] == {"usd_per_million_input_tokens": 0.05, "usd_per_million_output_tokens": 0.08}


async def test_a_model_that_answered_that_it_is_gone_is_shown_so() -> None:
    stage = await listing()
    stage.catalogue.mark_gone("groq:quick")

    status = {entry["id"]: entry["status"] for entry in await entries(stage)}

    assert status["quick"] == "gone"


@pytest.mark.parametrize(
    ("wanted", "id"),
    [
        ("speed", "speed"),
        ("quick", "quick"),
        ("groq:quick", "quick"),
        ("openai:quick", "openai:quick"),
        ("vendor/late", "vendor/late"),
        ("groq:Vendor/Late", "vendor/late"),
    ],
)
async def test_one_model_is_found_by_alias_id_or_name(wanted: str, id: str) -> None:
    stage = await listing()
    async with stage.served() as client:
        response = await client.get(f"/v1/models/{wanted}")

    assert response.status_code == 200
    assert response.json()["id"] == id


async def test_an_unknown_model_is_a_404_with_what_may_have_been_meant() -> None:
    stage = await listing()
    async with stage.served() as client:
        response = await client.get("/v1/models/quik")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert response.json()["error"]["hint"] == "Did you mean quick?"


async def test_the_whole_registry_can_be_listed() -> None:
    ids = [entry["id"] for entry in await entries(Stage())]

    assert ids[:6] == list(ALIASES)
    assert len(ids) == len(set(ids))
    assert "llama-3.1-8b-instant" in ids
