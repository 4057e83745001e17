"""A visitor's own key: taken, used for that visitor alone, and nowhere to be found."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.ui.conftest import served

KEY = "gsk_visitors_very_own_key_1234"


@asynccontextmanager
async def page(simulator: Simulator, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    """The page of a server that asks the simulator as if it were Groq."""
    environ = {"GROQ_BASE_URL": simulator.groq_url.removesuffix("/openai/v1"), **more}
    async with (
        assemble(Settings.from_env(environ)) as core,
        served(core) as url,
        httpx.AsyncClient(base_url=url, timeout=20) as client,
    ):
        client.headers["x-groq-core-page"] = (await client.get("ui/pass")).json()["pass"]
        yield client


async def own_headers(client: httpx.AsyncClient, key: str = KEY) -> dict[str, str]:
    answer = await client.post("ui/own-key", headers={"x-groq-core-key": key})
    assert answer.status_code == 200, answer.text
    assert key not in answer.text
    assert answer.json()["ending"] == key[-4:]
    return {"x-groq-core-own-key": answer.json()["handle"]}


QUESTION = {"turns": [{"role": "user", "text": "What is a hash table?"}]}


def count_asked(simulator: Simulator, path: str) -> int:
    return sum(request.path.endswith(path) for request in simulator.requests)


ANSWERED = '"outcome":"answered"'


async def test_server_without_a_key_asks_groq_with_the_visitors(simulator: Simulator) -> None:
    simulator.world.keys = {KEY}
    async with page(simulator) as client:
        answer = await client.post("ui/chat", json=QUESTION, headers=await own_headers(client))

    assert ANSWERED in answer.text
    assert count_asked(simulator, "/chat/completions") == 1


async def test_only_who_brought_a_key_asks_with_it(simulator: Simulator) -> None:
    async with page(simulator, GROQ_API_KEY="gsk_of_the_server", GROQ_CORE_BYO_KEY="on") as client:
        own = await own_headers(client)
        simulator.world.keys = {KEY}
        assert ANSWERED in (await client.post("ui/chat", json=QUESTION, headers=own)).text
        simulator.world.keys = {"gsk_of_the_server"}
        assert ANSWERED in (await client.post("ui/chat", json=QUESTION)).text
        refused = await client.post("ui/chat", json={**QUESTION, "fresh": True}, headers=own)

    assert ANSWERED not in refused.text


async def test_forgotten_key_is_never_replaced_by_the_servers(simulator: Simulator) -> None:
    async with page(simulator, GROQ_API_KEY="gsk_of_the_server", GROQ_CORE_BYO_KEY="on") as client:
        own = await own_headers(client)
        assert (await client.post("ui/own-key/forget", headers=own)).status_code == 204
        answer = await client.post("ui/chat", json=QUESTION, headers=own)

    assert answer.status_code == 401
    assert "enter it again" in answer.json()["detail"]
    assert count_asked(simulator, "/chat/completions") == 0


@pytest.mark.parametrize("key", ["", "short", "gsk_with a blank", "x" * 300])
async def test_what_cannot_be_a_key_is_refused_without_asking(simulator: Simulator, key: str) -> None:
    async with page(simulator) as client:
        answer = await client.post("ui/own-key", headers={"x-groq-core-key": key})

    assert answer.status_code == 400
    assert "not a Groq key" in answer.json()["detail"]
    assert count_asked(simulator, "/models") == 0


async def test_key_that_groq_refuses_is_not_taken(simulator: Simulator) -> None:
    async with page(simulator) as client, httpx.AsyncClient(base_url=simulator.groq_url.split("/openai")[0]) as other:
        fault = {"provider": "groq", "model": "*", "kind": "status", "preset": "401"}
        await other.post("/_simulator/faults", json=fault)
        answer = await client.post("ui/own-key", headers={"x-groq-core-key": KEY})

    assert answer.status_code == 422, answer.text
    assert "refuses" in answer.json()["detail"]


async def test_no_keys_are_taken_where_they_are_not_welcome(simulator: Simulator) -> None:
    async with page(simulator, GROQ_API_KEY="gsk_of_the_server") as client:
        answer = await client.post("ui/own-key", headers={"x-groq-core-key": KEY})

    assert answer.status_code == 404


async def test_one_visitors_refused_key_rests_nothing_for_another(simulator: Simulator) -> None:
    async with page(simulator, GROQ_API_KEY="gsk_of_the_server", GROQ_CORE_BYO_KEY="on") as client:
        first, second = await own_headers(client), await own_headers(client, KEY + "x")
        simulator.faults.clear()
        async with httpx.AsyncClient(base_url=simulator.groq_url.split("/openai")[0]) as other:
            fault = {"provider": "groq", "model": "*", "kind": "status", "preset": "401", "times": 1}
            await other.post("/_simulator/faults", json=fault)
        broken = await client.post("ui/chat", json=QUESTION, headers=first)
        fine = await client.post("ui/chat", json=QUESTION, headers=second)
        servers = await client.post("ui/chat", json=QUESTION)

    assert '"e":"error"' in broken.text
    for answer in (fine, servers):
        assert '"outcome":"failed"' not in answer.text
        assert '"outcome":"answered"' in answer.text


async def test_key_is_in_no_log_and_no_error(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with page(simulator) as client:
        answer = await client.post("ui/chat", json=QUESTION, headers=await own_headers(client))
        metrics = await client.get("metrics")

    assert KEY not in answer.text + metrics.text
    assert KEY not in "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
