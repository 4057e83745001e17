"""Remember how each target does, so that the next request knows whom to ask."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import Events, Finished
from groq_core.fallback.health import SERVER, Health
from groq_core.pipeline import Attempt, Handler


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
            if error.kind is Kind.MODEL_GONE and credential == SERVER:
                self._gone(spec.name)
            raise
        finally:
            if answered:
                self._health.record_success(credential, spec.provider, spec.name)
            if not judged:
                self._health.record_cancellation(credential, spec.provider, spec.name, probe=probe)
