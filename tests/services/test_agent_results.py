"""Whatever a tool gives back: it is written down as far as it can be, and pictures are small enough to be seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from groq_core.services.agent.results import LARGEST_PICTURE, read_result
from tests.services.agents import run_with


@dataclass
class Holder:
    picture: Any
    words: list[Any]


def test_pictures_are_found_wherever_they_are_and_made_small_enough_to_be_seen() -> None:
    noise = Image.effect_noise((900, 700), 120)
    value = {"one": Holder(noise, [Image.new("CMYK", (5, 5)), "text"]), "two": noise.convert("RGB")}

    found = read_result(value, 8_000)

    assert len(found.pictures) == 3
    assert sum(map(len, found.pictures)) <= LARGEST_PICTURE
    assert found.text.count("[a picture") == 3


def test_a_value_that_cannot_be_written_costs_itself_alone() -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError

        __repr__ = __str__

    circle: list[Any] = [1]
    circle.append(circle)
    found = read_result({"a": 1, "b": Broken(), "c": {"\ud800": "\udfff"}, "d": b"\xff"}, 8_000).text

    assert json.loads(found) == {
        "a": 1,
        "b": "[a Broken that cannot be written down]",
        "c": {"\ufffd": "\ufffd"},
        "d": "[1 bytes that are no text]",
    }
    assert read_result(circle, 8_000).text.startswith("[1,[1,[1,")


class Endless(list[int]):
    """Counts how many of its values were looked at."""

    looked = 0

    def __iter__(self) -> Iterator[int]:
        for number in super().__iter__():
            Endless.looked += 1
            yield number


def test_no_more_of_a_result_is_written_down_than_can_be_told() -> None:
    Endless.looked = 0
    found = read_result({"rows": Endless(range(100_000)), "text": "x" * 1_000_000}, 8_000)

    assert Endless.looked <= 8_000
    assert len(found.text) < 40_000
    assert found.of is None


async def test_a_list_that_is_cut_off_says_so() -> None:
    async def many() -> list[int]:
        return list(range(1_000_000))

    _, (told,) = await run_with(many)
    assert "the first 8000 of more than" in told.result
