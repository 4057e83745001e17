"""
Who may see the page: names and password hashes from a file.

A browser gets a form and keeps a session in a cookie; a program may send name and password with every request (HTTP
Basic), or a token of the API to Gradio's endpoints and the API's description. The HTTP API has its own tokens and is
left alone, as are the probes; everything else, Gradio's routes included, is behind the one door.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Protocol
from urllib.parse import parse_qs
from weakref import WeakValueDictionary

from cachetools import TTLCache
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.access.passwords import UserFile, hash_password, matches, read_users
from groq_core.access.refused_sign_ins import RefusedSignIns
from groq_core.access.sessions import SESSION_S, Sessions
from groq_core.access.throttle import LocalThrottle, Throttle
from groq_core.access.visit import site_of, visit_of
from groq_core.errors import RequestError
from groq_core.ui.sign_in_page import sign_in_page
from groq_core.ui.texts import TEXTS

__all__ = ["SignIn", "UserFile", "hash_password", "read_users"]

logger = logging.getLogger("groq_core.sign_in")

PERSON = "groq_core.person"
COOKIE = "groq_core_session"

REMEMBERED_S = 600
"""A program sends the password with every request; the hash is reckoned once in ten minutes."""

OPEN = ("/v1/", "/openai/v1/", "/health", "/ready", "/metrics", "/_simulator/", "/s/", "/ui/assets/", "/favicon.ico")
"""Paths with a rule of their own, shared conversations, and scripts that anybody may read."""

FOR_PROGRAMS = ("/gradio_api/", "/config", "/docs", "/openapi.json")
"""Paths that a token of the API opens too: Gradio's endpoints, and what describes the API to its programs."""

FROM_ONE_ADDRESS = 25
"""Wrong guesses from one address, whatever the names, before it has to wait."""

LONGEST_FORM = 4096

LOOK_S = 0.2
"""A session that nobody knows is looked for elsewhere that often at most."""


class Users(Protocol):
    def hash_of(self, name: str) -> str | None: ...


class _Fixed:
    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users

    def hash_of(self, name: str) -> str | None:
        return self._users.get(name)


