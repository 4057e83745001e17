"""
Everything that can go wrong, by who can do something about it.

    GroqCoreError
    ├── SettingsError        the operator: mend the environment and start again
    ├── RequestError         the caller: no provider would accept this as it is
    ├── ExtractionError      what the models wrote still does not fit the schema
    ├── ProviderError        one attempt on one model failed; ``kind`` says how
    └── ChainError           no target answered; ``failures`` says why each did not
        └── BrokenAnswerError    an answer had begun to go out and could not be completed

A failure of a provider is a *classification* (:class:`Kind`), not an exception type: the same trouble
arrives as a status, as an event inside a 200 stream, as a cut connection or as silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from groq_core.events import AttemptFailed
from groq_core.events import Kind as Kind  # the word everybody looks for here

SENTENCE_ENDS = (".", "!", "?", "…", ":")


class GroqCoreError(Exception):
    """
    Base of every error this package raises on purpose.

    Attributes:
        message: What happened, for a person. Never holds a key or a prompt.
        hint: What the person at the screen can do about it, one sentence; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(hint)  # where a program ends in a trace, what helps stands below it

    @property
    def told(self) -> str:
        """
        Message and hint, where there is one text for both.

        >>> RequestError("`n` must be 1", hint="Ask twice.").told, RequestError("it is empty").told
        ('`n` must be 1. Ask twice.', 'it is empty')
        """
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith(SENTENCE_ENDS) else '.'} {self.hint}"


class SettingsError(GroqCoreError):
    """The environment is wrong. One error names every wrong variable."""


class RequestError(GroqCoreError):
    """
    The caller's fault: no target was asked, or every target would refuse it.

    Attributes:
        status: HTTP status that says so: 400, 401, 404, 413, 422 or 429.
        param: The field to mend, in wire names (``messages``, ``file``); None when it is not one field.
        code: Machine-readable word, e.g. ``unsupported_audio_format``.
        retry_after: Seconds after which the same request may pass (429 only).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        hint: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.param = param
        self.code = code
        self.retry_after = retry_after


LIMIT_REACHED: Final = "limit_reached"
"""The code of a request that is refused since its caller's own limit is used up."""


def nesting_error() -> RequestError:
    """What to say of JSON (or anything like it) with more levels than can be walked."""
    return RequestError("the body is nested too deeply", code="nested_too_deeply", hint="Send fewer levels.")


class ExtractionError(GroqCoreError):
    """
    What the models wrote still does not fit the schema, after it was asked again.

    Attributes:
        problems: What does not fit, one sentence each.
        partial: The data as far as it goes, not validated; None when there is none. May hold user text.
        cost_usd: What all tries cost together; None where no price is known.
    """

    def __init__(
        self,
        message: str,
        *,
        problems: Sequence[str] = (),
        partial: object = None,
        cost_usd: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)
        self.partial = partial
        self.cost_usd = cost_usd


class LimitText(msgspec.Struct, frozen=True):
    """
    What the message of a 429 or 413 says about the limit that was hit.

    Attributes:
        dimension: ``RPM``, ``RPD``, ``TPM``, ``TPD``, ``ITPM``, ``OTPM``, ``ASPH``, ``ASPD``; empty where
            the message leaves it empty.
        kind: ``requests``, ``tokens``, ``audio_seconds``, ``input_tokens`` and ``output_tokens``.
        window_s: 60, 3600 or 86400; 0 when unknown.
        used: None where the request alone is larger than the limit.
        wait_s: "Please try again in"; None when waiting does not help.
        too_large: The request alone is larger than the limit.
    """

    dimension: str
    kind: str
    window_s: int
    limit: float
    used: float | None
    requested: float | None
    wait_s: float | None
    too_large: bool


class ProviderError(GroqCoreError):
    """
    One attempt on one model failed.

    Attributes:
        kind: How it failed; the policy table decides by this alone.
        provider, model: Who failed.
        status: HTTP status, or None where there was none (a cut, a silence, an error event).
        retry_after: Seconds the provider asked to wait, from header or body; None when it did not say.
        code: The provider's own word for it, if it gave one.
        param: The field the provider complained about, if it named one.
        request_id: The provider's id of the request, for its support.
        failed_generation: What the model wrote when it failed to write JSON or a tool call. May hold user
            text: never logged, never matched for keywords.
        limit: What a 429 or 413 said about a limit, or None.
        provider_wide: Every model of this provider would fail the same way (wrong key, no network, refused
            at the provider's edge), so asking the next one is time lost.
        attempt: The event of this failure, where an attempt was really made; None where nobody was asked.
        refusal: What the caller is told where nobody else answers: it is his own limit that was in the way.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        provider: str = "",
        model: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        failed_generation: str | None = None,
        limit: LimitText | None = None,
        provider_wide: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.provider = provider
        self.model = model
        self.status = status
        self.retry_after = retry_after
        self.code = code
        self.param = param
        self.request_id = request_id
        self.failed_generation = failed_generation
        self.limit = limit
        self.provider_wide = provider_wide
        self.attempt: AttemptFailed | None = None
        self.refusal: RequestError | None = None


class ChainError(GroqCoreError):
    """
    No target answered.

    Attributes:
        failures: One per attempt or skip, in order.
        kind: The cause that counts; that of the last failure where nobody said so, None when nothing was tried.
        status: HTTP status for the caller: 503, or 429 where every target is rate-limited.
        retry_after: Seconds until the first target is awake again; None when unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        failures: Sequence[ProviderError] = (),
        kind: Kind | None = None,
        status: int = 503,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.failures = tuple(failures)
        self.kind = kind or (self.failures[-1].kind if self.failures else None)
        self.status = status
        self.retry_after = retry_after


class BrokenAnswerError(ChainError):
    """
    Part of an answer has gone out to a reader who cannot take it back, and nobody could complete it.

    What was sent stays valid as far as it goes; it is never reported as finished.
    """
