"""
Whose turn it is: the route's order first, then, before the reader is told no, those who were passed over.

A target is passed over while it cools down, or where our own count says that the request does not fit its limits.
Both are guesses about now. When everybody else has failed they are put to the test, once each.
"""

from __future__ import annotations

from typing import Final

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptSkipped
from groq_core.failures import policy
from groq_core.failures.policy import EARLY_S, SHORT_WAIT_S
from groq_core.fallback.health import Health
from groq_core.fallback.run import ChainRun, PassedOver, TargetTurn, Why
from groq_core.models.spec import ModelSpec

IN_DOUBT = 2
"""Targets of a provider that failed in a way that puts it in doubt, after which others come first."""

WELL: Final[tuple[Why, ...]] = ("rate limit spent", "short wait")
"""Why somebody is passed over of whom nothing bad is known."""

ALIKE: Final = frozenset({Kind.AUTH, Kind.QUOTA_EXHAUSTED, Kind.INVALID_REQUEST})
"""Troubles with a provider that all its models share."""

SPARE_S = 1.0
"""Seconds that must be left after a wait for an answer to be worth waiting for."""


class Turns:
    """The order of one request, and who of it was passed over."""

    def __init__(self, run: ChainRun, health: Health) -> None:
        self._run = run
        self._health = health
        self._credential = run.request.caller.credential
        self._began = health.now()

    # ── in order ─────────────────────────────────────────────────────────────────────────────────────

    def awake(self, spec: ModelSpec) -> bool:
        if not self._health.suspects(self._credential):
            return True
        # A target that broke off in this very answer may be asked once more to complete it.
        if spec.name in self._run.again and self._run.is_committed:
            return True
        return self._admission(spec) in ("closed", "probe")

    def next(self) -> ModelSpec | AttemptSkipped | None:
        """
        Take the next of the queue: a model to ask, or the record of one that is passed over.

        None at its end, and where others come before what is left of it.
        """
        run = self._run
        if not run.queue or self._others_first():
            return None
        spec = run.queue.popleft()
        if not self.awake(spec):
            return self.pass_over_cooling(spec)
        if self._is_reserved_for_others(spec):
            message = "the requests left are kept for providers that were not asked yet"
            return AttemptSkipped(provider=spec.provider, model=spec.id, kind=Kind.BUDGET, message=message)
        return spec

    def _others_first(self) -> bool:
        """Whether all that is left of an answer's queue is of providers in doubt, while others were passed over."""
        run = self._run
        if not run.is_committed or any(run.doubts.get(one.provider, 0) < IN_DOUBT for one in run.queue):
            return False
        return any(one.spec.provider not in run.reached for one in self._open())

    def _is_reserved_for_others(self, spec: ModelSpec) -> bool:
        """Whether asking it would take the one request that is kept back for a provider not asked yet."""
        run = self._run
        if spec.provider not in run.reached:
            return False
        waiting = {one.provider for one in self.waiting()} - run.reached
        return bool(waiting) and run.budget.remaining <= len(waiting)

    def waiting(self) -> list[ModelSpec]:
        """Everybody who could still be asked: the awake of the queue, and those passed over, now or soon."""
        queue = list(self._run.queue)
        if self._health.suspects(self._credential):
            queue = [spec for spec in queue if self.awake(spec) or self._may_be_asked(self._cooling(spec))]
        return queue + [one.spec for one in self._open()] if self._run.passed else queue

    # ── out of turn ──────────────────────────────────────────────────────────────────────────────────

    def pass_over(self, spec: ModelSpec, why: Why, *, back_at: float = 0.0) -> None:
        """Remember a target that is not asked now."""
        self._run.passed.append(PassedOver(spec=spec, why=why, back_at=back_at))

    def pass_over_cooling(self, spec: ModelSpec) -> AttemptSkipped:
        """Remember a target that cools down, and give the record of it."""
        self._run.passed.append(self._cooling(spec))
        return self._skip(spec)

    def pass_over_refused(self, spec: ModelSpec, error: ProviderError) -> None:
        """Remember a target that our own guard kept us from asking, or that asked for a moment's patience."""
        back_at = self._health.now() + (error.retry_after or 0.0)
        match error.kind:
            case Kind.TOO_LARGE if error.attempt is None and spec.name not in self._run.insisted:
                self.pass_over(spec, "too large by our count")
            case Kind.BUDGET if error.attempt is None and error.retry_after is not None:
                self.pass_over(spec, "rate limit spent", back_at=back_at)
            case Kind.RATE_LIMITED if spec.name not in self._run.patience and _is_short(error.retry_after):
                self._run.patience.add(spec.name)
                self.pass_over(spec, "short wait", back_at=back_at)

    def leave_provider(self, provider: str, error: ProviderError) -> None:
        """
        Nobody else of this provider is asked in turn; out of it, when all others have failed, only who was well and
        had to be waited for, unless the trouble is one that no other model of it can be without. Where models were
        over capacity, each for itself and quick to say so, the rest of them has its turn then.
        """
        run = self._run
        run.left.add(provider)
        rest = [spec for spec in run.queue if spec.provider == provider]
        run.queue = type(run.queue)(spec for spec in run.queue if spec.provider != provider)
        kept = () if error.provider_wide or error.kind in ALIKE else WELL
        run.passed = [one for one in run.passed if one.spec.provider != provider or one.why in kept]
        if error.kind is Kind.OVER_CAPACITY:
            for spec in rest:
                self.pass_over(spec, "provider left")

    def out_of_turn(self) -> TargetTurn | None:
        """
        Rather ask somebody who was passed over than tell the reader no.

        First who our count alone kept out, then who cools down and named no time, then who comes back soonest; of
        these, providers that were not asked yet before others, and those that were left last.
        """
        found = [one for one in self._open() if not self._is_reserved_for_others(one.spec)]
        if self._run.queue:
            found = [one for one in found if one.spec.provider not in self._run.reached]
        found.sort(key=lambda one: (one.spec.provider in self._run.left, one.spec.provider in self._run.reached))
        for why in ("too large by our count", "cooling down", "provider left"):
            for one in found:
                if one.why == why and not one.back_at:
                    return self._take(one)
        timed = [one for one in found if one.back_at]
        return (
            self._take(min(timed, key=lambda one: (one.spec.provider in self._run.left, one.back_at)))
            if timed
            else None
        )

    def _open(self) -> list[PassedOver]:
        """Those passed over who may be asked within the time that is left, by what is known of them by now."""
        run = self._run
        run.passed = [self._cooling(one.spec) if one.why == "cooling down" else one for one in run.passed]
        return [one for one in run.passed if self._may_be_asked(one)]

    def _may_be_asked(self, one: PassedOver) -> bool:
        in_time = not one.back_at or one.back_at - self._health.now() < self._run.budget.remaining_s - SPARE_S
        return in_time and self._admission(one.spec) != "gone"

    def _take(self, one: PassedOver) -> TargetTurn:
        self._run.passed.remove(one)
        spec, now = one.spec, self._health.now()
        if one.why == "too large by our count":
            self._run.insisted.add(spec.name)
            return TargetTurn(spec=spec, insistent=True)
        if one.why == "rate limit spent":
            # The guard waits itself, in turn with others. Had it only a moment's patience, two such targets would be
            # put back for each other without an end.
            return TargetTurn(spec=spec, patient=True)
        if one.why == "provider left":
            return TargetTurn(spec=spec)
        if one.back_at:
            wait = max(0.0, one.back_at - now)
            reason = "every target is cooling down; this one is back first"
            # Beyond what it asked for it may cool down for as long as we thought.
            left = self._health.cooldown_left(self._credential, spec.provider, spec.name) or 0.0
            return TargetTurn(spec=spec, wait_s=wait, reason=reason, forced=left > wait + 1e-3)
        if (since := self._probed_since(spec)) is not None:
            return TargetTurn(spec=spec, probed_since=since, reason="another request is finding out whether it is back")
        wait = self._health.quiet_for(self._credential, spec.provider, spec.name)
        return TargetTurn(
            spec=spec, wait_s=wait, reason="every other target failed; this one is tried again", forced=True
        )

    def may_ask(self, turn: TargetTurn) -> bool:
        """
        Whether a target that was waited for is asked now; if not, it has its turn later, or had it by another's.

        Several that wait for one target ask it one after another, not all at once.
        """
        spec = turn.spec
        if self._health.retry_after_left(self._credential, spec.provider, spec.name) > EARLY_S:
            self._run.passed.append(self._cooling(spec))
            return False
        since = turn.probed_since if turn.probed_since is not None else self._probed_since(spec)
        if since is None or not (turn.forced or turn.probed_since is not None) or self.awake(spec):
            return True
        # What another found out before this request was there says nothing about now.
        if since < self._began or not self._health.failed_since(self._credential, spec.provider, spec.name, since):
            self._run.passed.append(self._cooling(spec))
        else:
            self._run.reached.add(spec.provider)  # by the other request: who was not comes first
        return False

    def _probed_since(self, spec: ModelSpec) -> float | None:
        return self._health.probed_since(self._credential, spec.provider, spec.name)

    # ── health ───────────────────────────────────────────────────────────────────────────────────────

    def _admission(self, spec: ModelSpec) -> str:
        return self._health.admission(self._credential, spec.provider, spec.name)

    def _cooling(self, spec: ModelSpec) -> PassedOver:
        return PassedOver(spec=spec, why="cooling down", back_at=self._back_at(spec))

    def _back_at(self, spec: ModelSpec) -> float:
        """When it said itself that it will be back; 0 where its cooldown is our own guess."""
        left = self._health.retry_after_left(self._credential, spec.provider, spec.name)
        return self._health.now() + left if left > 0 else 0.0

    def _skip(self, spec: ModelSpec) -> AttemptSkipped:
        state = self._admission(spec)
        left = self._health.cooldown_left(self._credential, spec.provider, spec.name)
        kind = Kind.MODEL_GONE if state == "gone" else Kind.RESTING
        cause = self._health.cause(self._credential, spec.provider, spec.name)
        self._run.skipped.append(
            ProviderError(cause or kind, policy.POLICY[cause or kind].says, provider=spec.provider, model=spec.id)
        )
        return AttemptSkipped(
            provider=spec.provider,
            model=spec.id,
            kind=kind,
            message=policy.POLICY[cause or kind].says,
            retry_after_s=left if state != "gone" else None,
        )


def _is_short(wait_s: float | None) -> bool:
    return wait_s is not None and wait_s <= SHORT_WAIT_S
