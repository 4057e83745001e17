"""The tables that visitors have brought, on disk until they are stale or the process ends."""

from __future__ import annotations

import atexit
import errno
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

import msgspec

from groq_core.errors import RequestError

MAX_UPLOADS: Final = 10
"""Tables of one visitor or person; one more takes the place of the same owner's oldest, and never another's."""

MOST_UPLOADS: Final = 400
"""Tables of everybody together."""

PREFIX: Final = "groq-core-batch-"

KEPT_S: Final = 6 * 3600
"""Seconds after its last use until a table and its answers are deleted."""

KEPT_LATER_S: Final = 48 * 3600
"""The same where Groq may take a day."""


class Upload(msgspec.Struct, eq=False):
    """
    One table a visitor has brought, in a folder of its own.

    Attributes:
        id: Told to nobody but the page that brought it.
        owner: Who brought it (``Caller.user``), and who alone may run and read it.
        name: Of the file, as the visitor calls it.
        lines: All of it, once counted.
    """

    id: str
    path: Path
    name: str
    used_at: float
    owner: str = "local"
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

    def keep(self, name: str, data: bytes, owner: str = "local") -> Upload:
        """
        Raises:
            RequestError: Too many tables are being worked on, or the disk is full.
        """
        self._tidy(owner)
        try:
            return self._store(name, data, owner)
        except OSError as error:
            raise no_room(error) from None

    def _store(self, name: str, data: bytes, owner: str) -> Upload:
        if self._folder is None:
            remove_leftovers(Path(tempfile.gettempdir()))
            self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        ident = secrets.token_urlsafe(18)
        folder = self._folder / ident
        folder.mkdir()
        # Of the name only the ending counts: it says what the file is.
        path = folder / f"table{PurePath(name).suffix.lower()[:6]}"
        try:
            path.write_bytes(data)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # half a table is none
            raise
        shown = name[:200].replace("\0", "")
        upload = Upload(id=ident, path=path, name=shown, used_at=self._clock(), owner=owner)
        self._uploads[ident] = upload
        return upload

    def of(self, ident: str, owner: str = "local") -> Upload:
        """
        Raises:
            RequestError: There is no such table.
        """
        upload = self._uploads.get(ident)
        if upload is None or upload.owner != owner:
            raise RequestError("the table is no longer here", param="file", status=404, hint="Choose it again.")
        upload.used_at = self._clock()
        return upload

    def _tidy(self, owner: str) -> None:
        idle = [one for one in self._uploads.values() if not one.running]
        stale = [one for one in idle if self._clock() - one.used_at > one.kept_s]
        # What waits for Groq has been paid for: it is the last to make room.
        own = [one for one in self._uploads.values() if one.owner == owner and one not in stale]
        rest = sorted((one for one in own if not one.running), key=lambda one: (one.kept_s, one.used_at))
        too_many = len(own) + 1 - MAX_UPLOADS
        for one in [*stale, *rest[: max(0, too_many)]]:
            shutil.rmtree(one.path.parent, ignore_errors=True)
            del self._uploads[one.id]
        if len(own) - max(0, min(too_many, len(rest))) >= MAX_UPLOADS or len(self._uploads) >= MOST_UPLOADS:
            raise RequestError("too many tables are being worked on", status=429, hint="Try again later.")


def no_room(error: OSError) -> RequestError:
    """What to say when a file cannot be kept here."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return RequestError(
        "the server's disk is full" if full else "the server cannot keep files now",
        status=507 if full else 503,
        code="disk_full" if full else "no_storage",
        hint="Tell whoever runs it, and try again later.",
        retry_after=60.0,
    )


def remove_leftovers(folder: Path) -> None:
    """Remove what processes left that were killed; those that run keep theirs."""
    for left in folder.glob(f"{PREFIX}*"):
        word = left.name.removeprefix(PREFIX).partition("-")[0]
        if word.isdigit() and int(word) != os.getpid() and not _runs(int(word)):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, asking about a process by a signal would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
