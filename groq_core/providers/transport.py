"""The SDK's aiohttp client without a memory: many people's requests go through it."""

from __future__ import annotations

from typing import Any

import aiohttp
import groq
import httpx
from httpx_aiohttp import AiohttpTransport


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        return


class _Transport(AiohttpTransport):
    def get_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self.limits.max_connections or 0,
            keepalive_timeout=self.limits.keepalive_expiry,
            ssl=self.ssl_context,
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class CookielessClient(groq.DefaultAioHttpClient):
    """
    Keeps no cookies: what the provider sets with one visitor's answer must not go along with another's question.

    Both libraries below keep them, each in a jar of its own.
    """

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        return

    def _init_transport(self, *_: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return options.get("transport") or _Transport(**options)

    def _init_proxy_transport(self, proxy: httpx.Proxy, *_: Any, **options: Any) -> httpx.AsyncBaseTransport:
        return _Transport(proxy=proxy, **options)
