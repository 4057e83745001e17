"""
What to do about each kind of failure: one table, and how long a target is left alone after one.

The rules are drawn from the field's failures; the README prints the table from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

from groq_core.errors import Kind, ProviderError

Then: TypeAlias = Literal["model", "provider", "stop"]
Mend: TypeAlias = Literal["", "shrink", "tell"]

SHORT_WAIT_S: Final = 2.5
"""A Retry-After up to this is waited for on the same target; a longer one means go on now."""

EARLY_S: Final = 0.05
"""A timer may go off so much before a wait that was asked for is over."""

LADDER: Final = (1, 2, 4, 20)
"""How the cooldown grows from failure to failure, in multiples of the first: 15, 30, 60, 300 s by default."""


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to do about one kind of failure.

    Attributes:
        retries: Further tries on the same target, with jittered backoff, before going on.
        then: Where to go on: the next model (of the same provider first), the next provider, or nowhere.
        cooldown: Seconds the target then cools down; None means the escalating ladder from ``GROQ_CORE_COOLDOWN``,
            infinity "until the next look at the catalogue". A provider's own Retry-After wins over both.
        whole_provider: The trouble is the provider's, so all its models cool down.
        suspect: Twice in one request from one provider, and its other models are not asked.
        mend: What is changed before the request is sent again: ``shrink`` it, or ``tell`` the model what
            was wrong with its last try.
        says: What the reader is told.
    """

    retries: int = 0
    then: Then = "model"
    cooldown: float | None = 0.0
    whole_provider: bool = False
    suspect: bool = False
    mend: Mend = ""
    says: str


POLICY: Final[Mapping[Kind, PolicyRow]] = MappingProxyType(
    {
        Kind.RATE_LIMITED: PolicyRow(cooldown=None, says="The rate limit of this model is reached."),
        Kind.OVER_CAPACITY: PolicyRow(retries=1, cooldown=None, suspect=True, says="The model is over capacity."),
        Kind.SERVER_ERROR: PolicyRow(
            retries=1, then="provider", cooldown=None, whole_provider=True, says="The provider has an internal error."
        ),
        Kind.CONNECTION: PolicyRow(
            retries=1, then="provider", cooldown=None, whole_provider=True, says="The provider cannot be reached."
        ),
        Kind.TIMEOUT_FIRST_TOKEN: PolicyRow(cooldown=None, suspect=True, says="The model stayed silent for too long."),
        Kind.TIMEOUT_IDLE: PolicyRow(
            cooldown=None, suspect=True, says="The model fell silent in the middle of its answer."
        ),
        Kind.STREAM_CUT: PolicyRow(retries=1, cooldown=None, suspect=True, says="The connection broke before the end."),
        Kind.STREAM_ERROR: PolicyRow(
            retries=1, cooldown=None, suspect=True, says="The provider reported an error midway."
        ),
        Kind.EMPTY_ANSWER: PolicyRow(retries=1, cooldown=None, suspect=True, says="The model sent an empty answer."),
        Kind.MALFORMED: PolicyRow(
            retries=1, cooldown=None, suspect=True, says="The provider's answer could not be read."
        ),
        Kind.MODEL_GONE: PolicyRow(cooldown=inf, says="The provider no longer offers this model to this key."),
        Kind.NOT_PERMITTED: PolicyRow(cooldown=300.0, says="This key may not use this model."),
        Kind.TERMS_REQUIRED: PolicyRow(
            cooldown=300.0, says="The model's terms must be accepted in the provider's console first."
        ),
        Kind.AUTH: PolicyRow(then="provider", cooldown=300.0, whole_provider=True, says="The API key is not accepted."),
        Kind.QUOTA_EXHAUSTED: PolicyRow(
            then="provider", cooldown=300.0, whole_provider=True, says="The account's quota or spend limit is used up."
        ),
        Kind.TOO_LARGE: PolicyRow(mend="shrink", says="The request is larger than the model's limit for one minute."),
        Kind.CONTEXT_LENGTH: PolicyRow(mend="shrink", says="The conversation is longer than the model can read."),
        Kind.CONTENT_FILTER: PolicyRow(then="stop", says="The provider declined to answer this."),
        Kind.GENERATION_FAILED: PolicyRow(retries=1, mend="tell", says="The model's tool call or JSON was not valid."),
        Kind.INVALID_REQUEST: PolicyRow(then="provider", says="The provider does not accept this request."),
        Kind.UNSUPPORTED: PolicyRow(says="The model cannot do this."),
        Kind.BUDGET: PolicyRow(says="Asking now would exceed a limit, so the model was not asked."),
        Kind.RESTING: PolicyRow(says="The target rests after a failure."),
        Kind.DEADLINE: PolicyRow(then="stop", says="The time for this request is used up."),
    }
)


def judge(error: ProviderError) -> PolicyRow:
    """The rule for a failure; what is marked as provider-wide is treated so, whatever its kind."""
    rule = POLICY[error.kind]
    if error.provider_wide and not rule.whole_provider and rule.then == "model":
        return msgspec.structs.replace(rule, then="provider", whole_provider=True)
    return rule


def cooldown_after(rule: PolicyRow, error: ProviderError, *, failures: int, cooldown: float) -> float:
    """
    How long the target now cools down.

    Args:
        failures: How many times in a row it has failed, this one included.
        cooldown: Seconds of the first rung of the ladder.

    >>> error = ProviderError(Kind.SERVER_ERROR, "")
    >>> [cooldown_after(POLICY[Kind.SERVER_ERROR], error, failures=n, cooldown=15) for n in (1, 2, 3, 4, 9)]
    [15, 30, 60, 300, 300]
    """
    if rule.cooldown == 0.0:
        return 0.0
    if error.retry_after is not None and rule.cooldown != inf:
        return error.retry_after
    if rule.cooldown is None:
        return cooldown * LADDER[min(failures, len(LADDER)) - 1]
    return rule.cooldown


WAITED_FOR: Final = frozenset({Kind.RATE_LIMITED, Kind.OVER_CAPACITY, Kind.SERVER_ERROR, Kind.BUDGET})
"""The kinds for which a provider says when to come back."""
