"""
Tell what kind of failure it was: one table for statuses, error events and texts, one for lost connections.

The same trouble comes as a status with a JSON body, as an HTML page from the edge, as an event in a 200 stream,
as a string in the last chunk, or as an exception of whichever HTTP library was at work. Whatever it is, it leaves
here as a :class:`ProviderError` whose message is fit to be shown and logged.

Sources: facts of api.groq.com recorded 2024-04 to 2026-08, console.groq.com/docs/errors, platform.openai.com.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.failures.complaint import Complaint, has_complaint, read_complaint
from groq_core.ratelimit.headers import read_limit_text, retry_after
from groq_core.redaction import redact

LONGEST_MESSAGE = 500
"""Characters of a provider's message that are kept."""


class KindRule(msgspec.Struct, frozen=True, kw_only=True):
    """
    One way to recognise a kind: any of its codes, statuses or texts.

    Attributes:
        kind: What it is then.
        codes: Compared with the beginning of ``error.code`` and ``error.type``, in small letters.
        statuses: HTTP statuses that mean this whatever the text says.
        text: Searched in the message, in any case.
        within: Statuses outside which the rule says nothing; empty for all.
        plain: Whether the body must be (no) JSON; None when that does not matter.
        provider_wide: See :class:`ProviderError`.
    """

    kind: Kind
    codes: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()
    text: re.Pattern[str] | None = None
    within: frozenset[int] = frozenset()
    plain: bool | None = None
    provider_wide: bool = False

    def matches(self, complaint: Complaint) -> bool:
        if self.within and complaint.status not in self.within:
            return False
        if self.plain is not None and self.plain != complaint.plain:
            return False
        return (
            complaint.status in self.statuses
            or (bool(self.codes) and any(word.startswith(self.codes) for word in complaint.words))
            or (self.text is not None and self.text.search(complaint.message) is not None)
        )


