"""One line of a batch of Groq's: what was sent, and what it came to, an answer or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from groq_core.events import Note, ToolCall
from groq_core.services.batch.lines import Line
from groq_core.services.batch.sink import Failure
from groq_core.streaming.completion import call_object
from groq_core.streaming.custom_calls import text_given

FAILED: Final = Failure(code="failed", message="")
NO_ANSWER: Final = Failure(code="malformed", message="the result holds no answer")


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """
    What is remembered of a line while Groq has it.

    Attributes:
        key: Hash of its question.
        notes: What was changed in it that its author should know, each a code and a text.
        by_function_call, custom: See :class:`Line`.
    """

    custom_id: str
    key: str = ""
    notes: tuple[dict[str, str], ...] = ()
    by_function_call: bool = False
    custom: tuple[str, ...] = ()

    @classmethod
    def of(cls, line: Line, notes: Iterable[Note] = ()) -> Sent:
        """
        Args:
            notes: What was changed on the way to Groq, beside what the line itself tells.
        """
        told = tuple({"code": note.code, "text": note.text} for note in (*line.notes, *notes))
        return cls(line.custom_id, line.key, told, line.by_function_call, tuple(sorted(line.custom)))

    def answered(self, body: dict[str, Any]) -> dict[str, Any]:
        """Groq's answer as one of ours: with the notes, and with calls as who asked for them knows them."""
        if self.by_function_call:
            body = {**body, "choices": [_with_function_call(choice) for choice in body["choices"]]}
        if self.custom:
            body = {**body, "choices": [_with_custom_calls(choice, self.custom) for choice in body["choices"]]}
        return {**body, "notes": list(self.notes)} if self.notes else body


def _with_function_call(choice: dict[str, Any]) -> dict[str, Any]:
    message = dict(choice["message"])
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls or not isinstance(calls[0], dict):
        return choice
    message["function_call"] = calls[0].get("function")
    if len(calls) == 1:
        del message["tool_calls"]
    finish = "function_call" if choice.get("finish_reason") == "tool_calls" else choice.get("finish_reason")
    return {**choice, "message": message, "finish_reason": finish}


def _with_custom_calls(choice: dict[str, Any], custom: Sequence[str]) -> dict[str, Any]:
    message = choice["message"]
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return choice
    return {**choice, "message": {**message, "tool_calls": [_custom_call(call, custom) for call in calls]}}


def _custom_call(call: Any, custom: Sequence[str]) -> Any:
    match call:
        case {"function": {"name": str(name), "arguments": str(arguments)}} if name in custom:
            return call_object(ToolCall(id=call.get("id", ""), name=name, arguments=text_given(arguments), custom=True))
    return call


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
