"""
The tables that visitors have brought, and their answers: on disk, and still there after a restart.

What is known of a table lies beside it, so that whichever process is asked next can go on with it. Without a folder
that can be written, tables live in a temporary one and end with the process.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Final

import msgspec

from groq_core.access.visit import site_of
from groq_core.connections.scarcity import FULL, no_storage, scarcity
from groq_core.errors import RequestError

MAX_UPLOADS: Final = 10
"""Tables of one visitor or person; one more takes the place of the same owner's oldest, and never another's."""

MAX_AT_ADDRESS: Final = 100
"""Tables of all visitors of one address who have not signed in: each page can be a new visitor."""

MOST_UPLOADS: Final = 400
"""Tables of everybody together."""

PREFIX: Final = "groq-core-batch-"

KEPT_S: Final = 24 * 3600
"""Seconds after its last use until a table and its answers are deleted."""

KEPT_LATER_S: Final = 30 * 24 * 3600
"""The same where Groq's answers have not been fetched; Groq keeps them no longer either."""

NAME: Final = re.compile(r"[\w-]{24}")
RECORD: Final = "table.json"


class Record(msgspec.Struct, kw_only=True):
    """
    What lies beside a table.

    Attributes:
        file: Its name in its folder.
        name: Of the file, as the visitor calls it.
        owner: Who brought it (``Caller.user``), and who alone may run and read it.
        address: Where it was brought from; empty for people, who are named.
        waits: Groq has been asked for answers that nobody has fetched yet.
        lines: All of it, once counted.
    """

    file: str
    name: str
    owner: str
    address: str = ""
    waits: bool = False
    lines: int | None = None


class Upload:
    """One table a visitor has brought, in a folder of its own; its id is told to nobody but the page it came by."""

    def __init__(self, folder: Path, record: Record) -> None:
        self.id = folder.name
        self.folder = folder
        self.record = record

    @property
    def path(self) -> Path:
        return self.folder / self.record.file

    @property
    def name(self) -> str:
        return self.record.name

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def save(self) -> None:
        """Write down what is known of it, whole or not at all; it counts as used."""
        write_record(self.folder, self.record)


