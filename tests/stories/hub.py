"""As much of huggingface.co as a Space's page meets: the page with its frame, the hub's API, and sign-in."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "a-client-of-the-space", "and-its-secret"

FRAME = """<!doctype html><title>ann/demo</title><body style="margin:0">
<iframe src="https://{host}" style="border:0;width:100vw;height:100vh"
 allow="camera;clipboard-read;clipboard-write;microphone;autoplay;fullscreen"
 sandbox="allow-downloads allow-forms allow-modals allow-pointer-lock allow-popups
 allow-popups-to-escape-sandbox allow-same-origin allow-scripts allow-storage-access-by-user-activation"></iframe>"""
"""How the hub shows a Space: permissions handed on, and a sandbox (read off a Space's page)."""


class Hub:
    """
    Attributes:
        url: Where it is reached without TLS, as its tokens name it.
        person: Whoever signs in next.
        asked: Paths of the hub's API that the Space's page asked for.
    """

    def __init__(self, host: str) -> None:
        self.url = ""
        self.person = "eve"
        self.asked: list[str] = []
        self._host = host
        self._key = RSAKey.generate_key(2048, {"kid": "hub"})
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/spaces/ann/demo", self._page),
                Route("/favicon.ico", self._nothing),
                Route("/api/{path:path}", self._api),
                Route("/.well-known/openid-configuration", self._facts),
                Route("/oauth/jwks", self._jwks),
                Route("/oauth/authorize", self._authorize),
                Route("/oauth/token", self._token, methods=["POST"]),
            ]
        )

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(FRAME.format(host=self._host))

    async def _nothing(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _api(self, request: Request) -> Response:
        self.asked.append(request.path_params["path"])
        running = {"id": "ann/demo", "runtime": {"stage": "RUNNING", "hardware": {"current": "zero-a10g"}}}
        return JSONResponse(running, headers={"access-control-allow-origin": "*"})

    async def _facts(self, request: Request) -> Response:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        facts = {name: f"{self.url}/oauth/{path}" for name, path in places.items()}
        return JSONResponse({"issuer": self.url, "id_token_signing_alg_values_supported": ["RS256"], **facts})

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"].startswith(f"https://{self._host}/login/callback")
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        joint = "&" if "?" in asked["redirect_uri"] else "?"
        return RedirectResponse(f"{asked['redirect_uri']}{joint}code={code}&state={asked['state']}", 302)

    async def _token(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self._codes.pop(given.get("code", ""), None)
        if request.headers.get("authorization") != basic or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.url, "aud": CLIENT, "sub": "5f", "iat": now, "exp": now + 3600}
        claims |= {"nonce": asked.get("nonce"), "name": "Eve E.", "preferred_username": self.person}
        claims |= {"profile": f"https://huggingface.co/{self.person}", "picture": "https://huggingface.co/p.png"}
        token = jwt.encode({"alg": "RS256", "kid": "hub"}, claims, self._key, algorithms=["RS256"])
        return JSONResponse(
            {"access_token": "hf_oauth_x", "token_type": "bearer", "expires_in": 3600, "id_token": token}
        )
