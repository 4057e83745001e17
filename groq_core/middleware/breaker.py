"""Remember how each target does, so that the next request knows whom to ask."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import AttemptFailed, Events, Finished
from groq_core.failures.policy import SHORT_WAIT_S
from groq_core.fallback.health import Health
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import SERVER, credential_at


class Breaker:
    """
    Tell :class:`Health` how an attempt ended, retries included.

    The outcome counts at the end of the stream. A reader who leaves, or a lost race, counts for nothing.
    """

    def __init__(self, health: Health, gone: Callable[[str], None] = lambda name: None) -> None:
        """
        Args:
            gone: Called with ``provider:model`` when the server's own key is told that a model is no more.
        """
        self._health = health
        self._gone = gone

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        credential, spec = attempt.request.caller.credential, attempt.spec
        probe = self._health.enter(credential, spec.provider, spec.name, forced=attempt.forced)
        began = self._health.now()
        judged = answered = False
        try:
            events = handle(attempt)
            try:
                async for event in events:
                    if type(event) is Finished:
                        judged = answered = True
                    elif type(event) is AttemptFailed and (wait_s := event.retry_after_s or 0.0) > SHORT_WAIT_S:
                        # It is tried again when that is over; others need not be told the same.
                        self._health.record_wait(credential, event.kind, spec.provider, spec.name, wait_s)
                    yield event
            finally:
                await events.aclose()
        except ProviderError as error:
            judged = True
            if error.attempt is None:
                self._health.record_cancellation(credential, spec.provider, spec.name, probe=probe)
                raise  # nobody was asked: a guard said no
            seconds = self._health.record_failure(credential, error, spec.provider, spec.name, probe=probe, began=began)
            error.attempt = msgspec.structs.replace(error.attempt, rest_s=seconds)
            if error.kind is Kind.MODEL_GONE and credential_at(spec.provider, credential) == SERVER:
                self._gone(spec.name)
            raise
        finally:
            if answered:
                self._health.record_success(credential, spec.provider, spec.name, began=began)
            if not judged:
                self._health.record_cancellation(credential, spec.provider, spec.name, probe=probe)
