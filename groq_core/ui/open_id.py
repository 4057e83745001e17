"""
Sign-in by OpenID Connect: the authorization code flow with PKCE, state and nonce, in front of the sign-in by password.

A person is known by an address that the provider has verified, else by what the provider calls the subject: a name
that people choose for themselves could be somebody else's here.
"""

from __future__ import annotations

import base64
import hmac
import logging
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

import httpx
import msgspec
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.access.refused_sign_ins import RefusedSignIns
from groq_core.access.sessions import SESSION_S, Sessions, Signer
from groq_core.access.visit import visit_of
from groq_core.redaction import Secret
from groq_core.ui.basic_auth import COOKIE, PAGE_HEADERS
from groq_core.ui.failed_sign_in import FAILURES
from groq_core.ui.sign_in_page import sign_in_page
from groq_core.ui.texts import TEXTS

logger = logging.getLogger("groq_core.sign_in")

ON_THE_WAY: Final = "groq_core_open_id"
ON_THE_WAY_S: Final = 600
DISCOVERY_S: Final = 3600
ASKING_S: Final = 10.0
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
START, BACK = "/login/oidc", "/login/callback"


LONGEST_NAME: Final = 200
"""Characters of a name, as the database has room for."""


class SignInRefused(Exception):  # noqa: N818 - an answer, not a fault
    """The provider, or the way back from it, was not as it must be."""


class _Way(msgspec.Struct, frozen=True):
    """What the browser carries to the provider and back, signed."""

    state: str
    nonce: str
    verifier: str
    ends: float


class OpenIdSignIn:
    """
    Args:
        app: Everything else, the sign-in by password included.
        issuer: The provider's address, as it stands in its tokens.
        sessions: Signs what the browser keeps.
        secret: As for the sessions.
        refused: Where refused sign-ins are written down.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        issuer: str,
        client_id: str,
        client_secret: Secret | None,
        sessions: Sessions,
        secret: Secret | None,
        refused: RefusedSignIns,
    ) -> None:
        self._app = app
        self._refused = refused
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._sessions = sessions
        self._signer = Signer("open id", secret)
        self._known: tuple[float, dict[str, Any], KeySet] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path not in (START, BACK):
            await self._app(scope, receive, send)
            return
        try:
            response = await (self._away(scope) if path == START else self._back(scope))
        except (SignInRefused, *FAILURES) as error:
            logger.warning("sign-in by OpenID Connect failed: %s", type(error).__name__ if error.args else error)
            self._refused.note(visit_of(scope).address, way="open id")
            response = HTMLResponse(sign_in_page(TEXTS["sign_in_elsewhere_failed"], elsewhere=True), 401, PAGE_HEADERS)
        await response(scope, receive, send)

    async def _away(self, scope: Scope) -> Response:
        """To the provider."""
        facts, _ = await self._provider()
        way = _Way(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), time.time() + ON_THE_WAY_S
        )
        async with self._client(scope) as client:
            address, _ = client.create_authorization_url(
                facts["authorization_endpoint"],
                state=way.state,
                nonce=way.nonce,
                code_challenge=create_s256_code_challenge(way.verifier),
                code_challenge_method="S256",
            )
        response = RedirectResponse(address, 303, {"cache-control": "no-store"})
        body = base64.urlsafe_b64encode(msgspec.json.encode(way)).decode()
        self._keep(response, scope, ON_THE_WAY, f"{body}.{self._signer.signature(body)}", ON_THE_WAY_S)
        return response

    async def _back(self, scope: Scope) -> Response:
        """From the provider, with a code for a token."""
        query = QueryParams(scope["query_string"])
        way = self._way(Headers(scope=scope))
        code = query.get("code")
        if way is None or not code or not hmac.compare_digest(query.get("state", "").encode(), way.state.encode()):
            raise SignInRefused
        facts, keys = await self._provider()
        async with self._client(scope) as client:
            token = await client.fetch_token(
                facts["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=way.verifier
            )
        person = self._person(token["id_token"], keys, way.nonce)
        response = RedirectResponse(self._own(scope, "/"), 303, {"cache-control": "no-store"})
        self._keep(response, scope, COOKIE, self._sessions.issue(person), SESSION_S)
        response.delete_cookie(ON_THE_WAY, path=scope.get("root_path") or "/", httponly=True, samesite="lax")
        return response

    def _way(self, headers: Headers) -> _Way | None:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(ON_THE_WAY)
        except CookieError:
            return None
        body, _, signature = (found.value if found is not None else "").rpartition(".")
        if not body or not self._signer.good(body, signature):
            return None
        way = msgspec.json.decode(base64.urlsafe_b64decode(body), type=_Way)
        return way if way.ends > time.time() else None

    def _person(self, token: str, keys: KeySet, nonce: str) -> str:
        """
        Who it is.

        Raises:
            JoseError: The token is not the provider's, not for us, or too old.
            SignInRefused: It answers another question than ours.
        """
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        rules = jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            sub={"essential": True},
        )
        rules.validate(claims)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInRefused
        verified = claims.get("email_verified") is True and claims.get("email")
        name = str(claims["email"]).lower() if verified else str(claims["sub"])
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise SignInRefused  # no table could keep what is this person's
        return name

    async def _provider(self) -> tuple[dict[str, Any], KeySet]:
        """What the provider says of itself, and its keys; asked once an hour."""
        if self._known is not None and self._known[0] > time.monotonic():
            return self._known[1], self._known[2]
        async with httpx.AsyncClient(timeout=ASKING_S) as http:
            answer = await http.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            facts: dict[str, Any] = answer.raise_for_status().json()
            if facts["issuer"] != self._issuer:
                raise SignInRefused
            keys = KeySet.import_key_set((await http.get(facts["jwks_uri"])).raise_for_status().json())
        self._known = time.monotonic() + DISCOVERY_S, facts, keys
        return facts, keys

    def _client(self, scope: Scope) -> Any:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret.reveal() if self._client_secret is not None else None,
            scope="openid email profile",
            redirect_uri=self._own(scope, BACK),
            token_endpoint_auth_method="client_secret_basic" if self._client_secret is not None else "none",
            timeout=ASKING_S,
        )

    @staticmethod
    def _own(scope: Scope, path: str) -> str:
        """An address of this server, as the browser knows it."""
        visit = visit_of(scope)
        authority = visit.authorities[-1] if visit.authorities else Headers(scope=scope).get("host", "")
        return f"{'https' if visit.https else 'http'}://{authority}{visit.prefix}{scope.get('root_path', '')}{path}"

    @staticmethod
    def _keep(response: Response, scope: Scope, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=scope.get("root_path") or "/",
            httponly=True,
            samesite="lax",
            secure=visit_of(scope).https,
        )
