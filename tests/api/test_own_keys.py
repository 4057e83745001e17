"""A visitor's own Groq key at ``/v1``: taken where it is welcome, asked about once, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from groq_core.api.app import create_api
from groq_core.compose import assemble
from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.requests import Caller
from groq_core.services.own_keys import OwnKeys
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.serving import serving, url_of

KEY = "gsk_visitors_very_own_key_1234"
OTHER = "gsk_of_somebody_else_altogether"
QUESTION = {"model": "auto", "temperature": 0, "messages": [{"role": "user", "content": "What is a fox?"}]}
PUBLIC = {"GRADIO_SERVER_NAME": "0.0.0.0", "GROQ_CORE_API_TOKENS": "a-token-of-the-operators"}


@asynccontextmanager
async def server(simulator: Simulator, **environ: str) -> AsyncIterator[httpx.AsyncClient]:
    """A server that asks the simulator as if it were Groq."""
    given = {"GROQ_BASE_URL": simulator.groq_url.removesuffix("/openai/v1"), **environ}
    async with (
        assemble(Settings.from_env(given)) as core,
        serving(create_api(core)) as running,
        httpx.AsyncClient(base_url=url_of(running), timeout=20, trust_env=False) as client,
    ):
        simulator.requests.clear()
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def count_asked(simulator: Simulator, path: str) -> int:
    return sum(request.path.endswith(path) for request in simulator.requests)


async def test_a_visitor_asks_with_a_key_of_their_own_which_is_checked_once(simulator: Simulator) -> None:
    simulator.world.keys = {KEY}
    async with server(simulator, **PUBLIC) as client:
        answers = [await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(KEY)) for _ in range(2)]
        models = await client.get("/v1/models", headers=bearer(KEY))
        others = [
            await client.post("/v1/chat/completions", json=QUESTION),
            await client.post("/v1/chat/completions", json=QUESTION, headers=bearer("sk-something-else")),
            await client.get("/metrics", headers=bearer(KEY)),
            await client.get("/_simulator/faults", headers=bearer(KEY)),
        ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["x_groq_core"]["cache"] for answer in answers] == ["miss", "hit"]
    assert models.status_code == 200
    assert count_asked(simulator, "/models") == 1, "the key was checked once"
    assert count_asked(simulator, "/chat/completions") == 1
    assert [answer.status_code for answer in others] == [401, 401, 401, 401]
    told = ["A Groq key of your own" in answer.json()["error"]["hint"] for answer in others]
    assert told == [True, True, False, False], "only for a question"


async def test_answers_of_one_key_are_not_another_s(simulator: Simulator) -> None:
    simulator.world.keys = {KEY, OTHER}
    async with server(simulator, **PUBLIC) as client:
        answers = [await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(k)) for k in (KEY, OTHER)]

    assert [answer.json()["x_groq_core"]["cache"] for answer in answers] == ["miss", "miss"]


async def test_a_refused_key_is_the_caller_s_fault(simulator: Simulator) -> None:
    simulator.world.keys = {KEY}
    async with server(simulator, **PUBLIC) as client:
        refused = await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(OTHER))
        tried = [await client.get("/v1/models", headers=bearer(f"gsk_tried_out_{n:04}")) for n in range(10)]

    assert refused.status_code == 401
    assert "Groq refuses this key" in refused.json()["error"]["message"]
    assert OTHER not in refused.text
    assert [answer.status_code for answer in tried] == [401] * 9 + [429]
    assert tried[-1].headers["retry-after"] == "60"


async def test_groq_is_asked_no_more_often_than_need_be() -> None:
    """The same key at once is checked once, a refused one once a minute; who tries keys out stops only himself."""
    seen: list[str] = []
    now = [0.0]

    async def models(caller: Caller) -> list[dict[str, Any]]:
        key = caller.groq_key.reveal() if caller.groq_key else ""
        seen.append(key)
        await asyncio.sleep(0)
        if "good" not in key:
            raise ProviderError(Kind.AUTH, "no", provider="groq")
        return []

    async def refusal(key: str, address: str = "a") -> int:
        with pytest.raises(RequestError) as caught:
            await keys.recognise(key, address)
        return caught.value.status

    keys = OwnKeys(models, clock=lambda: now[0])
    found = await asyncio.gather(*(keys.recognise("gsk_good_key", "a") for _ in range(20)))
    assert len({one.handle for one in found}) == len(seen) == 1
    assert [await refusal("gsk_bad_key") for _ in range(3)] == [422] * 3
    assert seen == ["gsk_good_key", "gsk_bad_key"]
    assert [await refusal(f"gsk_bad_key_{n}") for n in range(9)] == [422] * 8 + [429]
    await keys.recognise("gsk_good_key_2", "b")
    keys.remove(found[0].handle)
    await keys.recognise("gsk_good_key", "b")
    assert seen.count("gsk_good_key") == 2, "what was forgotten is asked about again"
    now[0] += 61
    assert await refusal("gsk_bad_key") == 422
    assert seen.count("gsk_bad_key") == 2


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        pytest.param({**PUBLIC, "GROQ_CORE_BYO_KEY": "off"}, KEY, id="off"),
        pytest.param({**PUBLIC, "GROQ_API_KEY": KEY}, OTHER, id="the server has a key, so auto is off"),
        pytest.param({**PUBLIC, "GROQ_CORE_AUTH_FILE": "users"}, KEY, id="people must sign in"),
    ],
)
async def test_where_own_keys_are_not_welcome_a_token_is_wanted(
    simulator: Simulator, tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], key: str
) -> None:
    users = tmp_path_factory.mktemp("people") / "users"
    users.write_text("ann:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$0m0b4tYc0lX3iRk7m0sGzg\n")
    environ = {name: str(users) if text == "users" else text for name, text in environ.items()}
    async with server(simulator, **environ) as client:
        answer = await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(key))

    assert answer.status_code == 401
    assert "key of your own" not in answer.json()["error"]["hint"]
    assert count_asked(simulator, "/chat/completions") == 0


async def test_a_local_program_s_key_is_used_only_where_the_setting_says_so(simulator: Simulator) -> None:
    """SDKs want a key for form's sake: on a newcomer's machine it must not turn the simulator into a refusal."""
    simulator.world.keys = {KEY}
    async with server(simulator) as client:
        simulated = await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(OTHER))
    async with server(simulator, GROQ_CORE_BYO_KEY="on") as client:
        refused = await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(OTHER))
        answered = await client.post("/v1/chat/completions", json=QUESTION, headers=bearer(KEY))

    assert (simulated.status_code, refused.status_code, answered.status_code) == (200, 401, 200)
    assert count_asked(simulator, "/chat/completions") == 1
