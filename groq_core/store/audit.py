"""Who changed what, and what admins announce."""

from __future__ import annotations

import time
from typing import Final

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.errors import RequestError
from groq_core.store.database import Database, clock_of
from groq_core.store.tables import Announcement, Audit

LONGEST: Final = 2000
"""Characters of an announcement."""


class AuditLine(msgspec.Struct, frozen=True):
    """One line of the audit log; ``who`` is a person, or ``command line``."""

    at: float
    who: str
    action: str
    subject: str
    detail: str


async def note(connection: AsyncConnection, who: str, action: str, subject: str, detail: str = "") -> None:
    """Write a change down in the transaction that makes it, so that neither is there without the other."""
    values = {"at": await clock_of(connection), "who": who, "action": action, "subject": subject, "detail": detail}
    await connection.execute(insert(Audit).values(values))


class AuditLog:
    """Reads what was changed, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, count: int = 100) -> list[AuditLine]:
        columns = (Audit.at, Audit.who, Audit.action, Audit.subject, Audit.detail)
        async with self._database.reading() as connection:
            rows = await connection.execute(select(*columns).order_by(Audit.id.desc()).limit(count))
            return [AuditLine(*row) for row in rows]


class Announcements:
    """One text at a time for everybody; an empty one takes it away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> str:
        async with self._database.reading() as connection:
            text = await connection.scalar(select(Announcement.text).order_by(Announcement.id.desc()).limit(1))
            return text or ""

    async def announce(self, text: str, *, who: str) -> None:
        """
        Raises:
            RequestError: It is too long to be shown above every page.
        """
        if len(text) > LONGEST:
            raise RequestError(
                f"an announcement has at most {LONGEST:,} characters, and this one has {len(text):,}",
                param="text",
                code="too_long",
            )
        async with self._database.writing() as connection:
            await connection.execute(insert(Announcement).values(at=time.time(), text=text))
            await note(connection, who, "announce", "everybody", text)
