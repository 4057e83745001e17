"""The policy table and the two questions asked of it."""

from math import inf

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.failures.policy import POLICY, cooldown_after, judge


def test_every_kind_has_a_rule_and_says_something_to_the_reader() -> None:
    assert set(POLICY) == set(Kind)
    assert all(rule.says.endswith(".") for rule in POLICY.values())


@pytest.mark.parametrize("kind", [Kind.AUTH, Kind.CONNECTION, Kind.QUOTA_EXHAUSTED, Kind.SERVER_ERROR])
def test_trouble_of_the_whole_provider_skips_its_other_models(kind: Kind) -> None:
    assert POLICY[kind].then == "provider"
    assert POLICY[kind].whole_provider


@pytest.mark.parametrize("kind", [Kind.RATE_LIMITED, Kind.MODEL_GONE, Kind.TOO_LARGE, Kind.CONTEXT_LENGTH])
def test_trouble_of_one_model_goes_to_the_next(kind: Kind) -> None:
    assert POLICY[kind].then == "model"
    assert not POLICY[kind].whole_provider


def test_a_refusal_at_the_edge_counts_for_the_whole_provider() -> None:
    rule = judge(ProviderError(Kind.NOT_PERMITTED, "error code: 1010", provider_wide=True))

    assert (rule.then, rule.whole_provider) == ("provider", True)


def test_a_target_rests_exactly_as_long_as_it_asked() -> None:
    error = ProviderError(Kind.RATE_LIMITED, "", retry_after=120.0)

    assert cooldown_after(judge(error), error, failures=1, cooldown=15) == 120.0


def test_a_gone_model_rests_until_the_next_catalogue_whatever_it_says() -> None:
    error = ProviderError(Kind.MODEL_GONE, "", retry_after=1.0)

    assert cooldown_after(judge(error), error, failures=1, cooldown=15) == inf
