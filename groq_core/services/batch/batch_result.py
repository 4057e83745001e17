"""One line of what a batch of Groq's came to: an answer, or the reason why there is none."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from groq_core.services.batch.sink import Failure

FAILED: Final = Failure(code="failed", message="")
NO_ANSWER: Final = Failure(code="malformed", message="the result holds no answer")


class BatchResponse(msgspec.Struct):
    body: dict[str, Any] | None = None
    status_code: int = 200
    request_id: str | None = None


class BatchResult(msgspec.Struct):
    custom_id: str
    response: BatchResponse | None = None
    error: dict[str, Any] | None = None

    @property
    def reason(self) -> Failure | None:
        """Why the line has no answer, wherever Groq put it; None where it has one."""
        response = self.response
        if response is None or response.body is None or response.status_code >= 400 or self.error:
            return self._refusal(FAILED)
        return None if _is_completion(response.body) else self._refusal(NO_ANSWER)

    def _refusal(self, otherwise: Failure) -> Failure:
        body = self.response.body if self.response is not None else None
        error = (body or {}).get("error") if self.error is None else self.error
        if not isinstance(error, dict):
            return otherwise
        return Failure(
            code=str(error.get("code") or error.get("type") or otherwise.code),
            message=str(error.get("message") or otherwise.message),
        )


def tokens_of(body: dict[str, Any]) -> tuple[int, int]:
    """Tokens in and out, as far as an answer tells them."""
    reported = body.get("usage")
    usage = reported if isinstance(reported, dict) else {}
    return _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))


def _is_completion(body: dict[str, Any]) -> bool:
    """It holds what a chat completion must: choices with messages."""
    choices = body.get("choices")
    return (
        isinstance(choices, list)
        and bool(choices)
        and all(isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices)
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
