"""
Answers that outlive their readers: each is written into a log, which any reader of the same visitor follows from
any place in it.

A page that is loaded again, a network that drops, a laptop that closes: the answer goes on for a minute after its
last reader has gone, and is kept for ten when it is finished. It is bound in number and in bytes; nothing of it is
ever on disk.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.reply import Receipt
from groq_core.requests import Caller
from groq_core.ui.page_reader import PageReader
from groq_core.ui.stream import (
    HEADERS,
    OPEN,
    Gathering,
    Pace,
    error_line,
    line,
    receipt_line,
    release,
)
from groq_core.ui.texts import TEXTS

LINGER_S = 60.0
KEPT_S = 600.0
LOOKS_AGAIN_S = 150.0
"""Browsers let a window that nobody has seen for five minutes look once a minute."""

MAX_ANSWER_BYTES = 4 * 2**20
MAX_BYTES = 64 * 2**20
MAX_ANSWERS = 2000
MAX_RUNNING_EACH = 16
HEARTBEAT_S = 10.0

KEPT: Final = (b"x-groq-core-kept", b"true")
"""Tells the page that it may hang up and come back."""

NAME_HEADER = "x-groq-core-answer"
VISITOR_HEADER = "x-groq-core-visitor"
_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}")
"""Made by the page of 128 random bits before it asks, so that it can find an answer whose first line never came."""


class PageAnswer(Protocol):
    """A running or finished answer, of this process or of another one."""

    async def follow(self, at: int, send: Callable[[bytes, bool], object]) -> None: ...
    async def stop(self) -> bytes: ...


def name_of(request: Request) -> str:
    """The name that the page gave its answer; empty for one that ends with its reader."""
    name = request.headers.get(NAME_HEADER, "")
    return name if _NAME.fullmatch(name) else ""


def owner_of(request: Request, caller: Caller) -> str:
    """
    Who may read an answer: the browser that asked, by a word only it knows, and whoever is signed in there.

    A page without that word (its browser keeps nothing) is known by its pass, which ends with it.
    """
    visitor = request.headers.get(VISITOR_HEADER, "")
    person = "" if caller.user.startswith("page:") else caller.user
    return f"{person}/{visitor}" if _NAME.fullmatch(visitor) else caller.user


class LoggedAnswer:
    """
    One answer and its lines so far.

    Args:
        events: The answer; closed when it is stopped or abandoned.
        pace: How long text is gathered into one line; shared with all streams of the page.
        owner: See :func:`owner_of`.
        linger_s: Seconds it goes on without a reader.
        before: Lines that another process wrote, whose answer this goes on with.

    Attributes:
        changed: Called when there are new lines, and when it is over.
        gone: Another process has it now; whoever reads it is to look for it anew.
    """

    def __init__(
        self, events: Events, pace: Pace, owner: str, linger_s: float = LINGER_S, before: Sequence[bytes] = ()
    ) -> None:
        self.owner = owner
        self.finished = False
        self.gone = False
        self.size = sum(map(len, before))
        self.ended_at = 0.0
        self.changed: Callable[[], None] = lambda: None
        self._lines: list[bytes] = [*before]
        self._waiting: list[asyncio.Future[None]] = []
        self._readers = 0
        self._linger_s = linger_s
        self._receipt = Receipt()
        self._began = time.monotonic()
        self._leaving: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._write(events, pace))
        self._start_linger()

    async def follow(self, at: int, send: Callable[[bytes, bool], object]) -> None:
        """
        Hand on every line from number ``at``, those to come included, until the answer is over.

        Args:
            at: How many lines this reader has already.
            send: Takes bytes, and whether more will follow; awaited if it can be.
        """
        self._came()
        try:
            while True:
                lines, finished = self._lines[at:], self.finished
                if lines or finished:
                    at += len(lines)
                    await await_sending(send(b"".join(lines), not finished))
                if finished or self.gone:
                    return
                if at >= len(self._lines) and not self.finished and not await self._more():
                    await await_sending(send(b": still here\n\n", True))
        finally:
            self._readers -= 1
            if not self._readers and not self.finished:
                self._start_linger()

    async def stop(self, why: str = "asked") -> bytes:
        """End it where it is; returns its receipt, as the line that every reader gets."""
        if not self.finished:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._end(line({"e": "stopped", "why": why}), self._receipt_when_stopped())
        return self._lines[-1] if self._lines else receipt_line(self._receipt)

    async def let_go(self) -> None:
        """Give no more of it here, and say nothing of an end: another process goes on with it."""
        self.gone = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._leaving is not None:
            self._leaving.cancel()
        self._wake()

    def since(self, at: int) -> list[bytes]:
        """The lines from number ``at`` on, as of now."""
        return self._lines[at:]

    def keep_alive(self, linger_s: float = 0.0) -> None:
        """Somebody reads it elsewhere, or looks again within so many seconds, where those are more than usual."""
        if self._leaving is not None and not self.finished:
            self._leaving.cancel()
            self._start_linger(max(self._linger_s, linger_s))

    # ── the log ──

    async def _write(self, events: Events, pace: Pace) -> None:
        clock = asyncio.get_running_loop().time
        pace.streams += 1
        try:
            async with Gathering(events, self._receipt) as gathering:
                while not gathering.finished:
                    lines = await gathering.next_lines()
                    self._add([one for one in lines if one is not OPEN])
                    if self.size > MAX_ANSWER_BYTES:
                        break
                    if gathering.has_words and not gathering.finished:
                        due = clock() + pace.interval_s
                        await gathering.rest(due - clock())
                        pace.woke(clock() - due)
        finally:
            pace.streams -= 1
        if self.size > MAX_ANSWER_BYTES:
            error = RequestError(TEXTS["error_long_answer"], status=413, hint=TEXTS["hint_long_answer"])
            self._end(error_line(error), self._receipt_when_stopped())
        else:
            self._end()

    def _add(self, lines: list[bytes]) -> None:
        self._lines += lines
        self.size += sum(map(len, lines))
        self._wake()
        self.changed()

    def _end(self, *lines: bytes) -> None:
        self.finished = True
        self.ended_at = time.monotonic()
        if self._leaving is not None:
            self._leaving.cancel()
        self._add(list(lines))

    def _receipt_when_stopped(self) -> bytes:
        now = time.monotonic() - self._began
        for attempt in self._receipt.attempts:
            if attempt.outcome == "cancelled" and not attempt.elapsed_s:
                attempt.elapsed_s = round(max(0.0, now - (attempt.started_s or 0.0)), 4)
        return receipt_line(self._receipt)

    # ── its readers ──

    async def _more(self) -> bool:
        """Wait for the next lines; False when none came for a while."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self._waiting.append(waiting)
        beat = loop.call_later(HEARTBEAT_S, release, waiting)
        before = len(self._lines)
        try:
            await waiting
        finally:
            beat.cancel()
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        return self.finished or self.gone or len(self._lines) > before

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            release(one)

    def _came(self) -> None:
        self._readers += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _start_linger(self, seconds: float | None = None) -> None:
        seconds = self._linger_s if seconds is None else seconds
        self._leaving = asyncio.get_running_loop().call_later(seconds, self._abandon)

    def _abandon(self) -> None:
        self._ending = asyncio.ensure_future(self.stop("left"))


