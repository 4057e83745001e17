"""Who may answer to a name: the model it stands for, its stand-ins, their price, and how much they may be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from groq_core.events import Usage
from groq_core.models.catalogue import Catalogue
from groq_core.models.pricing import cost_usd
from groq_core.models.spec import ModelSpec, Tier, tier_of
from groq_core.models.tiers import Tiers
from groq_core.status.snapshot import Snapshot


class StateNow(Protocol):
    """The newest state."""

    def snapshot(self) -> Snapshot: ...
    def target(self, tier: Tier) -> str | None: ...


class CatalogueNow(Protocol):
    """The newest catalogue."""

    @property
    def current(self) -> Catalogue: ...


class CandidatesCore(Protocol):
    """What this needs of the core."""

    @property
    def board(self) -> StateNow: ...
    @property
    def catalogue(self) -> CatalogueNow: ...
    @property
    def tiers(self) -> Tiers: ...


def resolve_name(core: CandidatesCore, name: str) -> ModelSpec | None:
    """What a tier's or a model's name stands for now."""
    tier = tier_of("speed" if name == "auto" else name)
    target = core.board.target(tier) if tier is not None else name
    return core.catalogue.current.lookup(target) if target else None


def stand_ins(core: CandidatesCore, name: str) -> list[ModelSpec]:
    """
    The models of a tier, any of which may answer; none where the name is a model's, which answers alone.

    Those that are not offered to this key, or by all we know to nobody without a contract, are none of them.
    """
    tier, catalogue = "speed" if name == "auto" else name, core.catalogue.current
    listed = next((names for known, names in core.tiers.items() if known == tier), ())
    found = (catalogue.lookup(one) for one in listed)
    return [spec for spec in found if spec is not None and not catalogue.absence(spec) and not catalogue.doubtful(spec)]


def agent_models(core: CandidatesCore, name: str) -> list[ModelSpec]:
    """The models that may take a step of an agent: with tools ``auto`` is the quality tier, and one may stand in."""
    named = [] if name in ("auto", "speed", "quality", "vision") else [resolve_name(core, name)]
    tier = "quality" if name == "auto" or named else name
    found = [*named, resolve_name(core, tier), *stand_ins(core, tier)]
    return list({spec.name: spec for spec in found if spec is not None}.values())


def agent_price(core: CandidatesCore, name: str) -> Callable[[int, int], float | None]:
    """What a step may cost at most, whoever of the tier takes it; None where one of them has no price."""
    known = tier_of("speed" if name == "auto" else name) is not None or resolve_name(core, name) is not None
    models = agent_models(core, name) if known else []

    def price(prompt: int, answer: int) -> float | None:
        usage = Usage(prompt_tokens=prompt, completion_tokens=answer)
        costs = [cost_usd(spec, usage) for spec in models]
        return max((cost for cost in costs if cost is not None), default=None) if None not in costs else None

    return price


def agent_room(core: CandidatesCore, name: str, answer_tokens: int = 4096) -> Callable[[], int | None]:
    """How many tokens a prompt may have now, by the window and the minute of the model asked first."""
    from groq_core.services.extraction.options import tokens_per_minute

    def room() -> int | None:
        models = agent_models(core, name)
        window = models[0].context_window if models else 0
        minute = tokens_per_minute(core.board.snapshot(), "quality" if name == "auto" else name)
        rooms = [int(found) for found in (window, minute) if found]
        return max(1_000, min(rooms) - answer_tokens) if rooms else None

    return room
