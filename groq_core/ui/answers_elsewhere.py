"""
Answers that other replicas give: what runs here is told to all of them, and what runs there is followed, stopped and,
when its process has died, gone on with from here.

Nobody waits for Redis: the lines go there a tenth of a second behind the page that asked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from groq_core.connections.event_loop import end_task
from groq_core.reply import Receipt
from groq_core.store.shared.link import Away
from groq_core.store.shared.running import LOOK_S, RETOLD_S, News, RunPart, SharedRuns, Told, place_of
from groq_core.ui.answer_again import GAP, Revive, again
from groq_core.ui.answer_logs import HEARTBEAT_S, Answers, LoggedAnswer, await_sending
from groq_core.ui.stream import receipt_line

log = logging.getLogger(__name__)

GATHER_S: Final = 0.1
BEAT_S: Final = 0.5
DEAD_S: Final = 5.0
"""A process that has told nothing for so long, while Redis was there, gives its answers no more."""

PATIENCE_S: Final = 60.0
STOPPED_WITHIN_S: Final = 3.0
MAX_QUESTION_BYTES: Final = 256 * 1024
MAX_LINES: Final = 500
"""Told at once, of one answer."""


class _Mine:
    """An answer of this process, and how much of it is told."""

    def __init__(self, place: str, answer: LoggedAnswer, question: bytes) -> None:
        self.place, self.answer, self.question = place, answer, question
        self.told = 0
        self.over = False

    def news(self) -> News:
        lines = self.answer.since(self.told)[:MAX_LINES]
        over = self.answer.finished and not self.answer.since(self.told + len(lines))
        return News(self.place, self.told, lines, over, b"" if self.told else self.question)


class AnswerMirror:
    """
    Tells the others of the answers that run here.

    Args:
        runs: Where they are told.
    """

    def __init__(self, runs: SharedRuns) -> None:
        self.runs = runs
        self._mine: dict[str, _Mine] = {}
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._memory = ""
        self._task: asyncio.Task[None] | None = None

    def add(self, place: str, answer: LoggedAnswer, question: bytes, told: int = 0) -> None:
        """
        Tell of an answer from now on.

        Args:
            question: For whoever may have to go on with it; empty where nobody else may.
            told: How many of its lines are told already.
        """
        mine = self._mine[place] = _Mine(place, answer, _to_keep(question))
        mine.told = told

        def note() -> None:
            self._changed.add(place)
            self._wake.set()

        answer.changed = note
        note()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Let go what still runs, so that another replica can go on with it, and tell the last lines."""
        if self._task is None:
            return
        await end_task(self._task)
        await asyncio.gather(*(one.answer.let_go() for one in self._mine.values() if not one.answer.finished))
        self._changed |= self._mine.keys()
        with suppress(Away):
            await self._tell()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._wake.wait()
            self._wake.clear()
            self._changed |= {place for place, one in self._mine.items() if not one.over}
            try:
                await self._tell()
            except Away:
                await asyncio.sleep(BEAT_S)
            except Exception:
                log.exception("running answers could not be told")
            await asyncio.sleep(GATHER_S)

    async def _tell(self) -> None:
        for place in [place for place, one in self._mine.items() if one.answer.gone or _is_old(one.answer)]:
            if not self._mine[place].answer.gone or self._mine[place].over:
                del self._mine[place]
        telling = [self._mine[place] for place in self._changed if place in self._mine]
        if not telling:
            return
        news = [one.news() for one in telling]
        memory, found = await self.runs.put(news)
        self._changed.clear()
        if self._memory and memory != self._memory:
            self._tell_anew()
        self._memory = memory
        for one, new, told in zip(telling, news, found, strict=True):
            await self._hear(one, new, told)

    def _tell_anew(self) -> None:
        """Redis was emptied: everything is news again."""
        for place, one in self._mine.items():
            one.told, one.over = 0, False
            self._changed.add(place)

    async def _hear(self, one: _Mine, new: News, told: Told) -> None:
        if told.have < 0:
            taken_over = await self._is_taken_over(one)
            # Redis may go away just here; then it is asked once more, since who is not let go is told two texts.
            one.over = True
            if taken_over:
                await one.answer.let_go()
            return
        one.told = told.have
        one.over = new.over and told.have >= new.at + len(new.lines)
        if one.answer.since(one.told) or (one.answer.finished and not one.over):
            self._changed.add(one.place)
            self._wake.set()
        if told.read:
            one.answer.keep_alive()
        if told.stop and not one.answer.finished:
            await one.answer.stop()

    async def _is_taken_over(self, one: _Mine) -> bool:
        """
        Whether another process goes on with it. One that was begun there as well, while Redis was away, is another
        answer: whoever reads ours is not to be told the rest of that one.
        """
        part, ours = await self.runs.read(one.place, 0), one.answer.since(0)
        return not ours or (part is not None and part.lines[:1] in ([ours[0]], [GAP]))


def _to_keep(question: bytes) -> bytes:
    """A question that is too large for Redis is asked by nobody else."""
    return question if len(question) <= MAX_QUESTION_BYTES else b""


def _is_old(answer: LoggedAnswer) -> bool:
    return answer.finished and time.monotonic() - answer.ended_at > 600


