"""The tables that visitors have brought, on disk until they are stale or the process ends."""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

import msgspec

from groq_core.errors import RequestError

MAX_UPLOADS: Final = 40
KEPT_S: Final = 6 * 3600
"""Seconds after its last use until a table and its answers are deleted."""

KEPT_LATER_S: Final = 48 * 3600
"""The same where Groq may take a day."""


class Upload(msgspec.Struct, eq=False):
    """
    One table a visitor has brought, in a folder of its own.

    Attributes:
        id: Told to nobody but the page that brought it: who knows it may run and read the table.
        name: Of the file, as the visitor calls it.
        lines: All of it, once counted.
    """

    id: str
    path: Path
    name: str
    used_at: float
    kept_s: float = KEPT_S
    running: bool = False
    lines: int | None = None


class Desk:
    """
    The tables visitors have brought, on disk until they are stale or the process ends.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}
        self._folder: Path | None = None

    def keep(self, name: str, data: bytes) -> Upload:
        """
        Raises:
            RequestError: Too many tables are being worked on.
        """
        self._tidy()
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="groq-core-batch-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        ident = secrets.token_urlsafe(18)
        folder = self._folder / ident
        folder.mkdir()
        # Of the name only the ending counts: it says what the file is.
        path = folder / f"table{PurePath(name).suffix.lower()[:6]}"
        path.write_bytes(data)
        upload = self._uploads[ident] = Upload(id=ident, path=path, name=name[:200], used_at=self._clock())
        return upload

    def of(self, ident: str) -> Upload:
        """
        Raises:
            RequestError: There is no such table.
        """
        upload = self._uploads.get(ident)
        if upload is None:
            raise RequestError("the table is no longer here", param="file", status=404, hint="Choose it again.")
        upload.used_at = self._clock()
        return upload

    def _tidy(self) -> None:
        idle = [one for one in self._uploads.values() if not one.running]
        stale = [one for one in idle if self._clock() - one.used_at > one.kept_s]
        # What waits for Groq has been paid for: it is the last to make room.
        rest = sorted((one for one in idle if one not in stale), key=lambda one: (one.kept_s, one.used_at))
        too_many = len(self._uploads) - len(stale) + 1 - MAX_UPLOADS
        for one in [*stale, *rest[: max(0, too_many)]]:
            shutil.rmtree(one.path.parent, ignore_errors=True)
            del self._uploads[one.id]
        if len(self._uploads) >= MAX_UPLOADS:
            raise RequestError("too many tables are being worked on", status=429, hint="Try again later.")
