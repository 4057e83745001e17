"""What one visitor does is no other visitor's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.doors.stage import house, new_pass

QUESTION = {"turns": [{"role": "user", "text": "What is 17 * 23?"}], "temperature": 0}
EVERYTHING = ("groq:llama-3.1-8b-instant", "groq:openai/gpt-oss-20b")


@pytest.fixture(scope="module")
async def public() -> AsyncIterator[httpx.AsyncClient]:
    """A simulator that others reach."""
    async with house(GRADIO_SERVER_NAME="0.0.0.0", GROQ_CORE_LIMITS="40/minute") as (client, _):
        yield client


async def events_of(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, object]]:
    response = await client.post("ui/chat", json=QUESTION, headers=headers)
    assert response.status_code == 200, response.text
    return [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]


async def faults(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, object]]:
    params = {"visitor": headers["x-groq-core-page"]}
    async with client.stream("GET", "ui/status/events", params=params) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                found: list[dict[str, object]] = json.loads(line.removeprefix("data: "))["faults"]
                return found
    raise AssertionError("nothing was said")


async def test_a_fault_hits_the_visitor_who_switched_it_on_and_nobody_else(public: httpx.AsyncClient) -> None:
    ann, bob = await new_pass(public), await new_pass(public)
    served = next(one for one in await events_of(public, bob) if one.get("e") == "receipt")["served_by"]
    assert isinstance(served, dict)
    target = f"{served['provider']}:{served['model']}"
    switched = await public.post("ui/faults", json={"target": target, "fault": "server_error"}, headers=ann)
    assert switched.status_code == 204

    hit, spared = await events_of(public, ann), await events_of(public, bob)

    assert any(one.get("e") == "attempt_failed" for one in hit)
    assert not any(one.get("e") == "attempt_failed" for one in spared)
    assert [one["target"] for one in await faults(public, ann)] == [target]
    assert await faults(public, bob) == []


async def test_answers_are_kept_for_each_visitor_alone(public: httpx.AsyncClient) -> None:
    cat, dan = await new_pass(public), await new_pass(public)
    question = {**QUESTION, "turns": [{"role": "user", "text": "What is 19 * 23?"}]}

    async def cache_says(headers: dict[str, str]) -> object:
        response = await public.post("ui/chat", json=question, headers=headers)
        return json.loads(response.text.strip().rpartition("data: ")[2])["cache"]

    assert [await cache_says(headers) for headers in (cat, cat, dan)] == ["miss", "hit", "miss"]


async def test_a_table_is_read_by_nobody_else(public: httpx.AsyncClient) -> None:
    ann, bob = await new_pass(public), await new_pass(public)
    brought = await public.post("ui/batch?name=a.csv", content=b"text\nhello\n", headers=ann)
    ident = brought.json()["id"]

    for path in ("look", "estimate", "jsonl", "csv"):
        response = await public.post(f"ui/batch/{ident}/{path}", json={"prompt": "{text}"}, headers=bob)
        assert response.status_code == 404, path
    assert (await public.post(f"ui/batch/{ident}/look", headers=ann)).status_code == 200


async def test_eighty_questions_at_once_are_not_all_answered(public: httpx.AsyncClient) -> None:
    visitor = await new_pass(public)
    address = {"x-forwarded-for": "203.0.113.20"}
    refused = 0
    for _ in range(45):
        heard = await events_of(public, {**visitor, **address})
        refused += any(one.get("e") == "error" and one.get("retry_after_s") for one in heard)

    left = (await public.get("ui/limits", headers={**visitor, **address})).json()["limits"]
    assert refused == 5
    assert left[0]["text"] == "40 of 40 requests this minute"


ASKED = {"messages": [{"role": "user", "content": "Tell me of the sea."}], "model": "groq:openai/gpt-oss-20b"}


async def test_tokens_of_answers_are_counted() -> None:
    async with house(GROQ_CORE_LIMITS="10 tokens/day") as (client, _):
        first = await client.post("v1/chat/completions", json=ASKED)
        second = await client.post("v1/chat/completions", json=ASKED)

    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["x-ratelimit-remaining-tokens"] == "0"


async def test_thirty_who_ask_at_once_spend_no_more_than_there_is() -> None:
    async with house(GROQ_CORE_LIMITS="0.0005 usd/day") as (client, _):
        asks = [
            {**ASKED, "max_completion_tokens": 1000, "messages": [{"role": "user", "content": f"Tell me of the {n}."}]}
            for n in range(30)
        ]
        answers = await asyncio.gather(*(client.post("v1/chat/completions", json=ask) for ask in asks))
        left = (await client.get("ui/limits", headers=await new_pass(client))).json()["limits"]

    spent = sum(one.json()["x_groq_core"]["cost_usd"] for one in answers if one.status_code == 200)
    refused = [one for one in answers if one.status_code != 200]
    assert 0 < spent <= 0.0005
    assert left[0]["used"] == pytest.approx(spent)
    assert refused
    assert {one.status_code for one in refused} == {429}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
