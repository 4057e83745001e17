"""What the model picker offers: tiers first, then real models with price and speed; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from groq_core.models.spec import Capability, ModelSpec
from groq_core.status.snapshot import TargetStatus
from groq_core.ui.core import PageCore
from groq_core.ui.texts import TEXTS

TIERS = ("auto", "speed", "quality", "vision")


ABILITIES = {
    Capability.VISION: "vision",
    Capability.TOOLS: "tools",
    Capability.JSON_SCHEMA: "json",
    Capability.REASONING: "thinks",
    Capability.BROWSER_SEARCH: "search",
}
"""What people choose a model by, in the page's words."""

Choice: TypeAlias = tuple[str, str, dict[str, Any]]
"""Label, value, and facts for the page to put into words."""


def label(spec: ModelSpec) -> str:
    """
    A model's line in the picker.

    >>> label(ModelSpec(id="m", capabilities=frozenset(), provider="openai"))
    'm (openai)'
    """
    return spec.id if spec.provider == "groq" else f"{spec.id} ({spec.provider})"


def facts(spec: ModelSpec, target: TargetStatus | None = None) -> dict[str, Any]:
    """
    What is to be known before choosing it; what is unknown is left out.

    >>> facts(ModelSpec(id="m", capabilities=frozenset({Capability.TOOLS}), usd_in=0.05, usd_out=0.08))
    {'usd_in': 0.05, 'usd_out': 0.08, 'can': ['tools']}
    """
    known = {
        "speed": spec.tokens_per_s,
        "window": spec.context_window or None,
        "usd_in": spec.usd_in,
        "usd_out": spec.usd_out,
        "can": [word for capability, word in ABILITIES.items() if spec.can(capability)],
        "status": spec.status if spec.status != "active" else None,
        "state": target.state if target is not None and target.state != "healthy" else None,
        "rests_s": target.rests_for_s if target is not None else None,
    }
    return {name: value for name, value in known.items() if value not in (None, [])}


def is_wanted(spec: ModelSpec, *needed: Capability) -> bool:
    """Whether somebody who talks may want it: it talks, and is not there to judge what others say."""
    return spec.can(*needed) and "guard" not in spec.id


def choices(specs: Iterable[ModelSpec], *, targets: Iterable[TargetStatus] = (), vision: bool = False) -> list[Choice]:
    """
    What the picker offers: tiers first, then real models.

    Args:
        specs: The models that can be asked for now, in the order to show them.
        targets: How those of the chain are doing; those without a key are left out, and their whole provider.
        vision: Offer only what can look at pictures.
    """
    tiers: Sequence[str] = ("vision",) if vision else TIERS
    needed = (Capability.CHAT, Capability.VISION) if vision else (Capability.CHAT,)
    known = {target.name: target for target in targets}
    shut = {target.provider for target in known.values() if target.state == "no_key"}
    real = [
        (label(spec), spec.id if spec.provider == "groq" else spec.name, facts(spec, known.get(spec.name)))
        for spec in specs
        if is_wanted(spec, *needed) and spec.provider not in shut
    ]
    return [(TEXTS[f"tier_{tier}"], tier, {"tier": tier}) for tier in tiers] + real


def models_of(core: PageCore) -> list[ModelSpec]:
    """The models that can be asked for now, the preferred ones first."""
    catalogue = core.catalogue.current
    return [spec for spec in catalogue.specs.values() if not catalogue.absence(spec)]


def most_images(core: PageCore) -> int:
    """Pictures that one question may hold: what the most capable vision model takes."""
    return max((spec.max_images for spec in models_of(core) if spec.can(Capability.VISION)), default=1) or 1
