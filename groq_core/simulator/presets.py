"""
Refusals by name, as they were recorded or quoted in public threads (tests/data/wire, facts of 2024 to 2026).

A preset may also be raised in the middle of a stream, where its status stands in the body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from groq_core.simulator.leaking_buckets import DAY, MINUTE, UPGRADE
from groq_core.simulator.wire_format import WireError, go_duration, whole_seconds

_CLOUDFLARE_502 = """<!DOCTYPE html>
<html lang="en-US">
<head><title>api.groq.com | 502: Bad gateway</title></head>
<body><h1>Bad gateway <span>Error code 502</span></h1><p>The web server reported a bad gateway error.</p></body>
</html>
"""
_CLOUDFLARE_403 = """<!DOCTYPE html>
<html class="no-js" lang="en-US">
<head><title>Attention Required! | Cloudflare</title></head>
<body><h1>Sorry, you have been blocked</h1><p>You are unable to access groq.com</p></body>
</html>
"""


class RawPage(NamedTuple):
    """A refusal that does not come from the API: a proxy's page or plain words."""

    status: int
    content_type: str
    body: str


class PresetContext(NamedTuple):
    """What a preset may speak of."""

    model: str
    organisation: str
    wait: float | None


Refusal = WireError | RawPage
Preset = Callable[[PresetContext], Refusal]


def _limit_preset(words: str, type_: str, limit: int, window: float, wait: float) -> Preset:
    def refuse(asked: PresetContext) -> Refusal:
        seconds = wait if asked.wait is None else asked.wait
        requested = min(limit, 1 if type_ == "requests" else 1_000)
        used = min(limit, max(0, round(limit - requested + seconds * limit / window)))
        return WireError(
            429,
            f"Rate limit reached for model `{asked.model}` in organization `{asked.organisation}` service tier "
            f"`on_demand` on {words}: Limit {limit}, Used {used}, Requested {requested}. Please try again in "
            f"{go_duration(seconds)}. {UPGRADE}",
            type=type_,
            code="rate_limit_exceeded",
            headers={"retry-after": str(whole_seconds(seconds))},
            ran=True,
        )

    return refuse


def _too_large(words: str, limit: int, requested: int) -> Preset:
    def refuse(asked: PresetContext) -> Refusal:
        return WireError(
            413,
            f"Request too large for model `{asked.model}` in organization `{asked.organisation}` service tier "
            f"`on_demand` on {words}: Limit {limit}, Requested {requested}, please reduce your message size and "
            f"try again. {UPGRADE}",
            type="tokens",
            code="rate_limit_exceeded",
            ran=True,
        )

    return refuse


def _plain(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    generation: str | None = None,
) -> Preset:
    def refuse(asked: PresetContext) -> Refusal:
        waits = status in (429, 503) and asked.wait is not None
        return WireError(
            status,
            message.format(model=asked.model, organisation=asked.organisation),
            type=type,
            param=param,
            code=code,
            extra={} if generation is None else {"failed_generation": generation},
            headers={"retry-after": str(whole_seconds(asked.wait or 0))} if waits else {},
            ran=generation is not None,
        )

    return refuse


def _page(status: int, content_type: str, body: str) -> Preset:
    return lambda asked: RawPage(status, content_type, body)


