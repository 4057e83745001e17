"""Nobody answered: what the caller is told, and which of many causes is the one that counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final

from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.failures import policy
from groq_core.fallback.decide import CALLERS_FAULT

LASTING: Final = CALLERS_FAULT | {Kind.MODEL_GONE, Kind.NOT_PERMITTED, Kind.TERMS_REQUIRED}
"""Causes that waiting does not mend: they count where there are no others."""

MENDS: Final[Mapping[Kind, str]] = {
    Kind.AUTH: "Waiting does not mend it: a key that is accepted has to take its place.",
    Kind.QUOTA_EXHAUSTED: "Raise the account's limit at the provider, or wait until it is filled again.",
    Kind.NOT_PERMITTED: "Let the key use this model at the provider, or choose another model.",
    Kind.TERMS_REQUIRED: "Accept the model's terms in the provider's console, or choose another model.",
    Kind.MODEL_GONE: "Choose another model.",
}
"""What helps where nothing else is the matter, instead of coming again."""

NO_CAUSE: Final = frozenset({Kind.BUDGET, Kind.RESTING, Kind.DEADLINE})
"""What we did about it; the cause is whatever it was before."""


def cause_of(failures: Iterable[ProviderError]) -> Kind | None:
    """
    Find the cause that counts: what all who might answer again suffer from, else the last of them.

    >>> cause_of([ProviderError(Kind.RATE_LIMITED, ""), ProviderError(Kind.BUDGET, "")])
    <Kind.RATE_LIMITED: 'rate_limited'>
    """
    kinds = [_underlying(failure) for failure in failures]
    causes = [kind for kind in kinds if kind not in NO_CAUSE] or kinds
    passing = [kind for kind in causes if kind not in LASTING] or causes
    return passing[-1] if passing else None


def _underlying(failure: ProviderError) -> Kind:
    # Our own guard says "not now" for the provider's limit.
    waits = failure.kind is Kind.BUDGET and failure.retry_after is not None
    return Kind.RATE_LIMITED if waits else failure.kind


def all_limited(failures: Iterable[ProviderError]) -> bool:
    """Whether everybody who might answer again is rate-limited, and nothing else is the matter."""
    kinds = {_underlying(failure) for failure in failures} - NO_CAUSE - LASTING
    return kinds == {Kind.RATE_LIMITED}


def callers_fault(failures: Iterable[ProviderError]) -> ProviderError | None:
    """The failure to tell the caller of, where every target found fault with the request itself."""
    found = [failure for failure in failures if _underlying(failure) not in NO_CAUSE]
    if not found or any(failure.kind not in CALLERS_FAULT for failure in found):
        return None
    # What does not fit the largest window is too long, whatever smaller limits it met on the way.
    return next((failure for failure in found if failure.kind is Kind.CONTEXT_LENGTH), found[0])


def refusal(failure: ProviderError) -> RequestError:
    """Every target found fault with the request itself: that is the caller's to mend."""
    status = 413 if failure.kind is Kind.TOO_LARGE else 400
    code = {
        Kind.TOO_LARGE: "request_too_large",
        Kind.CONTEXT_LENGTH: "context_length_exceeded",
        Kind.UNSUPPORTED: "unsupported",
    }.get(failure.kind, failure.code or "invalid_request")
    hint = {
        Kind.TOO_LARGE: "Send less at once: a shorter text, fewer pictures, a smaller maximum answer.",
        Kind.CONTEXT_LENGTH: "Shorten the conversation, or start a new one.",
    }.get(failure.kind, "")
    param = failure.param or ("messages" if failure.kind is Kind.CONTEXT_LENGTH else None)
    return RequestError(failure.message, status=status, param=param, code=code, hint=hint)


def describe(failure: ProviderError) -> str:
    """One failure in the words of a status line: who, and what the policy says of it."""
    says = policy.POLICY[failure.kind].says.rstrip(".")
    return f"{failure.provider}:{failure.model}: {says[:1].lower()}{says[1:]}" if failure.model else says


def chain_error(
    failures: Sequence[ProviderError], skipped: Sequence[ProviderError], retry_after: float | None
) -> ChainError:
    """
    The error for a request that nobody answered.

    Args:
        failures: Of those asked, and of those that a guard kept us from asking.
        skipped: What those passed over suffered from when they last failed.
        retry_after: Seconds until somebody is awake again, or None.
    """
    asked = {f"{failure.provider}:{failure.model}" for failure in failures}
    everybody = [*(one for one in skipped if f"{one.provider}:{one.model}" not in asked), *failures]
    limited = all_limited(everybody)
    if retry_after is not None and retry_after == inf:
        retry_after = None
    causes = {_underlying(failure) for failure in everybody} - NO_CAUSE
    cause = cause_of(everybody)
    when = f"Try again in {retry_after:.0f} s." if retry_after else "Try again in a moment."
    why = "; ".join(dict.fromkeys(map(describe, everybody))) or "every target is cooling down after a failure"
    return ChainError(
        f"no model could answer: {why}",
        failures=failures or everybody,
        kind=Kind.RATE_LIMITED if limited else cause,
        status=429 if limited else 503,
        retry_after=retry_after,
        hint=MENDS[cause] if cause is not None and causes and causes <= MENDS.keys() else when,
    )
