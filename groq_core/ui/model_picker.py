"""What the model picker offers: tiers first, then real models with price and speed; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from groq_core.models.spec import Capability, ModelSpec
from groq_core.ui.core import PageCore
from groq_core.ui.texts import TEXTS

TIERS = ("auto", "speed", "quality", "vision")


def price(spec: ModelSpec) -> str:
    """
    Price of a chat model in words, per million tokens in and out; empty where it is unknown.

    >>> price(ModelSpec(id="m", capabilities=frozenset(), usd_in=0.05, usd_out=0.08))
    '$0.05 / $0.08'
    """
    if spec.usd_in is None or spec.usd_out is None:
        return ""
    return f"${spec.usd_in:g} / ${spec.usd_out:g}"


def label(spec: ModelSpec) -> str:
    """
    One line of the picker.

    >>> label(ModelSpec(id="m", capabilities=frozenset(), usd_in=0.05, usd_out=0.08, tokens_per_s=560))
    'm · 560 tok/s · $0.05 / $0.08'
    """
    parts = [spec.id if spec.provider == "groq" else f"{spec.id} ({spec.provider})"]
    if spec.tokens_per_s:
        parts.append(f"{spec.tokens_per_s:g} tok/s")
    if price(spec):
        parts.append(price(spec))
    if spec.status in ("announced", "enterprise", "retired"):
        parts.append(TEXTS[f"model_{spec.status}"])
    return " · ".join(parts)


def choices(specs: Iterable[ModelSpec], *, vision: bool = False) -> list[tuple[str, str]]:
    """
    Pairs of label and value for the picker.

    Args:
        specs: The models that can be asked for now, in the order to show them.
        vision: Offer only what can look at pictures.
    """
    tiers: Sequence[str] = ("vision",) if vision else TIERS
    wanted = (Capability.CHAT, Capability.VISION) if vision else (Capability.CHAT,)
    real = [(label(spec), spec.id if spec.provider == "groq" else spec.name) for spec in specs if spec.can(*wanted)]
    return [(TEXTS[f"tier_{tier}"], tier) for tier in tiers] + real


def models_of(core: PageCore) -> list[ModelSpec]:
    """The models that can be asked for now, the preferred ones first."""
    catalogue = core.catalogue.current
    return [spec for spec in catalogue.specs.values() if not catalogue.absence(spec)]


def most_images(core: PageCore) -> int:
    """Pictures that one question may hold: what the most capable vision model takes."""
    return max((spec.max_images for spec in models_of(core) if spec.can(Capability.VISION)), default=1) or 1
