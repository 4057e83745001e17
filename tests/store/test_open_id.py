"""Sign-in by OpenID Connect, against a small real provider on loopback: its tokens are signed, its codes good once."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from groq_core.simulator import Simulator
from tests.api.stage import serving
from tests.store.stage import TeamStage, team_stage


class Provider:
    """
    Attributes:
        claims: What its tokens say, beside what they must.
        spoil: Changes what a token says before it is signed.
        answer: What is said instead of a token.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.claims: dict[str, Any] = {"sub": "u1", "email": "Eve@example.org", "email_verified": True}
        self.spoil: dict[str, Any] = {}
        self.signer = self.key
        self.answer: Response | None = None
        self._codes: dict[str, dict[str, str]] = {}
        routes = [
            Route("/.well-known/openid-configuration", self.facts),
            Route("/jwks", self.jwks),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    async def facts(self, request: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return JSONResponse({"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in names.items()}})

    async def jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == "chat"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 302)

    async def token(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        expected = "Basic " + base64.b64encode(b"chat:s3cret").decode()
        asked = self._codes.pop(given.get("code", ""), None)
        if request.headers.get("authorization") != expected or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": "chat", "exp": now + 60, "iat": now, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.claims | self.spoil, self.signer)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def stage_with(tmp_path: Path, simulator: Simulator) -> AsyncIterator[tuple[TeamStage, Provider]]:
    provider = Provider()
    async with serving(provider.app) as port:
        provider.url = f"http://127.0.0.1:{port}"
        settings: dict[str, Any] = {
            "GROQ_CORE_OIDC_ISSUER": provider.url,
            "GROQ_CORE_OIDC_CLIENT_ID": "chat",
            "GROQ_CORE_OIDC_CLIENT_SECRET": "s3cret",
            "GROQ_CORE_ADMINS": "eve@example.org",
        }
        async with team_stage(f"sqlite:///{tmp_path}/team.db", simulator, people=("ann",), **settings) as stage:
            yield stage, provider


async def sign_in(http: httpx.AsyncClient) -> httpx.Response:
    return await http.get("/login/oidc", follow_redirects=True)


async def test_somebody_signs_in_and_is_known_by_a_verified_address(tmp_path: Path, simulator: Simulator) -> None:
    async with stage_with(tmp_path, simulator) as (stage, _), stage.client() as http:
        asked = await http.get("/", headers={"accept": "text/html"})
        assert (asked.status_code, 'href="login/oidc"' in asked.text) == (401, True)
        assert (await sign_in(http)).status_code == 200
        http.headers["x-groq-core-page"] = (await http.get("/ui/pass")).json()["pass"]
        whole = {"head": {"id": "c1"}, "messages": []}
        assert (await http.put("/ui/conversations/c1", json=whole)).status_code == 204
        assert (await http.get("/ui/admin")).status_code == 200, "an admin by that address"
        team = stage.core.team
        assert team is not None
        assert [head["id"] for head in await team.conversations.heads("eve@example.org")] == ["c1"]
        assert (await http.post("/logout")).status_code == 303
        assert (await http.get("/ui/admin")).status_code == 401


async def test_below_a_path_of_a_proxy_the_way_back_is_the_proxy_s(tmp_path: Path, simulator: Simulator) -> None:
    """It led to the root of the host, where somebody else may live."""
    async with stage_with(tmp_path, simulator) as (stage, _), stage.client() as http:
        http.headers["x-forwarded-prefix"] = "/groq/"
        away = await http.get("/login/oidc")
        back = (await http.get(away.headers["location"])).headers["location"]
        assert back.startswith(f"{stage.url}/groq/login/callback?")
        arrived = await http.get(back.replace("/groq/", "/"))  # as the proxy asks us
        assert (arrived.status_code, arrived.headers["location"]) == (303, f"{stage.url}/groq/")
        page = await http.get("/", headers={"accept": "text/html"})
        assert f'content="{stage.url}/groq/ui/' in page.text, "the picture of a shared card"


async def test_an_address_that_is_not_verified_names_nobody(tmp_path: Path, simulator: Simulator) -> None:
    async with stage_with(tmp_path, simulator) as (stage, provider), stage.client() as http:
        provider.claims = {"sub": "u1", "email": "eve@example.org", "preferred_username": "ann"}
        assert (await sign_in(http)).status_code == 200
        http.headers["x-groq-core-page"] = (await http.get("/ui/pass")).json()["pass"]
        assert (await http.get("/ui/admin")).status_code == 403
        await http.put("/ui/conversations/c1", json={"head": {"id": "c1"}, "messages": []})
        team = stage.core.team
        assert team is not None
        assert len(await team.conversations.heads("u1")) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "http://evil.example"},
        {"aud": "another"},
        {"exp": 1},
        {"nonce": "another"},
        {"sub": None},
        {"sub": "u" * 201, "email": None},
        {"sub": "u\n1", "email": None},
        {"sub": "", "email": None},
    ],
    ids=lambda spoil: next(iter(spoil)),
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(
    tmp_path: Path, simulator: Simulator, spoil: dict[str, Any]
) -> None:
    async with stage_with(tmp_path, simulator) as (stage, provider), stage.client() as http:
        provider.spoil = spoil
        assert (await sign_in(http)).status_code == 401
        assert (await http.get("/ui/admin")).status_code == 401


async def test_a_token_of_another_key_and_a_way_back_of_another_browser_are_refused(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with stage_with(tmp_path, simulator) as (stage, provider), stage.client() as http, stage.client() as other:
        provider.signer = RSAKey.generate_key(2048, {"kid": "one"})
        assert (await sign_in(http)).status_code == 401
        provider.signer = provider.key
        away = await http.get("/login/oidc")
        back = (await http.get(away.headers["location"])).headers["location"]
        path = urlsplit(back).path + "?" + urlsplit(back).query
        assert (await other.get(path)).status_code == 401, "another browser's state"
        assert (await http.get(path.replace("state=", "state=x"))).status_code == 401
        assert (await http.get("/login/callback?error=access_denied")).status_code == 401
        assert (await http.get(path)).status_code == 303
        assert (await http.get(path)).status_code == 401, "a code is good once"


async def test_a_provider_of_another_mind_or_away_is_told_on_the_page_and_is_no_fault(
    tmp_path: Path, simulator: Simulator
) -> None:
    answers = [
        JSONResponse({"error": "invalid_grant", "error_description": "<b>"}, 400), JSONResponse({"error": "x"}, 500),
        JSONResponse({}), JSONResponse({"access_token": "x"}), JSONResponse({"id_token": "x.y.z", "access_token": "x"}),
        JSONResponse(["x"]), Response("<html>busy</html>", 502), Response(""),
    ]  # fmt: skip
    async with stage_with(tmp_path, simulator) as (stage, provider), stage.client() as http:
        for answer in answers:
            provider.answer = answer
            found = await sign_in(http)
            assert (found.status_code, "did not work" in found.text, "<b>" in found.text) == (401, True, False)
