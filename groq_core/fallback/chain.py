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
from functools import partial
from math import inf
from typing import Literal

import msgspec

from groq_core.errors import BrokenAnswerError, Kind, ProviderError, RequestError
from groq_core.events import (
    CONTENT_KINDS,
    AttemptSkipped,
    AttemptStarted,
    Continued,
    Degraded,
    Event,
    Events,
    Finished,
    Note,
    ReasoningDelta,
    Restarted,
    Routed,
    TextDelta,
    Waiting,
)
from groq_core.failures import policy
from groq_core.fallback.decide import State, decide
from groq_core.fallback.ending import callers_fault, cause_of, chain_error, refusal
from groq_core.fallback.health import Health
from groq_core.fallback.hedge import Hedging
from groq_core.fallback.run import ChainLimits, ChainRun, TargetTurn
from groq_core.fallback.shrink import shrink
from groq_core.fallback.splice import Diverged, Splice, Unclear
from groq_core.fallback.turns import IN_DOUBT, Turns
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Attempt, Budget, Handler
from groq_core.requests import Request
from groq_core.router.candidate import Route
from groq_core.telemetry.metrics import Metrics

FRIENDLY = (
    "I'm sorry, none of the models I can ask is answering right now. Your message is safe; please try again{when}."
)


LOOK_S = 0.05
"""Seconds between two looks at how another request's probe went."""


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
        limits: ChainLimits,
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
        seconds = limits.deadline_s - request.waited_s
        budget = Budget(attempts=limits.attempts, seconds=seconds, usd=limits.usd, clock=self._clock)
        route = self._route(request)
        yield Routed(
            request_id=request.request_id,
            tier=route.tier,
            reason=route.reason,
            candidates=route.names,
        )
        if not route.candidates:
            raise RequestError(f"no model can do this: {route.reason}", param="model", code="no_model")
        run = ChainRun(request, route.specs, deque(route.specs), budget)
        turns = Turns(run, self._health)
        waited = 0.0
        while budget.remaining_s > 0 and budget.remaining > 0:
            following = turns.next()
            if isinstance(following, AttemptSkipped):
                yield following
                continue
            turn = TargetTurn(spec=following) if following is not None else turns.out_of_turn()
            if turn is None:
                break
            if turn.wait_s > 0 or turn.probed_since is not None:
                began = self._clock()
                yield Waiting(seconds=turn.wait_s, reason=turn.reason, target=turn.spec.name)
                await (self._sleep(turn.wait_s) if turn.probed_since is None else self._await_probe(run, turn.spec))
                waited += self._clock() - began
                # Meanwhile another request may have found out that it is no better, or spent its turn.
                if not turns.may_ask(turn):
                    continue
            # Overhead is what we took ourselves, not what was waited for.
            overhead = max(0.0, budget.elapsed_s - waited) if not run.asked else None
            if run.asked and run.asked[-1] is not turn.spec:
                self._metrics.fell_back(run.asked[-1].name, turn.spec.name)
            run.asked.append(turn.spec)
            finished = False
            try:
                events = self._ask(run, turns, turn)
                try:
                    async for event in events:
                        finished = finished or type(event) is Finished
                        yield event
                finally:
                    await events.aclose()
            finally:
                if overhead is not None:
                    self._metrics.overhead.observe(overhead)  # after the answer, which waits for none of it
            if finished:
                return
        events = self._nobody(run)
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()

    async def _await_probe(self, run: ChainRun, spec: ModelSpec) -> None:
        """Wait until the request that found out about a target is through, or the time is up."""
        of = run.request.caller.credential, spec.provider, spec.name
        while self._health.probed_since(*of) is not None and run.budget.remaining_s > 0:
            await self._sleep(LOOK_S)

    # ── one target ───────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, run: ChainRun, turns: Turns, turn: TargetTurn) -> Events:
        """Ask one target; a failure is told, decided about, and ends the stream without a `Finished`."""
        spec = turn.spec
        attempt, splice = run.attempt(turn, turns.waiting())
        heard = False
        # What was changed for this target is told with its answer: another may take what this one would not.
        notes = [run.shrunk[spec.name]] if spec.name in run.shrunk else []
        try:
            events = self._send(run, turns, attempt)
            try:
                async for event in events:
                    if type(event) is Note and not heard:
                        notes.append(event)
                        continue
                    if notes and (type(event) is Finished or type(event) in CONTENT_KINDS):
                        for note in notes:
                            yield note
                        notes.clear()
                    if type(event) is TextDelta:
                        heard = True
                        if splice is not None and not splice.joined:
                            for piece in self._splice(run, spec, splice, event):
                                yield piece
                            continue
                        run.catch_up()
                        run.sent.append(event.text)
                    elif type(event) is ReasoningDelta:
                        if splice is not None:
                            continue  # the reader has seen thoughts about this answer already
                    elif type(event) in CONTENT_KINDS:
                        heard = run.beyond_text = True
                    elif type(event) is AttemptStarted:
                        run.reached.add(event.provider)
                        if event.hedge:
                            # The second of a race has had its turn, whoever wins.
                            run.queue = deque(
                                one for one in run.queue if (one.provider, one.id) != (event.provider, event.model)
                            )
                    elif type(event) is Finished and splice is not None and not splice.joined:
                        for piece in self._splice(run, spec, splice, None):
                            yield piece
                    yield event
            finally:
                await events.aclose()
        except Unclear:
            # Asked without the beginning, it says everything again, and every letter can be compared.
            run.refused_prefill.add(spec.name)
            run.queue.appendleft(spec)
        except Diverged:
            # The reader cannot take back what it has, and this target would contradict it.
            return
        except ProviderError as error:
            run.catch_up()
            # Of two that were asked side by side it may be the other.
            of = error.provider, error.model
            spec = next((one for one in run.route if (one.provider, one.id) == of), spec)
            attempt = msgspec.structs.replace(attempt, spec=spec)
            if error.kind is Kind.RESTING:
                # While it waited in front of the limits, others were told not to ask yet.
                yield turns.pass_over_cooling(spec)
                return
            yield error.attempt or AttemptSkipped(
                provider=spec.provider,
                model=spec.id,
                kind=error.kind,
                message=error.message,
                retry_after_s=error.retry_after,
            )
            for event in self._apply(run, turns, attempt, error, heard=heard):
                yield event

    def _send(self, run: ChainRun, turns: Turns, attempt: Attempt) -> Events:
        """Make the attempt, raced against the next target where hedging is on and may be done."""
        # A race takes an attempt to spare: those left may be promised to the targets that come after.
        if self._hedging is None or run.is_committed or run.budget.remaining <= attempt.peers + attempt.others:
            return self._attempt(attempt)
        second = next((spec for spec in run.queue if turns.awake(spec)), None)
        return self._hedging.events(self._attempt, attempt, second, partial(self._rule_out, run, turns))

    def _splice(self, run: ChainRun, spec: ModelSpec, splice: Splice, event: TextDelta | None) -> list[Event]:
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

    def _apply(
        self, run: ChainRun, turns: Turns, attempt: Attempt, error: ProviderError, *, heard: bool
    ) -> list[Event]:
        """
        Arrange who comes next as the decision about a failure says.

        Raises:
            RequestError: There is nowhere to go on.
        """
        spec = attempt.spec
        move = decide(self._state(run, attempt, heard), error)
        # It was the beginning that it would not take: no failure of its own, so none is counted or told.
        if move.to == "retry":
            run.refused_prefill.add(spec.name)
            run.queue.appendleft(spec)
            return []
        # Its traceback leads back to this run, which would keep the request until a collector comes by.
        run.failures.append(error.with_traceback(None))
        if error.kind is Kind.CONTENT_FILTER:
            return self._decline(run, spec, error)
        if move.to == "stop":
            run.queue.clear()
            run.passed.clear()
            return []
        if move.to == "shrink" and (shorter := shrink(attempt.request, error, spec)) is not None:
            # The reader is told: an answer to a shortened conversation must not pass for one to the whole.
            run.mended[spec.name], run.shrunk[spec.name] = shorter
            run.queue.appendleft(spec)
            return []
        self._count_doubt(run, turns, spec, error)
        if move.to == "provider":
            turns.leave_provider(spec.provider, error)
        if run.is_committed:
            # Whoever can continue the text comes first; the rest would have to repeat it to the letter. A provider
            # in doubt comes last, since every silence costs the time that another would need.
            def place(one: ModelSpec) -> tuple[bool, bool]:
                return run.doubts.get(one.provider, 0) >= IN_DOUBT, not one.can(Capability.PREFILL)

            run.queue = deque(sorted(run.queue, key=place))
            if move.later:
                run.again.add(spec.name)
                run.queue.append(spec)
        return self._beyond_text(run)

    @staticmethod
    def _count_doubt(run: ChainRun, turns: Turns, spec: ModelSpec, error: ProviderError) -> None:
        turns.pass_over_refused(spec, error)
        if policy.judge(error).suspect:
            run.doubts[spec.provider] = run.doubts.get(spec.provider, 0) + 1

    def _rule_out(self, run: ChainRun, turns: Turns, spec: ModelSpec, error: ProviderError) -> None:
        """One of two that were asked side by side has failed, while the other may answer yet."""
        if error.attempt is None:
            return  # nobody was asked: it keeps its turn
        run.failures.append(error.with_traceback(None))
        self._count_doubt(run, turns, spec, error)
        if policy.judge(error).then == "provider":
            turns.leave_provider(spec.provider, error)

    def _state(self, run: ChainRun, attempt: Attempt, heard: bool) -> State:
        name = attempt.spec.name
        return State(
            left=run.budget.remaining,
            left_s=run.budget.remaining_s,
            peers=attempt.peers,
            others=attempt.others,
            last=attempt.last,
            committed=run.is_committed,
            doubts=run.doubts.get(attempt.spec.provider, 0),
            shrunk=name in run.mended,
            prefill=attempt.prefill and not heard,
            again=name in run.again,
        )

    def _beyond_text(self, run: ChainRun) -> list[Event]:
        """What went out beside text cannot be continued: it is taken back where it can be, else nobody goes on."""
        if not run.beyond_text:
            return []
        if not run.request.revisable:
            run.queue.clear()
            run.passed.clear()
            return []
        kept, run.sent, run.beyond_text = run.text, [], False
        if not run.queue:
            return []
        following = run.queue[0]
        return [Restarted(provider=following.provider, model=following.id, kept=kept)]

    def _decline(self, run: ChainRun, spec: ModelSpec, error: ProviderError) -> list[Event]:
        """A content filter is an answer: no other model is asked to say what this one would not."""
        if not run.is_committed:
            raise RequestError(
                f"the provider declined to answer this: {error.message}",
                code="content_filter",
                param="messages",
                hint="Put it in other words.",
            )
        number = error.attempt.number if error.attempt is not None else 0
        return [Finished(provider=spec.provider, model=spec.id, number=number, finish_reason="content_filter")]

    # ── nobody answered ──────────────────────────────────────────────────────────────────────────────

    async def _nobody(self, run: ChainRun) -> Events:
        failures = run.failures
        retry_after = self._retry_after(run)
        if run.is_committed:
            raise BrokenAnswerError(
                "the answer broke off and no other model could complete it",
                failures=failures,
                kind=cause_of(failures),
                retry_after=retry_after,
                hint="What you have is what arrived; ask again for a whole answer.",
            )
        if (own := next((one.refusal for one in failures if one.refusal is not None), None)) is not None:
            raise own
        # What the caller can mend is said even where the app would rather be friendly: asking again would not help.
        if (fault := callers_fault(failures)) is not None:
            raise refusal(fault)
        if self._degrade == "message":
            self._metrics.degraded += 1
            when = f" in about {retry_after:.0f} seconds" if retry_after else " in a moment"
            message = FRIENDLY.format(when=when)
            yield Degraded(message=message, retry_after_s=retry_after)
            yield TextDelta(message)
            yield Finished(model="fallback", finish_reason="stop")
            return
        self._metrics.degraded += 1
        raise chain_error(failures, run.skipped, retry_after)

    def _retry_after(self, run: ChainRun) -> float | None:
        """Seconds until the first target is awake again."""
        credential = run.request.caller.credential
        waits = [
            left
            for spec in {one.name: one for one in run.route}.values()
            if self._health.admission(credential, spec.provider, spec.name) != "gone"
            and (left := self._health.cooldown_left(credential, spec.provider, spec.name)) is not None
        ]
        # Nobody cools down for a limit that was kept here without asking; its time counts all the same.
        waits += [f.retry_after for f in run.failures if f.kind is Kind.BUDGET and f.retry_after is not None]
        soonest = min(waits, default=inf)
        return None if soonest == inf else max(1.0, soonest)
