"""
The file of answers: one line each, on disk as soon as it is known, and all that a later run needs to go on.

A line is in the shape of Groq's and OpenAI's batch output, ``{"id", "custom_id", "response": {"status_code",
"request_id", "body"}, "error"}``; where ``error`` is not null the line failed and ``response`` is null.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from groq_core.encoding import json_line
from groq_core.errors import ChainError, ExtractionError, GroqCoreError, RequestError
from groq_core.requests import new_request_id
from groq_core.services.batch.disk import finish_in_thread
from groq_core.services.batch.seen_ids import IdSet

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind
    fcntl = None  # type: ignore[assignment]

SYNC_S: Final = 1.0
"""Seconds between two calls of fsync: what a power cut can cost. A killed process loses nothing."""

RECENT: Final = 6

_BEGINNING: Final = b'{"id":"batch_req_'

_OWN_ID: Final = len("batch_req_") + 26
"""Characters of an entry's own id; behind it, after an underscore, stands the hash of the question."""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line has no answer: a KIND or the code of a request error, and a sentence."""

    code: str
    message: str


class Written(msgspec.Struct):
    """As much of a line as tells what became of it."""

    custom_id: str
    error: Failure | None = None
    id: str = ""

    @property
    def key(self) -> str:
        """Hash of the question; empty where none was written down."""
        return self.id[_OWN_ID + 1 :]

    @property
    def binding(self) -> str:
        return binding(self.custom_id, self.key)


def binding(custom_id: str, key: str) -> str:
    """An id together with the question it stands for."""
    return f"{custom_id}\0{key}"


class DiskFullError(RequestError):
    """
    Nothing more can be written; what was, is whole.

    Args:
        output: The file of answers.
        answers: How many it holds; None where nobody has counted.
    """

    def __init__(self, output: Path, answers: int | None = None) -> None:
        kept = "the answers there are" if answers is None else f"{answers:,} answers"
        super().__init__(
            f"the disk is full: {output.name} keeps {kept}, whole",
            param="output",
            code="disk_full",
            hint="Make room and run the same command again; it goes on where it stopped.",
        )


