"""
Where files and batches are kept, and who carries a batch out: a folder of this machine, whose processes take turns.

Where there is a database, :mod:`groq_core.services.batch.database_batches` is the other home, found from every machine.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from groq_core.services.batch.disk import finish_in_thread, remove_files

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind, and no several processes behind one port
    fcntl = None  # type: ignore[assignment]

KEPT_S: Final = 30 * 86_400
"""Seconds a file is kept, as with Groq."""

UNFINISHED_S: Final = 3600
"""Seconds after which nobody is still writing what has no record beside it."""

Owner: TypeAlias = tuple[str, str]
Status: TypeAlias = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
]
Via: TypeAlias = Literal["live", "groq-batch"]
"""Who carries it out: our own processor at once, or Groq within a day."""

OPEN: Final = ("validating", "in_progress", "finalizing", "cancelling")


class PlaceAway(Exception):  # noqa: N818 - a state, not a fault
    """The place cannot be reached now; what is there stays there."""


class Filed(msgspec.Struct, kw_only=True):
    """A file; its content lies beside it."""

    id: str
    owner: Owner
    filename: str
    purpose: str
    bytes: int
    created_at: int
    kept_s: int = KEPT_S

    @property
    def expires_at(self) -> int:
        """Unix time from which it is not there any more."""
        return self.created_at + self.kept_s

    def to_wire(self) -> dict[str, Any]:
        """The file object of the wire."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


class Running(msgspec.Struct, kw_only=True):
    """A batch, as the wire knows it, with whose it is."""

    id: str
    owner: Owner
    endpoint: str
    input_file_id: str
    completion_window: str
    metadata: dict[str, str] | None = None
    via: Via = "live"
    output_kept_s: int = KEPT_S
    status: Status = "validating"
    errors: list[dict[str, Any]] = []
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int = 0
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    expired_at: int | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0

    @property
    def open(self) -> bool:
        """There is still something to be done."""
        return self.status in OPEN

    def with_wish(self, cancelled_at: int | None) -> Running:
        """As it is once somebody wanted it to end."""
        if cancelled_at is not None and self.open:
            self.cancelling_at = cancelled_at
            if self.status in ("validating", "in_progress"):
                self.status = "cancelling"
        return self

    def to_wire(self) -> dict[str, Any]:
        """The batch object of the wire."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        for name in ("owner", "errors", "output_kept_s", "total", "completed", "failed"):
            del body[name]
        return body | {
            "object": "batch",
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "expires_at": self.created_at + KEPT_S,
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
        }


class BatchPlace(Protocol):
    """
    Where files and batches are found by every process that serves them.

    A batch is carried out by whoever has claimed it, and by nobody else, until it is released or its process died.

    Raises:
        PlaceAway, OSError: From every method, while it cannot be reached.
    """

    async def put_file(self, file: Filed, data: bytes) -> None: ...

    async def files(self, owner: Owner) -> list[Filed]: ...

    async def file(self, name: str) -> Filed | None: ...

    async def content(self, name: str) -> Path:
        """A file's content, on this machine."""
        ...

    async def remove_file(self, name: str) -> None: ...

    async def put_batch(self, batch: Running) -> None: ...

    async def batches(self, owner: Owner | None = None) -> list[Running]:
        """All of an owner, or everybody's that are open."""
        ...

    async def batch(self, name: str) -> Running | None: ...

    async def cancel(self, name: str) -> None:
        """Say that somebody wants it to end."""
        ...

    async def claim(self, name: str) -> bool:
        """Take a batch, or keep it; False where another process has it."""
        ...

    async def release(self, name: str) -> None: ...

    async def answers(self, name: str) -> Path:
        """The answers so far, in a file of this machine that a sink goes on with."""
        ...

    async def save_answers(self, name: str) -> None:
        """Let whoever may have to go on with it find what has been answered."""
        ...

    async def remove_answers(self, name: str) -> None: ...

    async def tidy(self) -> None:
        """Delete what is older than it is kept."""
        ...