def _says(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_CALLER = frozenset({0, 400, 404, 422})
"""Statuses under which a model's inability is reported; 0 is an event without one."""

_EVENT = frozenset({0, 200})
"""An error that came without a status of its own."""

RULES = (
    KindRule(
        kind=Kind.GENERATION_FAILED,
        codes=("tool_use_failed", "json_validate_failed", "output_parse_failed", "tool_required_not_called"),
        text=_says(
            r"failed to (call a function|generate json)",
            "tool call validation failed",
            "requested tool does not exist",
            "tool choice is required, but",
            "was not in request.tools",
        ),
    ),
    KindRule(
        kind=Kind.CONTENT_FILTER,
        codes=("content_filter", "content_policy_violation", "moderation_blocked"),
        text=_says("content management policy", "violat(es|ing) .{0,40}(content|usage) polic"),
    ),
    KindRule(
        kind=Kind.CONTEXT_LENGTH,
        codes=("context_length_exceeded", "exceed_context_size"),
        text=_says("reduce the length of the messages", "context (length|window|size)"),
        within=_CALLER | {413, 500},
    ),
    # The one status that says "too large" says it about limits, pictures and recordings alike.
    KindRule(
        kind=Kind.TOO_LARGE,
        codes=("request_too_large",),
        statuses=frozenset({413}),
        text=_says("request too large", r"max_(completion_)?tokens\W{0,3} must be (<=|less than or equal)"),
    ),
    KindRule(
        kind=Kind.TERMS_REQUIRED,
        codes=("model_terms_required",),
        text=_says("requires terms acceptance"),
    ),
    KindRule(
        kind=Kind.QUOTA_EXHAUSTED,
        codes=("blocked_api_access", "spend_", "insufficient_", "organization_restricted", "billing_"),
        statuses=frozenset({402}),
        text=_says(
            "organization has been restricted",
            "exceeded your current quota",
            "spend(ing)? limit",
            "insufficient (balance|credit|fund|quota)",
        ),
        provider_wide=True,
    ),
    KindRule(
        kind=Kind.MODEL_GONE,
        codes=("model_decommissioned", "model_not_found"),
        text=_says("has been decommissioned", r"\bmodel\b.{0,120}(does not exist|not found)"),
        within=_CALLER,
    ),
    # The address is wrong, not the model.
    KindRule(kind=Kind.CONNECTION, codes=("unknown_url",), text=_says("unknown request url"), provider_wide=True),
    KindRule(kind=Kind.CONNECTION, statuses=frozenset({404, 405}), plain=True, provider_wide=True),
    KindRule(kind=Kind.MODEL_GONE, statuses=frozenset({404, 410})),
    KindRule(
        kind=Kind.AUTH,
        codes=(
            "invalid_api_key",
            "expired_api_key",
            "invalid_auth",
            "authentication_",
            "unauthorized",
            "unauthenticated",
        ),
        statuses=frozenset({401}),
        text=_says("(invalid|incorrect) api.?key"),
        provider_wide=True,
    ),
    KindRule(
        kind=Kind.NOT_PERMITTED, codes=("model_",), text=_says(r"\bmodel\b"), within=frozenset({403}), plain=False
    ),
    # Without a word about a model it was the edge: the address we come from, our user agent, a country.
    KindRule(kind=Kind.NOT_PERMITTED, statuses=frozenset({403, 451}), provider_wide=True),
    KindRule(
        kind=Kind.OVER_CAPACITY,
        codes=("capacity_exceeded", "overloaded", "unavailable", "service_unavailable"),
        statuses=frozenset({498, 529}),
        text=_says("over capacity", "overloaded"),
    ),
    KindRule(kind=Kind.OVER_CAPACITY, statuses=frozenset({503}), plain=False),
    KindRule(
        kind=Kind.RATE_LIMITED,
        codes=("rate_limit", "too_many_requests", "resource_exhausted", "throttl"),
        statuses=frozenset({429}),
    ),
    KindRule(kind=Kind.RATE_LIMITED, text=_says("rate.?limit", "too many requests"), within=_EVENT),
    KindRule(kind=Kind.AUTH, text=_says(r"\Aunauthori[sz]ed\b"), within=_EVENT, provider_wide=True),
    KindRule(kind=Kind.NOT_PERMITTED, codes=("permission_",), within=_EVENT, provider_wide=True),
    KindRule(kind=Kind.INVALID_REQUEST, codes=("invalid_argument", "bad_request"), within=_EVENT),
    KindRule(
        kind=Kind.UNSUPPORTED,
        codes=("unsupported_parameter", "unsupported_value"),
        text=_says(
            r"content\W{0,5}(value )?must be a string",
            r"not (supported|available) (with|by|for|on) (this|the) (model|org)",
            r"does(n't| not) support",
            r"(image|audio|video|tool)s? (input |call(ing|s) )?(is|are) not supported",
            r"not support (image|audio|video|tool|function)",
            "cannot be combined with",
        ),
        statuses=frozenset({501}),
        within=_CALLER | {500, 501},
    ),
    KindRule(kind=Kind.SERVER_ERROR, codes=("internal", "server_error"), statuses=frozenset(range(500, 600))),
    KindRule(kind=Kind.SERVER_ERROR, statuses=frozenset({408, 409, 425, 499})),
    KindRule(kind=Kind.CONNECTION, statuses=frozenset({*range(300, 400), 407}), provider_wide=True),
    # Strangers' servers answer 422 for a field of the wrong type; Groq for an answer it could not use.
    KindRule(kind=Kind.INVALID_REQUEST, text=_says("field required", "input should be"), within=frozenset({422})),
    KindRule(kind=Kind.GENERATION_FAILED, statuses=frozenset({422})),
    KindRule(kind=Kind.INVALID_REQUEST, statuses=frozenset(range(400, 500))),
)
"""Which kind of failure it is: the first rule that matches."""


def from_response(
    status: int, headers: Mapping[str, str], body: bytes | str, *, now: float | None = None
) -> ProviderError:
    """
    Classify a response whose status is an error.

    Args:
        headers: Of the response, names in lower case or case-insensitive.
        now: Unix time, for a Retry-After that is a date.
    """
    complaint = read_complaint(body)
    if 300 <= status < 400 and (origin := _origin(headers.get("location", ""))):
        complaint = Complaint(message=f"the server sends us on to {origin}: set that as the base URL")
    complaint.status = status
    error = _classify(complaint, default=Kind.SERVER_ERROR)
    error.status = status
    error.request_id = headers.get("x-request-id") or error.request_id
    # A request that is too large stays so, whatever a Retry-After beside the 413 says.
    if error.kind is not Kind.TOO_LARGE:
        told = {name.lower(): value for name, value in headers.items()}
        if complaint.retry_after and not told.keys() & {"retry-after", "retry-after-ms"}:
            told["retry-after"] = complaint.retry_after
        error.retry_after = retry_after(told, complaint.message, time.time() if now is None else now)
    return error


def _origin(location: str) -> str:
    """Scheme, host and port of an address, and nothing that could be a secret; empty for one without a host."""
    found = urlsplit(location)
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}" if found.netloc else ""


def from_event(body: bytes | str | Mapping[str, Any]) -> ProviderError:
    """Classify the data of an error event, or an error that came in the body of a 200."""
    complaint = read_complaint(body)
    error = _classify(complaint, default=Kind.STREAM_ERROR)
    error.retry_after = retry_after({"retry-after": complaint.retry_after}, complaint.message, time.time())
    return error


def _rule(complaint: Complaint) -> KindRule | None:
    return next((rule for rule in RULES if rule.matches(complaint)), None)


def _classify(complaint: Complaint, *, default: Kind) -> ProviderError:
    rule = _rule(complaint)
    return ProviderError(
        rule.kind if rule else default,
        _presentable(complaint),
        code=complaint.code or None,
        param=complaint.param or None,
        failed_generation=complaint.failed_generation,
        limit=read_limit_text(complaint.message),
        provider_wide=rule.provider_wide if rule else False,
    )


