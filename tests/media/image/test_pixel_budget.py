"""No more is decoded at once than there is room for, and nobody waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from groq_core.media.image.pixel_budget import Room


def test_many_threads_never_hold_more_than_there_is() -> None:
    room = Room(100)
    most: list[int] = []

    def decode(pixels: int) -> None:
        with room.hold(pixels):
            most.append(room.used)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [30, 60, 90, 10] * 50))

    assert max(most) <= 100
    assert len(most) == 200
    assert room.used == 0


def test_what_is_larger_than_the_room_is_decoded_alone() -> None:
    room = Room(100)
    inside, leave = threading.Event(), threading.Event()

    def small() -> None:
        with room.hold(10):
            inside.set()
            leave.wait(5)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(small)
        inside.wait(5)
        threading.Timer(0.01, leave.set).start()
        with room.hold(500):
            alone = room.used
        running.result()

    assert alone == 500


def decode_and_fail(room: Room) -> None:
    with room.hold(50):
        raise ValueError("a broken picture")


def test_a_failure_gives_its_room_back() -> None:
    room = Room(100)

    with pytest.raises(ValueError, match="broken"):
        decode_and_fail(room)

    assert room.used == 0