async def await_sending(sending: object) -> None:
    if asyncio.iscoroutine(sending):
        await sending


class Answers:
    """
    The answers of one process, by name.

    Args:
        pace: Shared by all streams of the page.
        linger_s: Seconds an answer goes on without a reader.
        kept_s: Seconds a finished one can be read again.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        linger_s: float = LINGER_S,
        kept_s: float = KEPT_S,
        max_answers: int = MAX_ANSWERS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.linger_s = linger_s
        self._kept_s = kept_s
        self._max_answers = max_answers
        self._max_bytes = max_bytes
        self._pace = pace
        self._answers: dict[str, LoggedAnswer] = {}

    def find(self, name: str, owner: str) -> LoggedAnswer | None:
        """The answer of that name, if it is this visitor's."""
        self._tidy()
        answer = self._answers.get(name)
        return answer if answer is not None and answer.owner == owner else None

    def has_room(self, name: str, owner: str) -> bool:
        """Whether another answer of this visitor can be logged under this name."""
        self._tidy()
        running = sum(1 for answer in self._answers.values() if answer.owner == owner and not answer.finished)
        if name in self._answers or running >= MAX_RUNNING_EACH:
            return False
        if not self._full():
            return True
        finished = sorted((one.ended_at, key) for key, one in self._answers.items() if one.finished)
        for _, key in finished:
            del self._answers[key]
            if not self._full():
                return True
        return False

    def start(self, name: str, owner: str, events: Events, before: Sequence[bytes] = ()) -> LoggedAnswer:
        """Begin to log an answer, or go on with one of another process; ask :meth:`has_room` first."""
        answer = self._answers[name] = LoggedAnswer(events, self._pace, owner, self.linger_s, before)
        return answer

    async def close(self) -> None:
        """Stop what still runs: nobody will read it."""
        await asyncio.gather(*(answer.stop("left") for answer in self._answers.values() if not answer.gone))

    def _full(self) -> bool:
        size = sum(answer.size for answer in self._answers.values())
        return len(self._answers) >= self._max_answers or size >= self._max_bytes

    def _tidy(self) -> None:
        old = time.monotonic() - self._kept_s
        over = [key for key, one in self._answers.items() if one.gone or (one.finished and one.ended_at < old)]
        for name in over:
            del self._answers[name]


