"""An answer that runs on one replica, and a page that comes back to it on another: byte for byte, whatever fails."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from benchmarks.crossing import Crossing
from groq_core.simulator import Simulator
from groq_core.store.shared.running import RunPart, SharedRuns
from groq_core.ui import answers_elsewhere as module
from tests.requires import needs
from tests.store.replicas import Redis, Replicas, replicas
from tests.store.stage import eventually

pytestmark = needs("redis-server")

VISITOR = "visitor-0123456789abcdef"
OPEN = 'data: {"e":"open"}\n\n'


def question(text: str = "Tell me a long story about a fox.") -> dict[str, Any]:
    return {"turns": [{"role": "user", "text": text}], "model": "speed"}


def lines_of(body: str) -> list[str]:
    """The lines of the answer; heartbeats and the first line, which each connection has, are none of them."""
    parts = [part for part in body.split("\n\n") if part.startswith("data: ")]
    return parts[1:] if parts and parts[0] == OPEN.strip() else parts


def text_of(lines: list[str]) -> str:
    text = ""
    for one in lines:
        told = json.loads(one.removeprefix("data: "))
        text = "" if told.get("e") == "restarted" else text + told.get("t", "")
    return text


class Visitor:
    """A browser, whose every request may reach another replica."""

    def __init__(self, clients: list[httpx.AsyncClient]) -> None:
        self.clients = clients
        self.name = {"x-groq-core-answer": secrets.token_urlsafe(16)}

    async def begin(self, replica: int, least: int) -> list[str]:
        """Ask, and hang up after so many lines; gives those that were read."""
        body = ""
        asking = self.clients[replica].stream("POST", "/ui/chat", json=question(), headers=self.name)
        async with asking as response:
            async for part in response.aiter_text():
                body += part
                if len(lines_of(body)) >= least and body.endswith("\n\n"):
                    break
        return lines_of(body)

    async def follow(self, replica: int, at: int = 0) -> list[str]:
        path = f"/ui/answers/{self.name['x-groq-core-answer']}?at={at}"
        found = await self.clients[replica].get(path)
        assert found.status_code == 200, found.text
        return lines_of(found.text)


@asynccontextmanager
async def visitor(running: Replicas) -> AsyncIterator[Visitor]:
    clients = [httpx.AsyncClient(base_url=url, timeout=30) for url in running.urls]
    page = (await clients[0].get("/ui/pass")).json()["pass"]
    for client in clients:
        client.headers.update({"x-groq-core-page": page, "x-groq-core-visitor": VISITOR})
    yield Visitor(clients)
    for client in clients:
        await client.aclose()


@dataclass
class Trio:
    """Three replicas, the first of which finds Redis through a crossing."""

    redis: Redis
    simulator: Simulator
    crossing: Crossing
    running: Replicas

    def asked(self) -> int:
        """How often a model was asked."""
        return len([seen for seen in self.simulator.requests if "chat" in seen.path])


@pytest.fixture(scope="module")
async def whole_trio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trio]:
    redis = Redis(tmp_path_factory.mktemp("redis"))
    redis.start()
    simulator = Simulator(pace=1, limits="off", seed=1)
    await simulator.start()
    state = {"GROQ_CORE_STATE_DIR": str(tmp_path_factory.mktemp("state"))}
    async with (
        Crossing(redis.port) as crossing,
        replicas(3, redis, simulator, [crossing.port, redis.port, redis.port], pages=True, **state) as running,
    ):
        yield Trio(redis, simulator, crossing, running)
    await simulator.stop()
    redis.kill()


@pytest.fixture
async def trio(whole_trio: Trio) -> AsyncIterator[Trio]:
    assert await eventually(whole_trio.running.in_step, 5)
    yield whole_trio
    whole_trio.crossing.mend()


@pytest.fixture
async def page(trio: Trio) -> AsyncIterator[Visitor]:
    async with visitor(trio.running) as found:
        yield found


@pytest.mark.parametrize("fault", ["none", "flush", "kill"])
async def test_an_answer_is_followed_on_another_replica_byte_for_byte(trio: Trio, page: Visitor, fault: str) -> None:
    before = trio.asked()
    first = await page.begin(0, least=5)
    following = asyncio.create_task(page.follow(1, len(first)))
    await asyncio.sleep(0.3)
    if fault == "flush":
        trio.redis.say("FLUSHALL")
    elif fault == "kill":
        trio.redis.kill()
        await asyncio.sleep(0.5)
        trio.redis.start()
    rest = await following
    whole = await page.follow(0)
    assert first + rest == whole
    assert '"e":"receipt"' in whole[-1]
    assert await page.follow(1) == whole, "and read once more from the beginning"
    assert trio.asked() - before == 1


async def test_asking_again_on_another_replica_asks_nobody_twice(trio: Trio, page: Visitor) -> None:
    before = trio.asked()
    first = await page.begin(0, least=5)
    again = await page.clients[1].post("/ui/chat", json=question(), headers=page.name)
    assert lines_of(again.text)[: len(first)] == first
    assert trio.asked() - before == 1


async def test_a_question_that_is_sent_everywhere_at_once_is_given_one_answer(trio: Trio, page: Visitor) -> None:
    """Its line was lost before the first word, and browsers and proxies ask again; the first one may yet begin."""
    before = trio.asked()
    for _ in range(5):
        page.name = {"x-groq-core-answer": secrets.token_urlsafe(16)}
        posts = [client.post("/ui/chat", json=question(), headers=page.name) for client in page.clients for _ in "ab"]
        heard = [lines_of(got.text) for got in await asyncio.gather(*posts)]
        assert heard.count(heard[0]) == len(heard), [lines[:1] for lines in heard]
        assert [await page.follow(replica) for replica in range(3)] == [heard[0]] * 3
    assert trio.asked() - before == 5


@pytest.mark.parametrize("late_s", [0.0, 0.02, 0.1, 0.3])
async def test_redis_is_emptied_between_the_claim_and_the_first_line_and_the_question_comes_once_more(
    trio: Trio, page: Visitor, late_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is told what the first is giving, though for a moment nobody knows of it."""
    claimed = asyncio.Event()
    goes_on = asyncio.Event()
    claim = SharedRuns.claim

    async def slowly(self: SharedRuns, place: str, question: bytes) -> RunPart | None:
        found = await claim(self, place, question)
        if not claimed.is_set():
            claimed.set()
            await goes_on.wait()
        return found

    monkeypatch.setattr(SharedRuns, "claim", slowly)
    while not claimed.is_set():
        # On a busy machine Redis answers late once in a while, and then a replica goes on alone.
        page.name = {"x-groq-core-answer": secrets.token_urlsafe(16)}
        before = trio.asked()
        first = asyncio.create_task(page.clients[0].post("/ui/chat", json=question(), headers=page.name))
        claim_comes = asyncio.create_task(claimed.wait())
        await asyncio.wait([first, claim_comes], return_when=asyncio.FIRST_COMPLETED)
        claim_comes.cancel()
    trio.redis.say("FLUSHALL")
    await asyncio.sleep(late_s)
    posts = [page.clients[n].post("/ui/chat", json=question(), headers=page.name) for n in (1, 2)]
    again = asyncio.gather(*posts)
    await asyncio.sleep(0.05)
    goes_on.set()
    heard = [lines_of(got.text) for got in (await first, *await again)]
    assert heard[0] == heard[1] == heard[2]
    assert '"e":"receipt"' in heard[0][-1]
    assert trio.asked() - before == 1


