"""
Whom to ask, in which order, and why: a pure function of what is needed and what is alive.

The rules are the reference architecture's, in its order: a picture → vision; low cost or low latency → speed;
tools or JSON → quality; else speed. What a model cannot do it is not asked; what does not fit it is asked last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from groq_core.errors import Kind
from groq_core.models.catalogue import Catalogue, life
from groq_core.models.providers import provider_names
from groq_core.models.spec import TIER_NAMES, Capability, ModelSpec, Tier
from groq_core.models.tiers import ANY, Tiers, is_registrys
from groq_core.requests import Needs
from groq_core.router.candidate import (
    Availabilities,
    Availability,
    Candidate,
    Excluded,
    Route,
)
from groq_core.router.target_state import TierStatus
from groq_core.router.wording import first_awake, obstacles_before, reason

ALIASES: Final = ("auto", *TIER_NAMES)
"""Model names that stand for a tier; ``auto`` for whichever the request needs."""

FAST_MS: Final = 100.0
"""Below this wish the tier is speed."""


Rank: TypeAlias = tuple[bool | float, ...]


def route(needs: Needs, catalogue: Catalogue, tiers: Tiers, availability: Availabilities) -> Route:
    """
    Decide whom to ask.

    A pinned model comes first even while it cools down. Then, of each provider in turn, those awake before those
    cooling down, models that keep a schema strictly before others, and else the tier's own order. In tier speed the
    price stands for that order and for the providers' too: whoever is able and cheapest is asked next.
    """
    pinned = _find_pinned(needs, catalogue)
    tier, rule = _tier(needs, pinned, tiers)
    ranked: list[tuple[Rank, Candidate]] = []
    excluded = []
    members = _members(tier, pinned, catalogue, tiers)
    if needs.stay and pinned is not None:
        members = iter((pinned,))
    required = capabilities_for(needs)
    verdicts = [_verdict(spec, needs, required, catalogue, availability(spec)) for spec in members]
    by_price = tier == "speed" and is_registrys(tiers, tier)
    for position, verdict in enumerate(verdicts):
        if isinstance(verdict, Excluded):
            excluded.append(verdict)
        else:
            first = verdict.spec is pinned
            ranked.append((_rank(verdict, position, needs, catalogue, first=first, by_price=by_price), verdict))
    candidates = tuple(candidate for _, candidate in sorted(ranked, key=lambda pair: pair[0]))
    return Route(
        tier=tier,
        reason=f"{tier}: {reason(rule, pinned, candidates, tuple(excluded), tiers[tier])}",
        candidates=candidates,
        excluded=tuple(excluded),
    )


def resolve_tiers(catalogue: Catalogue, tiers: Tiers, availability: Availabilities) -> tuple[TierStatus, ...]:
    """Say for every tier who would be asked now, and why."""
    return tuple(_resolve(tier, catalogue, tiers, availability) for tier in TIER_NAMES)


def _resolve(tier: Tier, catalogue: Catalogue, tiers: Tiers, availability: Availabilities) -> TierStatus:
    found = route(TYPICAL[tier], catalogue, tiers, availability)
    names = tuple(candidate.spec.name for candidate in found.candidates)
    first = first_awake(found.candidates)
    obstacles = obstacles_before(found.candidates, found.excluded, tiers[tier])
    if first is None:
        return TierStatus(tier=tier, target=None, why=obstacles or "its list is empty", candidates=names)
    why = f"{obstacles}, so {first.spec.id}" if obstacles else "the first choice of its list"
    head = catalogue.specs.get(tiers[tier][0])
    if obstacles and head is not None and (fate := life(head).partition(";")[0]):
        why += f" ({head.label}: {fate})"
    return TierStatus(tier=tier, target=first.spec.name, why=why, candidates=names)


TYPICAL: Final[dict[Tier, Needs]] = {
    "speed": Needs(model="speed"),
    "quality": Needs(model="quality"),
    "vision": Needs(model="vision", images=1),
    "audio": Needs(operation="transcription", model="audio"),
    "speech": Needs(operation="speech", model="speech"),
}
"""The request each tier is there for."""


# ── which tier ───────────────────────────────────────────────────────────────────────────────────────


def _tier(needs: Needs, pinned: ModelSpec | None, tiers: Tiers) -> tuple[Tier, str]:
    """Choose the list, with the rule that chose it in words."""
    match needs.operation:
        case "transcription":
            return "audio", "a recording was sent"
        case "translation":
            return "audio", "a recording is to be translated"
        case "speech":
            return "speech", "a text is to be spoken"
    if needs.images:
        return "vision", "an image was sent" if needs.images == 1 else f"{needs.images} images were sent"
    alias = needs.model.strip().casefold()
    if alias == "vision":
        return "vision", "it was asked for"
    if alias == "speed":
        return "speed", "it was asked for"
    if alias == "quality":
        return "quality", "it was asked for"
    tier, rule = _by_rule(needs)
    if pinned is not None:
        return _home(pinned, tiers) or tier, f"{pinned.label} was asked for"
    return tier, rule


def _by_rule(needs: Needs) -> tuple[Tier, str]:
    if needs.cost_sensitive:
        return "speed", "low cost was asked for"
    if needs.max_latency_ms is not None and needs.max_latency_ms < FAST_MS:
        return "speed", f"an answer within {needs.max_latency_ms:g} ms was asked for"
    if needs.tools:
        return "quality", "tools were offered"
    if needs.json:
        return "quality", "JSON was asked for"
    return "speed", "a plain chat"


def _home(pinned: ModelSpec, tiers: Tiers) -> Tier | None:
    """
    Find the chat tier in whose list a model stands highest, or else its successor.

    A text chat never goes on among the eyes.
    """
    homes: tuple[Tier, ...] = ("speed", "quality")
    for name in (pinned.name, f"{pinned.provider}:{pinned.replacement}"):
        places = [(tiers[tier].index(name), tier) for tier in homes if name in tiers[tier]]
        if places:
            return min(places, key=lambda place: place[0])[1]
    return None


def _find_pinned(needs: Needs, catalogue: Catalogue) -> ModelSpec | None:
    """Find the model asked for by name. An id nobody knows is Groq's: new models appear there first."""
    text = needs.model.strip()
    if not text or text.casefold() in ALIASES:
        return None
    if spec := catalogue.lookup(text):
        return spec
    provider, colon, id = text.partition(":")
    if not (colon and provider in provider_names() and id):
        provider, id = "groq", text
    return ModelSpec(id=id, provider=provider, capabilities=frozenset(capabilities_for(needs)) | _UNTESTED)