class AnswerStream(Response):
    """
    An ASGI response that follows a logged answer, and leaves it running when the page hangs up.

    Args:
        at: How many lines the page has already.
        wait_s: Seconds to wait for the next lines, with which the response then ends: for a page whose browser has no
            connection left that could be held open. Without, it ends with the answer.
    """

    def __init__(self, answer: PageAnswer, at: int = 0, wait_s: float | None = None) -> None:
        super().__init__()
        self._answer = answer
        self._at = at
        self._wait_s = wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = PageReader(scope, receive, send)
        await reader.start([*HEADERS, KEPT])
        await await_sending(reader.write(OPEN, True))
        write = reader.write
        following = self._answer.follow(self._at, write) if self._wait_s is None else self._look(self._wait_s, write)
        await reader.write_until_gone(following)

    async def _look(self, wait_s: float, write: Callable[[bytes, bool], Awaitable[None] | None]) -> None:
        looked = asyncio.Event()
        over = False

        async def write_first(body: bytes, more: bool) -> None:
            nonlocal over
            if looked.is_set():
                return  # they come again to whoever asks from there on
            over = not more
            await await_sending(write(body, more))
            looked.set()

        following = asyncio.ensure_future(self._answer.follow(self._at, write_first))
        first = asyncio.ensure_future(looked.wait())
        try:
            await asyncio.wait((following, first), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            following.cancel()
            first.cancel()
            await asyncio.gather(following, first, return_exceptions=True)
            if isinstance(self._answer, LoggedAnswer):
                self._answer.keep_alive(LOOKS_AGAIN_S)
        if not over:
            await await_sending(write(b"", False))


class Found(Protocol):
    """Looks for an answer, here and wherever else it can be; raises HTTPException where there is none."""

    def __call__(self, name: str, request: Request) -> Awaitable[PageAnswer]: ...


def create_routes(find: Found) -> APIRouter:
    """The ways back to an answer, and the one that ends it."""
    router = APIRouter(prefix="/answers", include_in_schema=False)

    @router.get("/{name}")
    async def follow(name: str, request: Request, at: int = 0, wait: float | None = None) -> Response:
        return AnswerStream(
            await find(name, request), max(0, at), None if wait is None else min(max(0.0, wait), HEARTBEAT_S)
        )

    @router.post("/{name}/stop")
    async def stop(name: str, request: Request) -> Response:
        receipt = await (await find(name, request)).stop()
        return Response(receipt, media_type="text/event-stream")

    return router
