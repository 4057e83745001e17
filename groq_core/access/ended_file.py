"""Sessions that somebody ended, in a file of the state folder: where there is no database, for the next start."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cachetools import LRUCache

from groq_core.access.sessions import KEPT_ENDED

FILE: Final = "ended-sessions"


class EndedFile:
    """
    One id a line, shared by the processes of a machine. Where nothing can be written, they are kept in memory alone.

    Args:
        folder: Need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._known: LRUCache[str, bool] = LRUCache(KEPT_ENDED)
        self._read_to = 0
        self._shorten()

    async def add(self, session: str, expiry: int) -> None:
        if await self.has(session):
            return
        self._known[session] = True
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                # In one piece, so that two at once mix nothing; behind a line that a full disk may have cut off.
                os.write(file, f"\n{session}".encode())
            finally:
                os.close(file)

    async def has(self, session: str) -> bool:
        self._look()
        return session in self._known

    def _look(self) -> None:
        """Read what this process or another has added; most of the time nothing."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size == self._read_to:
                return
            with self._path.open("rb") as file:
                file.seek(self._read_to if size > self._read_to else 0)
                for line in file:
                    self._known[line.decode("utf-8", "replace").strip()] = True
                self._read_to = file.tell()

    def _shorten(self) -> None:
        """A file of twice as many as count begins anew with those that do."""
        with suppress(OSError):
            lines = self._path.read_bytes().splitlines(keepends=True)
            if len(lines) > 2 * KEPT_ENDED:
                new = self._path.with_name(f"{FILE}.{os.getpid()}")
                new.write_bytes(b"".join(lines[-KEPT_ENDED:]))
                new.chmod(0o600)
                new.replace(self._path)