@contextmanager
def writing_beside(output: Path, answers: int | None = None) -> Iterator[None]:
    """
    Where something is written that goes with a file of answers.

    Raises:
        DiskFullError: There is no room for it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(output, answers) from None
        raise


class Sink:
    """
    Append answers to a file, and know which it holds already.

    Entering it reads what is there, cuts off a last line that was not finished, and locks the file against a
    second run. On an event loop it is entered by ``async with``, so that a thread waits for the disk, and
    :meth:`sync` is awaited; the rest blocks.

    Attributes:
        answered, failed: Lines the file holds, those of earlier runs included.
        unkeyed: Lines of earlier runs that carry no hash of their questions.
        reasons: How many lines failed with which code.
        recent: The newest answers and failures of this run, for whoever watches: id, body or None, failure or None.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answered = 0
        self.failed = 0
        self.unkeyed = 0
        self.reasons: Counter[str] = Counter()
        self.recent: deque[tuple[str, dict[str, Any] | None, Failure | None]] = deque(maxlen=RECENT)
        self._ids = IdSet()
        self._file: int | None = None
        self._dirty = False

    def __repr__(self) -> str:
        return f"<Sink {self.path.name} {self.answered} answered, {self.failed} failed>"

    def __enter__(self) -> Self:
        """
        Raises:
            RequestError: Another run has the file, or it holds something that is no batch output.
        """
        try:
            # Of a pipe nobody reads from, opening would wait for ever.
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o644)
        except OSError as error:
            raise RequestError(f"{self.path.name} cannot be written: {error.strerror}", param="output") from None
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise RequestError(f"{self.path.name} is no file that can be read again", param="output")
            self._lock(self._file)
            self._take_stock()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        """
        Raises:
            RequestError: As for ``with``.
        """
        try:
            await finish_in_thread(self.__enter__)
        except asyncio.CancelledError:
            await finish_in_thread(self.close)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await finish_in_thread(self.close)

    def __contains__(self, custom_id: str) -> bool:
        """The file says what became of this line, be it an answer or a failure."""
        return custom_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def close(self) -> None:
        """Write what is left to disk and let the file go; may be called twice."""
        if self._file is not None:
            if self._dirty:
                with suppress(OSError):
                    os.fsync(self._file)
            os.close(self._file)
            self._file = None

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def answer(
        self,
        custom_id: str,
        body: dict[str, Any],
        *,
        key: str = "",
        request_id: str | None = None,
        status: int = 200,
    ) -> None:
        """
        Write an answer; a second one under the same id is not written.

        Args:
            key: Hash of the question, see :attr:`Line.key`.
        """
        response = {"status_code": status, "request_id": request_id, "body": body}
        if self._append(custom_id, key, response, None):
            self.answered += 1
            self.recent.append((custom_id, body, None))

    def fail(self, custom_id: str, failure: Failure, *, key: str = "") -> None:
        """Write why there is no answer."""
        if self._append(custom_id, key, None, {"code": failure.code, "message": failure.message}):
            self.failed += 1
            self.reasons[failure.code] += 1
            self.recent.append((custom_id, None, failure))

    def _append(self, custom_id: str, key: str, response: dict[str, Any] | None, error: dict[str, Any] | None) -> bool:
        if custom_id in self._ids:
            return False
        name = new_request_id().replace("gc_", "batch_req_") + (f"_{key}" if key else "")
        self._write(json_line({"id": name, "custom_id": custom_id, "response": response, "error": error}))
        self._ids.add(custom_id)
        return True

    def _write(self, line: bytes) -> None:
        """
        Raises:
            DiskFullError: There is no room; what was written of the line is taken back.
        """
        assert self._file is not None, "the sink is open while a batch runs"
        end = os.fstat(self._file).st_size
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, end)
            if error.errno in FULL:
                raise DiskFullError(self.path, self.answered) from None
            raise RequestError(
                f"{self.path.name} cannot be written on: {error.strerror}",
                param="output",
                hint="What is in it is kept; mend it and run the same command again.",
            ) from None
        self._dirty = True

    async def sync(self) -> None:
        """Force to disk what was written since the last time, without holding up the event loop."""
        if self._dirty and self._file is not None:
            self._dirty = False
            # A copy of the descriptor stays valid if the sink is closed meanwhile.
            copy = os.dup(self._file)
            try:
                await asyncio.to_thread(os.fsync, copy)
            except OSError as error:
                if error.errno in FULL:
                    raise DiskFullError(self.path, self.answered) from None
                raise RequestError(
                    f"{self.path.name} cannot be written to disk: {error.strerror}", param="output"
                ) from None
            finally:
                os.close(copy)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def forget_failures(self) -> int:
        """
        Take the failed lines out of the file, so that they are run again; answers stay.

        Returns:
            How many there were.
        """
        forgotten = self.failed
        if forgotten:
            self.replace(line for line in self.lines() if self.read(line).error is None)
        return forgotten

    def replace(self, lines: Iterable[bytes]) -> None:
        """
        Put other lines in the file's place, in one step: killed at any moment, it is the old one or the new one.

        Raises:
            DiskFullError: There is no room for a second file beside it; the old one stays.
        """
        kept = self.path.with_name(self.path.name + ".kept")
        try:
            _write_whole(kept, lines)
        except OSError as error:
            kept.unlink(missing_ok=True)
            if error.errno in FULL:
                raise DiskFullError(self.path, self.answered) from None
            raise
        locked = os.open(kept, os.O_RDWR | os.O_APPEND)
        try:
            self._lock(locked)
            kept.replace(self.path)
        except BaseException:
            os.close(locked)
            raise
        assert self._file is not None
        os.close(self._file)
        self._file = locked
        self._take_stock()

    def failures(self, most: int) -> list[tuple[str, Failure]]:
        """The first lines that have failed, with their reasons."""
        if not self.failed:
            return []
        read = map(self.read, self.lines())
        return list(islice(((one.custom_id, one.error) for one in read if one.error is not None), most))

    def lines(self) -> Iterator[bytes]:
        """
        Whole lines, newline included; a last one that was never finished is cut off.

        Raises:
            RequestError: What stands behind the last newline is not the beginning of a line of ours.
        """
        whole = 0
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    whole += len(line)
                    yield line
                elif line[: len(_BEGINNING)] == _BEGINNING[: len(line)]:
                    assert self._file is not None
                    os.ftruncate(self._file, whole)
                else:
                    raise _foreign(self.path)

    def _take_stock(self) -> None:
        """Learn what the file holds."""
        self._ids, self.answered, self.failed, self.unkeyed = IdSet(), 0, 0, 0
        self.reasons.clear()
        for line in self.lines():
            written = self.read(line)
            self._ids.add(written.custom_id)
            self.unkeyed += not written.key
            if written.error is None:
                self.answered += 1
            else:
                self.failed += 1
                self.reasons[written.error.code] += 1

    def read(self, line: bytes) -> Written:
        try:
            return msgspec.json.decode(line, type=Written)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _foreign(self.path) from None

    def _lock(self, file: int) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RequestError(
                f"another run is writing to {self.path.name}", param="output", hint="Wait for it, or name another file."
            ) from None


def failure(error: GroqCoreError) -> Failure:
    """
    Put an error into the words of the sink.

    >>> failure(RequestError("messages is empty", param="messages"))
    Failure(code='invalid_request', message='messages is empty')
    """
    message = error.told
    if isinstance(error, RequestError):
        return Failure(code=error.code or "invalid_request", message=message)
    if isinstance(error, ExtractionError):
        return Failure(code="does_not_fit", message=message)
    kind = error.kind if isinstance(error, ChainError) else None
    return Failure(code=str(kind or "failed"), message=message)


def _write_whole(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _foreign(path: Path) -> RequestError:
    return RequestError(
        f"{path.name} is not the output of a batch",
        param="output",
        hint="Name a new file, or one that an earlier run of this batch wrote.",
    )
