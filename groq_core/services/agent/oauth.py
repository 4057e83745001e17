"""OAuth towards MCP servers, as their specification has it: an operator's client credentials, a person's sign-in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from groq_core.incoming.whole_numbers import whole_number
from groq_core.services.logins import Logins

if TYPE_CHECKING:
    import httpx
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

Authorize: TypeAlias = Callable[[], AbstractAsyncContextManager["httpx.Auth"]]
"""Makes what authorizes the requests of one connection."""

EARLY_S: Final = 30.0
"""A token is renewed that long before it would be worth nothing."""


class Storage:
    """
    The library's storage for one server, on top of :class:`~groq_core.services.logins.Logins`.

    The library forgets when a token ends and which authorization server gave it, so a token that was kept would be
    renewed by a new sign-in; both are kept with it.
    """

    def __init__(self, logins: Logins, address: str) -> None:
        self._logins, self._address = logins, address

    async def get_tokens(self) -> OAuthToken | None:
        from mcp.shared.auth import OAuthToken

        return OAuthToken.model_validate(kept) if (kept := self._read().get("tokens")) else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        ends = None if tokens.expires_in is None else time.time() + tokens.expires_in
        given = tokens.model_dump(exclude_none=True)
        if "refresh_token" not in given and (before := (self._read().get("tokens") or {}).get("refresh_token")):
            # A server that sends no new one means the old one to go on.
            given["refresh_token"] = tokens.refresh_token = before
        self._write(tokens=given, ends=ends)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        from mcp.shared.auth import OAuthClientInformationFull

        kept = self._read().get("client")
        return OAuthClientInformationFull.model_validate(kept) if kept else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._write(client=client_info.model_dump(mode="json", exclude_none=True))

    def resume(self, provider: OAuthClientProvider) -> None:
        """Give a provider back what it knew of its server when the token was kept."""
        from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata

        kept, context = self._read(), provider.context
        if kept.get("tokens") and isinstance(ends := kept.get("ends"), int | float):
            context.token_expiry_time = ends - EARLY_S
        if server := kept.get("server"):
            context.oauth_metadata = OAuthMetadata.model_validate(server)
        if resource := kept.get("resource"):
            context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(resource)
            context.auth_server_url = str(context.protected_resource_metadata.authorization_servers[0])

    def keep(self, provider: OAuthClientProvider) -> None:
        """Keep what a provider has found out about its server."""
        context = provider.context
        found = {"server": context.oauth_metadata, "resource": context.protected_resource_metadata}
        more = {name: one.model_dump(mode="json", exclude_none=True) for name, one in found.items() if one is not None}
        if more and self._read().get("tokens"):
            self._write(**more)

    def forget_client(self) -> None:
        """Forget the registration; its redirect address cannot be had any more."""
        self._write(client=None)

    def port(self) -> int:
        """Of the redirect address that was registered; 0 where none was."""
        uris = (self._read().get("client") or {}).get("redirect_uris") or [""]
        _, _, port = str(uris[0]).removesuffix("/callback").rpartition(":")
        return whole_number(port, 0)

    def _read(self) -> dict[str, Any]:
        return self._logins.read(self._address)

    def _write(self, **changed: Any) -> None:
        self._logins.write(self._address, {**self._read(), **changed})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """
    Credentials of the operator's own, good for one authorization server.

    Attributes:
        issuer: That server, as its metadata names it. They are shown to no other, wherever the MCP server leads.
        scope: Words separated by spaces; empty asks for what the MCP server says is needed.
    """

    client_id: str
    client_secret: str = field(repr=False)
    issuer: str
    scope: str = ""

    def authorize(self, address: str, logins: Logins) -> Authorize:
        """
        Authorize a connection by the client credentials grant; a token that was kept is used while it is good.

        Args:
            address: Of the MCP server.
        """

        @contextlib.asynccontextmanager
        async def authorized() -> Any:
            from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider

            storage = Storage(logins, address)
            provider = ClientCredentialsOAuthProvider(
                address, storage, self.client_id, self.client_secret, scopes=self.scope or None, issuer=self.issuer
            )
            yield provider

        return authorized
