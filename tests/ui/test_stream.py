"""The wire to the page: what is written, how it is gathered, and who hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.types import Message

from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import (
    AttemptFailed,
    AttemptStarted,
    AudioDelta,
    Event,
    Finished,
    ReasoningDelta,
    Restarted,
    TextDelta,
    Usage,
)
from groq_core.ui.stream import BACKLOG_BYTES, EventStream, Gathered, Gathering, Pace, encode, error_line


def read(encoded: bytes) -> list[dict[str, Any]]:
    """The lines as the page reads them."""
    parts = encoded.decode().split("\n\n")
    assert parts.pop() == ""
    return [json.loads(part.removeprefix("data: ")) for part in parts]


async def events(*given: Event, then: Exception | None = None) -> AsyncGenerator[Event, None]:
    for event in given:
        yield event
    if then is not None:
        raise then


async def gather(*given: Event, then: Exception | None = None) -> list[dict[str, Any]]:
    lines = b""
    async with Gathering(events(*given, then=then)) as gathering:
        while not gathering.finished:
            lines += await gathering.next()
    return read(lines)


class Reader:
    """A browser at the other end of an ASGI response; it leaves when told."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.body = b""
        self.writes = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self.told = asyncio.Event()
        self.heard = asyncio.Event()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.body += message.get("body", b"")
        self.writes += 1
        if b"attempt_started" in self.body:
            self.told.set()
        if b'"t"' in self.body:
            self.heard.set()


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "né 日本語 🎉",
        "line\nline\r\n\ttab",
        'quo"te \\ back',
        "\u2028 \u2029 \x00 </script>",
        "data: x\n\ndata: y",
    ],
)
def test_text_arrives_as_it_was_written(text: str) -> None:
    encoded = encode(TextDelta(text))

    assert read(encoded) == [{"t": text}]
    assert b"\n" not in encoded[:-2]


def test_thinking_has_a_line_of_its_own() -> None:
    assert read(encode(ReasoningDelta("hm"))) == [{"r": "hm"}]


def test_sound_is_not_for_this_wire() -> None:
    assert encode(AudioDelta(b"RIFF")) == b""


def test_story_keeps_its_name_and_fields() -> None:
    event = AttemptFailed(number=1, provider="groq", model="m", kind=Kind.RATE_LIMITED, message="too fast", rest_s=12.0)

    [line] = read(encode(event))

    assert line["e"] == "attempt_failed"
    assert (line["kind"], line["rest_s"], line["model"]) == ("rate_limited", 12.0, "m")


def test_end_tells_speed_but_no_raw_body() -> None:
    finished = Finished(
        model="m", usage=Usage(completion_tokens=100, completion_time=0.2), extra={"secret": 1}, request_id="r"
    )

    [line] = read(encode(finished))

    assert line["tokens_per_s"] == 500
    assert "extra" not in line


def test_neighbouring_texts_become_one_line_and_order_stays() -> None:
    out = Gathered()
    for event in (
        TextDelta("a"),
        TextDelta("b"),
        ReasoningDelta("c"),
        TextDelta("d"),
        Restarted(provider="p", model="m", kept="ab"),
    ):
        out.put(event)

    assert [line if len(line) == 1 else line["e"] for line in read(out.take())] == [
        {"t": "ab"},
        {"r": "c"},
        {"t": "d"},
        "restarted",
    ]
    assert out.take() == b""


async def test_last_line_is_the_receipt() -> None:
    lines = await gather(
        AttemptStarted(number=1, provider="groq", model="m"),
        TextDelta("hi"),
        Finished(provider="groq", model="m", number=1, usage=Usage(completion_tokens=1)),
    )

    assert lines[-1]["e"] == "receipt"
    assert lines[-1]["served_by"] == {"provider": "groq", "model": "m"}
    assert [attempt["outcome"] for attempt in lines[-1]["attempts"]] == ["answered"]


