"""Spend no more than there is: hold what an attempt can cost before it is sent, settle when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Protocol

import msgspec

from groq_core.errors import LIMIT_REACHED, Kind, ProviderError, RequestError
from groq_core.events import AttemptStarted, CacheChecked, Events, Finished, Usage
from groq_core.middleware.rate_guard import RetryAfterLeft, cooling_error
from groq_core.models.pricing import cost_usd
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import BYTES_PER_TOKEN, Caller, ChatRequest, Request

FRAME_TOKENS = 500
"""What a provider's template adds to a prompt, at most."""

UNKNOWN_OUTPUT = 8192


class Account(Protocol):
    """Who counts it: :class:`groq_core.ratelimit.personal_limits.People`, or those of the database."""

    async def reserve(self, caller: Caller, tokens: float, usd: float) -> Sequence[Any]: ...

    async def settle(self, caller: Caller, held: Sequence[Any], model: str, line: Any) -> None: ...

    def line(self, caller: Caller, model: str) -> Any: ...


def most(attempt: Attempt) -> Usage:
    """What an attempt can use at most. A token is at least one byte, so that no text has more tokens than bytes."""
    needs, spec = attempt.request.needs, attempt.spec
    if needs.operation in ("transcription", "translation"):
        return Usage(audio_s=needs.audio_s)
    if needs.operation == "speech":
        return Usage(characters=needs.characters)
    prompt = needs.prompt_tokens * BYTES_PER_TOKEN + FRAME_TOKENS
    answer = needs.max_tokens or spec.max_output or UNKNOWN_OUTPUT
    choices = attempt.request.params.get("n") if isinstance(attempt.request, ChatRequest) else None
    answer *= choices if isinstance(choices, int) and choices > 1 else 1
    return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer)


class Spending:
    """The layer around each upstream request. A visitor who brings a key pays for it and is not counted."""

    def __init__(self, account: Account, *, retry_after_left: RetryAfterLeft = lambda *target: 0.0) -> None:
        self._account = account
        self._retry_after_left = retry_after_left

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        caller, spec = attempt.request.caller, attempt.spec
        if caller.groq_key is not None and spec.provider == "groq":
            async with aclosing(handle(attempt)) as events:
                async for event in events:
                    yield event
            return
        bound = most(attempt)
        try:
            held = await self._account.reserve(caller, float(bound.total_tokens), cost_usd(spec, bound) or 0.0)
        except RequestError as refusal:
            if refusal.code != LIMIT_REACHED:
                raise
            # What is left may be enough for a cheaper target.
            error = ProviderError(Kind.BUDGET, refusal.message, provider=spec.provider, model=spec.id)
            error.refusal = refusal
            raise error from None
        line = self._account.line(caller, spec.name)
        heard, sent = 0, False
        try:
            # What others held may have been waited for.
            if (cooling := cooling_error(self._retry_after_left, attempt)) is not None:
                raise cooling
            async with aclosing(handle(attempt)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        sent = True
                        if event.usage is not None:
                            _fill(line, event, event.usage)
                    elif isinstance(event, AttemptStarted):
                        sent = True
                    else:
                        heard += len(getattr(event, "text", "").encode())
                    yield event
        except ProviderError as error:
            sent = False
            if not line.requests and (said := heard + _past(attempt)):
                _guess(line, attempt, said)
                if error.attempt is not None:  # the receipt tells what it is written down at
                    error.attempt = msgspec.structs.replace(error.attempt, cost_usd=line.usd)
            raise
        finally:
            if not line.requests and ((said := heard + _past(attempt)) or sent):
                _guess(line, attempt, said)
            await self._account.settle(caller, held, spec.name, line)


def _past(attempt: Attempt) -> int:
    """Bytes of what has gone past the layers."""
    past = attempt.bypass
    return 0 if past is None else past.thought + len("".join(past.words).encode())


def _fill(line: Any, event: Finished, usage: Usage) -> None:
    line.requests = 1
    line.usd = event.cost_usd or 0.0
    line.tokens_in, line.tokens_out = usage.prompt_tokens, usage.completion_tokens
    line.audio_s = usage.audio_s or 0.0


def _guess(line: Any, attempt: Attempt, heard: int) -> None:
    """
    An answer that broke or was stopped, or whose server tells no usage, is billed: as far as it was heard.

    One that was left before its first word, as by whoever loses a race (``hedge``), is billed for what it was asked.
    """
    said = max(1, heard // BYTES_PER_TOKEN) if heard else 0
    asked = msgspec.structs.replace(most(attempt), prompt_tokens=attempt.request.needs.prompt_tokens)
    usage = msgspec.structs.replace(asked, completion_tokens=said, total_tokens=asked.prompt_tokens + said)
    line.requests = 1
    line.tokens_in, line.tokens_out, line.audio_s = usage.prompt_tokens, said, usage.audio_s or 0.0
    line.usd = cost_usd(attempt.spec, usage) or 0.0


class CachedAnswers:
    """The layer around the cache: what came from it is in the ledger too, at no cost."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def __call__(self, handle: Handler[Request], request: Request) -> Events:
        hit = False
        async with aclosing(handle(request)) as events:
            async for event in events:
                if isinstance(event, CacheChecked):
                    hit = event.result == "hit"
                elif hit and isinstance(event, Finished):
                    model = f"{event.provider}:{event.model}"
                    line = self._account.line(request.caller, model)
                    line.requests = line.cached = 1
                    await self._account.settle(request.caller, (), model, line)
                yield event
