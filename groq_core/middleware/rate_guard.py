"""Ask for no more than the provider allows, so that it never has to say no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from math import inf
from typing import TypeAlias

import msgspec

from groq_core.errors import Kind, LimitText, ProviderError
from groq_core.events import AttemptStarted, Events, Finished, ReasoningDelta, TextDelta, Waiting
from groq_core.failures.policy import EARLY_S, SHORT_WAIT_S
from groq_core.models.pricing import BILLED_AUDIO_S
from groq_core.models.spec import ModelSpec
from groq_core.pipeline import Attempt, Handler
from groq_core.ratelimit.buckets import Bucket, Reservation
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.estimates import Estimates
from groq_core.ratelimit.headers import read_headers, received_at_ms
from groq_core.ratelimit.plans import limits_for
from groq_core.ratelimit.waiting import NeverFitsError, TargetBuckets
from groq_core.requests import BYTES_PER_TOKEN

RetryAfterLeft: TypeAlias = Callable[[str, str, str], float]
"""Seconds for which a target, by credential, provider and name, has asked not to be asked."""

RATE_LIMIT = "the model's rate limit"
"""Why this guard makes a request wait; other waits have other reasons."""

_TAKEN_UP = frozenset(
    {
        Kind.TIMEOUT_FIRST_TOKEN,
        Kind.TIMEOUT_IDLE,
        Kind.STREAM_CUT,
        Kind.STREAM_ERROR,
        Kind.EMPTY_ANSWER,
        Kind.MALFORMED,
        Kind.DEADLINE,
    }
)
"""Failures of a request that the provider took up: who is not reached counts nothing, and who refuses says so."""

UNITS = {
    "requests": "requests",
    "tokens": "tokens",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "audio_seconds": "seconds of audio",
}
WINDOWS = {60: "minute", 3600: "hour", 86400: "day"}


class RateGuard:
    """
    Reserve before sending, correct from what the provider says, wait in turn, or say no at once.

    A wait of up to 2.5 s is waited for; a longer one only by the last target, within the request's time. What
    could never fit a limit is refused here, so that the chain can shrink it or ask a roomier target; where there is
    none, the provider is asked all the same, since the count is ours: in turn if that comes in time, else at once.
    """

    def __init__(
        self,
        budgets: LocalBudgets,
        estimates: Estimates,
        *,
        retry_after_left: RetryAfterLeft = lambda credential, provider, name: 0.0,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._budgets = budgets
        self._estimates = estimates
        self._retry_after_left = retry_after_left
        self._clock = clock
        self._changed = changed

    def cost(self, attempt: Attempt) -> Cost:
        """What this attempt would take from the buckets at most."""
        needs, spec = attempt.request.needs, attempt.spec
        if needs.operation in ("transcription", "translation"):
            return Cost(audio_s=max(BILLED_AUDIO_S, needs.audio_s))
        if needs.operation == "speech":
            return Cost(tokens_in=needs.characters)
        return Cost(
            tokens_in=self._estimates.prompt_tokens(spec.id, needs),
            tokens_out=self._estimates.answer_tokens(needs, spec.max_output),
        )

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        caller, spec = attempt.request.caller, attempt.spec
        buckets = self._budgets.of(caller.credential, spec.name)
        full = cost = self.cost(attempt)
        if attempt.insistent:
            cost = buckets.within(full)
        elif (bucket := buckets.never(cost)) is not None:
            raise _too_large(spec, cost, bucket)
        reservation = buckets.enter_now(cost, background=attempt.request.background)
        if reservation is None:
            wait = buckets.wait(cost, caller.user, background=attempt.request.background)
            left = attempt.budget.remaining_s
            # Who is the last hope waits nearly to the end; something of the time must be left to answer in.
            patience = left - 0.5 if attempt.last or attempt.patient else min(SHORT_WAIT_S, left)
            if 0 < wait <= patience:
                yield Waiting(seconds=wait, reason=RATE_LIMIT, target=spec.name)
            reservation = await self._enter_within(patience, wait, buckets, attempt, cost, full)
        # Here, or before it was tried again, it waited: meanwhile another request may have been told to.
        if (cooling := cooling_error(self._retry_after_left, attempt)) is not None:
            buckets.leave(reservation)
            raise cooling
        cost, groqs = reservation.cost, spec.provider == "groq"

        def on_headers(headers: Mapping[str, str]) -> None:
            limits = read_headers(headers, groqs=groqs)
            told = {(limit.kind, limit.window_s): (limit.limit, limit.remaining) for limit in limits}
            buckets.charge(reservation, told, at=received_at_ms(headers) if told else None)
            if told and groqs:
                self._infer(buckets, spec, told)
            if attempt.on_headers is not None:
                attempt.on_headers(headers)
            self._changed()

        settled = sent = False
        heard = 0
        try:
            guarded = msgspec.structs.replace(attempt, on_headers=on_headers)
            events = handle(guarded)
            try:
                async for event in events:
                    if type(event) is Finished:
                        # Before it is told: what is left stands in the headers of an answer that goes out whole.
                        buckets.leave(reservation, used=self._actual_cost(event, attempt, cost))
                        settled = True
                    elif type(event) is TextDelta or type(event) is ReasoningDelta:
                        heard += len(event.text)
                    elif type(event) is AttemptStarted:
                        sent = True
                    yield event
            finally:
                await events.aclose()
        except ProviderError as error:
            sent = sent and error.kind in _TAKEN_UP
            if error.limit is not None:
                self._learn_text(buckets, error.limit)
            raise
        finally:
            if not settled:
                if (past := attempt.bypass) is not None:
                    heard += past.thought + sum(map(len, past.words))
                # What was begun has been counted by the provider, though nobody says how much: as far as it was heard.
                begun = msgspec.structs.replace(cost, tokens_out=heard // BYTES_PER_TOKEN) if sent else None
                buckets.leave(reservation, used=begun, whole=False)
            buckets.release_learners()

    async def _enter_within(
        self, patience: float, wait: float, buckets: TargetBuckets, attempt: Attempt, cost: Cost, full: Cost
    ) -> Reservation:
        """Take a place in turn if that comes in time; if not, who is asked although our count says never takes one."""
        if wait <= patience:
            try:
                # What is ahead may take longer than it was thought to; then somebody else is asked.
                async with asyncio.timeout(max(0.0, min(attempt.budget.remaining_s, patience + 0.5))):
                    if (reservation := await self._enter(buckets, attempt, cost)) is not None:
                        return reservation
            except TimeoutError:
                request = attempt.request
                wait = max(wait, buckets.wait(cost, request.caller.user, background=request.background))
        if attempt.insistent and (reservation := buckets.enter_anyway(cost, full)) is not None:
            return reservation
        raise _full(attempt.spec, wait)

    async def _enter(self, buckets: TargetBuckets, attempt: Attempt, cost: Cost) -> Reservation | None:
        """
        Take a place; limits that become known while it is waited for count as if they had been.

        None where there can be none, however little is taken: of a limit of no requests at all.
        """
        while True:
            try:
                request = attempt.request
                return await buckets.enter(cost, request.caller.user, background=request.background)
            except NeverFitsError as error:
                if not attempt.insistent:
                    raise _too_large(attempt.spec, cost, error.bucket) from None
                cost = buckets.within(cost)
                if buckets.never(cost) is not None:
                    return None

    def _actual_cost(self, event: Finished, attempt: Attempt, cost: Cost) -> Cost:
        usage = event.usage
        if usage is None or not usage.total_tokens:
            return cost
        self._estimates.learn(attempt.spec.id, attempt.request.needs, usage.prompt_tokens)
        # Groq counts cached tokens against no limit.
        return Cost(
            tokens_in=usage.prompt_tokens - usage.cached_tokens,
            tokens_out=usage.completion_tokens,
            audio_s=cost.audio_s,
        )

    def _infer(
        self, buckets: TargetBuckets, spec: ModelSpec, told: Mapping[tuple[str, int], tuple[float, float]]
    ) -> None:
        """Headers tell requests a day and tokens a minute; the plan they give away tells the rest."""
        day, minute = told.get(("requests", 86400)), told.get(("tokens", 60))
        limits = limits_for(spec.id, int(day[0]) if day else None, int(minute[0]) if minute else None)
        if limits is None:
            return
        hidden = (
            ("requests", 60, limits.rpm),
            ("input_tokens", 60, limits.itpm),
            ("output_tokens", 60, limits.otpm),
            ("tokens", 86400, limits.tpd),
        )
        for kind, window, limit in hidden:
            if limit is not None:
                buckets.cap(kind, window, limit)

    def _learn_text(self, buckets: TargetBuckets, text: LimitText) -> None:
        """A refusal names the limit that the headers do not."""
        if not text.kind or not text.window_s or text.used is None:
            return
        remaining = text.limit - text.used
        if text.wait_s is not None and text.requested is not None:
            # Exact, where the number of what is used has been rounded.
            remaining = text.requested - text.wait_s * text.limit / text.window_s
        # Whatever it says is used, or is to be waited for: no limit takes longer than its window to be had again.
        buckets.learn(text.kind, text.window_s, text.limit, max(-text.limit, remaining))


def _too_large(spec: ModelSpec, cost: Cost, bucket: Bucket) -> ProviderError:
    wanted = sum(cost.of(bucket.kind))
    return ProviderError(
        Kind.TOO_LARGE,
        f"about {wanted:.0f} {UNITS[bucket.kind]} wanted, the limit is {bucket.limit:.0f} "
        f"per {WINDOWS[bucket.window_s]}",
        provider=spec.provider,
        model=spec.id,
        limit=LimitText(
            dimension=bucket.kind,
            kind=bucket.kind,
            window_s=bucket.window_s,
            limit=bucket.limit,
            used=None,
            requested=wanted,
            wait_s=None,
            too_large=True,
        ),
    )


def cooling_error(retry_after_left: RetryAfterLeft, attempt: Attempt) -> ProviderError | None:
    """Why an attempt that has waited can't be sent now: meanwhile its target has asked to be left alone."""
    spec = attempt.spec
    left = retry_after_left(attempt.request.caller.credential, spec.provider, spec.name)
    if left <= EARLY_S:
        return None
    says = f"it asked to be left alone for another {left:.0f} s"
    return ProviderError(Kind.RESTING, says, provider=spec.provider, model=spec.id, retry_after=left)


def _full(spec: ModelSpec, wait: float) -> ProviderError:
    return ProviderError(
        Kind.BUDGET,
        f"the rate limit is spent for another {wait:.0f} s" if wait != inf else "the rate limit is spent",
        provider=spec.provider,
        model=spec.id,
        retry_after=wait,
    )