class UploadStore:
    """
    Where tables are brought and asked for again.

    Args:
        folder: Made when the first table comes.
        clock: Seconds, monotonic.
        wall: Unix time in seconds, as the file system tells it.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._wall = wall
        self._seen: dict[str, tuple[float, float, float]] = {}
        self._running: set[str] = set()
        # It may be much, and nobody waits for it.
        threading.Thread(target=remove_leftovers, args=(folder, *temporary_folders()), daemon=True).start()

    def keep(
        self, name: str, data: bytes, owner: str = "local", address: str = "", suffix: str | None = None
    ) -> Upload:
        """
        Args:
            suffix: What the file is, where its name says something else.

        Raises:
            RequestError: Too many tables are being worked on, or the disk is full.
        """
        self._make_room(owner, address)
        # Of the name only the ending counts: it says what the file is.
        suffix = suffix or PurePath(name).suffix.lower()[:6].replace("\0", "")
        record = Record(
            file=f"table{suffix}",
            name=name[:200].replace("\0", ""),
            owner=owner,
            address=address,
        )
        try:
            return self._write(record, data)
        except OSError as error:
            raise (scarcity(error) or no_storage()) from None

    def find(self, ident: str, owner: str = "local") -> Upload:
        """
        Raises:
            RequestError: There is no such table of this owner.
        """
        upload = self._read(self._folder / ident) if NAME.fullmatch(ident) else None
        if upload is None or upload.record.owner != owner:
            raise RequestError("the table is no longer here", param="file", status=404, hint="Choose it again.")
        touch(upload)
        return upload

    def running(self, upload: Upload) -> bool:
        """Whether this process asks for its answers now."""
        return upload.id in self._running

    @contextmanager
    def at_work(self, upload: Upload) -> Iterator[None]:
        """
        Keep a table while it is worked on, whatever its age.

        Raises:
            RequestError: 409; it is worked on already.
        """
        if upload.id in self._running:
            raise RequestError("this table is being worked on", status=409, hint="Stop it first.")
        self._running.add(upload.id)
        try:
            yield
        finally:
            self._running.discard(upload.id)
            touch(upload)

    def _write(self, record: Record, data: bytes) -> Upload:
        home = self._home()
        made = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=home))
        try:
            (made / record.file).write_bytes(data)
            write_record(made, record)
            whole = home / secrets.token_urlsafe(18)
            made.rename(whole)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)  # half a table is none
            raise
        return Upload(whole, record)

    def _home(self) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(self._folder, os.W_OK | os.X_OK):
                return self._folder
        except OSError as error:
            if error.errno in FULL:
                raise
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def _all(self) -> list[Upload]:
        try:
            folders = [one for one in self._folder.iterdir() if NAME.fullmatch(one.name)]
        except OSError:
            return []
        return [upload for one in folders if (upload := self._read(one)) is not None]

    def _read(self, folder: Path) -> Upload | None:
        try:
            return Upload(folder, msgspec.json.decode((folder / RECORD).read_bytes(), type=Record))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _age(self, upload: Upload) -> float:
        """
        Seconds since its last use. The file system's time says how long that was ago when it is first looked at;
        from then on this process counts, so that a clock that is set ages nothing by a day.
        """
        try:
            used = (upload.folder / RECORD).stat().st_mtime
        except OSError:
            return 0.0
        seen = self._seen.get(upload.id)
        if seen is None or seen[0] != used:
            seen = self._seen[upload.id] = used, max(0.0, self._wall() - used), self._clock()
        return seen[1] + self._clock() - seen[2]

    def _make_room(self, owner: str, address: str) -> None:
        tables = self._all()
        ages = {one.id: self._age(one) for one in tables}
        idle = [one for one in tables if one.id not in self._running]
        gone = [one for one in idle if ages[one.id] > (KEPT_LATER_S if one.record.waits else KEPT_S)]
        left = [one for one in tables if one not in gone]
        own = [one for one in left if one.record.owner == owner]
        # What waits for Groq has been paid for: it makes room for nothing.
        rest = [one for one in own if one in idle and not one.record.waits]
        rest.sort(key=lambda one: -ages[one.id])
        too_many = max(0, len(own) + 1 - MAX_UPLOADS)
        gone += rest[:too_many]
        for one in gone:
            one.remove()
            self._seen.pop(one.id, None)
        left = [one for one in left if one not in gone]
        near = [one for one in left if address and site_of(one.record.address) == site_of(address)]
        if len(rest) < too_many or len(near) >= MAX_AT_ADDRESS or len(left) >= MOST_UPLOADS:
            raise RequestError(
                "too many tables are being worked on", status=429, hint="Try again later.", retry_after=60.0
            )


def write_record(folder: Path, record: Record) -> None:
    new = folder / f"{RECORD}.new"
    with new.open("wb") as file:
        file.write(msgspec.json.encode(record))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / RECORD)


def touch(upload: Upload) -> None:
    """It has been used now."""
    with suppress(OSError):
        os.utime(upload.folder / RECORD)


def remove_leftovers(*folders: Path) -> None:
    """Remove what processes left there that were killed; those that run keep theirs."""
    for folder in folders:
        with suppress(OSError):
            for left in folder.glob(f"{PREFIX}*"):
                word = left.name.removeprefix(PREFIX).partition("-")[0]
                if word.isdigit() and int(word) != os.getpid() and not _runs(int(word)):
                    shutil.rmtree(left, ignore_errors=True)


def temporary_folders() -> list[Path]:
    """Where temporary files go; nowhere on a machine that has no place for them."""
    try:
        return [Path(tempfile.gettempdir())]
    except OSError:
        return []


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
