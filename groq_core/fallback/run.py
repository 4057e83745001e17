"""One user request on its way down the chain: what is sent, what the reader has, who is still to be asked."""

from __future__ import annotations

from collections import deque
from operator import attrgetter
from typing import Literal, TypeAlias

import msgspec

from groq_core.errors import ProviderError
from groq_core.events import Note, Outlet
from groq_core.fallback.splice import Splice
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget, Bypass
from groq_core.requests import ChatRequest, Request


class ChainLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one user request may take: upstream requests, seconds, and USD (None: no bound)."""

    attempts: int = 6
    deadline_s: float = 60.0
    usd: float | None = None


Why: TypeAlias = Literal["cooling down", "too large by our count", "rate limit spent", "short wait", "provider left"]


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """
    A target that could be asked after all.

    Attributes:
        back_at: Clock time at which it may be asked, by what it or its limits said; 0 where nothing was said.
    """

    spec: ModelSpec
    why: Why
    back_at: float = 0.0


class TargetTurn(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who is asked now.

    Attributes:
        wait_s: Seconds to wait before.
        reason: Why, for a person.
        forced: It cools down still and is asked as a probe.
        insistent: It is asked although our count says that the request never fits.
        probed_since: Clock time at which another request began to find out how it is: that is waited for first.
        patient: Nobody can be asked before it, so its rate limit is waited for as long as time is left.
    """

    spec: ModelSpec
    wait_s: float = 0.0
    reason: str = ""
    forced: bool = False
    insistent: bool = False
    probed_since: float | None = None
    patient: bool = False


_PROVIDER = attrgetter("provider")


class ChainRun(msgspec.Struct, eq=False):
    """
    One user request on its way down the chain.

    Attributes:
        request: As it was asked.
        mended: What is sent instead to a target that found it too large, by ``provider:model``.
        shrunk: What is to be said of that.
        route: Everybody, in order.
        queue: Models still to be asked, in order.
        passed: Those passed over, who are asked after all before the reader is told no.
        sent: Text the reader has.
        beyond_text: The reader has something that cannot be continued: a tool call, audio, segments.
        failures: Of those asked, and of those that a guard kept us from asking.
        skipped: What those that cool down suffered from.
        asked: Models that have had their turn so far, in order; of some our own guard let nothing through.
        reached: Providers that were really asked, by this request or by one that it waited for.
        left: Providers that none of the queue is asked of any more.
        doubts: How many targets of a provider failed in a way that puts the provider in doubt.
        again: Targets asked once more to complete what they began.
        insisted, patience: Targets asked against our own count, and asked again after a short wait they named.
    """

    request: Request
    route: tuple[ModelSpec, ...]
    queue: deque[ModelSpec]
    budget: Budget
    mended: dict[str, Request] = {}
    shrunk: dict[str, Note] = {}
    passed: list[PassedOver] = []
    sent: list[str] = []
    beyond_text: bool = False
    failures: list[ProviderError] = []
    skipped: list[ProviderError] = []
    asked: list[ModelSpec] = []
    reached: set[str] = set()
    left: set[str] = set()
    doubts: dict[str, int] = {}
    refused_prefill: set[str] = set()
    again: set[str] = set()
    insisted: set[str] = set()
    patience: set[str] = set()
    _bypass: Bypass | None = None
    _caught_up: int = 0

    @property
    def text(self) -> str:
        return "".join(self.sent)

    @property
    def is_committed(self) -> bool:
        """The reader has seen something of an answer."""
        return bool(self.sent) or self.beyond_text

    def attempt(self, turn: TargetTurn, waiting: list[ModelSpec]) -> tuple[Attempt, Splice | None]:
        """
        The next attempt, and how its text meets what the reader has (None: it has nothing).

        Args:
            waiting: Everybody else who could still be asked.
        """
        spec = turn.spec
        peers = list(map(_PROVIDER, waiting)).count(spec.provider)
        plain = Attempt(
            request=self.mended.get(spec.name, self.request),
            spec=spec,
            budget=self.budget,
            last=not waiting,
            peers=peers,
            others=len(waiting) - peers,
            forced=turn.forced,
            insistent=turn.insistent,
            patient=turn.patient,
        )
        text, asked = self.text, plain.request
        if not isinstance(asked, ChatRequest):
            return plain, None
        if not text:
            return self._with_bypass(plain, asked.outlet), None
        # A tool turn is never continued: asked to go on with prose, a model writes prose instead of the call.
        may_continue = (
            spec.can(Capability.PREFILL)
            and spec.name not in self.refused_prefill
            and not asked.params.get("tools")
            and not asked.params.get("response_format")
        )
        if not may_continue:
            return plain, Splice(text, "repeat")
        # While somebody may still be asked, an unclear seam is asked anew; the last attempt has to be joined by guess.
        begun = {"role": "assistant", "content": text}
        request = msgspec.structs.replace(asked, messages=(*asked.messages, begun))
        return msgspec.structs.replace(plain, request=request, prefill=True), Splice(
            text, "continue", guess=self.budget.remaining < 2
        )

    def _with_bypass(self, attempt: Attempt, outlet: Outlet | None) -> Attempt:
        """The same attempt, whose words may go to the reader past all layers."""
        if outlet is None:
            return attempt
        self._bypass, self._caught_up = Bypass(outlet), 0
        return msgspec.structs.replace(attempt, bypass=self._bypass)

    def catch_up(self) -> None:
        """Remember, in their place, the words that have gone to the reader past the chain."""
        if self._bypass is not None:
            self.sent += self._bypass.words[self._caught_up :]
            self._caught_up = len(self._bypass.words)
