"""A batch asks every line once, goes on where it was, waits when it must and stops when it is hopeless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import Degraded, Events, Finished, TextDelta, Usage, Waiting
from groq_core.middleware.rate_guard import RATE_LIMIT
from groq_core.requests import ChatRequest, Request
from groq_core.services.batch import (
    BatchRun,
    BatchStoppedError,
    Entry,
    Line,
    Progress,
    Recipe,
    Sink,
    answerers,
    run_batch,
)

Script = Callable[[str, int], Exception | float | None]
"""Prompt and number of the try to what happens: an error, seconds of waiting, or nothing special."""


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


class Model:
    """Echoes prompts, and keeps what it was asked."""

    def __init__(self, script: Script = lambda prompt, number: None) -> None:
        self.script = script
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        prompt = request.messages[-1]["content"]
        self.asked.append(prompt)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            happens = self.script(prompt, self.asked.count(prompt))
            if isinstance(happens, Exception):
                raise happens
            if happens is not None:
                yield Waiting(seconds=happens, reason=RATE_LIMIT)
            yield TextDelta(f"{prompt}!")
            usage = Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12)
            yield Finished(provider="groq", model="m", number=1, usage=usage, cost_usd=0.001)
        finally:
            self.at_once -= 1


def lines(prompts: list[str]) -> list[Entry]:
    recipe = Recipe()
    return [recipe.line(number, json.dumps({"prompt": prompt})) for number, prompt in enumerate(prompts, start=1)]


def batch(model: Model, sink: Sink, source: list[Entry] | Iterator[Entry], clock: Clock | None = None) -> BatchRun:
    clock = clock or Clock()
    return BatchRun(
        source,
        sink,
        answerers(model),
        clock=clock,
        sleep=clock.sleep,
        uniform=lambda low, high: high,
    )


def read_outcomes(path: Path) -> dict[str, str]:
    """What became of each line: its text, or the code of its failure."""
    found = {}
    for row in map(json.loads, path.read_text().splitlines()):
        assert row["custom_id"] not in found
        body = (row["response"] or {}).get("body")
        found[row["custom_id"]] = body["choices"][0]["message"]["content"] if body else row["error"]["code"]
    return found


def limits_spent(seconds: float | None) -> ChainError:
    full = ProviderError(Kind.BUDGET, "the rate limit is spent", retry_after=seconds)
    return ChainError("no model could answer", failures=[full], retry_after=seconds)


async def test_every_line_is_asked_once_and_counted(tmp_path: Path) -> None:
    model = Model()
    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await batch(model, sink, lines([f"p{n}" for n in range(500)])).run()

    assert read_outcomes(tmp_path / "out.jsonl") == {f"line-{n + 1}": f"p{n}!" for n in range(500)}
    assert sorted(model.asked) == sorted(f"p{n}" for n in range(500))
    assert (end.done, end.failed, end.tokens_in, end.tokens_out) == (500, 0, 5000, 1000)
    assert end.usd == pytest.approx(0.5)


async def test_what_the_sink_holds_is_not_asked_again(tmp_path: Path) -> None:
    source, path = lines(["a", "b", "c", "d"]), tmp_path / "out.jsonl"
    async with Sink(path) as sink:
        await batch(Model(), sink, source[:2]).run()

    model = Model()
    async with Sink(path) as sink:
        end = await batch(model, sink, source).run()

    assert model.asked == ["c", "d"]
    assert (end.done, end.resumed) == (4, 2)
    assert len(read_outcomes(path)) == 4


async def test_a_refused_line_fails_alone_and_is_run_again_alone(tmp_path: Path) -> None:
    source, path = lines(["a", "bad", "c"]), tmp_path / "out.jsonl"
    refuses = Model(
        lambda prompt, _: RequestError("too long", code="context_length_exceeded") if prompt == "bad" else None
    )
    async with Sink(path) as sink:
        end = await batch(refuses, sink, source).run()

    assert (end.done, end.failed) == (2, 1)
    assert read_outcomes(path)["line-2"] == "context_length_exceeded"

    model = Model()
    async with Sink(path) as sink:
        await asyncio.to_thread(sink.forget_failures)
        await batch(model, sink, source).run()

    assert model.asked == ["bad"]
    assert read_outcomes(path)["line-2"] == "bad!"


async def test_spent_limits_are_waited_for_and_fail_nothing(tmp_path: Path) -> None:
    clock = Clock()
    model = Model(lambda prompt, number: limits_spent(40.0) if prompt == "b" and number < 9 else None)

    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await batch(model, sink, lines(["a", "b", "c"]), clock).run()

    assert (end.done, end.failed) == (3, 0)
    assert model.asked.count("b") == 9
    assert clock.now >= 100 + 8 * 40


async def test_nothing_is_asked_during_a_pause(tmp_path: Path) -> None:
    clock, asked_at = Clock(), list[float]()

    def script(prompt: str, number: int) -> Exception | None:
        asked_at.append(clock.now)
        return limits_spent(60.0) if len(asked_at) == 1 else None

    async with Sink(tmp_path / "out.jsonl") as sink:
        run = batch(Model(script), sink, lines([f"p{n}" for n in range(30)]), clock)
        end = await run.run()

    early = [at for at in asked_at if at < 160.0]
    assert len(early) <= 8, "only what was under way when the pause began"
    assert end.done == 30


async def test_a_line_that_keeps_failing_is_given_up_with_its_reason(tmp_path: Path) -> None:
    broken = ProviderError(Kind.SERVER_ERROR, "internal error")
    model = Model(lambda prompt, _: ChainError("no model could answer", failures=[broken]) if prompt == "b" else None)

    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await batch(model, sink, lines(["a", "b", "c"])).run()

    assert model.asked.count("b") == 2, "others were answered meanwhile, so it is the line's own fault"
    assert model.asked[-1] == "b", "after all others"
    assert (end.done, end.failed) == (2, 1)
    assert read_outcomes(tmp_path / "out.jsonl")["line-2"] == "server_error"


async def test_a_key_that_is_not_accepted_stops_the_batch(tmp_path: Path) -> None:
    refused = ChainError("no model could answer", failures=[ProviderError(Kind.AUTH, "invalid key", status=401)])
    model = Model(lambda prompt, _: refused)

    async with Sink(tmp_path / "out.jsonl") as sink:
        with pytest.raises(BatchStoppedError, match="no model could answer"):
            await batch(model, sink, lines([f"p{n}" for n in range(200)])).run()

        assert len(sink) == 0
    assert len(model.asked) < 20


async def test_a_friendly_sentence_is_no_answer(tmp_path: Path) -> None:
    class Friendly(Model):
        async def __call__(self, request: Request) -> Events:
            if self.asked:
                async for event in super().__call__(request):
                    yield event
            else:
                self.asked.append("x")
                yield Degraded(message="Sorry.")
                yield TextDelta("Sorry.")
                yield Finished(model="fallback")

    async with Sink(tmp_path / "out.jsonl") as sink:
        await batch(Friendly(), sink, lines(["a"])).run()

    assert read_outcomes(tmp_path / "out.jsonl") == {"line-1": "a!"}


async def test_a_line_with_the_id_of_another_is_passed_over_and_counted(tmp_path: Path) -> None:
    recipe = Recipe()
    source = [recipe.line(n, json.dumps({"id": "same", "prompt": f"p{n}"})) for n in (1, 2)]
    model = Model()

    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await batch(model, sink, source).run()

    assert model.asked == ["p1"]
    assert end.duplicates == 1


async def test_no_more_lines_are_held_than_are_under_way(tmp_path: Path) -> None:
    read = 0
    ahead = 0
    model = Model()

    def endless() -> Iterator[Entry]:
        nonlocal read
        for number in range(1, 5001):
            read += 1
            yield Recipe().line(number, '{"prompt":"p"}')

    async with Sink(tmp_path / "out.jsonl") as sink:
        run = batch(model, sink, endless())
        async for progress in run_batch(run, every_s=0.01):
            ahead = max(ahead, read - progress.done_count)

    assert ahead <= 2 * 256 + 96
    assert model.most_at_once <= 96


async def test_waiting_at_the_guard_narrows_the_window_and_ease_widens_it(tmp_path: Path) -> None:
    class Slow(Model):
        """Answers a line each 2 s of its clock, whoever asks."""

        def __init__(self, clock: Clock) -> None:
            super().__init__()
            self.clock = clock
            self.turn = asyncio.Lock()

        async def __call__(self, request: Request) -> Events:
            came = self.clock.now
            async with self.turn:
                await self.clock.sleep(2.0)
                if (waited := self.clock.now - came - 2.0) > 0:
                    yield Waiting(seconds=waited, reason=RATE_LIMIT)
                async for event in super().__call__(request):
                    yield event

    clock = Clock()
    async with Sink(tmp_path / "slow.jsonl") as sink:
        slow = batch(Slow(clock), sink, lines([f"p{n}" for n in range(100)]), clock)
        await slow.run()
    async with Sink(tmp_path / "easy.jsonl") as sink:
        easy = batch(Model(), sink, lines([f"p{n}" for n in range(500)]))
        await easy.run()

    assert slow.window.size < 4
    assert easy.window.size > 8


async def test_stopping_finishes_what_is_under_way(tmp_path: Path) -> None:
    async with Sink(tmp_path / "out.jsonl") as sink:
        run = batch(Model(), sink, lines([f"p{n}" for n in range(1000)]))
        async for progress in run_batch(run, every_s=0.001):
            if progress.done > 20:
                run.stop()

        assert 20 < sink.answered < 1000
    assert run.window.in_flight == 0


async def test_leaving_the_stream_of_progress_ends_the_run(tmp_path: Path) -> None:
    model = Model()
    async with Sink(tmp_path / "out.jsonl") as sink:
        progress: AsyncIterator[Progress] = run_batch(
            batch(model, sink, lines([f"p{n}" for n in range(1000)])), every_s=0.001
        )
        async for step in progress:
            if step.done > 5:
                break
        await progress.aclose()  # type: ignore[attr-defined]
        asked = len(model.asked)
        await asyncio.sleep(0.02)

    assert len(model.asked) == asked
    assert model.at_once == 0
    assert len(read_outcomes(tmp_path / "out.jsonl")) < 1000


async def test_a_source_that_breaks_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    def break_off() -> Iterator[Entry]:
        yield from lines(["a"])
        raise RequestError("row 9 cannot be read")

    with Sink(tmp_path / "out.jsonl") as sink, pytest.raises(RequestError, match="row 9"):
        await batch(Model(), sink, break_off()).run()


async def test_a_line_carries_its_parameters_and_its_model(tmp_path: Path) -> None:
    seen: list[ChatRequest] = []

    class Keeps(Model):
        async def __call__(self, request: Request) -> Events:
            assert isinstance(request, ChatRequest)
            seen.append(request)
            async for event in super().__call__(request):
                yield event

    recipe = Recipe(model="quality", params={"temperature": 0})
    line = recipe.line(1, '{"prompt":"a","stream":true,"seed":3}')
    assert isinstance(line, Line)
    async with Sink(tmp_path / "out.jsonl") as sink:
        await batch(Keeps(), sink, [line]).run()

    (request,) = seen
    assert (request.model, request.params, request.caller.user) == ("quality", {"temperature": 0, "seed": 3}, "batch")
