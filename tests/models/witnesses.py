"""Two price lists of others, read as witnesses for the registry: each in the registry's own fields and units."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from groq_core.models.disagreements import Reason
from groq_core.models.spec import ModelSpec

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

MAP = Path(__file__).parents[1] / "data/witnesses/litellm-1.110.2.json"

Figures: TypeAlias = dict[str, float | date]
"""Field of the registry to what a witness says; what it is silent about is left out."""

TOLERANCE: Final = 0.002
"""Prices per second are printed rounded: 0.00003083 × 3600 is 0.110988, and 0.111 is meant."""


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        name: As in :data:`~groq_core.models.disagreements.REASONS`.
        edition: Name and version, for people.
        keeps_dead: It still lists models that were shut down, for the bills of the past.
        models: Name (``provider:id``) to what it says.
    """

    name: str
    edition: str
    keeps_dead: bool
    models: Mapping[str, Figures]


def genai_prices() -> Witness:
    """The installed package; it reads no network unless asked to update itself."""
    from genai_prices.data import providers  # a second of every worker's collection

    models: dict[str, Figures] = {}
    for provider in providers:
        if provider.id in ("groq", "openai"):
            models |= {f"{provider.id}:{model.id}": _prices(model) for model in provider.models}
    edition = f"genai-prices {version('genai-prices')}"
    return Witness(name="genai-prices", edition=edition, keeps_dead=True, models=models)


def _prices(model: ModelInfo) -> Figures:
    from genai_prices.types import ModelPrice

    price = model.prices
    found: dict[str, Any] = {"context_window": model.context_window}
    if isinstance(price, ModelPrice):
        hour = price.audio_hours or price.input_audio_hours
        found |= {"usd_hour": hour, "usd_characters": price.input_mchars, "usd_in": price.input_mtok}
        found |= {"usd_cached": price.cache_read_mtok, "usd_out": price.output_mtok}
    # A price by the length of the prompt: what is asked of most prompts counts.
    return {field: float(getattr(value, "base", value)) for field, value in found.items() if value is not None}


def litellm() -> Witness:
    """The rows kept from its map: the package itself brings forty megabytes."""
    rows = json.loads(MAP.read_text(encoding="utf-8"))["models"]
    models = {_name(id, row): _map(row) for id, row in rows.items()}
    return Witness(name="LiteLLM", edition=MAP.stem, keeps_dead=False, models=models)


def _name(id: str, row: Mapping[str, Any]) -> str:
    provider = row["litellm_provider"]
    return f"{provider}:{id.removeprefix(provider + '/')}"


_SCALES: Final[Mapping[str, tuple[str, float]]] = {
    "input_cost_per_token": ("usd_in", 1e6),
    "output_cost_per_token": ("usd_out", 1e6),
    "cache_read_input_token_cost": ("usd_cached", 1e6),
    "input_cost_per_second": ("usd_hour", 3600),
    "input_cost_per_character": ("usd_characters", 1e6),
    "max_input_tokens": ("context_window", 1),
    "max_output_tokens": ("max_output", 1),
}


def _map(row: Mapping[str, Any]) -> Figures:
    found: Figures = {field: row[key] * scale for key, (field, scale) in _SCALES.items() if key in row}
    if "deprecation_date" in row:
        found["shutdown"] = date.fromisoformat(row["deprecation_date"])
    return found


# ── what they say against the registry ───────────────────────────────────────────────────────────────

Reasons: TypeAlias = Mapping[tuple[str, str, str], Reason]


def contradictions(registry: Mapping[str, ModelSpec], witness: Witness, reasons: Reasons) -> list[str]:
    """
    Name every figure both have and do not agree on, and every living id that only one has, with both sources.

    A figure the registry leaves open claims nothing.
    """
    return [
        *_ids(registry, witness),
        *(
            complaint
            for name in sorted(registry.keys() & witness.models.keys())
            for complaint in _figures(registry[name], witness, reasons)
        ),
    ]


def _ids(registry: Mapping[str, ModelSpec], witness: Witness) -> list[str]:
    alive = {name: spec for name, spec in registry.items() if spec.status in ("active", "announced")}
    unseen = [
        f"{name}: offered by {spec.source}, unknown to {witness.edition}"
        for name, spec in alive.items()
        if name not in witness.models
    ]
    wanted: Callable[[str], bool] = registry.__contains__ if witness.keeps_dead else alive.__contains__
    unknown = [
        f"{name}: offered by {witness.edition}, {'shut down' if name in registry else 'unknown'} in the registry"
        + (f" ({registry[name].source})" if name in registry else "")
        for name in witness.models
        if name.startswith("groq:") and not wanted(name)
    ]
    return unseen + unknown


def _figures(spec: ModelSpec, witness: Witness, reasons: Reasons) -> list[str]:
    found = []
    for field, theirs in witness.models[spec.name].items():
        ours: float | date | None = getattr(spec, field)
        reason = reasons.get((spec.name, field, witness.name))
        if not ours or _same(ours, theirs) or (reason is not None and _same(reason.theirs, theirs)):
            continue
        found.append(f"{spec.name} {field}: {ours} by {spec.source}, {theirs} by {witness.edition}")
    return found


def _same(ours: float | date, theirs: float | date) -> bool:
    if isinstance(ours, date) or isinstance(theirs, date):
        return ours == theirs
    # A window is a whole number, and thirty tokens of it are thirty tokens.
    return abs(ours - theirs) <= (TOLERANCE * ours if ours < 1000 else 0)