PRESETS: dict[str, Preset] = {
    "429_tpm": _limit_preset("tokens per minute (TPM)", "tokens", 8_000, MINUTE, 6.24),
    "429_rpm": _limit_preset("requests per minute (RPM)", "requests", 30, MINUTE, 2.0),
    "429_rpd": _limit_preset("requests per day (RPD)", "requests", 1_000, DAY, 86.4),
    "429_tpd": _limit_preset("tokens per day (TPD)", "tokens", 200_000, DAY, 578.016),
    "429_otpm": lambda asked: WireError(
        429,
        f"Request too large for model `{asked.model}` in organization `{asked.organisation}` service tier "
        "`on_demand` on output tokens per minute (OTPM): Limit 1000, Requested 1457. The request's expected output "
        "tokens exceed the enforced limit; reduce max_tokens (or the request's expected output) and try again.",
        type="tokens",
        code="rate_limit_exceeded",
        ran=True,
    ),
    "413_tpm": _too_large("tokens per minute (TPM)", 8_000, 34_041),
    "413_body": _plain(413, "Request Entity Too Large", code="request_too_large"),
    "400_invalid": _plain(400, "property 'x' is unsupported"),
    "context_length": _plain(
        400, "Please reduce the length of the messages or completion.", param="messages", code="context_length_exceeded"
    ),
    "content_filter": _plain(
        400,
        "The response was filtered due to the prompt triggering content management policy. Please modify your "
        "prompt and retry.",
        code="content_filter",
    ),
    "400_decommissioned": _plain(
        400,
        "The model `{model}` has been decommissioned and is no longer supported. Please refer to "
        "https://console.groq.com/docs/deprecations for a recommendation on which model to use instead.",
        code="model_decommissioned",
    ),
    "400_terms": _plain(
        400,
        "The model `{model}` requires terms acceptance. Please have the org admin accept the terms at "
        "https://console.groq.com/playground?model={model}",
        code="model_terms_required",
    ),
    "400_spend": _plain(
        400,
        "Your organization has reached its configured spend limit. Raise it at "
        "https://console.groq.com/settings/billing/limits to continue.",
        code="blocked_api_access",
    ),
    "400_restricted": _plain(
        400,
        "Organization has been restricted. Please reach out to support if you believe this was in error.",
        code="organization_restricted",
    ),
    "tool_use_failed": _plain(
        400,
        "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
        code="tool_use_failed",
        generation='<function=lookup>{{"query": "unfinished',
    ),
    "tool_not_in_request": _plain(
        400,
        "Tool call validation failed: tool call validation failed: attempted to call tool 'listFiles' which was not "
        "in request.tools",
        code="tool_use_failed",
        generation='{"name": "listFiles", "arguments": {}}',
    ),
    "json_validate_failed": _plain(
        400,
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        code="json_validate_failed",
        generation='{"title": "unfinished',
    ),
    "output_parse_failed": _plain(
        400,
        "Parsing failed. The model generated output that could not be parsed. Please adjust your prompt. See "
        "'failed_generation' for more details.",
        code="output_parse_failed",
        generation="<|channel|>final <|constrain|>json",
    ),
    "401": _plain(401, "Invalid API Key", code="invalid_api_key"),
    "403_edge": _page(403, "text/plain; charset=UTF-8", "error code: 1010"),
    "403_html": _page(403, "text/html; charset=UTF-8", _CLOUDFLARE_403),
    "403_network": _plain(403, "Access denied. Please check your network settings.", type=""),
    "403_blocked": _plain(
        403,
        "The model `{model}` is blocked at the project level. Please have a project admin enable this model in the "
        "project settings at https://console.groq.com/settings/project/limits",
        type="permissions_error",
        code="model_permission_blocked_project",
    ),
    "404_model": _plain(
        404, "The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
    ),
    "422": _plain(422, "The request was well-formed but could not be processed because of semantic errors."),
    "424": _plain(424, "Failed dependency: the remote MCP server refused the credentials."),
    "498_flex": _plain(498, "Flex tier capacity exceeded, please try again later.", code="capacity_exceeded"),
    "500": _plain(500, "Internal Server Error", type="internal_server_error"),
    "502_html": _page(502, "text/html; charset=UTF-8", _CLOUDFLARE_502),
    "503_over_capacity": _plain(
        503,
        "{model} is currently over capacity. Please try again and back off exponentially. Visit "
        "https://groqstatus.com to see if there is an active incident.",
        type="internal_server_error",
    ),
    "504": _page(504, "text/html; charset=UTF-8", _CLOUDFLARE_502.replace("502", "504")),
}
"""Every refusal that can be asked for by name."""
