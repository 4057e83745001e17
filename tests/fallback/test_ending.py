"""What a caller is told to do when nobody answered: to come again where that helps, else what does."""

from __future__ import annotations

from itertools import product

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.fallback.ending import MENDS, callers_fault, chain_error


def failure(kind: Kind) -> ProviderError:
    return ProviderError(kind, "no", provider="groq", model=f"of-{kind}")


@pytest.mark.parametrize("kind", MENDS)
def test_what_waiting_does_not_mend_is_told_with_the_mend(kind: Kind) -> None:
    resting = failure(Kind.RESTING)
    for failures in ([failure(kind)], [failure(kind), resting]):
        assert chain_error(failures, [], 300.0).hint == MENDS[kind]


@pytest.mark.parametrize(("lasting", "passing"), [*product(MENDS, (Kind.RATE_LIMITED, Kind.SERVER_ERROR))])
def test_who_may_be_well_again_is_waited_for(lasting: Kind, passing: Kind) -> None:
    for failures in ([failure(lasting), failure(passing)], [failure(passing), failure(lasting)]):
        assert chain_error(failures, [], 20.0).hint == "Try again in 20 s."
        # Never sooner than `Retry-After` says, which is rounded up too.
        assert chain_error(failures, [], 6.24).hint == "Try again in 7 s."
    assert chain_error([], [], None).hint == "Try again in a moment."


@pytest.mark.parametrize("much", [Kind.CONTEXT_LENGTH, Kind.TOO_LARGE])
@pytest.mark.parametrize("absent", [Kind.MODEL_GONE, Kind.NOT_PERMITTED, Kind.TERMS_REQUIRED])
def test_a_model_that_is_not_there_excuses_no_request_that_is_too_long(much: Kind, absent: Kind) -> None:
    for failures in ([failure(much), failure(absent)], [failure(absent), failure(much)]):
        told = callers_fault(failures)
        assert told is not None
        assert told.kind is much
    assert callers_fault([failure(absent)]) is None
    assert callers_fault([failure(much), failure(Kind.AUTH)]) is None, "another key may take it"
    assert callers_fault([failure(much), failure(Kind.SERVER_ERROR)]) is None
