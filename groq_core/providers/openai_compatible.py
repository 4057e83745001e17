"""The backup: OpenAI, or any server that speaks its dialect (Ollama, llama.cpp, vLLM), through OpenAI's SDK."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Set
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
    import httpx2
    from openai import AsyncOpenAI

BASE_URL = "https://api.openai.com/v1"

GROQ_ONLY = frozenset(
    {
        "citation_options", "compound_custom", "disable_tool_validation", "documents", "exclude_domains",
        "include_domains", "include_reasoning", "reasoning_format", "search_settings",
    }
)  # fmt: skip
"""Parameters only Groq knows. They steer Groq's own extras, so leaving them out changes no answer and needs no note."""

SERVICE_TIERS = frozenset({"auto", "default", "flex", "priority", "scale"})

OPENAIS_OWN = re.compile(r"gpt-(?!oss)|chatgpt-|o\d")
"""Ids of OpenAI's own models, wherever they are served; it refuses what it does not know, others pass it over."""

ACCEPTED = frozenset(
    {
        "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
        "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls",
        "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store",
        "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
        "web_search_options",
    }
)  # fmt: skip
"""Parameters OpenAI takes, as its SDK lists them; a test compares them."""

SAMPLING = frozenset(
    {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop"}
)
"""Parameters OpenAI's reasoning models answer with a 400 (developers.openai.com, read 2026-10)."""

FIELDS = ("name", "tool_call_id", "refusal")

_RAW = {"X-Stainless-Raw-Response": "stream"}


class OpenAICompatibleProvider(SdkProvider):
    """
    OpenAI's API, or a server like it.

    Args:
        api_key: None for a server that asks for none.
        base_url: With its path, as ``OPENAI_BASE_URL`` means it; None for api.openai.com.
        name: Of a provider registered beside the backup.
        headers: Sent with every request, beside the key.
        http_client: In place of the default one.
    """

    def __init__(
        self,
        api_key: Secret | None = None,
        base_url: str | None = None,
        *,
        name: str = "openai",
        headers: Mapping[str, str] = MappingProxyType({}),
        http_client: httpx2.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        quieten("openai")
        self.name = name
        self._own_headers = dict(headers)
        self._api_key = api_key.reveal() if api_key is not None else "none"
        self._base_url = base_url or os.environ.get("OPENAI_BASE_URL") or BASE_URL
        self._http_client = http_client
        if http_client is None:
            self._use_wire(self._base_url)
        self._official = (urlsplit(self._base_url).hostname or "").endswith("openai.com")

    @cached_property
    def _client(self) -> AsyncOpenAI:
        """Made at the first upload: to import the SDK takes longer than the rest of a start."""
        import httpx2
        import openai

        return openai.AsyncOpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_TIMEOUT_S),
            http_client=self._http_client
            or openai.DefaultAioHttpClient(
                verify=tls(),
                limits=httpx2.Limits(
                    max_connections=CONNECTIONS,
                    max_keepalive_connections=IDLE_CONNECTIONS,
                    keepalive_expiry=IDLE_S,
                ),
                timeout=httpx2.Timeout(None, connect=CONNECT_TIMEOUT_S),
            ),
        )

    def _headers(self, caller: Caller) -> dict[str, str]:
        own = {**self._own_headers, "Authorization": f"Bearer {self._api_key}"}
        return own | visitor_header(caller)

    async def _send_by_sdk(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
        import httpx2

        options: Any = {"headers": {**_RAW, **headers, "Content-Type": "application/json"}}
        if method == "GET":
            return await self._client.get(path, cast_to=httpx2.Response, options=options)
        return await self._client.post(path, cast_to=httpx2.Response, content=content, options=options)

    async def _upload(self, path: str, caller: Caller, form: Any, files: Any) -> Response:
        import httpx2

        options: Any = {"headers": {**_RAW, **self._headers(caller), "Content-Type": "multipart/form-data"}}
        return await self._client.post(path, cast_to=httpx2.Response, body=form, files=files, options=options)

    def prepare_uploads(self) -> None:
        _ = self._client

    async def close(self) -> None:
        await super().close()
        if "_client" in vars(self):
            await self._client.close()

    def chat_body(self, request: ChatRequest, spec: ModelSpec) -> tuple[dict[str, Any], list[Note]]:
        params = {name: value for name, value in request.params.items() if name not in GROQ_ONLY}
        if params.get("service_tier") not in SERVICE_TIERS:
            params.pop("service_tier", None)
        strict = self._official or OPENAIS_OWN.match(spec.id) is not None
        accepted: Set[str] = ACCEPTED if strict else params.keys()
        if strict and spec.can(Capability.REASONING):
            accepted -= SAMPLING
        params, notes = only_accepted(params, accepted, spec.id)
        # The old name is refused by OpenAI's newer models, and the only one that many other servers know.
        notes += limit_max_tokens(params, spec, "max_completion_tokens" if strict else "max_tokens")
        notes += fitting_effort(params, spec)
        return assemble_body(request, spec, params, FIELDS, notes), notes

    def transcription_form(self, request: TranscriptionRequest, spec: ModelSpec) -> dict[str, Any]:
        # OpenAI's newer transcribers know neither phrases nor word times.
        verbose = spec.can(Capability.TIMESTAMPS)
        form: dict[str, Any] = {"model": spec.id, "response_format": "verbose_json" if verbose else "json"}
        if request.temperature is not None:
            form["temperature"] = request.temperature
        if request.prompt:
            form["prompt"] = request.prompt
        if request.operation == "transcription":
            if verbose:
                form["timestamp_granularities"] = list(request.granularities) or ["segment"]
            if request.language:
                form["language"] = request.language
        return form
