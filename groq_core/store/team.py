"""Everything of a team in one place, and the tasks that keep it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from math import inf
from typing import Final

from groq_core.settings.settings import Settings
from groq_core.store.allowances import TeamLimits
from groq_core.store.asking_now import AskingNow
from groq_core.store.audit import Announcements, AuditLog
from groq_core.store.conversations import Conversations
from groq_core.store.database import Database, async_url, open_database
from groq_core.store.database_shelf import DatabaseShelf
from groq_core.store.ended_sessions import EndedSessions
from groq_core.store.in_use import name_of_server, used_by_server
from groq_core.store.keys import ApiKeys
from groq_core.store.people import PeopleStore
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.secret_mark import SecretMark
from groq_core.store.sign_in_log import SignInLog

LOOK_S: Final = 1.0
"""Seconds between two looks at who may sign in."""


class Directory:
    """
    Who may sign in with a password of the database, as of a second ago.

    Attributes:
        looked_at: When the last look began, on the monotonic clock.
    """

    def __init__(self, people: PeopleStore) -> None:
        self._people = people
        self._hashes: dict[str, str] = {}
        self.looked_at = -inf

    def hash_of(self, name: str) -> str | None:
        return self._hashes.get(name)

    @property
    def anybody(self) -> bool:
        return bool(self._hashes)

    async def refresh(self) -> None:
        began = time.monotonic()
        self._hashes = await self._people.passwords()
        self.looked_at = began


class Team:
    """
    Attributes:
        limits: What may be used, by whom; also where it is counted and written down.
        asking: Who is asking now, on every process.
        sign_ins: Those that were refused.
        ended_sessions: Those that somebody ended by signing out.
        secret_mark: Of the secret that sessions are signed with.
        shelf: Responses that can be read again.
        admins: Named by the operator; others have the role in the database.
        announcement: What everybody is to read, as of a second ago.
        changed: Called when that changes.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.people = PeopleStore(database)
        self.keys = ApiKeys(database)
        self.conversations = Conversations(database)
        self.audit = AuditLog(database)
        self.announcements = Announcements(database)
        self.limits = TeamLimits(database, settings.limits)
        self.asking = AskingNow(database)
        self.sign_ins = SignInLog(database)
        self.ended_sessions = EndedSessions(database)
        self.secret_mark = SecretMark(database, settings.secret)
        self.shelf = DatabaseShelf(database)
        self.directory = Directory(self.people)
        self._looking = asyncio.Lock()
        self.announcement = ""
        self.changed: Callable[[], None] = lambda: None
        self.admins = frozenset(settings.admins)

    async def refresh(self) -> None:
        """Look at what others may have changed."""
        await self.directory.refresh()
        await self.ended_sessions.refresh()
        text = await self.announcements.current()
        if text != self.announcement:
            self.announcement = text
            self.changed()

    async def look_for_people(self, every_s: float = 0.0) -> None:
        """
        Look who may sign in, as of now; where nobody can say, it stays.

        Args:
            every_s: Seconds between two looks: a later one is waited for, since the last may have come too soon.
        """
        asked = time.monotonic()
        await asyncio.sleep(max(0.0, self.directory.looked_at + every_s - asked))
        async with self._looking:
            if self.directory.looked_at < asked:
                with suppress(*UNAVAILABLE):
                    await self.database.within(self.directory.refresh)

    async def run(self) -> None:
        """Look again until cancelled; while the database is away, everything stays as it was."""
        while True:
            await asyncio.sleep(LOOK_S)
            for look in (
                self.database.check_file,
                self.asking.flush,
                self.sign_ins.flush,
                self.ended_sessions.flush,
                self.refresh,
            ):
                with suppress(*UNAVAILABLE):
                    await self.database.within(look)

    async def admin(self, person: str) -> bool:
        """Whether somebody may see and change everything of the team."""
        return bool(person) and (person in self.admins or await self.people.role(person) == "admin")

    def status(self) -> str:
        """``in step``, or why not, for the panel and `/ready`."""
        away = self.database.presence.away
        return f"away: {away}" if away else "in step"


@asynccontextmanager
async def open_team(settings: Settings) -> AsyncIterator[Team]:
    """
    Open the database of the settings; what was borrowed goes back at the end.

    Raises:
        SettingsError: It cannot be used.
    """
    assert settings.database is not None
    url = async_url(settings.database.reveal())
    async with used_by_server(url), open_database(settings.database, name=name_of_server(url)) as database:
        team = Team(database, settings)
        database.presence.changed = lambda: team.changed()
        await team.refresh()
        keepers = (team.limits.loans.run(), team.limits.books.run(), team.run())
        tasks = [asyncio.create_task(keeper) for keeper in keepers]
        try:
            yield team
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await team.limits.loans.flush(everything=True)
            await team.limits.books.flush()
            for write in (team.sign_ins.flush, team.ended_sessions.flush):
                with suppress(*UNAVAILABLE):
                    await database.within(write)
