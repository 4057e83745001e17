"""One request to a provider and its response, hung up on at the end; what goes wrong comes out as one kind of error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import NoReturn, Protocol

from groq_core.errors import ProviderError
from groq_core.failures.classify import from_exception, from_response
from groq_core.models.spec import ModelSpec

OnHeaders = Callable[[Mapping[str, str]], None]
"""Told the headers of every response, refusals included."""


class Response(Protocol):
    """What httpx's and httpx2's responses have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    async def aread(self) -> bytes: ...
    async def aclose(self) -> None: ...


class UpstreamExchange:
    """
    One request and its response: ``async with`` gives the response, hangs up at the end, and lets nothing out but
    :class:`ProviderError`, cancellation and our own bugs.
    """

    def __init__(self, spec: ModelSpec, send: Awaitable[Response], observe: OnHeaders | None) -> None:
        self._spec = spec
        self._send = send
        self._observe = observe
        self._response: Response | None = None

    async def __aenter__(self) -> Response:
        try:
            response = self._response = await self._send
        except Exception as exc:
            refused = getattr(exc, "response", None)
            if refused is not None and self._observe is not None:
                self._observe(refused.headers)
            self._raise(exc)
        if self._observe is not None:
            self._observe(response.headers)
        if response.status_code >= 300:
            await self._refuse(response)
        return response

    async def _refuse(self, response: Response) -> NoReturn:
        try:
            error: Exception = from_response(response.status_code, response.headers, await response.aread())
        except Exception as exc:
            error = exc
        await response.aclose()
        self._raise(error)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._response is not None:
            try:
                await self._response.aclose()
            except Exception:  # hanging up on a broken line breaks too, and nobody is left to tell
                pass
        if isinstance(exc, Exception):
            self._raise(exc)

    def _raise(self, exc: Exception) -> NoReturn:
        error = exc if isinstance(exc, ProviderError) else from_exception(exc, begun=self._response is not None)
        if error is None:
            raise exc
        error.provider, error.model = self._spec.provider, self._spec.id
        if self._response is not None:
            error.request_id = error.request_id or self._response.headers.get("x-request-id")
        try:
            raise error from None
        finally:
            # An SDK's exception holds its request, pictures and all, for as long as the failure is remembered.
            error.__context__ = None
            del error, exc  # or this frame would keep its own traceback, and all that its callers hold