async def test_what_was_begun_twice_while_redis_was_away_is_told_to_its_end_to_each_reader(
    trio: Trio, page: Visitor
) -> None:
    trio.crossing.cut()

    async def hear(replica: int) -> list[str]:
        got = await page.clients[replica].post("/ui/chat", json=question(), headers=page.name)
        return lines_of(got.text)

    async def come_back() -> None:
        await asyncio.sleep(0.3)
        trio.crossing.mend()

    first, second, _ = await asyncio.gather(hear(0), hear(1), come_back())
    for heard, replica in ((first, 0), (second, 1)):
        assert '"e":"receipt"' in heard[-1], "an answer was broken off"
        assert await page.follow(replica) == heard, "of two answers one text was made"


async def test_an_answer_that_is_gone_when_redis_comes_back_is_not_waited_for(
    trio: Trio, page: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAD_S", 0.8)
    trio.crossing.cut()
    following = asyncio.create_task(page.follow(0))  # of nobody: it may be that another replica gives it
    await asyncio.sleep(0.3)
    assert not following.done()
    trio.crossing.mend()
    with pytest.raises(httpx.RemoteProtocolError):  # the line is lost, so that the page asks once more, and is told
        await asyncio.wait_for(following, 20)
    gone = await page.clients[0].get(f"/ui/answers/{page.name['x-groq-core-answer']}")
    assert gone.status_code == 404


async def test_another_visitor_finds_nothing_and_the_lists_name_nobody(trio: Trio, page: Visitor) -> None:
    await page.begin(0, least=5)
    name = page.name["x-groq-core-answer"]
    other = {"x-groq-core-visitor": "another-0123456789abcdef"}
    found = await page.clients[1].get(f"/ui/answers/{name}", headers=other)
    assert found.status_code == 404
    keys = trio.redis.keys()
    assert any("run:" in key for key in keys)
    assert not [key for key in keys if name in key or VISITOR in key]


async def test_stop_on_another_replica_stops_it(trio: Trio, page: Visitor) -> None:
    await page.begin(0, least=5)
    receipt = await page.clients[1].post(f"/ui/answers/{page.name['x-groq-core-answer']}/stop")
    assert '"e":"receipt"' in receipt.text
    whole = await page.follow(0)
    assert whole[-1] == receipt.text.strip()
    assert '"e":"stopped"' in whole[-2]


async def test_an_answer_of_a_replica_that_died_is_given_anew_by_the_one_that_is_asked(
    trio: Trio, page: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAD_S", 0.8)
    first = await page.begin(0, least=8)
    trio.crossing.cut()  # for the other it is dead, though it goes on
    rest = await page.follow(1, len(first))
    whole = await page.follow(1)
    assert len(first) + len(rest) == len(whole), "a page counts lines, and misses none"
    assert whole[len(first) :] == rest
    (again,) = [json.loads(one[6:]) for one in whole if '"restarted"' in one]
    assert text_of(first).startswith(again["kept"])
    assert '"e":"receipt"' in whole[-1]
    assert text_of(whole)
    trio.crossing.mend()

    async def same() -> bool:
        return await page.follow(0) == whole

    assert await eventually(same, 8), "the first replica lets go of its own"


async def test_what_nobody_else_may_ask_again_ends_with_the_reason(
    trio: Trio, page: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAD_S", 0.8)
    monkeypatch.setattr(module, "MAX_QUESTION_BYTES", 10)
    first = await page.begin(0, least=8)
    trio.crossing.cut()
    rest = await page.follow(1, len(first))
    assert "has stopped" in rest[-2]
    assert '"e":"receipt"' in rest[-1]
