"""Which sockets are read in a beat, on real ones; on what clock, see ``tests/streaming/test_hot_path.py``."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

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
    """A loop's clock."""

    now = 0.0

    def time(self) -> float:
        return self.now


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
