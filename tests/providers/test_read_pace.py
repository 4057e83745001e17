"""Which sockets are read in a beat, on real ones; on what clock, see ``tests/streaming/test_hot_path.py``."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest

from groq_core.providers.read_pace import LONGEST_S, ReadPace


class Stream:
    """One end of a pair of sockets, read as a connection reads its own."""

    def __init__(self, pace: ReadPace, *, known: bool = True) -> None:
        self.pace = pace
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.descriptor = self.ours.fileno() if known else -1
        self.heard = b""
        self.reads = 0
        self.left = False

    def read_again(self) -> None:
        self.reads += 1
        try:
            data = self.ours.recv(1000)
        except BlockingIOError:
            return
        self.heard += data
        if not data:
            self.leave_pace()

    def leave_pace(self) -> None:
        self.left = True
        self.pace.leave(self)

    def close(self) -> None:
        self.pace.leave(self)
        self.ours.close()
        self.theirs.close()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def busy_pace() -> ReadPace:
    pace = ReadPace(asyncio.get_running_loop())
    pace.interval_s = LONGEST_S
    pace.count = lambda pieces: None  # type: ignore[method-assign]  # it stays as busy as it is
    return pace


def streams(opened: ExitStack, pace: ReadPace, *known: bool) -> list[Stream]:
    made = [Stream(pace, known=one) for one in known]
    for one in made:
        opened.callback(one.close)
        pace.join(one)
    return made


async def test_what_has_come_is_read_and_an_end_is_noticed(opened: ExitStack) -> None:
    talks, ends, hidden = streams(opened, busy_pace(), True, True, False)
    for word in (b"one ", b"two "):
        talks.theirs.send(word)
        hidden.theirs.send(word)
        await asyncio.sleep(3 * LONGEST_S)
    ends.theirs.close()
    await asyncio.sleep(3 * LONGEST_S)

    assert (talks.heard, hidden.heard) == (b"one two ", b"one two ")
    assert ends.left


async def test_a_socket_that_has_nothing_is_not_read(opened: ExitStack) -> None:
    talks, silent = streams(opened, busy_pace(), True, True)
    talks.theirs.send(b"a word")
    await asyncio.sleep(5 * LONGEST_S)

    assert talks.heard == b"a word"
    if sys.platform == "linux":
        assert (talks.reads, silent.reads) == (1, 0)


async def test_a_descriptor_that_is_used_again_is_read_for_its_new_owner(opened: ExitStack) -> None:
    pace = busy_pace()
    (old,) = streams(opened, pace, True)
    pace.leave(old)
    old.ours.close()
    old.theirs.close()
    fresh = streams(opened, pace, True, True, True)
    for one in fresh:
        one.theirs.send(b"mine")
    await asyncio.sleep(3 * LONGEST_S)

    assert [one.heard for one in fresh] == [b"mine"] * 3
    assert old.heard == b""


async def test_a_socket_closed_before_it_left_takes_nothing_from_others(opened: ExitStack) -> None:
    pace = busy_pace()
    gone, stays = streams(opened, pace, True, True)
    gone.ours.close()
    pace.leave(gone)
    stays.theirs.send(b"still here")
    await asyncio.sleep(3 * LONGEST_S)

    assert stays.heard == b"still here"


class Ticks:
    """
    A loop of which nothing is asked but its clock and its timers.

    Attributes:
        set_for: When each timer is due.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.set_for: list[float] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Any) -> asyncio.TimerHandle:
        return self.call_at(self.now + seconds, call)

    def call_at(self, due: float, call: Any) -> asyncio.TimerHandle:
        self.set_for.append(due)
        return cast(asyncio.TimerHandle, call)


class SlowSource:
    """A socket that takes so long to read, by a clock of its own."""

    descriptor = -1

    def __init__(self, takes_s: float) -> None:
        self.takes_s = takes_s
        self.clock = 0.0

    def read_again(self) -> None:
        self.clock += self.takes_s

    def leave_pace(self) -> None: ...


@pytest.mark.parametrize(("takes_s", "following_s"), [(0.0, 0.013), (0.003, 0.010), (0.006, 0.007), (0.02, 0.021)])
def test_what_a_beat_takes_is_not_waited_for_besides(takes_s: float, following_s: float) -> None:
    loop: Any = Ticks()
    source = SlowSource(takes_s)
    pace = ReadPace(loop, lambda: source.clock)
    pace.interval_s = LONGEST_S
    pace.join(source)
    loop.now = loop.set_for.pop()
    pace._beat()

    # By the loop's clock, which stands still while the beat is read.
    assert loop.set_for == [pytest.approx(loop.now + following_s)]


@pytest.mark.parametrize(
    ("after_s", "pieces", "gathers"),
    [(0.02, 200, True), (0.02, 100, False), (0.005, 500, False), (0.1, 100, True), (0.1, 20, False)],
)
def test_that_many_come_is_heard_as_soon_as_there_are_enough(after_s: float, pieces: int, gathers: bool) -> None:
    clock: Any = Ticks()
    pace = ReadPace(clock)
    clock.now = after_s
    pace.count(pieces)

    assert (pace.interval_s > 0) == gathers