_UNTESTED: Final = frozenset({Capability.JSON_OBJECT, Capability.JSON_SCHEMA, Capability.TIMESTAMPS})
"""What a model nobody knows is taken to do besides what is asked, until it refuses."""


def _members(tier: Tier, pinned: ModelSpec | None, catalogue: Catalogue, tiers: Tiers) -> Iterator[ModelSpec]:
    """
    List everybody to be considered, the pinned one first, nobody twice.

    A list from the settings may have outlived all its models: their successors stand in for them then.
    """
    found: dict[str, ModelSpec] = {} if pinned is None else {pinned.name: pinned}
    for listed in tiers[tier]:
        for name in _discover(tier, catalogue) if listed == f"groq:{ANY}" else (listed,):
            if spec := catalogue.specs.get(name):
                found.setdefault(name, spec)
    yield from found.values()
    if all(catalogue.absence(spec) for spec in found.values()):
        for spec in list(found.values()):
            if (heir := catalogue.specs.get(f"{spec.provider}:{spec.replacement}")) and heir.name not in found:
                found[heir.name] = heir
                yield heir


def _discover(tier: Tier, catalogue: Catalogue) -> list[str]:
    """Order models nobody knew before by price, the only hint at their size: cheap first, for quality dear first."""
    sign = -1 if tier == "quality" else 1

    def by_price(name: str) -> tuple[bool, float]:
        price = catalogue.specs[name].usd_out
        return price is None, sign * (price or 0.0)

    return sorted(catalogue.discovered, key=by_price)


# ── who can ──────────────────────────────────────────────────────────────────────────────────────────

_REFUSALS: Final = {
    Capability.CHAT: "does not chat",
    Capability.VISION: "sees no images",
    Capability.TOOLS: "calls no tools",
    Capability.BROWSER_SEARCH: "has no browser search",
    Capability.CODE_INTERPRETER: "has no code interpreter",
    Capability.TRANSCRIPTION: "does not transcribe",
    Capability.TRANSLATION: "does not translate",
    Capability.SPEECH: "does not speak",
}