async def test_failure_is_told_with_what_was_tried_and_when_to_try_again() -> None:
    failures = [ProviderError(Kind.RATE_LIMITED, "slow down", provider="groq", model="m", status=429)]
    lines = await gather(
        TextDelta("begun"), then=ChainError("nobody could", failures=failures, retry_after=7.0, hint="Wait.")
    )

    error = lines[-2]
    assert (error["e"], error["message"], error["hint"], error["retry_after_s"]) == (
        "error",
        "nobody could",
        "Wait.",
        7.0,
    )
    assert error["failures"] == [
        {"provider": "groq", "model": "m", "kind": "rate_limited", "message": "slow down", "status": 429}
    ]


async def test_unexpected_error_says_nothing_of_itself() -> None:
    lines = await gather(then=RuntimeError("gsk_secretsecretsecret in /etc/passwd"))

    assert "secret" not in json.dumps(lines)
    assert lines[1]["kind"] == "internal"


def test_error_text_is_redacted() -> None:
    assert b"gsk_abcdefgh" not in error_line(RequestError("your key gsk_abcdefgh is wrong"))


async def test_reader_who_leaves_ends_the_answer_at_once() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[Event, None]:
        try:
            yield TextDelta("first")
            await asyncio.Event().wait()
        finally:
            closed.set()

    reader, pace = Reader(), Pace()
    answering = asyncio.create_task(EventStream(endless(), pace)({"type": "http"}, reader.receive, reader.send))
    await reader.heard.wait()
    reader.left.set()
    await answering

    assert closed.is_set()
    assert pace.streams == 0


async def test_first_text_goes_out_at_once_and_the_rest_in_few_writes() -> None:
    async def fast() -> AsyncGenerator[Event, None]:
        for number in range(500):
            yield TextDelta(f"{number} ")
            await asyncio.sleep(0)

    reader = Reader()
    await EventStream(fast(), Pace())({"type": "http"}, reader.receive, reader.send)

    text = "".join(line["t"] for line in read(reader.body) if "t" in line)
    assert text == "".join(f"{number} " for number in range(500))
    assert reader.writes < 100


async def test_first_words_do_not_wait_behind_the_story_before_them() -> None:
    class Once(Pace):
        @property
        def interval_s(self) -> float:
            return 3600.0

    asked, said = asyncio.Event(), asyncio.Event()

    async def told() -> AsyncGenerator[Event, None]:
        yield AttemptStarted(number=1, provider="groq", model="m")
        await asked.wait()
        yield TextDelta("first")
        await said.wait()

    reader = Reader()
    answering = asyncio.create_task(EventStream(told(), Once())({"type": "http"}, reader.receive, reader.send))
    await reader.told.wait()
    asked.set()
    await asyncio.wait_for(reader.heard.wait(), 60)

    reader.left.set()
    await answering


async def test_last_words_do_not_wait_for_the_next_beat() -> None:
    class Once(Pace):
        @property
        def interval_s(self) -> float:
            return 3600.0

    async def told() -> AsyncGenerator[Event, None]:
        yield TextDelta("first")
        await reader.heard.wait()
        yield TextDelta(" and last")

    reader = Reader()
    await asyncio.wait_for(EventStream(told(), Once())({"type": "http"}, reader.receive, reader.send), 60)

    assert [line["t"] for line in read(reader.body) if "t" in line] == ["first", " and last"]


async def test_slow_reader_makes_the_answer_wait_instead_of_memory_grow() -> None:
    written = 0

    async def flood() -> AsyncGenerator[Event, None]:
        nonlocal written
        for _ in range(1000):
            written += 8192
            yield TextDelta("x" * 8192)
            await asyncio.sleep(0)

    reader = Reader()
    answering = asyncio.create_task(EventStream(flood(), Pace())({"type": "http"}, reader.receive, reader.send))
    await reader.heard.wait()
    reader.reads.clear()
    for _ in range(3000):
        await asyncio.sleep(0)

    assert written <= 3 * BACKLOG_BYTES

    reader.reads.set()
    await answering
    assert sum(len(line["t"]) for line in read(reader.body) if "t" in line) == 1000 * 8192


def test_pace_slows_down_when_many_read_or_the_loop_is_late() -> None:
    pace = Pace()
    alone = pace.interval_s
    pace.streams = 100
    crowded = pace.interval_s
    pace.woke(0.04)

    assert alone < crowded < pace.interval_s <= 0.1
