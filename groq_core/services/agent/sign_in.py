"""A person's sign-in at an MCP server: the authorization code grant with PKCE, answered on loopback (RFC 8252)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from groq_core.services.agent.oauth import Authorize, Storage
from groq_core.services.logins import Logins

SIGN_IN_S: Final = 300.0
"""Seconds a person has to sign in."""

CALLBACK: Final = "/callback"

_PAGE: Final = (
    "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncache-control: no-store\r\n"
    "content-security-policy: default-src 'none'\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{page}"
)


class SignInError(Exception):
    """The authorization server refused, or nobody came back from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSignIn:
    """
    Signs a person in with their browser.

    Attributes:
        logins: Where tokens are kept.
        invite: Given the address to be opened; it may open it.
        seconds: That long a person has.
    """

    logins: Logins
    invite: Callable[[str], Awaitable[None]]
    seconds: float = SIGN_IN_S

    def authorize(self, address: str) -> Authorize:
        """
        Authorize a connection: with the token that is kept, else by a sign-in when the server asks for one.

        Args:
            address: Of the MCP server.
        """

        @contextlib.asynccontextmanager
        async def authorized() -> Any:
            storage = Storage(self.logins, address)
            async with _Callback(self.seconds) as callback:
                if not await callback.listen(storage.port()):
                    storage.forget_client()
                yield _provider(address, storage, self.invite, callback)

        return authorized


def _provider(address: str, storage: Storage, invite: Callable[[str], Awaitable[None]], callback: _Callback) -> Any:
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientMetadata
    from pydantic import AnyUrl

    class _KeptLogin(OAuthClientProvider):
        """The library's, which knows of a token that was kept when it ends and whose it is."""

        async def _initialize(self) -> None:
            await super()._initialize()
            storage.resume(self)

        async def _handle_token_response(self, response: Any) -> None:
            await super()._handle_token_response(response)
            storage.keep(self)

    wanted = OAuthClientMetadata(
        redirect_uris=[AnyUrl(callback.address)],
        client_name="groq-core",
        # Who can be read by everybody keeps no secret: the proof is PKCE's.
        token_endpoint_auth_method="none",
    )
    return _KeptLogin(address, wanted, storage, invite, callback.answer)


class _Callback:
    """A server on loopback to which the browser brings the code; open until it has, or the connection ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._server: asyncio.Server | None = None
        self._came: asyncio.Future[tuple[str, str | None]] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> _Callback:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._came.cancel()
        if self._server is not None:
            self._server.close()

    async def listen(self, port: int) -> bool:
        """Listen on a port, or on a free one where that is taken; False says that it is another."""
        for wanted in (port, 0):
            with contextlib.suppress(OSError):
                self._server = await asyncio.start_server(self._heard, "127.0.0.1", wanted)
                return wanted == port
        raise SignInError("no port on 127.0.0.1 is free for the browser to come back to")

    @property
    def address(self) -> str:
        assert self._server is not None, "it listens before it is named"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{CALLBACK}"

    async def answer(self) -> tuple[str, str | None]:
        """
        Wait for the code and the state that come with it.

        Raises:
            SignInError: It was refused, or nobody came in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._came
        except TimeoutError:
            raise SignInError(f"nobody signed in within {self._seconds:g} s") from None
        finally:
            # A server may ask for another sign-in while the connection lasts.
            self._came = asyncio.get_running_loop().create_future()

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
            status, words = self._take(head.decode("latin-1").split(" ")[1])
            page = f"<!doctype html><title>groq-core</title><p>{words}</p>"
            writer.write(_PAGE.format(status=status, length=len(page.encode()), page=page).encode())
            await writer.drain()
        except (OSError, TimeoutError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever it was, it was not the browser with an answer
        finally:
            writer.close()

    def _take(self, target: str) -> tuple[str, str]:
        parts = urlsplit(target)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != CALLBACK or not ({"code", "error"} & given.keys()) or self._came.done():
            return "404 Not Found", "There is nothing here."
        if "code" in given:
            self._came.set_result((given["code"], given.get("state")))
            return "200 OK", "Signed in. You may close this window and go back to the terminal."
        self._came.set_exception(SignInError(f"the server refused the sign-in: {given['error'][:100]}"))
        return "200 OK", "The sign-in was refused. You may close this window."
