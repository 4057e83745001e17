"""Whatever goes wrong, and whoever says so, it is classified once and fit to be shown."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import aiohttp
import groq
import httpx
import httpx2
import openai
import pytest

from groq_core.errors import Kind, LimitText
from groq_core.failures.classify import EXCEPTIONS, from_event, from_exception, from_response
from groq_core.failures.complaint import read_complaint
from tests.recordings import Recording, recordings

REFUSED = [found for found in recordings() if found.status >= 400]

# What the recorded refusals are, by the beginning of their names; the longest beginning counts.
KINDS = {
    "error-400/": Kind.UNSUPPORTED,
    "error-400-model_decommissioned": Kind.MODEL_GONE,
    "error-400-tool_use_failed": Kind.GENERATION_FAILED,
    "error-401": Kind.AUTH,
    "error-404-model_not_found": Kind.MODEL_GONE,
    "error-429": Kind.RATE_LIMITED,
    "errors-from-issues/400-audio": Kind.INVALID_REQUEST,
    "errors-from-issues/400-context": Kind.CONTEXT_LENGTH,
    "errors-from-issues/400-json-validate": Kind.GENERATION_FAILED,
    "errors-from-issues/400-messages-system-content-must": Kind.UNSUPPORTED,
    "errors-from-issues/400-messages-tool-content-must": Kind.UNSUPPORTED,
    "errors-from-issues/400-messages-unsupported-property": Kind.INVALID_REQUEST,
    "errors-from-issues/400-organization-restricted": Kind.QUOTA_EXHAUSTED,
    "errors-from-issues/400-tool-not-in": Kind.GENERATION_FAILED,
    "errors-from-issues/400-tool-schema-additional": Kind.INVALID_REQUEST,
    "errors-from-issues/400-tool-schema-expected": Kind.GENERATION_FAILED,
    "errors-from-issues/403-cloudflare": Kind.NOT_PERMITTED,
    "errors-from-issues/404-not-found": Kind.MODEL_GONE,
    "errors-from-issues/404-unknown-url": Kind.CONNECTION,
    "errors-from-issues/413": Kind.TOO_LARGE,
    "errors-from-issues/429": Kind.RATE_LIMITED,
    "openai-error-400/": Kind.INVALID_REQUEST,
    "openai-error-400-context": Kind.CONTEXT_LENGTH,
    "openai-error-401": Kind.AUTH,
}


def groq_body(message: str, code: str | None = None, type: str = "invalid_request_error") -> str:
    return json.dumps({"error": {"message": message, "type": type, **({"code": code} if code else {})}})


@pytest.mark.parametrize("found", REFUSED, ids=lambda found: found.name)
def test_every_recorded_refusal_has_its_kind(found: Recording) -> None:
    expected = KINDS[max((start for start in KINDS if found.name.startswith(start)), key=len)]

    error = from_response(found.status, found.headers, found.body, now=0)

    assert error.kind is expected
    assert error.status == found.status
    assert error.request_id == found.headers.get("x-request-id")
    assert error.message
    assert "org_0" not in error.message
    assert (error.retry_after is not None) == (expected is Kind.RATE_LIMITED)
    assert isinstance(error.limit, LimitText) == (expected in {Kind.RATE_LIMITED, Kind.TOO_LARGE})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, groq_body("Please reduce the length of the messages or completion."), Kind.CONTEXT_LENGTH),
        (400, groq_body("The model `x` requires terms acceptance.", "model_terms_required"), Kind.TERMS_REQUIRED),
        (400, groq_body("blocked", "blocked_api_access"), Kind.QUOTA_EXHAUSTED),
        (400, groq_body("limit reached", "spend_limit_reached"), Kind.QUOTA_EXHAUSTED),
        (400, groq_body("messages[0].content must be a string"), Kind.UNSUPPORTED),
        (400, groq_body("json mode cannot be combined with tool/function calling"), Kind.UNSUPPORTED),
        (400, groq_body("`reasoning_effort` is not supported with this model"), Kind.UNSUPPORTED),
        (400, groq_body("property 'store' is unsupported, did you mean 'stop'?"), Kind.INVALID_REQUEST),
        (400, groq_body("Failed to parse output", "output_parse_failed"), Kind.GENERATION_FAILED),
        (
            400,
            groq_body(
                "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for "
                "`max_completion_tokens` is less than the `context_window` for this model"
            ),
            Kind.TOO_LARGE,
        ),
        (
            400,
            groq_body(
                "Request too large for model `x` on output tokens per minute (OTPM): Limit 1000, Requested "
                "1457. reduce max_tokens",
                "rate_limit_exceeded",
                "tokens",
            ),
            Kind.TOO_LARGE,
        ),
        (
            429,
            groq_body(
                "Request too large for model `x` on output tokens per minute (OTPM): Limit 1000, Requested 1457.",
                "rate_limit_exceeded",
                "tokens",
            ),
            Kind.TOO_LARGE,
        ),
        (400, groq_body("refused by policy", "content_policy_violation"), Kind.CONTENT_FILTER),
        (402, "", Kind.QUOTA_EXHAUSTED),
        (403, groq_body("blocked", "model_permission_blocked_project"), Kind.NOT_PERMITTED),
        (403, "error code: 1010", Kind.NOT_PERMITTED),
        (404, groq_body("The model `x` does not exist.", "model_not_found"), Kind.MODEL_GONE),
        (404, "", Kind.MODEL_GONE),
        (404, "<html><title>nginx</title></html>", Kind.CONNECTION),
        (307, "", Kind.CONNECTION),
        (413, "<html><title>413 Request Entity Too Large</title></html>", Kind.TOO_LARGE),
        (422, groq_body("semantic error"), Kind.GENERATION_FAILED),
        (
            422,
            '{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required","input":{"m":"secret"}}]}',
            Kind.INVALID_REQUEST,
        ),
        (424, groq_body("mcp authentication failed"), Kind.INVALID_REQUEST),
        (429, groq_body("You exceeded your current quota", "insufficient_quota"), Kind.QUOTA_EXHAUSTED),
        (429, "", Kind.RATE_LIMITED),
        (498, groq_body("flex tier is full", "capacity_exceeded"), Kind.OVER_CAPACITY),
        (503, groq_body("x is currently over capacity.", type="internal_server_error"), Kind.OVER_CAPACITY),
        (503, "", Kind.OVER_CAPACITY),
        (503, "<html><title>maintenance</title></html>", Kind.SERVER_ERROR),
        (500, groq_body("Internal Server Error", type="internal_server_error"), Kind.SERVER_ERROR),
        (502, "<html><title>502 Bad Gateway</title></html>", Kind.SERVER_ERROR),
        (520, "", Kind.SERVER_ERROR),
        (408, "", Kind.SERVER_ERROR),
        (418, "", Kind.INVALID_REQUEST),
        # Servers of the same dialect.
        (
            404,
            '{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}',
            Kind.MODEL_GONE,
        ),
        (404, '{"error":"model \'x\' not found"}', Kind.MODEL_GONE),
        (503, '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}', Kind.OVER_CAPACITY),
        (
            500,
            '{"error":{"code":500,"message":"image input is not supported - hint: provide the mmproj"}}',
            Kind.UNSUPPORTED,
        ),
        (
            400,
            '{"error":{"code":400,"message":"exceeds the context size","type":"exceed_context_size_error"}}',
            Kind.CONTEXT_LENGTH,
        ),
    ],
)
def test_a_documented_refusal_has_its_kind(status: int, body: str, kind: Kind) -> None:
    error = from_response(status, {}, body, now=0)

    assert (error.kind, error.status) == (kind, status)
    assert error.message


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_kind(status: int) -> None:
    assert from_response(status, {}, b"", now=0).kind in set(Kind)


def test_an_edge_that_refuses_is_told_from_a_model_that_is_blocked() -> None:
    edge = from_response(403, {}, "error code: 1010", now=0)
    network = from_response(
        403, {}, '{"error":{"message":"Access denied. Please check your network settings."}}', now=0
    )
    model = from_response(403, {}, groq_body("The model `x` is blocked", "model_permission_blocked_org"), now=0)

    assert (edge.provider_wide, network.provider_wide, model.provider_wide) == (True, True, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"retry_after": 7},
        {"retry_after_seconds": 7.0},
        {"retry_after": "7s"},
        {"metadata": {"retry_after": "7"}},
        {"details": [{"@type": "x"}, {"retryDelay": "7s"}]},
    ],
    ids=json.dumps,
)
def test_the_time_to_wait_is_read_from_the_body_where_no_header_has_it(fields: dict[str, Any]) -> None:
    body = json.dumps({"error": {"message": "slow down", "code": 429} | fields})

    assert from_response(429, {}, body).retry_after == from_event(body).retry_after == 7.0
    assert from_response(429, {"Retry-After": "3"}, body).retry_after == 3.0
    assert from_response(429, {}, body.replace("7", "-7")).retry_after is None


def test_a_message_shows_neither_key_nor_prompt_nor_organisation() -> None:
    prompt = "my secret diary"
    bodies = [
        groq_body("Incorrect API key provided: hunter2.", "invalid_api_key"),
        groq_body("in organization `org_01k0cr3hcdehfb2mcy22cp8p3y` with gsk_abcdefghijkl"),
        json.dumps({"error": {"message": f"could not parse {prompt}", "failed_generation": prompt}}),
        json.dumps({"detail": [{"msg": "Input should be a list", "input": prompt}]}),
    ]

    messages = [from_response(400, {}, body, now=0).message for body in bodies]

    shown = " ".join(messages)
    assert not any(secret in shown for secret in ("hunter2", "org_01", "gsk_abc", prompt))
    assert from_response(400, {}, bodies[2], now=0).failed_generation == prompt


def test_a_long_message_is_cut() -> None:
    assert len(from_response(400, {}, groq_body("x" * 10_000), now=0).message) < 600


ENDLESS = [  # each of 4,000,000 characters
    "try again in 1" * 285_714,
    json.dumps({"error": {"message": "gsk_" * 1_000_000}}),
    json.dumps(
        {"error": {"message": "m", "code": "aB" * 2_000_000, "type": "aB" * 2_000_000, "param": "p" * 4_000_000}}
    ),
    json.dumps({"error": "rate " * 800_000}),
    "<title>" * 571_428,
    json.dumps({"error": {"message": "m", "retry_after": "1" * 4_000_000}}),
    json.dumps({"error": {"message": "m" + "g" * 4_000_000 + "m", "failed_generation": "g" * 4_000_000}}),
]


@pytest.mark.parametrize("body", ENDLESS, ids=range(len(ENDLESS)))
def test_of_an_endless_complaint_a_bounded_part_is_read(body: str) -> None:
    """Each rule looks through it on the event loop, where everybody waits for it."""
    read = read_complaint(body)

    fields = (read.message, read.code, read.type, read.param or "", read.retry_after)
    assert sum(len(field) for field in fields) <= 40_000
    assert "gggg" not in read.message, "what was generated is not told, cut or whole"
    assert len(from_event(body).message) < 600


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"error":{"message":"x","code":"tool_use_failed","status_code":400}}', Kind.GENERATION_FAILED),
        ('{"error":{"message":"x is currently over capacity.","type":"internal_server_error"}}', Kind.OVER_CAPACITY),
        (
            '{"error":{"message":"Rate limit reached. Please try again in 2s.","code":"rate_limit_exceeded"}}',
            Kind.RATE_LIMITED,
        ),
        ('{"error":{"message":"boom","status_code":500}}', Kind.SERVER_ERROR),
        ('{"error":{"message":"boom"}}', Kind.STREAM_ERROR),
        ('{"message":"boom"}', Kind.STREAM_ERROR),
        ("boom", Kind.STREAM_ERROR),
        ("", Kind.STREAM_ERROR),
        ("[1,2]", Kind.STREAM_ERROR),
        ("null", Kind.STREAM_ERROR),
    ],
)
def test_an_error_event_is_classified_by_what_it_says(body: str, kind: Kind) -> None:
    error = from_event(body)

    assert error.kind is kind
    assert error.status is None
    assert error.retry_after == (2.0 if kind is Kind.RATE_LIMITED else None)


def test_a_complaint_is_read_in_any_envelope() -> None:
    assert read_complaint(b"\xff\xfe").plain
    assert read_complaint('{"detail":"Not Found"}').message == "Not Found"
    assert read_complaint('{"error":{"message":["a"],"code":500}}').status == 500
    assert read_complaint('{"error":{"message":["a"],"code":7}}').code == "7"


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────


def exception_classes(package: ModuleType) -> Iterator[type[Exception]]:
    """Every exception class a package, or a module, defines or hands on from a part of itself."""
    parts = [found.name for found in pkgutil.iter_modules(getattr(package, "__path__", ()), package.__name__ + ".")]
    # A command line and websockets have needs of their own, and no request of ours goes through them.
    modules = [
        package,
        *(importlib.import_module(part) for part in parts if not part.endswith(("_main", "websockets"))),
    ]
    root = package.__name__.partition(".")[0]
    found_classes = {
        value
        for module in modules
        for value in vars(module).values()
        # By its type: `isinstance` would have openai's stand-ins import all that they stand in for.
        if issubclass(type(value), type) and issubclass(value, Exception) and value.__module__.startswith(root)
    }
    return iter(sorted(found_classes, key=lambda cls: cls.__qualname__))


# aiohttp is a server too, whose exceptions no client ever sees.
LIBRARIES = (groq, openai, httpx, httpx2, aiohttp.client_exceptions, aiohttp.http_exceptions)

# A wrong use of the library, which is a bug of ours; or a part of it that no request of ours goes through.
NOT_A_FAILURE = {"MissingStreamClassError", "InvalidWebhookSignatureError", "WSMessageTypeError"}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: str(library.__name__))
def test_every_exception_of_a_library_means_something(library: ModuleType) -> None:
    classes = [
        cls for cls in exception_classes(library) if cls.__name__ not in NOT_A_FAILURE and not issubclass(cls, Warning)
    ]
    names = {cls: {f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in cls.__mro__} for cls in classes}

    assert classes
    assert [cls for cls in classes if not names[cls] & EXCEPTIONS.keys()] == []


REQUEST = httpx.Request("POST", "http://groq.test")
REQUEST2 = httpx2.Request("POST", "http://openai.test")


def chain_causes(exc: Exception, *causes: Exception) -> Exception:
    """Chain exceptions as ``raise … from`` does."""
    outer = exc
    for cause in causes:
        outer.__cause__ = cause
        outer = cause
    return exc


@pytest.mark.parametrize(
    ("exc", "before", "after"),
    [
        (httpx.ConnectError("refused"), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.ConnectTimeout(""), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.PoolTimeout(""), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.ReadTimeout(""), Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE),
        (httpx2.ReadTimeout(""), Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE),
        (httpx.RemoteProtocolError("peer closed"), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.ReadError("reset"), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.UnsupportedProtocol("no scheme"), Kind.CONNECTION, Kind.STREAM_CUT),
        (httpx.DecodingError("bad gzip"), Kind.MALFORMED, Kind.MALFORMED),
        (aiohttp.ServerDisconnectedError(), Kind.CONNECTION, Kind.STREAM_CUT),
        (aiohttp.ClientPayloadError("cut"), Kind.CONNECTION, Kind.STREAM_CUT),
        (aiohttp.SocketTimeoutError(), Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE),
        (ConnectionResetError(), Kind.CONNECTION, Kind.STREAM_CUT),
        (TimeoutError(), Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE),
        (groq.APITimeoutError(REQUEST), Kind.TIMEOUT_FIRST_TOKEN, Kind.TIMEOUT_IDLE),
        # The cause knows better than what wraps it.
        (chain_causes(groq.APITimeoutError(REQUEST), httpx.ConnectTimeout("")), Kind.CONNECTION, Kind.STREAM_CUT),
        (chain_causes(openai.APITimeoutError(REQUEST2), httpx2.ConnectTimeout("")), Kind.CONNECTION, Kind.STREAM_CUT),
        (
            chain_causes(groq.APITimeoutError(REQUEST), httpx.ConnectTimeout(""), aiohttp.SocketTimeoutError()),
            Kind.TIMEOUT_FIRST_TOKEN,
            Kind.TIMEOUT_IDLE,
        ),
        (
            groq.APIError("over capacity", REQUEST, body={"message": "x is over capacity"}),
            Kind.OVER_CAPACITY,
            Kind.OVER_CAPACITY,
        ),
        (groq.GroqError("no key"), Kind.AUTH, Kind.AUTH),
        (openai.OpenAIError("no key"), Kind.AUTH, Kind.AUTH),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_lost_connection_is_a_cut_once_something_has_come(exc: Exception, before: Kind, after: Kind) -> None:
    kinds = [error.kind for begun in (False, True) if (error := from_exception(exc, begun=begun))]

    assert kinds == [before, after]


def test_an_sdk_status_error_is_classified_by_its_response() -> None:
    body = {"error": {"message": "Rate limit reached. Please try again in 2s.", "code": "rate_limit_exceeded"}}
    headers = {"retry-after": "2", "x-request-id": "req_1"}
    response = httpx.Response(429, json=body, headers=headers, request=REQUEST)
    response2 = httpx2.Response(429, json=body, headers=headers, request=REQUEST2)

    for exc in (
        groq.RateLimitError("…", response=response, body=body),
        openai.RateLimitError("…", response=response2, body=body["error"]),
        httpx.HTTPStatusError("…", request=REQUEST, response=response),
    ):
        error = from_exception(exc)
        assert error is not None
        assert (error.kind, error.status, error.retry_after) == (Kind.RATE_LIMITED, 429, 2.0)
        assert (error.request_id, error.code) == ("req_1", "rate_limit_exceeded")


def test_a_status_error_whose_body_nobody_read_is_classified_by_what_the_sdk_kept() -> None:
    response = httpx.Response(404, stream=httpx.ByteStream(b"unread"), request=REQUEST)
    body = {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}

    error = from_exception(groq.NotFoundError("…", response=response, body=body))

    assert error is not None
    assert (error.kind, error.code) == (Kind.MODEL_GONE, "model_not_found")


@pytest.mark.parametrize("exc", [KeyError("id"), TypeError(), ZeroDivisionError()], ids=repr)
def test_a_bug_of_ours_is_nobodys_failure(exc: Exception) -> None:
    assert from_exception(exc) is None
