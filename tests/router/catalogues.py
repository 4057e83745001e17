"""Catalogues, tiers and states that routes are tried with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf

from groq_core.models.catalogue import Catalogue, Entry, merge, static_catalogue
from groq_core.models.registry import MODELS
from groq_core.models.spec import ModelSpec
from groq_core.models.tiers import tiers
from groq_core.router.candidate import HEALTHY, Availabilities, Availability, Route
from groq_core.router.target_state import TargetState
from groq_core.settings.settings import Settings

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
TIERS = tiers(Settings.from_env({"GROQ_API_KEY": "k", "OPENAI_API_KEY": "k"}))
GROQ_ONLY = tiers(Settings.from_env({"GROQ_API_KEY": "k"}))

L8, L70 = "llama-3.1-8b-instant", "llama-3.3-70b-versatile"
SCOUT = "meta-llama/llama-4-scout-17b-16e-instruct"
O20, O120, QWEN = "openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b"
TURBO, LARGE, ORPHEUS = "whisper-large-v3-turbo", "whisper-large-v3", "canopylabs/orpheus-v1-english"
LUNA = "gpt-6-luna"


def listing(*ids: str) -> Catalogue:
    return merge(MODELS, [{"id": id} for id in ids], now=NOW)


REFERENCE = listing(L8, L70, SCOUT, TURBO)
SELF_SERVE = listing(*(spec.id for spec in MODELS.values() if spec.provider == "groq" and spec.status == "active"))
STATIC = static_catalogue(now=NOW)


def healthy(_: ModelSpec) -> Availability:
    return HEALTHY


def of(by_id: Mapping[str, TargetState]) -> Availabilities:
    def availability(spec: ModelSpec) -> Availability:
        state = by_id.get(spec.id, "healthy")
        return Availability(state=state, rests_for_s=12.0 if state == "resting" else 0.0)

    return availability


def ids(found: Route) -> list[str]:
    return [candidate.spec.id for candidate in found.candidates]


def cost(spec: ModelSpec) -> tuple[float, float]:
    return (inf if spec.usd_out is None else spec.usd_out, spec.usd_in or 0.0)


NEW: list[Entry] = [
    {"id": "n/dear", "pricing": {"completion": "0.00001"}},
    {"id": "n/cheap", "pricing": {"completion": "0.0000001"}},
    {"id": "n/unpriced"},
    {"id": "n/eye", "input_modalities": ["text", "image"], "pricing": {"completion": "0.000001"}},
]
