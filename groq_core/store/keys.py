"""API keys of people and programs: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Any, Final

import msgspec
from cachetools import TTLCache
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.requests import Caller
from groq_core.settings.limits import PersonLimit, limits
from groq_core.store.audit import note
from groq_core.store.database import Database, away_error
from groq_core.store.people import check_limits, check_name
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.tables import ApiKey, Spend

PREFIX: Final = "gck_"
SHOWN: Final = 8
"""Characters of a key that the list shows, its prefix included: enough to tell two apart, too few to guess with."""

_AGES: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the list tells of a key; times are Unix seconds."""

    id: int
    name: str
    person: str
    start: str
    limits: str | None
    created: float
    expires: float | None
    revoked: float | None
    used: float | None
    usd: float
    requests: int

    @property
    def state(self) -> str:
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= time.time() else "active"


def digest(key: bytes) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key).hexdigest()


def age(text: str) -> float:
    """
    Read a length of time.

    >>> age("90d"), age("12h")
    (7776000.0, 43200.0)

    Raises:
        RequestError: It is none.
    """
    matched = re.fullmatch(r"(\d{1,5})\s*([mhdwy])", text.strip().lower())
    if not matched or not int(matched[1]):
        raise RequestError(
            "a length of time is a number and one of m, h, d, w, y, such as 90d", param="expires", code="invalid_time"
        )
    return float(int(matched[1]) * _AGES[matched[2]])


KNOWN_S: Final = 60.0
"""How long somebody still comes in while the database does not answer."""


class ApiKeys:
    """
    Everything about keys; each change is in the audit log. It is also a list of token holders for the API's door.

    A key that was revoked is worth nothing from that moment on, in every process, since the database is asked about
    each request. While it does not answer, nobody can revoke one either, and who came in a moment ago still comes in.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any: bool | None = None
        self._known: TTLCache[str, tuple[Caller, float | None]] = TTLCache(10_000, KNOWN_S)

    async def create(
        self, name: str, *, who: str, person: str = "", limit: str | None = None, expires_s: float | None = None
    ) -> Secret:
        """
        Make a key; it cannot be shown again.

        Args:
            person: Whose it is; empty for a program's.
            limit: What may be used with it, such as ``20/minute, 2 usd/day``.
            expires_s: Seconds from now until it is worth nothing.

        Raises:
            RequestError: The name is taken, or something cannot be read.
        """
        if person:
            check_name(person, "person's name")
        key = PREFIX + secrets.token_urlsafe(32)
        values = {
            "name": check_name(name),
            "person": person,
            "digest": digest(key.encode()),
            "start": key[:SHOWN],
            "limits": check_limits(limit),
            "created": time.time(),
            "expires": None if expires_s is None else time.time() + expires_s,
        }
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(ApiKey).values(values))
                await note(connection, who, "keys create", name, (values["limits"] and str(values["limits"])) or "")
        except IntegrityError:
            raise RequestError(f"there is a key called {name!r} already", param="name", code="name_taken") from None
        return Secret(key)

    async def all(self) -> list[KeyEntry]:
        spent = (
            select(Spend.key, func.sum(Spend.usd).label("usd"), func.sum(Spend.requests).label("requests"))
            .group_by(Spend.key)
            .subquery()
        )
        query = select(ApiKey.__table__, spent.c.usd, spent.c.requests).outerjoin(spent, spent.c.key == ApiKey.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(ApiKey.name))).all()
        return [
            KeyEntry(
                id=row.id,
                name=row.name,
                person=row.person,
                start=row.start,
                limits=row.limits,
                created=row.created,
                expires=row.expires,
                revoked=row.revoked,
                used=row.used,
                usd=row.usd or 0.0,
                requests=row.requests or 0,
            )
            for row in rows
        ]

    async def set_limits(self, name: str, text: str | None, *, who: str) -> None:
        """
        Raises:
            RequestError: They cannot be read, or there is no such key.
        """
        found = check_limits(text)
        await self._change(name, "keys limit", found or "none", who=who, limits=found)

    async def revoke(self, name: str, *, who: str) -> None:
        """
        Raises:
            RequestError: There is no such key.
        """
        await self._change(name, "keys revoke", "", who=who, revoked=time.time())

    async def _change(self, name: str, action: str, detail: str, *, who: str, **values: object) -> None:
        async with self._database.writing() as connection:
            changed = await connection.execute(update(ApiKey).where(ApiKey.name == name).values(values))
            if not changed.rowcount:
                raise RequestError(f"there is no key called {name!r}", status=404, param="name", code="unknown_key")
            await note(connection, who, action, name, detail)

    # ── for the door of the API ──────────────────────────────────────────────────────────────────────

    async def exist(self) -> bool:
        """
        Whether there is any key, revoked ones included: taking the last one back opens nothing.

        Raises:
            RequestError: 503 where nobody can say, and nobody could before.
        """
        if not self._any:
            try:
                self._any = await self._database.patiently(self._has_any, known=self._any is not None)
            except UNAVAILABLE:
                if self._any is None:
                    raise away_error("who may ask") from None
        return bool(self._any)

    async def _has_any(self) -> bool:
        async with self._database.reading() as connection:
            return await connection.scalar(select(ApiKey.id).limit(1)) is not None

    async def holder(self, token: bytes) -> Caller | None:
        """Whom a key was given to; None for one that was revoked, has expired, or never was."""
        if not token.startswith(PREFIX.encode()):
            return None
        hashed = digest(token)
        try:
            row = await self._database.patiently(lambda: self._row_of(hashed), known=hashed in self._known)
        except UNAVAILABLE:
            if (known := self._known.get(hashed)) is None:
                raise away_error("who you are") from None
            return None if _is_over(known[1]) else known[0]
        if row is None or row.revoked is not None or _is_over(row.expires):
            self._known.pop(hashed, None)
            return None
        caller = Caller(user=f"key:{row.id}", person=row.person)
        self._known[hashed] = caller, row.expires
        return caller

    async def _row_of(self, hashed: str) -> Any:
        query = select(ApiKey.id, ApiKey.person, ApiKey.expires, ApiKey.revoked).where(ApiKey.digest == hashed)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first()

    async def bounds(self, key: int) -> tuple[PersonLimit, ...]:
        """What may be used with a key; empty for no bound of its own."""
        async with self._database.reading() as connection:
            text = await connection.scalar(select(ApiKey.limits).where(ApiKey.id == key))
        return limits(text) if text else ()


def _is_over(expires: float | None) -> bool:
    return expires is not None and expires <= time.time()
