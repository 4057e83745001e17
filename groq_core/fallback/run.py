"""One user request on its way down the chain: what is sent, what the reader has, who is still to be asked."""

from __future__ import annotations

from collections import Counter, deque

import msgspec

from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.failures import policy
from groq_core.fallback.splice import Splice
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget
from groq_core.requests import ChatRequest, Request

CALLERS_FAULT = frozenset(
    {Kind.INVALID_REQUEST, Kind.UNSUPPORTED, Kind.TOO_LARGE, Kind.CONTEXT_LENGTH, Kind.CONTENT_FILTER}
)
"""Failures that are about the request: when every target says so, the caller is told and not us."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one user request may take: upstream requests, seconds, and USD (None: no bound)."""

    attempts: int = 6
    deadline_s: float = 60.0
    usd: float | None = None


class Run:
    """
    One user request on its way down the chain.

    Attributes:
        request: As it is sent now; it may have been shortened.
        queue: Models still to be asked, in order.
        sent: Text the reader has.
        beyond_text: The reader has something that cannot be continued: a tool call, audio, segments.
        resting: Models passed over because they rest.
        asked: Models asked so far, in order.
    """

    def __init__(self, request: Request, queue: deque[ModelSpec], budget: Budget) -> None:
        self.request = request
        self.queue = queue
        self.budget = budget
        self.sent: list[str] = []
        self.beyond_text = False
        self.failures: list[ProviderError] = []
        self.resting: list[ModelSpec] = []
        self.asked: list[ModelSpec] = []
        self.strikes: Counter[str] = Counter()
        self.shrunk = False
        self.refused_prefill: set[str] = set()
        self.again: set[str] = set()

    @property
    def text(self) -> str:
        return "".join(self.sent)

    @property
    def committed(self) -> bool:
        """The reader has seen something of an answer."""
        return bool(self.sent) or self.beyond_text

    def attempt(self, spec: ModelSpec, *, last: bool, forced: bool) -> tuple[Attempt, Splice | None]:
        """The next attempt, and how its text meets what the reader has (None: it has nothing)."""
        plain = Attempt(request=self.request, spec=spec, budget=self.budget, last=last, forced=forced)
        text = self.text
        if not text or not isinstance(self.request, ChatRequest):
            return plain, None
        # A tool turn is never continued: asked to go on with prose, a model writes prose instead of the call.
        may_continue = (
            spec.can(Capability.PREFILL)
            and spec.name not in self.refused_prefill
            and not self.request.params.get("tools")
            and not self.request.params.get("response_format")
        )
        if not may_continue:
            return plain, Splice(text, "repeat")
        begun = {"role": "assistant", "content": text}
        request = msgspec.structs.replace(self.request, messages=(*self.request.messages, begun))
        return msgspec.structs.replace(plain, request=request, prefill=True), Splice(text, "continue")


def told(failure: ProviderError) -> str:
    """One failure in the words of a status line: who, and what the policy says of it."""
    says = policy.POLICY[failure.kind].says.rstrip(".")
    return f"{failure.provider}:{failure.model}: {says[:1].lower()}{says[1:]}" if failure.model else says


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
    return RequestError(failure.message, status=status, param=failure.param, code=code, hint=hint)
