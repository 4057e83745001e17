"""What a caller is told to do when nobody answered: to come again where that helps, else what does."""

from __future__ import annotations

from itertools import product

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.fallback.ending import MENDS, chain_error


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
    assert chain_error([], [], None).hint == "Try again in a moment."
