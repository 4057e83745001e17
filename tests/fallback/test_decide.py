"""The chain's decision as a table: what is known and what failed on the left, what is done on the right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptFailed
from groq_core.failures.policy import POLICY
from groq_core.fallback.decide import CALLERS_FAULT, Move, State, decide


def failure(kind: Kind, *, asked: bool = True, **fields: Any) -> ProviderError:
    error = ProviderError(kind, str(kind), provider="groq", model="a", **fields)
    if asked:
        error.attempt = AttemptFailed(number=1, provider="groq", model="a", kind=kind, message="")
    return error


def state(**fields: Any) -> State:
    return State(**({"left": 5, "left_s": 60.0, "repeatable": True, "peers": 1, "others": 1} | fields))


R, M, P, S, X = "retry", "model", "provider", "shrink", "stop"


@pytest.mark.parametrize(
    ("at", "error", "to"),
    [
        pytest.param(state(), failure(Kind.RATE_LIMITED), M, id="a limit without a time: the next model"),
        pytest.param(state(), failure(Kind.RATE_LIMITED, retry_after=2.0), R, id="a short wait is waited for"),
        pytest.param(state(), failure(Kind.RATE_LIMITED, retry_after=2.6), M, id="a longer one means go on"),
        pytest.param(state(tried=2), failure(Kind.RATE_LIMITED, retry_after=2.0), M, id="a short wait, twice"),
        pytest.param(state(left=2), failure(Kind.RATE_LIMITED, retry_after=2.0), M, id="never at another's cost"),
        pytest.param(state(left_s=5.0), failure(Kind.RATE_LIMITED, retry_after=2.0), M, id="nor at another's time"),
        pytest.param(
            state(peers=0, others=0, last=True), failure(Kind.RATE_LIMITED, retry_after=30.0), R, id="the last waits"
        ),
        pytest.param(
            state(peers=0, others=0, last=True),
            failure(Kind.RATE_LIMITED, retry_after=70.0),
            M,
            id="but not beyond the deadline",
        ),
        pytest.param(
            state(peers=0, others=0, last=True, left=0),
            failure(Kind.RATE_LIMITED, retry_after=1.0),
            M,
            id="nor without a request left",
        ),
        pytest.param(state(), failure(Kind.SERVER_ERROR), R, id="an internal error: once more"),
        pytest.param(state(tried=1), failure(Kind.SERVER_ERROR), P, id="twice: the next provider"),
        pytest.param(
            state(peers=7, left=3),
            failure(Kind.SERVER_ERROR),
            R,
            id="peers that will not be asked have no turn to lose",
        ),
        pytest.param(state(peers=7, left=3), failure(Kind.OVER_CAPACITY), M, id="peers that will be asked have"),
        pytest.param(state(left=1), failure(Kind.SERVER_ERROR), P, id="the last request is the backup's"),
        pytest.param(state(), failure(Kind.TIMEOUT_FIRST_TOKEN), M, id="a silent target is never asked again"),
        pytest.param(state(doubts=1), failure(Kind.TIMEOUT_FIRST_TOKEN), P, id="two silent models are enough"),
        pytest.param(state(doubts=1, tried=1), failure(Kind.EMPTY_ANSWER), P, id="two empty answers are enough"),
        pytest.param(state(doubts=1, tried=1), failure(Kind.MALFORMED), P, id="two unreadable ones are enough"),
        pytest.param(state(), failure(Kind.AUTH), P, id="a wrong key: the next provider"),
        pytest.param(state(), failure(Kind.NOT_PERMITTED, provider_wide=True), P, id="refused at the edge"),
        pytest.param(state(), failure(Kind.MODEL_GONE), M, id="gone: the next model"),
        pytest.param(state(), failure(Kind.TOO_LARGE), S, id="too large: shrink"),
        pytest.param(state(shrunk=True), failure(Kind.TOO_LARGE), M, id="still too large: the next model"),
        pytest.param(state(left=2), failure(Kind.TOO_LARGE), M, id="a mend does not cost another's turn"),
        pytest.param(state(left=2), failure(Kind.TOO_LARGE, asked=False), S, id="what was not sent costs nothing"),
        pytest.param(state(), failure(Kind.CONTENT_FILTER), X, id="a content filter stops"),
        pytest.param(state(), failure(Kind.DEADLINE), X, id="the deadline stops"),
        pytest.param(state(), failure(Kind.GENERATION_FAILED), R, id="a bad tool call: once more, told"),
        pytest.param(state(prefill=True), failure(Kind.INVALID_REQUEST, status=400), R, id="a refused beginning"),
        pytest.param(state(prefill=True), failure(Kind.INVALID_REQUEST, status=500), P, id="not every status is that"),
        pytest.param(
            state(repeatable=False, committed=True, doubts=3), failure(Kind.STREAM_CUT), M, id="text is out: anybody"
        ),
    ],
)
def test_what_a_failure_means(at: State, error: ProviderError, to: str) -> None:
    assert decide(at, error).to == to


def test_a_refused_beginning_is_left_out_of_the_retry() -> None:
    assert decide(state(prefill=True), failure(Kind.INVALID_REQUEST, status=400)).plain


def test_who_broke_off_completes_its_answer_later_once() -> None:
    midway = state(repeatable=False, committed=True)

    assert decide(midway, failure(Kind.STREAM_CUT)).later
    assert not decide(state(repeatable=False, committed=True, again=True), failure(Kind.STREAM_CUT)).later


def test_a_retry_after_is_kept_to_the_letter_with_a_little_jitter() -> None:
    assert decide(state(), failure(Kind.RATE_LIMITED, retry_after=2.0)) == Move(to="retry", wait_s=2.0, jitter_s=0.25)


def test_backoff_grows_and_has_full_jitter() -> None:
    last = [state(last=True, peers=0, others=0, tried=tried) for tried in range(5)]
    moves = [decide(at, failure(Kind.RATE_LIMITED)) for at in last]

    assert [(move.to, move.wait_s, move.jitter_s) for move in moves[:4]] == [(R, 0.0, 0.5 * 2**n) for n in range(4)]
    assert moves[4].to == M


states = st.builds(
    State,
    left_s=st.floats(-1, 100),
    repeatable=st.booleans(),
    tried=st.integers(0, 5),
    left=st.integers(0, 9),
    peers=st.integers(0, 9),
    others=st.integers(0, 9),
    last=st.booleans(),
    committed=st.booleans(),
    doubts=st.integers(0, 3),
    shrunk=st.booleans(),
    again=st.booleans(),
)
errors = st.builds(
    lambda kind, wait, wide, asked: failure(kind, retry_after=wait, provider_wide=wide, asked=asked),
    st.sampled_from(Kind),
    st.none() | st.floats(0, 1e9),
    st.booleans(),
    st.booleans(),
)


@given(states, errors)
def test_no_decision_takes_what_is_kept_for_others(at: State, error: ProviderError) -> None:
    move = decide(at, error)

    if move.to == "retry":
        assert at.repeatable
        assert at.left > at.others
        assert move.wait_s + move.jitter_s <= max(at.left_s, 0.0)
    if move.to == "shrink":
        assert not at.shrunk
        assert POLICY[error.kind].mend == "shrink"
    if move.to == "stop":
        assert POLICY[error.kind].then == "stop"
    assert move == decide(at, error), "pure"


def test_the_callers_fault_is_never_waited_for() -> None:
    for kind in CALLERS_FAULT:
        assert decide(state(), failure(kind, retry_after=1.0)).to != "retry"
