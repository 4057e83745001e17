"""
What a failure means for the request it struck: a pure function, so that it can be read and tested as a table.

The policy says what a kind of failure is worth; here it meets what is left of the request: time, upstream requests,
other targets, and what its reader has already. The layers that ask apply the move and decide nothing themselves.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.failures import policy
from groq_core.failures.policy import SHORT_WAIT_S, WAITED_FOR, PolicyRow

Step: TypeAlias = Literal["retry", "model", "provider", "shrink", "stop"]

CALLERS_FAULT: Final = frozenset(
    {Kind.INVALID_REQUEST, Kind.UNSUPPORTED, Kind.TOO_LARGE, Kind.CONTEXT_LENGTH, Kind.CONTENT_FILTER}
)
"""Failures that are about the request: when every target says so, the caller is told and not us."""

LAST_RETRIES: Final = 4
"""Times the last target is asked again while it says "not now": nobody else is left, and it may open any moment."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a decision looks at.

    Attributes:
        repeatable: The layer that asks may repeat the attempt: nothing of an answer has been read.
        tried: Times this target has been repeated already.
        left: Upstream requests left.
        peers: Targets of the same provider that have their turn yet.
        others: Targets of other providers that have theirs.
        last: Nobody else could be asked.
        left_s: Seconds until the deadline.
        committed: The reader has seen something of an answer.
        doubts: Other targets of this provider that failed in a way that puts it in doubt.
        shrunk: The request has been shortened for this target.
        prefill: The target was given the beginning of the answer, and said nothing of its own.
        again: It is being asked for the second time to complete what it began.
    """

    left_s: float
    repeatable: bool = False
    tried: int = 0
    left: int = 0
    peers: int = 0
    others: int = 0
    last: bool = False
    committed: bool = False
    doubts: int = 0
    shrunk: bool = False
    prefill: bool = False
    again: bool = False


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to do now.

    Attributes:
        to: ``retry`` the target, ask the next ``model`` or the next ``provider``, ``shrink`` the request for this
            target, or ``stop``.
        wait_s: Seconds before a retry.
        jitter_s: Up to so many more, drawn by whoever waits.
        plain: The retry goes without the beginning of the answer.
        later: The target is asked once more after the others, to complete what it began.
    """

    to: Step
    wait_s: float = 0.0
    jitter_s: float = 0.0
    plain: bool = False
    later: bool = False


def decide(state: State, error: ProviderError) -> Move:
    """
    Decide what to do about a failure.

    Nothing is repeated at the cost of somebody else's turn: of the requests left, one is kept back for every target
    that the failure does not rule out as well.
    """
    if _refuses_prefill(state, error):
        return Move(to="retry", plain=True)
    rule = policy.judge(error)
    if rule.then == "stop":
        return Move(to="stop")
    leaves = not state.committed and (rule.then == "provider" or (rule.suspect and state.doubts >= 1))
    spare = state.left - state.others - (0 if leaves else state.peers)
    if state.repeatable and spare > 0 and (wait := _wait(state, rule, error)) is not None:
        return Move(to="retry", wait_s=wait[0], jitter_s=wait[1])
    if rule.mend == "shrink" and not state.shrunk and (spare > 0 or error.attempt is None):
        return Move(to="shrink")
    leaves = leaves or (rule.then == "provider" and state.committed)
    later = state.committed and rule.retries > 0 and not state.again
    return Move(to="provider" if leaves else "model", later=later)


def _refuses_prefill(state: State, error: ProviderError) -> bool:
    """It does not take the beginning of an answer from us: it is to write the answer from the start."""
    status = error.status or 0
    return state.prefill and 400 <= status < 500 and error.kind in CALLERS_FAULT


def _wait(state: State, rule: PolicyRow, error: ProviderError) -> tuple[float, float] | None:
    """
    Seconds to wait before the same target is asked again, and the jitter on top; None to go on.

    A short Retry-After is waited for by everyone, a longer one only by the last target, and none beyond what is
    left of the deadline. The backoff has full jitter, so that clients do not march in step.
    """
    asked = error.retry_after
    if error.kind in WAITED_FOR and asked is not None:
        # A third of the time at most, as long as somebody else may need the rest of it.
        patience = state.left_s - 0.5 if state.last else min(SHORT_WAIT_S, state.left_s / 3)
        if asked > patience or (state.tried >= 2 and not state.last):
            return None
        return asked, min(0.25, max(0.0, patience - asked))
    allowed = LAST_RETRIES if state.last and error.kind in WAITED_FOR else rule.retries
    if state.tried >= allowed or state.left_s <= 0:
        return None
    if error.kind is Kind.GENERATION_FAILED:
        return 0.0, 0.0
    longest = min(8.0, 0.5 * 2**state.tried)
    return (0.0, longest) if longest < state.left_s else None
