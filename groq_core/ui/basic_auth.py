"""
Who may see the page: names and password hashes from a file, asked for by the browser itself (HTTP Basic).

The HTTP API has its own tokens and is left alone, as are the probes; everything else, Gradio's routes and
uploads included, is behind the one door. A line of the file is made by `python -m groq_core passwd NAME`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from pathlib import Path

from cachetools import TTLCache
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.errors import SettingsError

COST, BLOCK, LANES = 2**14, 8, 1
"""Of scrypt: 16 MiB and about 50 ms a guess (RFC 7914, OWASP's least for interactive use)."""

REMEMBERED_S = 600
"""A browser sends the password with every request; the hash is reckoned once in ten minutes."""

OPEN = ("/v1/", "/health", "/ready", "/metrics", "/_simulator/")
"""Paths with a rule of their own."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """
    The form a password is kept in: ``scrypt$salt$hash``, both base64.

    >>> matches("open sesame", hashed("open sesame"))
    True
    """
    salt = salt or secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=LANES)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed; takes as long either way."""
    _, salt, _ = kept.split("$")
    return hmac.compare_digest(hashed(password, base64.b64decode(salt)), kept)


def read_users(path: Path) -> dict[str, str]:
    """
    Read the user file: ``name:scrypt$salt$hash`` a line, ``#`` begins a remark.

    Raises:
        SettingsError: A line is not of that form, or there is none; the number is named, the line is not shown.
    """
    users: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, _, kept = text.partition(":")
        if not name or not _is_hash(kept):
            raise SettingsError(
                f"GROQ_CORE_AUTH_FILE: line {number} of {path.name} is not name:hash; "
                f"make one with: python -m groq_core passwd NAME"
            )
        users[name] = kept
    if not users:
        raise SettingsError(f"GROQ_CORE_AUTH_FILE: {path.name} names nobody, so nobody could sign in")
    return users


def _is_hash(kept: str) -> bool:
    parts = kept.split("$")
    if len(parts) != 3 or parts[0] != "scrypt":
        return False
    try:
        return all(base64.b64decode(part, validate=True) for part in parts[1:])
    except binascii.Error:
        return False


class SignIn:
    """
    Let nobody to the page without a name and password of the file.

    Args:
        app: The whole application.
        users: Name to hash.
    """

    def __init__(self, app: ASGIApp, users: dict[str, str]) -> None:
        self._app = app
        self._users = users
        self._known: TTLCache[str, bool] = TTLCache(1000, REMEMBERED_S)
        self._nobody = hashed(secrets.token_urlsafe())
        # One guess at a time: sixteen MiB each, and no faster for somebody who tries many.
        self._reckoning = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(OPEN) or await self._welcome(scope):
            await self._app(scope, receive, send)
            return
        body = b"Sign in to see this page."
        headers = [
            (b"www-authenticate", b'Basic realm="groq-core", charset="UTF-8"'),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _welcome(self, scope: Scope) -> bool:
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if header[:6].lower() != b"basic ":
            return False
        seen = hashlib.sha256(header).hexdigest()
        if self._known.get(seen):
            return True
        try:
            name, colon, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if not colon:
            return False
        async with self._reckoning:
            # A name that is not there takes as long as a wrong password.
            right = await asyncio.to_thread(matches, password, self._users.get(name, self._nobody))
        if right and name in self._users:
            self._known[seen] = True
            return True
        return False
