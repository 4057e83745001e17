"""What is learnt of a model's tokenizer from its answers, and how fast."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.ratelimit.estimates import Estimates
from groq_core.requests import Needs

NEEDS = Needs(prompt_tokens=1000)


def test_the_newest_answer_weighs_a_fifth() -> None:
    estimates = Estimates()
    estimates.learn("m", NEEDS, 1000)
    estimates.learn("m", NEEDS, 2000)

    assert estimates.prompt_tokens("m", NEEDS) == 1200


def test_a_first_answer_counts_whole_and_for_its_model_alone() -> None:
    estimates = Estimates()
    estimates.learn("m", NEEDS, 1500)

    assert estimates.prompt_tokens("m", NEEDS) == 1500
    assert estimates.prompt_tokens("other", NEEDS) == 1000


@given(st.floats(0.2, 7.0))
def test_ten_answers_alike_are_enough_whatever_was_learnt_before(factor: float) -> None:
    estimates = Estimates()
    estimates.learn("m", NEEDS, 1000)
    for _ in range(10):
        estimates.learn("m", NEEDS, round(1000 * factor))

    assert estimates.prompt_tokens("m", NEEDS) == pytest.approx(1000 * factor, rel=0.55, abs=120)


@pytest.mark.parametrize("needs", [Needs(prompt_tokens=19), Needs(prompt_tokens=1000, images=1)])
def test_nothing_is_learnt_from_what_says_little(needs: Needs) -> None:
    estimates = Estimates()
    estimates.learn("m", needs, 5000)

    assert estimates.prompt_tokens("m", NEEDS) == 1000
