"""Several batch runs over one input: every line asked by one of them, whatever becomes of the others or of Redis."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from groq_core.redaction import Secret
from groq_core.services.batch.line_answers import BatchAnswer
from groq_core.services.batch.lines import Line, Recipe
from groq_core.services.batch.runner import BatchRun
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource
from groq_core.simulator import Simulator
from groq_core.store.shared import line_shares as module
from groq_core.store.shared.line_shares import LineShares
from groq_core.store.shared.link import Link
from tests.requires import needs
from tests.store.replicas import Redis

pytestmark = [pytest.mark.usefixtures("forks"), needs("redis-server")]

LINES = 1000


@pytest.fixture
def source(tmp_path: Path) -> LineSource:
    path = tmp_path / "in.jsonl"
    path.write_text(
        "".join(json.dumps({"custom_id": f"c{n % 990}", "prompt": f"Say {n % 990}"}) + "\n" for n in range(LINES))
    )
    return LineSource(path, Recipe())


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "YOUNG_MS", 300)
    monkeypatch.setattr(module, "DEAD_S", 0.8)


class Desk:
    """One of several runs, in a process of its own as far as Redis can tell."""

    def __init__(self, redis: Redis, source: LineSource, output: Path, pause_s: float = 0.002) -> None:
        self.link = Link(Secret(redis.url))
        self.shares = LineShares(self.link, "job")
        self.asked: list[str] = []
        self._source, self._output, self._pause_s = source, output, pause_s

    async def answer(self, line: Line, waited: Callable[[float], object]) -> BatchAnswer:
        self.asked.append(line.custom_id)
        await asyncio.sleep(self._pause_s)
        return BatchAnswer(body={"n": line.custom_id}, request_id="r", tokens_in=1, tokens_out=1, usd=0.0)

    async def run(self) -> None:
        try:
            async with Sink(self._output) as sink:
                batch = BatchRun(self._source, sink, {"chat": self.answer}, total=LINES, shares=self.shares)
                end = await batch.run()
                assert end.done + end.elsewhere + end.duplicates == LINES
                assert end.open_count == end.duplicates
        finally:
            await self.link.close()

    def written(self) -> list[str]:
        return [json.loads(line)["custom_id"] for line in self._output.read_text().splitlines()]


def check(desks: list[Desk]) -> None:
    written = Counter(name for desk in desks for name in desk.written())
    assert set(written) == {f"c{n}" for n in range(990)}, "no line is missing"
    assert set(written.values()) == {1}, "none is there twice"


@pytest.mark.parametrize("fault", ["none", "flush", "kill", "pause"])
async def test_two_runs_answer_every_line_once_between_them(
    redis: Redis, source: LineSource, tmp_path: Path, fault: str
) -> None:
    desks = [Desk(redis, source, tmp_path / f"out{n}.jsonl") for n in range(2)]

    async def break_it() -> None:
        await asyncio.sleep(0.7)
        match fault:
            case "flush":
                redis.say("FLUSHALL")
            case "kill":
                redis.kill()
                await asyncio.sleep(0.5)
                redis.start()
            case "pause":
                redis.signal(signal.SIGSTOP)
                await asyncio.sleep(1.2)
                redis.signal(signal.SIGCONT)

    await asyncio.gather(break_it(), *(desk.run() for desk in desks))
    check(desks)
    assert all(len(desk.asked) > 100 for desk in desks), "both had their share"
    assert sum(len(desk.asked) for desk in desks) == 990, "and nobody was asked in vain"


async def test_the_lines_of_a_run_that_was_left_are_asked_by_the_other(
    redis: Redis, source: LineSource, tmp_path: Path
) -> None:
    dying, other = (Desk(redis, source, tmp_path / f"out{n}.jsonl", pause_s=0.01) for n in range(2))
    first = asyncio.create_task(dying.run())
    second = asyncio.create_task(other.run())
    await asyncio.sleep(1.5)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await second
    check([dying, other])
    assert dying.written()


async def test_the_same_command_again_asks_nobody(redis: Redis, source: LineSource, tmp_path: Path) -> None:
    desks = [Desk(redis, source, tmp_path / f"out{n}.jsonl", pause_s=0) for n in range(2)]
    await asyncio.gather(*(desk.run() for desk in desks))
    again = [Desk(redis, source, tmp_path / f"out{n}.jsonl") for n in range(2)]
    await asyncio.gather(*(desk.run() for desk in again))
    assert [desk.asked for desk in again] == [[], []]
    check(again)


async def test_two_commands_share_an_input_and_one_of_them_is_killed(redis: Redis, tmp_path: Path) -> None:
    simulator = Simulator(pace=20, limits="off", seed=1)
    await simulator.start()
    given = tmp_path / "in.jsonl"
    given.write_text("".join(json.dumps({"custom_id": f"c{n}", "prompt": f"Say {n}"}) + "\n" for n in range(200)))
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "GROQ_API_KEY": "gsk_simulated",
        "GROQ_BASE_URL": simulator.groq_url,
        "GROQ_CORE_REDIS_URL": redis.url,
        "GROQ_CORE_SECRET": "the-same-for-all-of-them",
    }
    command = [sys.executable, "-m", "groq_core", "batch", str(given)]

    def start(output: str) -> subprocess.Popen[bytes]:
        words = [*command, str(tmp_path / output), "--max-tokens", "100"]
        return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    first, second = start("a.jsonl"), start("b.jsonl")
    try:
        output = tmp_path / "a.jsonl"
        for _ in range(400):
            if (output.exists() and output.read_bytes().count(b"\n") > 20) or first.poll() is not None:
                break
            await asyncio.sleep(0.05)
        first.kill()
        said, complaints = await asyncio.to_thread(second.communicate, timeout=90)
    finally:
        for one in (first, second):
            one.kill()
            one.communicate()
        await simulator.stop()
    assert second.returncode == 0, complaints.decode()
    end = json.loads(said.splitlines()[-1])
    names = [
        json.loads(line)["custom_id"]
        for name in ("a.jsonl", "b.jsonl")
        for line in (tmp_path / name).read_text().splitlines()
        if line.endswith("}")
    ]
    assert set(names) == {f"c{n}" for n in range(200)}
    assert end["done"] + end["elsewhere"] == 200
    # Between an answer's being written and its being told lies a moment, in which a run can be killed: what it wrote
    # last is asked again, and nothing of what it wrote before.
    twice = {name for name in names if names.count(name) > 1}
    of_first = [json.loads(line)["custom_id"] for line in output.read_text().splitlines() if line.endswith("}")]
    assert twice == set(of_first[len(of_first) - len(twice) :])
