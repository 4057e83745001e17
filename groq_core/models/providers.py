"""
Who can be asked beside Groq and the backup: a provider is described and registered once, in one file.

It comes after the others in every tier it has models for. Its client, its models and their limits, its place in the
tiers and its name in logs and receipts are all in its :class:`ProviderSpec`; whatever it answers with is classified by
the one table of failures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from groq_core.models.spec import ModelSpec, Tier

BUILT_IN: Final = ("groq", "openai")


class ProviderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """
    A provider of one's own.

    Attributes:
        name: What stands before the colon in ``provider:id``, in routes, receipts, logs and metrics.
        models: Its models, with ``provider`` set to the name.
        tiers: For each tier its ids, in order of preference.
        client: Opens its client, a :class:`~groq_core.providers.Provider`; None where it has no key.
    """

    name: str
    models: tuple[ModelSpec, ...]
    tiers: Mapping[Tier, tuple[str, ...]]
    client: Callable[[], Any]


_registered: dict[str, ProviderSpec] = {}


def register(spec: ProviderSpec) -> Callable[[], None]:
    """
    Add a provider, before the application is put together; returns how to take it away again.

    Raises:
        ValueError: The name is taken, or a model is another provider's.
    """
    if spec.name in BUILT_IN or spec.name in _registered or not spec.name.isidentifier():
        raise ValueError(f"{spec.name!r} cannot be the name of a provider: it is taken, or no name")
    if any(model.provider != spec.name for model in spec.models):
        raise ValueError(f"every model of {spec.name} must have it as its provider")
    _registered[spec.name] = spec

    def unregister() -> None:
        _registered.pop(spec.name, None)

    return unregister


def added_providers() -> tuple[ProviderSpec, ...]:
    """Those added, in order."""
    return tuple(_registered.values())


def provider_names() -> tuple[str, ...]:
    """Everybody, in the order in which they are asked."""
    return (*BUILT_IN, *_registered)