def capabilities_for(needs: Needs) -> tuple[Capability, ...]:
    """List what a model must be able to do; of JSON any kind will do, see :func:`_misfit`."""
    match needs.operation:
        case "transcription":
            return (Capability.TRANSCRIPTION,)
        case "translation":
            return (Capability.TRANSLATION,)
        case "speech":
            return (Capability.SPEECH,)
        case "chat":
            wanted = [Capability.CHAT]
            if needs.images:
                wanted.append(Capability.VISION)
            if needs.tools:
                wanted.append(Capability.TOOLS)
            wanted += map(Capability, needs.hosted)
            return tuple(wanted)


def _verdict(
    spec: ModelSpec,
    needs: Needs,
    required: tuple[Capability, ...],
    catalogue: Catalogue,
    available: Availability,
) -> Candidate | Excluded:
    for capability in required:
        if capability not in spec.capabilities:
            return Excluded(spec=spec, kind=Kind.UNSUPPORTED, why=_REFUSALS[capability])
    if needs.json and not (spec.can(Capability.JSON_OBJECT) or spec.can(Capability.JSON_SCHEMA)):
        return Excluded(spec=spec, kind=Kind.UNSUPPORTED, why="writes no JSON")
    if available.state == "no_key":
        return Excluded(spec=spec, kind=Kind.AUTH, why=available.why or "has no key")
    if available.state == "gone":
        return Excluded(spec=spec, kind=Kind.MODEL_GONE, why=available.why or "is no longer offered")
    # An id nobody knows is not in the list either, and is sent all the same.
    if spec.name in catalogue.specs and (why := catalogue.absence(spec)):
        return Excluded(spec=spec, kind=Kind.MODEL_GONE, why=why)
    misfit = _misfit(spec, needs)
    return Candidate(
        spec=spec,
        state=available.state,
        rests_for_s=available.rests_for_s,
        fits=not misfit,
        why=misfit or _cooldown_note(available) or _doubt(spec, needs, catalogue),
    )


def _cooldown_note(available: Availability) -> str:
    if available.state != "resting":
        return ""
    return available.why or f"rests for {available.rests_for_s:.0f} s more"


def _doubt(spec: ModelSpec, needs: Needs, catalogue: Catalogue) -> str:
    """Say why a model that can do it comes after others that can."""
    if catalogue.doubtful(spec):
        return "may be shut down"
    if _loose(spec, needs):
        return "keeps a schema less strictly"
    if spec.name not in catalogue.specs:
        near = catalogue.suggestions(spec.id)
        return "is not known here" + (f"; {' or '.join(near)} perhaps?" if near else "")
    return ""


def _loose(spec: ModelSpec, needs: Needs) -> bool:
    return needs.json == "schema" and not spec.can(Capability.STRICT_SCHEMA)


def _misfit(spec: ModelSpec, needs: Needs) -> str:
    """Say why a request is too large for a model as it stands, or its schema more than it follows."""
    if needs.operation != "chat":
        return ""
    if 0 < spec.max_images < needs.images:
        return f"takes {spec.max_images} images at once"
    answer = needs.max_tokens or 0
    # A larger bound is lowered to what the model writes at most, so it takes no more of the window than that.
    tokens = needs.prompt_tokens + (min(answer, spec.max_output) if spec.max_output else answer)
    if 0 < spec.context_window < tokens:
        return f"has a window of {spec.context_window} tokens for about {tokens}"
    if needs.json == "schema" and not spec.can(Capability.JSON_SCHEMA):
        return "follows no schema"
    return ""


def _rank(
    candidate: Candidate, position: int, needs: Needs, catalogue: Catalogue, *, first: bool, by_price: bool
) -> Rank:
    """Sort key; False comes before True."""
    spec = candidate.spec
    provider = provider_names().index(spec.provider)
    standing = (not candidate.awake, catalogue.doubtful(spec), _loose(spec, needs))
    if by_price:
        return (not first, not candidate.fits, *standing, *_price(spec), provider, position)
    return (not first, not candidate.fits, provider, *standing, position)


def _price(spec: ModelSpec) -> tuple[bool, float, float]:
    """What it costs, cheapest first: the output's price decides, then the input's. An unknown price comes last."""
    return spec.usd_out is None, spec.usd_out or 0.0, spec.usd_in or 0.0