class BatchFolder:
    """
    A folder, for all processes of this machine.

    Args:
        folder: Made when the first file comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[str, int] = {}

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    async def put_file(self, file: Filed, data: bytes) -> None:
        await asyncio.to_thread(self._write_file, await self.content(file.id), file, data)

    def _write_file(self, content: Path, file: Filed, data: bytes) -> None:
        content.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            content.write_bytes(data)
            _replace(content.with_suffix(".json"), msgspec.json.encode(file))
        except OSError:
            content.unlink(missing_ok=True)  # half a file is none
            raise

    async def files(self, owner: Owner) -> list[Filed]:
        return [file for file in await asyncio.to_thread(self._read, "files", Filed) if file.owner == owner]

    async def file(self, name: str) -> Filed | None:
        path = self._path("files", name)
        found: Filed | None = _decode(path, Filed) if path is not None else None
        return found

    async def content(self, name: str) -> Path:
        return self._folder / "files" / f"{name}.jsonl"

    async def remove_file(self, name: str) -> None:
        content = await self.content(name)
        await remove_files(content, content.with_suffix(".json"))

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────

    async def put_batch(self, batch: Running) -> None:
        path = self._folder / "batches" / f"{batch.id}.json"
        await finish_in_thread(_write_record, path, msgspec.json.encode(batch))

    async def batches(self, owner: Owner | None = None) -> list[Running]:
        found = await asyncio.to_thread(lambda: [self._with_wish(one) for one in self._read("batches", Running)])
        return [batch for batch in found if (batch.open if owner is None else batch.owner == owner)]

    async def batch(self, name: str) -> Running | None:
        path = self._path("batches", name)
        batch: Running | None = _decode(path, Running) if path is not None else None
        return self._with_wish(batch) if batch is not None else None

    def _with_wish(self, batch: Running) -> Running:
        try:
            return batch.with_wish(int(self._beside(batch.id, "cancel").stat().st_mtime))
        except OSError:
            return batch

    async def cancel(self, name: str) -> None:
        self._beside(name, "cancel").touch()

    async def claim(self, name: str) -> bool:
        if fcntl is None or name in self._locks:
            return True
        lock = os.open(self._beside(name, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._locks[name] = lock
        return True

    async def release(self, name: str) -> None:
        if (lock := self._locks.pop(name, None)) is not None:
            os.close(lock)

    async def answers(self, name: str) -> Path:
        return self._beside(name, "answers")

    async def save_answers(self, name: str) -> None:
        """They are where every process of this machine finds them."""

    async def remove_answers(self, name: str) -> None:
        await remove_files(*(self._beside(name, ending) for ending in ("answers", "answers.job", "cancel", "lock")))

    # ── the folder ───────────────────────────────────────────────────────────────────────────────────

    def _beside(self, name: str, ending: str) -> Path:
        return self._folder / "batches" / f"{name}.{ending}"

    def _path(self, room: str, name: str) -> Path | None:
        """A name comes from outside, so it is no path until it looks like one of ours."""
        return self._folder / room / f"{name}.json" if name.replace("_", "").replace("-", "").isalnum() else None

    def _read(self, room: str, kind: type[Any]) -> list[Any]:
        paths = sorted((self._folder / room).glob("*.json"))
        return [read for path in paths if (read := _decode(path, kind)) is not None]

    async def tidy(self) -> None:
        """Delete what is older than a file is kept, and what a process that was killed has not finished."""
        await asyncio.to_thread(self._tidy)

    def _tidy(self) -> None:
        now = time.time()
        for room in ("files", "batches"):
            for path in (self._folder / room).glob("*"):
                half = path.suffix == ".new" or (room == "files" and not path.with_suffix(".json").exists())
                with suppress(OSError):
                    if path.stat().st_mtime < now - (UNFINISHED_S if half else KEPT_S):
                        path.unlink()


def _write_record(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(path, data)


def _decode(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _replace(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all."""
    new = path.with_name(f"{path.stem}.{secrets.token_hex(4)}.new")  # other processes write the same one
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.move(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