class RemoteAnswer:
    """
    An answer that another replica gives.

    Args:
        adopt: Goes on with one whose process has died: the question and the lines so far, as a running answer.
    """

    def __init__(self, runs: SharedRuns, place: str, adopt: Callable[[bytes, list[bytes]], LoggedAnswer]) -> None:
        self._runs = runs
        self._place = place
        self._adopt = adopt

    async def follow(self, at: int, send: Callable[[bytes, bool], object]) -> None:
        """See :meth:`groq_core.ui.answers.LoggedAnswer.follow`."""
        watch = _Watch()
        told_at = time.monotonic()
        while True:
            part, now = await self._look(at, watch), time.monotonic()
            if watch.is_lost(now):
                return
            if part is not None and (part.lines or part.over):
                at += len(part.lines)
                await await_sending(send(b"".join(part.lines), not part.over))
                told_at = now
                if part.over:
                    return
            elif now - told_at > HEARTBEAT_S:
                await await_sending(send(b": still here\n\n", True))
                told_at = now
            if part is not None and watch.is_dead(part, now) and (mine := await self._take_over(part, at)):
                await mine.follow(at, send)
                return
            await asyncio.sleep(LOOK_S)

    async def _look(self, at: int, watch: _Watch | None = None) -> RunPart | None:
        part, away = None, True
        with suppress(Away):
            part, away = await self._runs.read(self._place, at), False
        if watch is not None:
            watch.see(part, away=away)
        return part

    async def _take_over(self, part: RunPart, at: int) -> LoggedAnswer | None:
        try:
            taken = await self._runs.take_over(self._place, part)
        except Away:
            return None
        if taken is None:
            return None
        question, lines = taken
        return self._adopt(question, [*lines, *[GAP] * max(0, at - len(lines))])

    async def stop(self) -> bytes:
        """Ask its process to end it; returns its last line, or an empty receipt where that takes too long."""
        with suppress(Away):
            await self._runs.stop(self._place)
        ends = time.monotonic() + STOPPED_WITHIN_S
        while time.monotonic() < ends:
            part = await self._look(0)
            if part is not None and part.over and part.lines:
                return part.lines[-1]
            await asyncio.sleep(LOOK_S)
        return receipt_line(Receipt())


class _Watch:
    """What a reader sees of the process that gives the answer: by the reader's own clock, while Redis is there."""

    def __init__(self) -> None:
        self._beat: tuple[str, str] | None = None
        self._since = self._seen = time.monotonic()
        self._unknown_since: float | None = None

    def see(self, part: RunPart | None, *, away: bool) -> None:
        """Note what was found; ``away`` where Redis did not answer."""
        now = time.monotonic()
        if part is not None:
            self._seen = now
        else:
            self._beat = None
        if part is not None or away:
            self._unknown_since = None
        elif self._unknown_since is None:
            self._unknown_since = now

    def is_lost(self, now: float) -> bool:
        """
        Nothing is known of the answer for as long as a page goes on asking, or Redis is there and knows of none for
        longer than its process, if it lives, takes to tell of it again.
        """
        unknown = self._unknown_since is not None and now - self._unknown_since > DEAD_S
        return unknown or now - self._seen > PATIENCE_S

    def is_dead(self, part: RunPart, now: float) -> bool:
        beat = (part.by, part.beat)
        if beat != self._beat:
            self._beat, self._since = beat, now
        return not part.over and now - self._since > DEAD_S


class AnswersElsewhere:
    """
    The answers of all replicas.

    Args:
        here: Those of this process.
        mirror: Tells the others of them.
    """

    def __init__(self, here: Answers, mirror: AnswerMirror) -> None:
        self._here = here
        self._mirror = mirror

    def begin(self, name: str, owner: str, answer: LoggedAnswer, question: bytes) -> None:
        """Tell the others of one that has begun here."""
        self._mirror.add(place_of(name, owner), answer, question)

    async def claim(self, name: str, owner: str, revive: Revive, question: bytes) -> RemoteAnswer | None:
        """
        Make sure that no other replica gives it, from now on; the one that another gives, where that was sooner.

        A page whose line was lost before the first word asks once more, within milliseconds and anywhere: of two
        answers to one question its text would be put together.
        """
        try:
            found = await self._mirror.runs.claim(place_of(name, owner), _to_keep(question))
        except Away:
            return None  # each goes on alone
        return None if found is None else self._remote(name, owner, revive)

    def _remote(self, name: str, owner: str, revive: Revive) -> RemoteAnswer:
        place = place_of(name, owner)

        def adopt(question: bytes, lines: list[bytes]) -> LoggedAnswer:
            answer = self._here.start(name, owner, again(lines, question, revive), lines)
            self._mirror.add(place, answer, question)
            return answer

        return RemoteAnswer(self._mirror.runs, place, adopt)

    async def find(self, name: str, owner: str, revive: Revive) -> RemoteAnswer | None:
        """
        One that another replica gives. While Redis is away it may well be there, so it is followed.

        Args:
            revive: Asks a question again, for the same person.
        """
        runs, place = self._mirror.runs, place_of(name, owner)
        remote = self._remote(name, owner, revive)
        ends = time.monotonic() + RETOLD_S
        while True:
            try:
                if await runs.read(place, 0) is not None:
                    return remote
            except Away:
                return remote
            if time.monotonic() >= ends:
                return None
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        await self._mirror.close()
