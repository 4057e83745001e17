"""
Whom to ask for what: each tier is a preference list.

A list starts with the model of the reference architecture and goes on with its successors, so the same list
serves an enterprise key, a free key and whatever is offered next month.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from groq_core.models.catalogue import Catalogue
from groq_core.models.providers import BUILT_IN, added_providers
from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability, ModelSpec, Tier
from groq_core.settings.settings import Settings

Tiers: TypeAlias = Mapping[Tier, tuple[str, ...]]
"""For each tier the names (``provider:id``) to ask, in order; ``groq:*`` as in :data:`ANY`."""

ANY: Final = "*"
"""In a list of Groq ids: every other model in the live list that the registry does not know, or knows as dead."""

_SCOUT = "meta-llama/llama-4-scout-17b-16e-instruct"
_MAVERICK = "meta-llama/llama-4-maverick-17b-128e-instruct"

GROQ_TIERS: Final[Tiers] = MappingProxyType(
    {
        "speed": ("llama-3.1-8b-instant", "openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b", ANY),
        "quality": (
            "llama-3.3-70b-versatile",
            "openai/gpt-oss-120b",
            "openai/gpt-oss-20b",
            "qwen/qwen3.8-27b",
            "minimaxai/minimax-m2.7",
            ANY,
        ),
        "vision": (_SCOUT, "qwen/qwen3.8-27b", _MAVERICK, ANY),
        "audio": ("whisper-large-v3-turbo", "whisper-large-v3", ANY),
        "speech": ("canopylabs/orpheus-v1-english", ANY),
    }
)
"""Groq ids of each tier, best first; for speed that is the cheapest."""

BACKUP_TIERS: Final[Tiers] = MappingProxyType(
    {
        "speed": ("gpt-6-luna",),
        "quality": ("gpt-6-luna",),
        "vision": ("gpt-6-luna",),
        # Whisper tells times and translates, which its successor does not; it goes on 2027-02-26.
        "audio": ("whisper-1", "gpt-transcribe"),
        "speech": ("gpt-4o-mini-tts",),
    }
)
"""Ids of the OpenAI-compatible backup for each tier."""

_C = Capability
_CHAT = frozenset({_C.CHAT, _C.TOOLS, _C.JSON_OBJECT, _C.JSON_SCHEMA})
ASSUMED: Final[Mapping[Tier, frozenset[Capability]]] = MappingProxyType(
    {
        "speed": _CHAT,
        "quality": _CHAT,
        "vision": _CHAT | {_C.VISION},
        "audio": frozenset({_C.TRANSCRIPTION, _C.TIMESTAMPS, _C.TRANSLATION}),
        "speech": frozenset({_C.SPEECH}),
    }
)
"""What an id nobody knows is trusted with: what it was named for."""


def tiers(settings: Settings) -> Tiers:
    """
    List for each tier whom to ask, in order: Groq's models, then the backup's where there is one.

    A list from the settings replaces the registry's whole. The simulator plays both providers.
    """
    backup = settings.is_simulated or settings.has_backup
    return {
        tier: (
            *(_name("groq", id) for id in groq),
            *(_name("openai", id) for id in _backup_ids(settings, tier) if backup),
            *(_name(own.name, id) for own in added_providers() for id in own.tiers.get(tier, ())),
        )
        for tier, groq in _groq_ids(settings).items()
    }


def specs(settings: Settings) -> Mapping[str, ModelSpec]:
    """Add to the registry what only the settings name, trusted with what it is named for."""
    known = dict(MODELS) | {model.name: model for own in added_providers() for model in own.models}
    for tier, listed in tiers(settings).items():
        for name in listed:
            provider, _, id = name.partition(":")
            if id == ANY or name in MODELS or provider not in BUILT_IN:
                continue
            spec = known.get(name) or ModelSpec(id=id, provider=provider, capabilities=frozenset())
            known[name] = msgspec.structs.replace(spec, capabilities=spec.capabilities | ASSUMED[tier])
    return MappingProxyType(known)


def tiers_of_models(listed: Tiers, catalogue: Catalogue) -> dict[ModelSpec, tuple[str, ...]]:
    """Every model that there is and that is on a list, and the tiers it is on."""
    found: dict[str, list[str]] = {}
    for tier, names in listed.items():
        for name in names:
            if name in catalogue.specs:
                found.setdefault(name, []).append(tier)
    return {catalogue.specs[name]: tuple(tiers_of) for name, tiers_of in found.items()}


def is_registrys(listed: Tiers, tier: Tier) -> bool:
    """Whether Groq's ids of a tier are the registry's own; a list from the settings is an order somebody wished for."""
    ids = (name.removeprefix("groq:") for name in listed[tier] if name.startswith("groq:"))
    return tuple(ids) == GROQ_TIERS[tier]


def _name(provider: str, id: str) -> str:
    """Join the two; who writes the provider in front of an id gets it once."""
    return f"{provider}:{id.removeprefix(provider + ':')}"


def _groq_ids(settings: Settings) -> Tiers:
    return {
        "speed": settings.speed_models or GROQ_TIERS["speed"],
        "quality": settings.quality_models or GROQ_TIERS["quality"],
        "vision": settings.vision_models or GROQ_TIERS["vision"],
        "audio": settings.audio_models or GROQ_TIERS["audio"],
        "speech": settings.speech_models or GROQ_TIERS["speech"],
    }


def _backup_ids(settings: Settings, tier: Tier) -> tuple[str, ...]:
    match tier:
        case "speed" | "quality":
            chosen = settings.openai_model
        case "vision":
            chosen = settings.openai_vision_model
            if chosen is None and settings.openai_model is not None:
                # A chat model of one's own choice sees pictures only if the registry says so.
                spec = MODELS.get(_name("openai", settings.openai_model))
                return (spec.id,) if spec is not None and spec.can(Capability.VISION) else ()
        case "audio":
            chosen = settings.openai_audio_model
        case "speech":
            chosen = settings.openai_speech_model
    return (chosen,) if chosen is not None else BACKUP_TIERS[tier]