def is_complaint(found: object) -> bool:
    """
    Whether JSON without an answer in it is an error: made as one, or nothing but words that tell of one.

    >>> is_complaint({"message": "Unauthorized"}), is_complaint({"message": "in the queue"}), is_complaint("rate limit")
    (True, False, True)
    """
    if isinstance(found, Mapping) and has_complaint(found):
        return True
    return _rule(read_complaint(msgspec.json.encode(found))) is not None


# Validators of pydantic's family quote the value they refuse, which may be the prompt.
_QUOTED_INPUT = re.compile(r"""['"]input['"]\s*:.*|\binput_value=.*""", re.DOTALL)


def _presentable(complaint: Complaint) -> str:
    message = _QUOTED_INPUT.sub("…", complaint.message)
    message = redact(" ".join(message.split()))
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + "…"
    if not message:
        return f"HTTP {complaint.status} without a word" if complaint.status else "an error without a word"
    if complaint.plain and complaint.status:
        message = f"HTTP {complaint.status}: {message}"
    return message


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────

_LOST = (Kind.CONNECTION, Kind.STREAM_CUT)
_SILENT = (Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE)
_UNREADABLE = (Kind.MALFORMED, Kind.MALFORMED)

EXCEPTIONS: dict[str, tuple[Kind, Kind]] = {
    # httpx carries Groq's client, httpx2 OpenAI's; their classes have the same names.
    **{
        f"{library}.{name}": kinds
        for library in ("httpx", "httpx2")
        for name, kinds in {
            "ReadTimeout": _SILENT,
            "DecodingError": _UNREADABLE,
            "HTTPError": _LOST,
            "InvalidURL": _LOST,
            "CookieConflict": _LOST,
            "StreamError": _LOST,
        }.items()
    },
    "aiohttp.SocketTimeoutError": _SILENT,
    "aiohttp.ConnectionTimeoutError": _LOST,
    "aiohttp.ServerTimeoutError": _SILENT,
    "aiohttp.ContentTypeError": _UNREADABLE,
    "aiohttp.ClientError": _LOST,
    "aiohttp.HttpProcessingError": _UNREADABLE,
    **{
        f"{library}.{name}": kinds
        for library in ("groq", "openai")
        for name, kinds in {
            "APITimeoutError": _SILENT,
            "APIConnectionError": _LOST,
            "APIResponseValidationError": _UNREADABLE,
            "APIError": (Kind.STREAM_ERROR, Kind.STREAM_ERROR),
        }.items()
    },
    "groq.GroqError": (Kind.AUTH, Kind.AUTH),
    "openai.OpenAIError": (Kind.AUTH, Kind.AUTH),
    "openai.LengthFinishReasonError": (Kind.GENERATION_FAILED, Kind.GENERATION_FAILED),
    "openai.ContentFilterFinishReasonError": (Kind.CONTENT_FILTER, Kind.CONTENT_FILTER),
    "builtins.TimeoutError": _SILENT,
    "builtins.EOFError": _LOST,
    "builtins.OSError": _LOST,
}
"""Exceptions by the top package and name of the nearest class: what they mean before and after the first byte."""


def from_exception(exc: Exception, *, begun: bool = False) -> ProviderError | None:
    """
    Classify an exception of an SDK or an HTTP library; None for one that is nobody's but ours.

    Args:
        begun: Part of the answer has arrived. The same lost connection is a cut then, and the same silence
            an idle one.
    """
    exc = _telling(exc)
    response, body = getattr(exc, "response", None), getattr(exc, "body", None)
    name = next(_names(exc), None)
    if name is None:
        return None
    if response is not None and (status := getattr(response, "status_code", 0)) >= 400:
        return from_response(status, response.headers, _body_of(response, body))
    if isinstance(body, Mapping) and name.endswith(".APIError"):
        return from_event(body)
    kind = EXCEPTIONS[name][begun]
    said = redact(" ".join(str(exc).split()))[:LONGEST_MESSAGE]
    return ProviderError(
        kind,
        f"{type(exc).__name__}: {said}" if said else type(exc).__name__,
        provider_wide=kind in {Kind.CONNECTION, Kind.AUTH},
    )


def _telling(exc: Exception) -> Exception:
    """
    Find the exception that knows: SDKs wrap their transport's, and httpx-aiohttp maps aiohttp's badly (a dropped
    connection becomes a ``ConnectTimeout``).
    """
    cause = exc.__cause__
    root = type(exc).__module__.partition(".")[0]
    if isinstance(cause, Exception) and any(_names(cause)) and root in {"groq", "openai", "httpx", "httpx2"}:
        return _telling(cause)
    return exc


def _names(exc: Exception) -> Iterator[str]:
    """The names under which an exception's class and its bases are listed, nearest first."""
    for cls in type(exc).__mro__:
        name = f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
        if name in EXCEPTIONS:
            yield name


def _body_of(response: Any, body: object) -> bytes | str:
    try:
        content = response.content
    except Exception:  # a streamed body that nobody read has none, and every library says so in its own class
        return msgspec.json.encode(body) if body is not None else b""
    return content if isinstance(content, bytes | str) else b""
