"""
Try one target after another until one answers, and never show a reader half an answer as a whole one.

The order comes from the router, what to do about a failure from the policy table, who is awake from the
breakers. This module is the loop that puts them together, and the rule for answers that break in the middle:
the next target continues the text, or repeats it unheard, or, where the reader can take text back, starts anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Literal

from groq_core.errors import BrokenAnswerError, ChainError, Kind, ProviderError, RequestError
from groq_core.events import (
    CONTENT,
    AttemptFailed,
    AttemptSkipped,
    Continued,
    Degraded,
    Event,
    Events,
    Finished,
    ReasoningDelta,
    Restarted,
    Routed,
    TextDelta,
    Waiting,
)
from groq_core.failures import policy
from groq_core.fallback import shrink as overflow
from groq_core.fallback.health import Health
from groq_core.fallback.hedge import Hedging
from groq_core.fallback.run import CALLERS_FAULT, Limits, Run, refusal, told
from groq_core.fallback.splice import Diverged, Splice
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget, Handler
from groq_core.requests import Request
from groq_core.router.route import Route
from groq_core.telemetry.metrics import Metrics

FRIENDLY = (
    "I'm sorry, none of the models I can ask is answering right now. Your message is safe; please try again{when}."
)


class FallbackChain:
    """
    The handler of whole requests.

    Args:
        route: Who could answer, in order.
        attempt: The handler of single attempts, with everything that stands around one.
        degrade: What to do when nobody answered: raise, or answer with a friendly sentence, marked as such.
        hedging: Whether and when to ask a second target beside a silent first.

    Raises (from the stream):
        RequestError: The request is one that no target would take.
        ChainError: Nobody answered.
        BrokenAnswerError: An answer had begun and nobody could complete it.
    """

    def __init__(
        self,
        *,
        route: Callable[[Request], Route],
        attempt: Handler[Attempt],
        health: Health,
        metrics: Metrics,
        limits: Limits,
        degrade: Literal["error", "message"] = "error",
        hedging: Hedging | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._route = route
        self._attempt = attempt
        self._health = health
        self._metrics = metrics
        self._limits = limits
        self._degrade = degrade
        self._hedging = hedging
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, request: Request) -> Events:
        limits = self._limits
        budget = Budget(attempts=limits.attempts, seconds=limits.deadline_s, usd=limits.usd, clock=self._clock)
        route = self._route(request)
        specs = [candidate.spec for candidate in route.candidates]
        yield Routed(
            request_id=request.request_id,
            tier=route.tier,
            reason=route.reason,
            candidates=tuple(spec.name for spec in specs),
        )
        if not specs:
            raise RequestError(f"no model can do this: {route.reason}", param="model", code="no_model")
        run = Run(request, deque(specs), budget)
        waited = 0.0
        while budget.left_s > 0:
            spec, forced = None, False
            while run.queue and spec is None:
                first = run.queue.popleft()
                if self._awake(run, first):
                    spec = first
                else:
                    run.resting.append(first)
                    yield self._skipped(run, first)
            if spec is None:
                spec, wait = self._last_resort(run)
                if spec is None:
                    break
                forced = wait == 0.0 and bool(spec in run.resting)
                if wait > 0:
                    yield Waiting(seconds=wait, reason="every target rests; this one is back first", target=spec.name)
                    await self._sleep(wait)
                    waited += wait
            if not run.asked:
                self._metrics.overhead.observe(max(0.0, budget.elapsed_s - waited))
            elif run.asked[-1] is not spec:
                self._metrics.fell_back(run.asked[-1].name, spec.name)
            run.asked.append(spec)
            finished = False
            async with aclosing(self._ask(run, spec, forced)) as events:
                async for event in events:
                    finished = finished or isinstance(event, Finished)
                    yield event
            if finished:
                return
        async with aclosing(self._nobody(run)) as events:
            async for event in events:
                yield event

    # ── one target ───────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, run: Run, spec: ModelSpec, forced: bool) -> Events:
        """Ask one target; a failure is told, judged and ends the stream without a `Finished`."""
        last = not any(self._awake(run, other) for other in run.queue)
        attempt, splice = run.attempt(spec, last=last, forced=forced)
        heard = False
        try:
            async with aclosing(self._sent(run, attempt)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        heard = True
                        if splice is not None and not splice.joined:
                            for piece in self._spliced(run, spec, splice, event):
                                yield piece
                            continue
                        run.sent.append(event.text)
                    elif isinstance(event, ReasoningDelta):
                        if splice is not None:
                            continue  # the reader has seen thoughts about this answer already
                    elif isinstance(event, CONTENT):
                        heard = run.beyond_text = True
                    elif isinstance(event, Finished) and splice is not None and not splice.joined:
                        for piece in self._spliced(run, spec, splice, None):
                            yield piece
                    yield event
        except Diverged:
            # The reader cannot take back what it has, and this target would contradict it.
            return
        except ProviderError as error:
            if isinstance(error.story, AttemptFailed):
                yield error.story
            else:
                yield AttemptSkipped(
                    provider=spec.provider,
                    model=spec.id,
                    kind=error.kind,
                    message=error.message,
                    retry_after_s=error.retry_after,
                )
            for event in self._judged(run, spec, error, refused=attempt.prefill and not heard):
                yield event

    def _sent(self, run: Run, attempt: Attempt) -> Events:
        """The attempt, raced against the next target where hedging is on and may be done."""
        if self._hedging is None or run.committed:
            return self._attempt(attempt)
        second = next((spec for spec in run.queue if self._awake(run, spec)), None)
        return self._hedging.events(self._attempt, attempt, second)

    def _spliced(self, run: Run, spec: ModelSpec, splice: Splice, event: TextDelta | None) -> list[Event]:
        """
        What the reader gets of a new attempt's text, or of its end (None).

        Raises:
            Diverged: Nothing, since the new answer differs and this reader cannot take text back.
        """
        at = len(run.text)
        try:
            text = splice.feed(event.text) if event is not None else splice.close()
        except Diverged as diverged:
            if not run.request.revisable:
                raise
            kept, run.sent = run.text, [diverged.text]
            splice.joined = True
            return [
                Restarted(provider=spec.provider, model=spec.id, kept=kept),
                *([TextDelta(diverged.text)] if diverged.text else []),
            ]
        if not splice.joined:
            return []
        run.sent.append(text)
        seam = Continued(provider=spec.provider, model=spec.id, at=at)
        return [seam, TextDelta(text)] if text else [seam]

    # ── what a failure means ─────────────────────────────────────────────────────────────────────────

    def _judged(self, run: Run, spec: ModelSpec, error: ProviderError, *, refused: bool) -> list[Event]:
        """
        Decide where to go on after a failure, and arrange the queue so.

        Raises:
            RequestError, ChainError: There is nowhere to go on.
        """
        if refused and error.status is not None and 400 <= error.status < 500 and error.kind in CALLERS_FAULT:
            # It does not take the beginning of an answer from us: let it write the answer from the start.
            run.refused_prefill.add(spec.name)
            run.queue.appendleft(spec)
            return []
        run.failures.append(error)
        rule = policy.judge(error)
        if error.kind is Kind.CONTENT_FILTER:
            return self._declined(run, spec, error)
        if rule.then == "stop":
            run.queue.clear()
            return []
        if rule.mend == "shrink" and not run.shrunk:
            shorter = overflow.shrunk(run.request, error, spec)
            if shorter is not None:
                run.shrunk = True
                run.request, note = shorter
                run.queue.appendleft(spec)
                return [note]
        if rule.suspect:
            run.strikes[spec.provider] += 1
        # Once text is out, whoever might complete it is worth asking.
        if rule.then == "provider" or (run.strikes[spec.provider] >= 2 and not run.committed):
            run.queue = deque(other for other in run.queue if other.provider != spec.provider)
        if run.committed:
            # Whoever can continue the text comes first; the rest would have to repeat it to the letter.
            run.queue = deque(sorted(run.queue, key=lambda other: not other.can(Capability.PREFILL)))
            if rule.retries and spec.name not in run.again:
                run.again.add(spec.name)
                run.queue.append(spec)
        if run.beyond_text and run.request.revisable:
            kept, run.sent, run.beyond_text = run.text, [], False
            if run.queue:
                following = run.queue[0]
                return [Restarted(provider=following.provider, model=following.id, kept=kept)]
        elif run.beyond_text:
            run.queue.clear()
        return []

    def _declined(self, run: Run, spec: ModelSpec, error: ProviderError) -> list[Event]:
        """A content filter is an answer: no other model is asked to say what this one would not."""
        if not run.committed:
            raise RequestError(
                f"the provider declined to answer this: {error.message}",
                code="content_filter",
                param="messages",
                hint="Put it in other words.",
            )
        number = error.story.number if isinstance(error.story, AttemptFailed) else 0
        return [Finished(provider=spec.provider, model=spec.id, number=number, finish_reason="content_filter")]

    # ── who is awake ─────────────────────────────────────────────────────────────────────────────────

    def _awake(self, run: Run, spec: ModelSpec) -> bool:
        # A target that broke off in this very answer may be asked once more to complete it.
        if spec.name in run.again and run.committed:
            return True
        credential = run.request.caller.credential
        return self._health.admission(credential, spec.provider, spec.name) in ("closed", "probe")

    def _skipped(self, run: Run, spec: ModelSpec) -> AttemptSkipped:
        credential = run.request.caller.credential
        state = self._health.admission(credential, spec.provider, spec.name)
        rests = self._health.rests_for(credential, spec.provider, spec.name)
        breaker = self._health.of(credential, spec.name) or self._health.of(credential, spec.provider)
        kind = Kind.MODEL_GONE if state == "gone" else Kind.RESTING
        why = policy.POLICY[breaker.last_error].says if breaker and breaker.last_error else policy.POLICY[kind].says
        return AttemptSkipped(
            provider=spec.provider,
            model=spec.id,
            kind=kind,
            message=why,
            retry_after_s=rests if state != "gone" else None,
        )

    def _last_resort(self, run: Run) -> tuple[ModelSpec | None, float]:
        """
        Nobody is awake and nobody was asked: rather ask a resting target than tell the reader no.

        Returns:
            The target and the seconds to wait for it: none for a probe out of turn, the whole rest for one
            that said itself when to come back.
        """
        if run.asked:
            return None, 0.0
        credential = run.request.caller.credential
        rests = [
            (rest, spec)
            for spec in run.resting
            if (rest := self._health.rests_for(credential, spec.provider, spec.name)) is not None
            and self._health.admission(credential, spec.provider, spec.name) != "gone"
        ]
        for _, spec in sorted(rests, key=lambda pair: pair[0]):
            if self._health.may_force(credential, spec.provider, spec.name):
                return spec, 0.0
        waits = [(rest, spec) for rest, spec in rests if 0 < rest < run.budget.left_s - 1.0]
        if not waits:
            return None, 0.0
        wait, spec = min(waits, key=lambda pair: pair[0])
        run.resting.remove(spec)
        return spec, wait

    # ── nobody answered ──────────────────────────────────────────────────────────────────────────────

    async def _nobody(self, run: Run) -> Events:
        failures = run.failures
        retry_after = self._retry_after(run)
        if run.committed:
            raise BrokenAnswerError(
                "the answer broke off and no other model could complete it",
                failures=failures,
                retry_after=retry_after,
                hint="What you have is what arrived; ask again for a whole answer.",
            )
        if failures and all(failure.kind in CALLERS_FAULT for failure in failures):
            raise refusal(failures[0])
        if self._degrade == "message":
            self._metrics.degraded += 1
            when = f" in about {retry_after:.0f} seconds" if retry_after else " in a moment"
            message = FRIENDLY.format(when=when)
            yield Degraded(message=message, retry_after_s=retry_after)
            yield TextDelta(message)
            yield Finished(model="fallback", finish_reason="stop")
            return
        self._metrics.degraded += 1
        why = "; ".join(dict.fromkeys(told(failure) for failure in failures)) or "every target rests after a failure"
        raise ChainError(
            f"no model could answer: {why}",
            failures=failures,
            retry_after=retry_after,
            hint=f"Try again in {retry_after:.0f} s." if retry_after else "Try again in a moment.",
        )

    def _retry_after(self, run: Run) -> float | None:
        """Seconds until the first target is awake again."""
        credential = run.request.caller.credential
        waits = [
            rest
            for spec in {spec.name: spec for spec in (*run.asked, *run.resting)}.values()
            if self._health.admission(credential, spec.provider, spec.name) != "gone"
            and (rest := self._health.rests_for(credential, spec.provider, spec.name)) is not None
        ]
        waits += [f.retry_after for f in run.failures if f.kind is Kind.BUDGET and f.retry_after is not None]
        return max(1.0, min(waits)) if waits else None
