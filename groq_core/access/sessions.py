"""Signed words that a browser keeps: who signed in, and which page a visitor came by. Nothing of them is stored."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cachetools import LRUCache

from groq_core.redaction import Secret

SESSION_S = 7 * 24 * 3600


class Signer:
    """
    Signs for one purpose; what was signed for another is worth nothing here.

    Args:
        secret: Shared by all replicas; None makes one that ends with the process.
    """

    def __init__(self, purpose: str, secret: Secret | None = None) -> None:
        key = secret.reveal().encode() if secret is not None else secrets.token_bytes(32)
        self._key = hmac.digest(key, purpose.encode(), "sha256")

    def signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), "sha256").hexdigest()

    def good(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), self.signature(text).encode())


def mark_of(secret: Secret | None) -> str:
    """What two secrets are compared by, and from which nobody learns one; empty for none that is set."""
    return Signer("same secret", secret).signature("")[:16] if secret is not None else ""


class Revoked(Protocol):
    """Sessions that somebody ended before their time; replicas can share them, and restarts be survived."""

    async def add(self, session: str, expiry: int) -> None: ...

    async def has(self, session: str) -> bool: ...


KEPT_ENDED: Final = 100_000
"""The newest of them; none goes by the time, since a clock that was wrong made some last longer."""


class LocalRevoked:
    """Those of this process."""

    def __init__(self) -> None:
        self._ended: LRUCache[str, bool] = LRUCache(KEPT_ENDED)

    async def add(self, session: str, expiry: int) -> None:
        self._ended[session] = True

    async def has(self, session: str) -> bool:
        return session in self._ended


class Sessions:
    """
    Sessions of people who signed in, as ``name.expiry.id.signature``.

    A session ends by its time, by signing out, and when the person's password changes or the person is removed.

    Args:
        secret: See :class:`Signer`.
        fingerprint: What a session holds good for, such as the hash of the person's password; None for nobody.
        revoked: Where ended sessions are told, and looked for in this order; none for this process's memory.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        secret: Secret | None,
        fingerprint: Callable[[str], str | None],
        revoked: Sequence[Revoked] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._signer = Signer("session", secret)
        self._fingerprint = fingerprint
        self._revoked = revoked or (LocalRevoked(),)
        self._clock = clock

    def issue(self, person: str) -> str:
        """A session for a person, who must be known."""
        name = base64.urlsafe_b64encode(person.encode()).decode().rstrip("=")
        body = f"{name}.{int(self._clock()) + SESSION_S}.{secrets.token_urlsafe(12)}"
        return f"{body}.{self._signer.signature(f'{body} {self._fingerprint(person)}')}"

    async def person(self, text: str) -> str | None:
        """Whose session this is; None when it is forged, over or ended."""
        signed = self._signed(text)
        if signed is None:
            return None
        person, expiry, session = signed
        if expiry <= self._clock():
            return None
        for revoked in self._revoked:
            if await revoked.has(session):
                return None
        return person

    def _signed(self, text: str) -> tuple[str, int, str] | None:
        """The person, the expiry and the id of a session, also of one that is over or ended; None when it is forged."""
        parts = text.split(".")
        if len(parts) != 4 or not parts[1].isascii() or not parts[1].isdigit() or len(text) > 2000:
            return None
        name, expiry, session, signature = parts
        try:
            person = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        kept = self._fingerprint(person)
        if kept is None or not self._signer.good(f"{name}.{expiry}.{session} {kept}", signature):
            return None
        return person, int(expiry), session

    async def end(self, text: str) -> None:
        """Sign out: this session is worth nothing from now on, also where a clock that is wrong has it over already."""
        if (signed := self._signed(text)) is not None:
            _, expiry, session = signed
            for revoked in self._revoked:
                await revoked.add(session, expiry)
