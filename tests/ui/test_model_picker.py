"""What the picker offers, and what it leaves out."""

from __future__ import annotations

from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability
from groq_core.status.snapshot import TargetStatus
from groq_core.ui.model_picker import TIERS, choices, facts


def target(name: str, **more: object) -> TargetStatus:
    provider, _, model = name.partition(":")
    fields = {"tiers": (), "state": "healthy"} | more
    return TargetStatus(name=name, provider=provider, model=model, **fields)  # type: ignore[arg-type]


def test_nothing_unasked_for_is_on_offer() -> None:
    offered = choices(MODELS.values(), targets=[target("openai:gpt-6-luna", state="no_key")])
    values = [value for _, value, _ in offered]

    assert values[: len(TIERS)] == list(TIERS)
    assert not [value for value in values if "guard" in value or value.startswith("openai:")]
    assert {value for value in values if "whisper" in value or "orpheus" in value} == set()


def test_each_model_tells_what_one_chooses_by() -> None:
    known = {value: told for _, value, told in choices(MODELS.values())}

    assert known["openai/gpt-oss-20b"].keys() >= {"speed", "window", "usd_in", "usd_out", "can"}


def test_state_is_told_where_it_is_not_the_usual_one() -> None:
    spec = MODELS["groq:openai/gpt-oss-20b"]

    assert "state" not in facts(spec, target(spec.name))
    assert facts(spec, target(spec.name, state="resting", rests_for_s=9.5))["rests_s"] == 9.5


def test_for_pictures_only_what_sees_is_offered() -> None:
    for _, value, _ in choices(MODELS.values(), vision=True)[1:]:
        name = value if ":" in value else f"groq:{value}"
        assert MODELS[name].can(Capability.VISION)
