"""
Read one object of ``GET /models``: what the provider itself says of a model.

Its fields are seen in captures of 2026 (https://console.groq.com/docs/models, read 2026-10-01). They come
and go between keys, and ``supported_features`` leaves things out; so what is missing proves nothing, and what
the registry knows of a model stands unless the list contradicts it with a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from groq_core.models.spec import Capability, ModelSpec

_C = Capability
_FEATURES = {
    "tools": _C.TOOLS,
    "json_mode": _C.JSON_OBJECT,
    "structured_outputs": _C.JSON_SCHEMA,
    "reasoning": _C.REASONING,
}


def classify_entry(entry: Mapping[str, Any]) -> ModelSpec:
    """
    Make out what an unknown model can do.

    >>> classify_entry({"id": "new/model", "input_modalities": ["text", "image"]}).can(Capability.VISION)
    True
    """
    spec = ModelSpec(id=entry["id"], title=_text(entry, "name"), capabilities=_capabilities(entry))
    return _with_figures(spec, entry)


def correct(spec: ModelSpec, entry: Mapping[str, Any]) -> ModelSpec:
    """Let the list's figures win over the registry's, and its being listed over a shutdown that is past."""
    capabilities = spec.capabilities
    inputs = _words(entry, "input_modalities")
    if inputs and spec.can(_C.CHAT):
        capabilities = capabilities | {_C.VISION} if "image" in inputs else capabilities - {_C.VISION}
    status = "announced" if spec.status == "announced" else "active"
    return _with_figures(msgspec.structs.replace(spec, capabilities=capabilities, status=status), entry)


def _capabilities(entry: Mapping[str, Any]) -> frozenset[Capability]:
    id = entry["id"].casefold()
    inputs, outputs = _words(entry, "input_modalities"), _words(entry, "output_modalities")
    if "transcription" in outputs or "whisper" in id or (inputs and "text" not in inputs and "audio" in inputs):
        return frozenset({_C.TRANSCRIPTION, _C.TIMESTAMPS})
    if outputs & {"speech", "audio"} or "tts" in id or "orpheus" in id:
        return frozenset({_C.SPEECH})
    if "prompt-guard" in id or "llama-guard" in id:
        return frozenset({_C.CLASSIFY})
    if (outputs and "text" not in outputs) or "embed" in id:
        return frozenset()
    found = {_C.CHAT, _C.JSON_OBJECT}
    features = _words(entry, "supported_features")
    found.update(_FEATURES[word] for word in features if word in _FEATURES)
    if not features:
        found.add(_C.TOOLS)
    if "image" in inputs:
        found.add(_C.VISION)
    if "llama" in id:
        found.add(_C.PREFILL)
    return frozenset(found)


def _with_figures(spec: ModelSpec, entry: Mapping[str, Any]) -> ModelSpec:
    figures: dict[str, Any] = {}
    if window := _whole(entry, "context_window", "context_length"):
        figures["context_window"] = window
    if most := _whole(entry, "max_completion_tokens", "max_output_length"):
        figures["max_output"] = most
    if (day := _day(entry.get("shutdown_date"))) is not None:
        figures |= {"shutdown": day, "status": "announced"}
    pricing = entry.get("pricing")
    if isinstance(pricing, Mapping):
        figures |= _prices(spec, pricing)
    return msgspec.structs.replace(spec, **figures)


def _prices(spec: ModelSpec, pricing: Mapping[str, Any]) -> dict[str, float]:
    """Turn decimal strings in dollars per token (speech: per character) into dollars per million."""
    if spec.can(_C.TRANSCRIPTION):
        return {}  # an hour's price has no field here
    wanted = {"prompt": "usd_in", "completion": "usd_out", "input_cache_read": "usd_cached"}
    if spec.can(_C.SPEECH):
        wanted = {"prompt": "usd_characters"}
    found = {}
    for word, field in wanted.items():
        try:
            price = float(pricing[word])
        except (KeyError, TypeError, ValueError):
            continue
        if 0 < price < 1:
            found[field] = round(price * 1e6, 6)
    return found


def _day(value: object) -> date | None:
    """A day as a list tells it: ISO 8601, or Unix seconds."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value.strip()[:10])
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value, UTC).date()
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _words(entry: Mapping[str, Any], key: str) -> frozenset[str]:
    value = entry.get(key)
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _whole(entry: Mapping[str, Any], *keys: str) -> int:
    for key in keys:
        value = entry.get(key)
        if isinstance(value, int) and value > 0:
            return value
    return 0
