"""What a program hands over that is nothing anybody could read is named, with what helps; so is asking too late."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from groq_core import ChainError, Core, RequestError, assemble
from groq_core.settings.settings import Settings

Ask: TypeAlias = Callable[[Any], Awaitable[Any]]


@pytest.fixture(scope="module")
async def core() -> AsyncIterator[Core]:
    async with assemble(Settings(offline=True)) as running:
        yield running


SCHEMA = {"type": "object", "properties": {"x": {"type": "number"}}}
WRONG: dict[str, tuple[Callable[[Core], Ask], tuple[Any, ...], str]] = {
    "messages": (lambda core: core.chat.ask, (None, b"Hi", 5, {"role": "user", "content": "Hi"}), "messages"),
    "model": (lambda core: lambda value: core.chat.ask("Hi", model=value), (None, 5, ["auto"]), "model"),
    "speech": (lambda core: core.speech.say, (None, b"Hi", 5), "input"),
    "recording": (
        lambda core: lambda value: core.transcription.transcribe(value, "a.wav"),
        (None, "a.wav", BytesIO(b"x"), ["a"]),
        "file",
    ),
    "its name": (
        lambda core: lambda value: core.transcription.transcribe(b"x", value),
        (None, Path("a.wav"), b"a.wav"),
        "filename",
    ),
    "pictures": (
        lambda core: lambda value: core.vision.ask("What is it?", value),
        (b"x", "a.png", ["a.png"], [Path("a.png")], [None], None),
        "image",
    ),
    "question": (lambda core: core.vision.ask, (None, b"Hi"), "question"),
    "source": (lambda core: lambda value: core.extraction.extract(value, SCHEMA), (None, 5, b"x", ["x"], {}), "file"),
    "schema": (
        lambda core: lambda value: core.extraction.extract("x is 5", value),
        (None, 5, "x", [{"name": "x"}], []),
        "schema",
    ),
}


@pytest.mark.parametrize(
    ("what", "value"),
    [(what, value) for what, (_, values, _) in WRONG.items() for value in values],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
async def test_what_cannot_be_read_is_named(core: Core, what: str, value: Any) -> None:
    ask, _, param = WRONG[what]

    with pytest.raises(RequestError) as caught:
        await ask(core)(value)
    assert caught.value.param == param


async def test_who_asks_too_late_is_told() -> None:
    async with assemble(Settings(offline=True)) as core:
        pass
    with pytest.raises(ChainError, match="has been closed") as caught:
        await core.chat.ask("Hi")
    assert "async with" in caught.value.hint


@pytest.mark.parametrize("copied", [lambda error: error, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_trace_ends_in_what_helps(copied: Callable[[Exception], Exception]) -> None:
    error = copied(RequestError("`n` must be 1", param="n", hint="Ask twice."))

    assert traceback.format_exception_only(error)[1:] == ["Ask twice.\n"]
    assert str(error) == "`n` must be 1"
