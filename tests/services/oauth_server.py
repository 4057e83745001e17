"""A small authorization server, and an MCP server that asks for its tokens: both real, over real HTTP on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mcp import types
from mcp.server.fastmcp import FastMCP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.serving import serving

CLIENT, SECRET = "operators-client", "operators-secret-8f1c"


@dataclass
class Authority:
    """
    An authorization server: metadata, registration, authorization code with PKCE, client credentials, refresh.

    Attributes:
        lasting: Seconds a token is good.
        asked: What came in, by endpoint, in order.
    """

    issuer: str = ""
    resource: str = ""
    lasting: int = 3600
    refuses: bool = False
    tokens: set[str] = field(default_factory=set)
    clients: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refreshable: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self.metadata),
                Route("/register", self.register, methods=["POST"]),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def metadata(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "registration_endpoint": f"{self.issuer}/register",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
            }
        )

    async def register(self, request: Request) -> Response:
        self.asked.append("register")
        wanted = await request.json()
        name = secrets.token_hex(8)
        self.clients[name] = wanted["redirect_uris"]
        return JSONResponse({**wanted, "client_id": name}, status_code=201)

    async def authorize(self, request: Request) -> Response:
        """The person agrees at once, or refuses."""
        self.asked.append("authorize")
        query = dict(request.query_params)
        assert query["redirect_uri"] in self.clients[query["client_id"]]
        assert query["code_challenge_method"] == "S256"
        assert query["resource"] == self.resource
        if self.refuses:
            return RedirectResponse(f"{query['redirect_uri']}?error=access_denied&state={query['state']}")
        code = secrets.token_hex(8)
        self.codes[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked.append(form["grant_type"])
        allowed = {
            "authorization_code": self._code_is_good,
            "refresh_token": lambda form, _: self.refreshable.pop(form["refresh_token"], None) == form["client_id"],
            "client_credentials": self._secret_is_good,
        }[form["grant_type"]](form, request)
        if not allowed:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token, again = secrets.token_hex(16), secrets.token_hex(16)
        self.tokens.add(token)
        given: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasting}
        if form["grant_type"] != "client_credentials":
            self.refreshable[again] = form["client_id"]
            given["refresh_token"] = again
        return JSONResponse(given)

    def _code_is_good(self, form: dict[str, str], _: Request) -> bool:
        asked = self.codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        return asked is not None and asked["code_challenge"] == proof and asked["client_id"] == form["client_id"]

    def _secret_is_good(self, _: dict[str, str], request: Request) -> bool:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"


@dataclass
class Guarded:
    """An MCP server's app behind the authority's tokens; says where they are to be had."""

    app: ASGIApp
    authority: Authority
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if request.url.path.startswith("/.well-known/oauth-protected-resource"):
            known = {"resource": self.authority.resource, "authorization_servers": [self.authority.issuer]}
            await JSONResponse(known)(scope, receive, send)
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.append(token)
        if token not in self.authority.tokens:
            where = self.authority.resource.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
            headers = {"www-authenticate": f'Bearer resource_metadata="{where}"'}
            await Response(json.dumps({"error": "unauthorized"}), 401, headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def lab() -> FastMCP:
    server = FastMCP("lab", log_level="CRITICAL")

    @server.tool(annotations=types.ToolAnnotations(readOnlyHint=True))
    def measure(sample: str) -> str:
        """Measure a sample."""
        return f"{sample}: 7.2"

    return server


@asynccontextmanager
async def listening(make: Any) -> AsyncIterator[str]:
    """Serve the app that ``make`` gives for an origin."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with serving(make(origin), door=door):
            yield origin


@asynccontextmanager
async def serve_guarded(authority: Authority) -> AsyncIterator[Guarded]:
    """Both servers; the MCP server is at ``authority.resource``."""
    made: list[Guarded] = []

    def authority_app(origin: str) -> ASGIApp:
        authority.issuer = origin
        return authority.app

    def lab_app(origin: str) -> ASGIApp:
        authority.resource = f"{origin}/mcp"
        made.append(Guarded(lab().streamable_http_app(), authority))
        return made[0]

    async with AsyncExitStack() as servers:
        await servers.enter_async_context(listening(authority_app))
        await servers.enter_async_context(listening(lab_app))
        yield made[0]
