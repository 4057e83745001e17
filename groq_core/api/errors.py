"""
Errors on their way out: one shape for all of them, `{"error": {"message", "type", "code", "param", "hint"}}`.

A message is written by us or comes from a provider's error, redacted; an exception nobody foresaw is named by
nothing but the request's id, since its text could hold anything.
"""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groq_core.api.asgi import ApiExchange, HangUpWatch, Headers
from groq_core.connections.scarcity import scarcity
from groq_core.errors import BrokenAnswerError, ChainError, GroqCoreError, RequestError
from groq_core.redaction import redact
from groq_core.reply import Receipt
from groq_core.telemetry.trace_context import CLIENT

log = logging.getLogger(__name__)

TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "service_unavailable",
    507: "service_unavailable",
}
"""The word OpenAI's clients know for a status; everything else below 500 is an `invalid_request_error`."""

RETRY_AFTER_S: Final = 5.0
"""What a 429 or 503 advises when nobody knows better."""


class MethodError(RequestError):
    """The path exists, the method does not; ``allowed`` are those that do."""

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(
            f"{method} is not allowed on {path}",
            status=405,
            code="method_not_allowed",
            hint=f"Use {allowed.replace(', ', ' or ')}.",
        )
        self.allowed = allowed


class StoppingError(ChainError):
    """The server goes down, and the time that running answers had to finish is over."""

    def __init__(self) -> None:
        super().__init__("the server is stopping", retry_after=RETRY_AFTER_S, hint="Try again in a moment.")


def reason(caught: BaseException, watch: HangUpWatch) -> Exception:
    """
    What to tell the client about what ended its answer.

    Raises:
        CancelledError: There is no client any more.
    """
    if isinstance(caught, Exception):
        return caught
    if watch.gone:
        raise caught
    return StoppingError()


def status_of(error: Exception) -> int:
    return error.status if isinstance(error, RequestError | ChainError) else 500


def error_object(error: Exception) -> dict[str, Any]:
    """The object under `error`, of an answer or of the last event of a broken stream."""
    status = status_of(error)
    if not isinstance(error, GroqCoreError):
        return {
            "message": "something went wrong inside the server; its log names the request by the id in x-request-id",
            "type": "server_error",
            "code": "internal_error",
            "param": None,
            "hint": "Try again; if it happens again, report it with the request's id.",
        }
    return {
        "message": redact(error.message),
        "type": TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        "code": _code(error),
        "param": error.param if isinstance(error, RequestError) else None,
        "hint": redact(error.hint),
    }


def _code(error: GroqCoreError) -> str | None:
    if isinstance(error, RequestError):
        return error.code
    if isinstance(error, StoppingError):
        return "stopping"
    if isinstance(error, BrokenAnswerError):
        return "answer_broken"
    if isinstance(error, ChainError) and error.kind is not None:
        return str(error.kind)
    return "no_target"


def error_headers(error: Exception) -> Headers:
    """What the status asks for beside the body."""
    match status_of(error):
        case 401:
            return [(b"www-authenticate", b"Bearer")]
        case 405 if isinstance(error, MethodError):
            return [(b"allow", error.allowed.encode())]
        case 429 | 503 | 507:
            seconds = error.retry_after if isinstance(error, RequestError | ChainError) else None
            wait = max(1, math.ceil(RETRY_AFTER_S if seconds is None else seconds))
            return [(b"retry-after", b"%d" % wait)]
        case _:
            return []


async def refuse(exchange: ApiExchange, error: Exception, receipt: Receipt | None = None) -> None:
    """Answer with an error; nothing of an answer may have been sent."""
    error = short_of_something(error)
    note_bug(error, exchange.request_id)
    body: dict[str, Any] = {"error": error_object(error)}
    if receipt is not None:
        body["x_groq_core"] = receipt.as_dict()
    await exchange.answer_json(body, *error_headers(error), status=status_of(error))


def short_of_something(error: Exception) -> Exception:
    """What to answer in place of an error that says the machine has run out of something; its operator reads it too."""
    found = scarcity(error)
    if found is None:
        return error
    log.error("%s: %s", type(error).__name__, found.message)
    return found


class ShortOfSomething:
    """The same for what is mounted behind the API, such as the page's own routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            found = short_of_something(error)
            if started or not isinstance(found, RequestError) or found is error:
                raise
            body = {"detail": found.told, "error": error_object(found)}
            headers = {name.decode(): value.decode() for name, value in error_headers(found)}
            await JSONResponse(body, found.status, headers)(scope, receive, send)


def note_bug(error: Exception, request_id: str) -> None:
    """Log an exception nobody raised on purpose: where it came from, but not its text, which may quote a prompt."""
    if not isinstance(error, RequestError | ChainError):
        where = "".join(traceback.format_tb(error.__traceback__))
        theirs = CLIENT.get().request_id
        told = f"{request_id} ({theirs})" if theirs else request_id
        log.error("%s while answering %s\n%s", type(error).__name__, told, where)