class Guess(Exception):  # noqa: N818 - a refusal, not a fault
    """A name and password that were not looked at, since too many wrong ones came before."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


class SignIn:
    """
    Let nobody to the page without a name and password of the file.

    Args:
        app: The whole application.
        users: Name to hash, or a file that is read again when it changes.
        sessions: Signs what the browser keeps.
        throttle: Counts wrong guesses.
        elsewhere: People may also sign in with an OpenID provider.
        refused: Where refused sign-ins are written down.
        admit: Lets the holders of API tokens to Gradio's endpoints; raises RequestError for others.
        look: Learns whom another process let in a moment ago; so many seconds lie between two looks at least.
        needed: Whether there is anybody yet who could sign in; until then everybody sees the page.
    """

    def __init__(
        self,
        app: ASGIApp,
        users: Mapping[str, str] | Users,
        *,
        sessions: Sessions | None = None,
        throttle: Throttle | None = None,
        admit: Callable[[Scope], Awaitable[object]] | None = None,
        elsewhere: bool = False,
        refused: RefusedSignIns | None = None,
        look: Callable[[float], Awaitable[object]] | None = None,
        needed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._app = app
        self._look = look
        self._needed = needed
        self._refused = refused or RefusedSignIns()
        self._users: Users = _Fixed(users) if isinstance(users, Mapping) else users
        self._sessions = sessions or Sessions(None, self._users.hash_of)
        self._throttle: Throttle = throttle or LocalThrottle()
        self._admit = admit
        self._elsewhere = elsewhere
        self._known: TTLCache[bytes, tuple[str, str]] = TTLCache(1000, REMEMBERED_S)
        self._nobody = hash_password(secrets.token_urlsafe())
        # Sixteen MiB a guess: two at a time, and of one address one, so that who guesses slows nobody but himself.
        self._reckoners = ThreadPoolExecutor(2, thread_name_prefix="sign-in")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith(OPEN) or not await self._is_needed(path):
            await self._app(scope, receive, send)
            return
        response = await self._answer(path, scope, receive)
        if response is None:
            await self._app(scope, receive, send)
        else:
            await response(scope, receive, send)

    async def _is_needed(self, path: str) -> bool:
        if not self._needed() and path == "/login" and self._look is not None:
            await self._look(0.0)  # the first person may have been added a moment ago
        return self._needed()

    async def _answer(self, path: str, scope: Scope, receive: Receive) -> Response | None:
        """What to say instead of the page; None for somebody who may see it."""
        headers = Headers(scope=scope)
        try:
            if path == "/login" and scope["method"] == "POST":
                return await self._sign_in(scope, receive)
            if path == "/logout" and scope["method"] == "POST":
                return await self._sign_out(scope, headers)
            person = await self._person(scope, headers)
        except Guess as refused:
            return _later(refused.wait_s, headers)
        if person is not None:
            scope[PERSON] = person
            return None
        if path.startswith(FOR_PROGRAMS) and await self._is_admitted(scope):
            return None
        return _unknown(headers, elsewhere=self._elsewhere)

    async def _is_admitted(self, scope: Scope) -> bool:
        if self._admit is None:
            return False
        try:
            await self._admit(scope)
        except RequestError:
            return False
        return True

    async def _person(self, scope: Scope, headers: Headers) -> str | None:
        if (session := _cookie(headers)) and (person := await self._session_of(session)) is not None:
            return person
        header = headers.get("authorization", "")
        if header[:6].lower() != "basic ":
            return None
        try:
            name, colon, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        if not colon:
            return None
        seen = hashlib.sha256(header.encode()).digest()
        # Remembered together with the hash: a password that was changed is not remembered.
        if self._known.get(seen) == (name, self._users.hash_of(name)):
            return name
        if not await self._right(name, password, visit_of(scope).address):
            return None
        self._known[seen] = name, self._users.hash_of(name) or ""
        return name

    async def _session_of(self, session: str) -> str | None:
        person = await self._sessions.person(session)
        if person is None and self._look is not None:
            # Whoever was added just now has signed in at another process.
            await self._look(LOOK_S)
            person = await self._sessions.person(session)
        return person

    async def _right(self, name: str, password: str, address: str) -> bool:
        """
        Look at a guess.

        Raises:
            Guess: It has to wait.
        """
        site = site_of(address)
        keys = {f"{name[:200]}\0{site}": 5, f"\0{site}": FROM_ONE_ADDRESS}
        turn = self._turns.setdefault(site, asyncio.Lock())
        async with turn:
            if wait := max([await self._throttle.wait_s(key) for key in keys]):
                raise Guess(wait)
            if self._look is not None:
                await self._look(0.0)
            kept = self._users.hash_of(name)
            loop = asyncio.get_running_loop()
            # A name that is not there takes as long as a wrong password.
            right = await loop.run_in_executor(self._reckoners, matches, password, kept or self._nobody)
            if right and kept is not None:
                await self._throttle.forgive(next(iter(keys)))
                return True
            for key, free in keys.items():
                await self._throttle.fail(key, free=free)
        self._refused.note(address, person=name if kept is not None else "")
        # The address alone: people type passwords into the field of the name.
        logger.warning("sign-in failed from %s", address or "unknown")
        return False

    async def _sign_in(self, scope: Scope, receive: Receive) -> Response:
        body = b""
        more = True
        while more and len(body) <= LONGEST_FORM:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False) and message["type"] != "http.disconnect"
        form = parse_qs(body[:LONGEST_FORM].decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=5)
        name, password = form.get("name", [""])[0], form.get("password", [""])[0]
        if len(body) > LONGEST_FORM or not await self._right(name, password, visit_of(scope).address):
            return HTMLResponse(sign_in_page(TEXTS["sign_in_wrong"], elsewhere=self._elsewhere), 401, PAGE_HEADERS)
        target = form.get("next", ["./"])[0]
        response = RedirectResponse(target if _own_path(target) else "./", 303)
        response.set_cookie(
            COOKIE,
            self._sessions.issue(name),
            max_age=SESSION_S,
            path=scope.get("root_path") or "/",
            httponly=True,
            samesite="lax",
            secure=visit_of(scope).https,
        )
        response.headers["cache-control"] = "no-store"
        return response

    async def _sign_out(self, scope: Scope, headers: Headers) -> Response:
        await self._sessions.end(_cookie(headers))
        response = RedirectResponse("./", 303)
        response.delete_cookie(COOKIE, path=scope.get("root_path") or "/", httponly=True, samesite="lax")
        response.headers["cache-control"] = "no-store"
        return response


PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _own_path(target: str) -> bool:
    """A path of this server, and no other server's address in one of its disguises."""
    return target.startswith(("./", "/", "?")) and not target.startswith(("//", "/\\")) and target.isprintable()


def _unknown(headers: Headers, *, elsewhere: bool) -> Response:
    """A browser gets a form; a program is asked the way programs are."""
    if "text/html" in headers.get("accept", ""):
        return HTMLResponse(sign_in_page(elsewhere=elsewhere), 401, PAGE_HEADERS)
    if "sec-fetch-site" in headers or headers.get("user-agent", "").startswith("Mozilla/"):
        # One of the page's scripts: asked for Basic, the browser would put a dialog of its own before the page.
        return JSONResponse({"detail": TEXTS["sign_in_again"]}, 401, {"cache-control": "no-store"})
    return PlainTextResponse(
        "Sign in to see this page.",
        401,
        {"www-authenticate": 'Basic realm="groq-core", charset="UTF-8"', "cache-control": "no-store"},
    )


def _later(wait_s: float, headers: Headers) -> Response:
    wait = math.ceil(wait_s)
    text = TEXTS["sign_in_later"].format(seconds=wait)
    if "text/html" in headers.get("accept", ""):
        return HTMLResponse(sign_in_page(text), 429, {**PAGE_HEADERS, "retry-after": str(wait)})
    return JSONResponse({"detail": text}, 429, {"retry-after": str(wait), "cache-control": "no-store"})
