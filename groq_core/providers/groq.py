"""Groq, through its SDK."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

from groq_core.errors import Kind, ProviderError
from groq_core.events import Note
from groq_core.models.spec import Capability, ModelSpec
from groq_core.providers.bodies import (
    assemble_body,
    fitting_effort,
    limit_max_tokens,
    only_accepted,
)
from groq_core.providers.common import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS,
    IDLE_CONNECTIONS,
    IDLE_S,
    SdkProvider,
    quieten,
    tls,
    visitor_header,
)
from groq_core.providers.upstream_exchange import Response
from groq_core.redaction import Secret
from groq_core.requests import Caller, ChatRequest, TranscriptionRequest

if TYPE_CHECKING:
    from groq import AsyncGroq

log = logging.getLogger(__name__)

BASE_URL = "https://api.groq.com"
PATH = "/openai/v1"

ACCEPTED = frozenset(
    {
        "citation_options", "compound_custom", "disable_tool_validation", "documents", "exclude_domains",
        "function_call", "functions", "include_domains", "include_reasoning", "max_completion_tokens",
        "max_tokens", "parallel_tool_calls", "reasoning_effort", "reasoning_format", "response_format",
        "search_settings", "seed", "service_tier", "stop", "stream_options", "temperature", "tool_choice",
        "tools", "top_p", "user",
    }
)  # fmt: skip
"""
Parameters api.groq.com takes; any other is a 400. ``n`` is left out since only 1 is taken.

Source: console.groq.com/docs/api-reference and docs/openai, read 2026-10.
"""

SERVICE_TIERS = frozenset({"auto", "on_demand", "flex", "performance"})

FIELDS = ("tool_call_id",)
"""
Fields of a message beside role, content and tool calls. Groq is strict: ``name`` is refused, and ``reasoning_content``.
``reasoning`` is taken, but models do no better for reading their old thoughts, which cost like any other text.
"""

THINKS_ALOUD = ("qwen/", "deepseek-")
"""Families that write ``<think>`` into the answer unless asked for ``reasoning_format: parsed``."""

_RAW = {"X-Stainless-Raw-Response": "stream"}
"""Makes the SDK hand over the response before its body is read."""


class GroqProvider(SdkProvider):
    """
    api.groq.com, or a server that speaks its wire.

    What is said goes over a wire of our own, past the SDK's client; recordings go up through that, on its aiohttp
    transport (see ``benchmarks/decoder.py``).

    Args:
        api_key: The server's key; None when only visitors bring theirs.
        base_url: The host, as ``GROQ_BASE_URL`` means it; None for api.groq.com.
        http_client: In place of the default one.
    """

    name = "groq"

    def __init__(
        self,
        api_key: Secret | None = None,
        base_url: str | None = None,
        *,
        http_client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        quieten("groq")
        if base_url and base_url.rstrip("/").endswith(PATH):
            log.warning("the base URL of Groq is the host alone: %s is left off", PATH)
            base_url = base_url.rstrip("/").removesuffix(PATH)
        self._api_key = api_key
        self._base_url = (base_url or os.environ.get("GROQ_BASE_URL") or BASE_URL).rstrip("/")
        self._http_client = http_client
        if http_client is None:
            self._use_wire(self._base_url + PATH)

    @cached_property
    def _client(self) -> AsyncGroq:
        """Made at the first upload: to import the SDK takes longer than the rest of a start."""
        import groq

        from groq_core.providers.transport import CookielessClient

        return groq.AsyncGroq(
            api_key=self._api_key.reveal() if self._api_key is not None else "",
            base_url=self._base_url,
            max_retries=0,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            http_client=self._http_client
            or CookielessClient(
                verify=tls(),
                limits=httpx.Limits(
                    max_connections=CONNECTIONS,
                    max_keepalive_connections=IDLE_CONNECTIONS,
                    keepalive_expiry=IDLE_S,
                ),
                timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
            ),
        )

    def _headers(self, caller: Caller) -> dict[str, str]:
        key = caller.groq_key or self._api_key
        if key is None:
            raise ProviderError(Kind.AUTH, "no Groq key is set", provider_wide=True)
        own = {"Authorization": f"Bearer {key.reveal()}"}
        return own if caller.groq_key is not None else own | visitor_header(caller)

    async def _send_by_sdk(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
        options: Any = {"headers": {**_RAW, **headers, "Content-Type": "application/json"}}
        if method == "GET":
            return await self._client.get(PATH + path, cast_to=httpx.Response, options=options)
        return await self._client.post(PATH + path, cast_to=httpx.Response, content=content, options=options)

    async def _upload(self, path: str, caller: Caller, form: Any, files: Any) -> Response:
        options: Any = {"headers": {**_RAW, **self._headers(caller), "Content-Type": "multipart/form-data"}}
        return await self._client.post(PATH + path, cast_to=httpx.Response, body=form, files=files, options=options)

    def prepare_uploads(self) -> None:
        _ = self._client

    async def close(self) -> None:
        await super().close()
        if "_client" in vars(self):
            await self._client.close()

    def chat_body(self, request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]:
        return chat_body(request, spec)

    def transcription_form(self, request: TranscriptionRequest, spec: ModelSpec) -> dict[str, Any]:
        form: dict[str, Any] = {"model": spec.id, "response_format": "verbose_json"}
        if request.temperature is not None:
            form["temperature"] = request.temperature
        if request.prompt:
            form["prompt"] = request.prompt
        if request.operation == "transcription":
            form["timestamp_granularities"] = list(request.granularities) or ["segment"]
            if request.language:
                form["language"] = request.language
        return form


def chat_body(request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]:
    """The body of a chat in the form Groq accepts, now or in a batch, and what had to be changed for it."""
    params: dict[str, Any] = {}
    notes: list[Note] = []
    if request.params:
        params, notes = only_accepted(request.params, ACCEPTED, "Groq")
        notes += limit_max_tokens(params, spec, "max_completion_tokens")
        notes += fitting_effort(params, spec)
    _fit_reasoning(params, spec)
    if params.get("service_tier") not in SERVICE_TIERS:
        params.pop("service_tier", None)
    return assemble_body(request, spec, params, FIELDS, notes), notes


def _fit_reasoning(params: dict[str, Any], spec: ModelSpec) -> None:
    """Ask for thoughts apart from the answer, and never for what the model or the request forbids."""
    if not params and not spec.id.startswith(THINKS_ALOUD):
        return
    if not spec.can(Capability.REASONING):
        params.pop("reasoning_format", None)
        params.pop("include_reasoning", None)
        return
    if "include_reasoning" in params:
        params.pop("reasoning_format", None)  # they exclude each other
        return
    json = (params.get("response_format") or {}).get("type") in {"json_object", "json_schema"}
    if params.get("reasoning_format") == "raw" and (params.get("tools") or json):
        params["reasoning_format"] = "parsed"
    if "reasoning_format" not in params and spec.id.startswith(THINKS_ALOUD):
        params["reasoning_format"] = "parsed"
