"""Limits of people over HTTP: what is refused, and what every answer tells."""

from __future__ import annotations

from groq_core.redaction import Secret
from groq_core.settings.limits import limits
from groq_core.settings.settings import Settings
from tests.api.stage import Stage, ask


async def test_the_request_after_the_last_is_refused_with_the_time_to_wait() -> None:
    async with Stage(settings=Settings(limits=limits("3/minute"))).served() as client:
        answers = [await client.post("/v1/chat/completions", json=ask(stream=number % 2 == 0)) for number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.headers["x-ratelimit-limit-requests"] == "3"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert refused.json()["error"]["code"] == "limit_reached"


async def test_every_token_has_its_own() -> None:
    settings = Settings(limits=limits("1/day"), api_tokens=(Secret("one"), Secret("two")))
    async with Stage(settings=settings).served() as client:
        statuses = [
            (
                await client.post("/v1/chat/completions", json=ask(), headers={"authorization": f"Bearer {token}"})
            ).status_code
            for token in ("one", "one", "two")
        ]

    assert statuses == [200, 429, 200]


async def test_without_limits_nothing_is_said_of_them() -> None:
    async with Stage().served() as client:
        answer = await client.post("/v1/chat/completions", json=ask())

    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]
