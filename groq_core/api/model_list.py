"""`GET /v1/models`: what can be asked for now, tier aliases first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from groq_core.api.asgi import ApiExchange
from groq_core.api.backend import Backend
from groq_core.errors import RequestError
from groq_core.models.catalogue import Catalogue, life
from groq_core.models.spec import ModelSpec
from groq_core.status.snapshot import Snapshot

ALIASES: Final = {
    "auto": "picks a tier by what the request needs",
    "speed": "the fastest answer",
    "quality": "the best answer",
    "vision": "reads pictures",
    "audio": "writes down what is said",
    "speech": "speaks",
}

OWNERS: Final = {"groq": "groq", "openai": "openai-compatible"}


class ModelList:
    """The endpoints."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def all(self, exchange: ApiExchange) -> None:
        await exchange.answer_json({"object": "list", "data": list(self._entries())})

    async def one(self, exchange: ApiExchange) -> None:
        """
        One entry, by alias, id or `provider:id`.

        Raises:
            RequestError: 404, with what may have been meant.
        """
        wanted = exchange.path.removeprefix("/v1/models/")
        catalogue: Catalogue = self._backend.catalogue.current
        spec = catalogue.lookup(wanted)
        name = wanted if wanted in ALIASES or spec is None else _public_id(spec, catalogue)
        for entry in self._entries():
            if entry["id"] == name:
                await exchange.answer_json(entry)
                return
        near = catalogue.suggestions(wanted)
        raise RequestError(
            "there is no such model in the catalogue",
            status=404,
            param="model",
            code="model_not_found",
            hint=f"Did you mean {' or '.join(near)}?" if near else "GET /v1/models lists them all.",
        )

    def _entries(self) -> Iterator[dict[str, Any]]:
        snapshot = self._backend.board.snapshot()
        catalogue: Catalogue = self._backend.catalogue.current
        yield from _aliases(snapshot)
        for spec in sorted(catalogue.specs.values(), key=lambda spec: (spec.provider, spec.id)):
            yield _entry(spec, catalogue, snapshot)


def _aliases(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    tiers = {tier.tier: tier for tier in snapshot.tiers}
    for alias, meaning in ALIASES.items():
        # Without pictures, tools or a schema `auto` is `speed`.
        tier = tiers.get("speed" if alias == "auto" else alias)
        target = tier.target if tier else None
        yield {
            "id": alias,
            "object": "model",
            "created": 0,
            "owned_by": "groq-core",
            "status": "active" if target else "unavailable",
            "resolves_to": target,
            "note": f"{meaning}: {tier.why}" if tier and tier.why else meaning,
        }


def _entry(spec: ModelSpec, catalogue: Catalogue, snapshot: Snapshot) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": _public_id(spec, catalogue),
        "object": "model",
        "created": 0,
        "owned_by": OWNERS.get(spec.provider, spec.provider),
        "status": _status(spec, catalogue, snapshot),
        "provider": spec.provider,
        "context_window": spec.context_window or None,
        "max_completion_tokens": spec.max_output or None,
        "capabilities": sorted(spec.capabilities),
        "tiers": next((target.tiers for target in snapshot.targets if target.name == spec.name), ()),
        "pricing": _pricing(spec),
        "note": life(spec) or catalogue.absence(spec),
    }
    if spec.shutdown is not None:
        entry["shutdown"] = spec.shutdown.isoformat()
    if spec.replacement is not None:
        entry["replacement"] = spec.replacement
    return entry


def _public_id(spec: ModelSpec, catalogue: Catalogue) -> str:
    """What to send to get this model: its id, or with its provider where another one's has the same."""
    meant = catalogue.lookup(spec.id)
    return spec.id if meant is not None and meant.name == spec.name else spec.name


def _status(spec: ModelSpec, catalogue: Catalogue, snapshot: Snapshot) -> str:
    states = {target.name: target.state for target in snapshot.targets}
    of_provider = {target.state for target in snapshot.targets if target.provider == spec.provider}
    if of_provider <= {"no_key"}:
        return "no_key"
    if catalogue.absence(spec) or catalogue.doubtful(spec):
        return spec.status if spec.status in ("retired", "enterprise") else "gone"
    return "gone" if states.get(spec.name) == "gone" else "active"


def _pricing(spec: ModelSpec) -> dict[str, float]:
    """US dollars: per million tokens or characters, or per hour of audio."""
    prices = {
        "usd_per_million_input_tokens": spec.usd_in,
        "usd_per_million_cached_tokens": spec.usd_cached,
        "usd_per_million_output_tokens": spec.usd_out,
        "usd_per_hour_of_audio": spec.usd_hour,
        "usd_per_million_characters": spec.usd_characters,
    }
    return {name: price for name, price in prices.items() if price is not None}
