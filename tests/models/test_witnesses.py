"""Ids, prices and windows of the registry, held against two price lists of others."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from groq_core.models.disagreements import REASONS
from groq_core.models.registry import MODELS
from tests.models.witnesses import Witness, contradictions, genai_prices, litellm

READERS = {"genai-prices": genai_prices, "LiteLLM": litellm}


@pytest.fixture(scope="module", params=READERS)
def witness(request: pytest.FixtureRequest) -> Witness:
    return READERS[request.param]()


@pytest.fixture(scope="module")
def witnesses() -> dict[str, Witness]:
    return {name: read() for name, read in READERS.items()}


def test_no_witness_contradicts_the_registry_without_an_answer(witness: Witness) -> None:
    assert contradictions(MODELS, witness, REASONS) == []


@pytest.mark.parametrize(("model", "field", "name"), REASONS)
def test_every_reason_answers_a_witness_that_still_says_so(
    model: str, field: str, name: str, witnesses: dict[str, Witness]
) -> None:
    reason = REASONS[model, field, name]

    assert witnesses[name].models[model][field] == pytest.approx(reason.theirs)
    assert getattr(MODELS[model], field) != reason.theirs
    assert reason.why.endswith(".")


def test_the_witnesses_have_something_to_say(witness: Witness) -> None:
    """An empty witness agrees with everybody."""
    priced = [spec for spec in MODELS.values() if spec.status == "active" and spec.provider == "groq"]

    assert all(witness.models[spec.name] for spec in priced)
    assert sum(map(len, witness.models.values())) >= 35


def alter(witness: Witness, model: str, field: str) -> Witness:
    """The same witness with one figure changed: a price by a hundredth, a window by one token, a day by one."""
    said = witness.models[model][field]
    if isinstance(said, date):
        lie: float | date = said + timedelta(days=1)
    else:
        lie = said + 1 if said >= 1000 else said * 1.01
    return msgspec.structs.replace(witness, models={**witness.models, model: {**witness.models[model], field: lie}})


def test_any_figure_that_is_doctored_is_caught_and_both_sources_are_named(witness: Witness) -> None:
    compared = [
        (model, field)
        for model, said in witness.models.items()
        for field in said
        if model in MODELS and getattr(MODELS[model], field)
    ]
    assert compared
    for model, field in compared:
        (complaint,) = contradictions(MODELS, alter(witness, model, field), REASONS)

        assert complaint.startswith(f"{model} {field}: ")
        assert MODELS[model].source in complaint
        assert witness.edition in complaint


def test_an_id_only_one_of_them_has_is_caught(witness: Witness) -> None:
    without = {model: said for model, said in witness.models.items() if model != "groq:openai/gpt-oss-20b"}
    beside = {**witness.models, "groq:new/model": {}}

    (missing,) = contradictions(MODELS, msgspec.structs.replace(witness, models=without), REASONS)
    (added,) = contradictions(MODELS, msgspec.structs.replace(witness, models=beside), REASONS)

    assert "groq:openai/gpt-oss-20b" in missing
    assert witness.edition in missing
    assert "groq:new/model" in added
    assert witness.edition in added


def test_a_registry_that_is_doctored_is_caught(witness: Witness) -> None:
    model = "groq:openai/gpt-oss-120b"
    wrong = {**MODELS, model: msgspec.structs.replace(MODELS[model], usd_out=0.75, context_window=128_000)}

    assert len(contradictions(wrong, witness, REASONS)) == 2
