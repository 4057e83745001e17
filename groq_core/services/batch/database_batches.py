"""
Files and batches in the database, found from every machine; a batch is carried out by whoever holds its lease.

The holder writes answers into a file of its own, and tells the database of them once a second. Whoever goes on with a
batch whose holder died begins with those, and asks none of their lines again.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import secrets
import shutil
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.services.batch.disk import remove_files
from groq_core.services.batch.job import beside
from groq_core.services.batch.places import KEPT_S, Filed, Owner, PlaceAway, Running
from groq_core.services.batch.sink import FULL
from groq_core.store.database import Database, clock_of
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.tables import Batch, BatchFile, BatchPart

LEASE_S: Final = 15.0
FORGOTTEN_S: Final = 7 * 86_400
PIECE: Final = 3 * 2**18
"""Bytes in a row; a megabyte once they are base64."""


class DatabaseBatches:
    """
    See :class:`groq_core.services.batch.places.BatchPlace`.

    Args:
        folder: Of this machine, for contents that are being read and answers that are being written.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._me = secrets.token_hex(8)
        self._folder = folder / self._me
        self._slips: dict[str, bytes] = {}
        self._saved: dict[str, tuple[int, int]] = {}

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.reading() as connection:
                yield connection
        except UNAVAILABLE as error:
            raise PlaceAway(type(error).__name__) from error

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.writing() as connection:
                yield connection
        except UNAVAILABLE as error:
            raise PlaceAway(type(error).__name__) from error

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    async def put_file(self, file: Filed, data: bytes) -> None:
        row = {"id": file.id, "owner": _hash(file.owner), "created": float(file.created_at)}
        async with self._writing() as connection:
            await connection.execute(insert(BatchFile).values(**row, body=msgspec.json.encode(file).decode()))
            for number, at in enumerate(range(0, len(data), PIECE)):
                await _add(connection, file.id, number, data[at : at + PIECE])

    async def files(self, owner: Owner) -> list[Filed]:
        async with self._reading() as connection:
            rows = await connection.scalars(select(BatchFile.body).where(BatchFile.owner == _hash(owner)))
            return [msgspec.json.decode(body, type=Filed) for body in rows]

    async def file(self, name: str) -> Filed | None:
        async with self._reading() as connection:
            body = await connection.scalar(select(BatchFile.body).where(BatchFile.id == name))
        return msgspec.json.decode(body, type=Filed) if body is not None else None

    async def content(self, name: str) -> Path:
        path = self._here(f"{name}.jsonl")
        if not path.exists():
            await self._fetch(name, path)
        return path

    async def _fetch(self, name: str, path: Path) -> int:
        """Write the parts into a file, which is there whole or not at all; returns how many there are."""
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        count = 0
        query = select(BatchPart.data).where(BatchPart.id == name).order_by(BatchPart.number)
        try:
            with await asyncio.to_thread(part.open, "wb") as out:
                async with self._reading() as connection:
                    async for row in await connection.stream(query):
                        await asyncio.to_thread(_append, out, row.data)
                        count += 1
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return count

    async def remove_file(self, name: str) -> None:
        async with self._writing() as connection:
            await connection.execute(delete(BatchFile).where(BatchFile.id == name))
            await connection.execute(delete(BatchPart).where(BatchPart.id == name))
        await remove_files(self._here(f"{name}.jsonl"))

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────

    async def put_batch(self, batch: Running) -> None:
        values = {"open": batch.open, "body": msgspec.json.encode(batch).decode()}
        async with self._writing() as connection:
            mine = Batch.id == batch.id, or_(Batch.holder.is_(None), Batch.holder == self._me)
            if (await connection.execute(update(Batch).where(*mine).values(values))).rowcount:
                return
            if await connection.scalar(select(Batch.id).where(Batch.id == batch.id)) is None:
                row = {"id": batch.id, "owner": _hash(batch.owner), "created": float(batch.created_at)}
                await connection.execute(insert(Batch).values(**row, **values, held_until=0.0))

    async def batches(self, owner: Owner | None = None) -> list[Running]:
        which = Batch.open if owner is None else Batch.owner == _hash(owner)
        async with self._reading() as connection:
            rows = await connection.execute(select(Batch.body, Batch.cancelled).where(which))
            return [_batch(body, cancelled) for body, cancelled in rows]

    async def batch(self, name: str) -> Running | None:
        async with self._reading() as connection:
            row = (await connection.execute(select(Batch.body, Batch.cancelled).where(Batch.id == name))).first()
        return _batch(row.body, row.cancelled) if row is not None else None

    async def cancel(self, name: str) -> None:
        async with self._writing() as connection:
            change = update(Batch).where(Batch.id == name, Batch.cancelled.is_(None))
            await connection.execute(change.values(cancelled=time.time()))

    async def claim(self, name: str) -> bool:
        async with self._writing() as connection:
            now = await clock_of(connection)
            free = or_(Batch.holder.is_(None), Batch.holder == self._me, Batch.held_until < now)
            change = update(Batch).where(Batch.id == name, free)
            done = await connection.execute(change.values(holder=self._me, held_until=now + LEASE_S))
            return bool(done.rowcount)

    async def release(self, name: str) -> None:
        self._saved.pop(name, None)
        async with self._writing() as connection:
            mine = update(Batch).where(Batch.id == name, Batch.holder == self._me)
            await connection.execute(mine.values(holder=None, held_until=0.0))

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    async def answers(self, name: str) -> Path:
        path = self._here(f"{name}.answers")
        await remove_files(path)
        count = await self._fetch(name, path)
        self._saved[name] = (path.stat().st_size, count)
        slip = beside(path)
        slip.unlink(missing_ok=True)
        if not await self._fetch(slip.name, slip):
            slip.unlink()
        return path

    async def save_answers(self, name: str) -> None:
        path = self._here(f"{name}.answers")
        await self._save_slip(name, beside(path))
        at, number = self._saved.get(name, (0, 0))
        data = await asyncio.to_thread(_whole_lines, path, at)
        if not data:
            return
        async with self._writing() as connection:
            if await connection.scalar(select(Batch.holder).where(Batch.id == name)) != self._me:
                return
            for piece in range(0, len(data), PIECE):
                await _add(connection, name, number, data[piece : piece + PIECE])
                number += 1
        self._saved[name] = (at + len(data), number)

    async def _save_slip(self, name: str, slip: Path) -> None:
        """Which batches Groq is working on for it: the next holder looks after the same ones."""
        data = await asyncio.to_thread(_read, slip)
        if not data or data == self._slips.get(name):
            return
        async with self._writing() as connection:
            await connection.execute(delete(BatchPart).where(BatchPart.id == slip.name))
            await _add(connection, slip.name, 0, data)
        self._slips[name] = data

    async def remove_answers(self, name: str) -> None:
        path = self._here(f"{name}.answers")
        self._slips.pop(name, None)
        await remove_files(path, beside(path))
        async with self._writing() as connection:
            await connection.execute(delete(BatchPart).where(BatchPart.id.in_([name, beside(path).name])))

    async def tidy(self) -> None:
        old = time.time() - KEPT_S
        async with self._writing() as connection:
            names = select(BatchFile.id).where(BatchFile.created < old)
            await connection.execute(delete(BatchPart).where(BatchPart.id.in_(names)))
            await connection.execute(delete(BatchFile).where(BatchFile.created < old))
            await connection.execute(delete(Batch).where(Batch.created < old))
        await asyncio.to_thread(self._tidy_folder)

    def _tidy_folder(self) -> None:
        """Files of processes that are gone; the database has their contents."""
        for folder in self._folder.parent.glob("*"):
            with suppress(OSError):
                if folder != self._folder and folder.stat().st_mtime < time.time() - FORGOTTEN_S:
                    shutil.rmtree(folder, ignore_errors=True)

    def _here(self, name: str) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            if error.errno in FULL:
                raise
            # All that lasts is in the database: where the state folder cannot be written, a temporary one will do.
            own = Path(tempfile.mkdtemp(prefix="groq-core-database-"))
            atexit.register(shutil.rmtree, own, ignore_errors=True)
            self._folder = own / self._me
            self._folder.mkdir(mode=0o700)
        return self._folder / name


async def _add(connection: AsyncConnection, id: str, number: int, data: bytes) -> None:
    await connection.execute(insert(BatchPart).values(id=id, number=number, data=b64encode(data).decode()))


def _batch(body: str, cancelled: float | None) -> Running:
    return msgspec.json.decode(body, type=Running).with_wish(None if cancelled is None else int(cancelled))


def _append(out: BinaryIO, encoded: str) -> None:
    out.write(b64decode(encoded))


def _whole_lines(path: Path, at: int) -> bytes:
    """What stands behind a place of a file that may be written on, to the end of its last line."""
    with path.open("rb") as file:
        file.seek(at)
        data = file.read()
    return data[: data.rfind(b"\n") + 1]


def _read(path: Path) -> bytes:
    """Empty where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _hash(owner: Owner) -> str:
    """Whose it is; names of callers are long, and nobody else's business."""
    return hashlib.sha256("\0".join(owner).encode()).hexdigest()
