"""Who gets in, by address, token, host and origin."""

from __future__ import annotations

import httpx
import pytest

from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from tests.api.stage import Stage, ask

TOKENS = Settings(server_name="0.0.0.0", api_tokens=(Secret("first-token"), Secret("second-token")))
PUBLIC = Settings(server_name="0.0.0.0")


async def get(settings: Settings, path: str, **headers: str) -> httpx.Response:
    async with Stage(settings=settings).served() as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/v1/status", "/metrics"])
@pytest.mark.parametrize("authorization", ["", "Bearer anything"])
async def test_on_loopback_without_tokens_anybody_of_this_machine_is_let_in(path: str, authorization: str) -> None:
    assert (await get(Settings(), path, authorization=authorization)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/status", "/v1/status/events", "/v1/nothing", "/metrics"])
async def test_in_public_without_tokens_nobody_is_let_in_and_the_hint_names_the_variable(path: str) -> None:
    response = await get(PUBLIC, path, authorization="Bearer anything")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "GROQ_CORE_API_TOKENS" in response.json()["error"]["hint"]


@pytest.mark.parametrize("settings", [Settings(), PUBLIC, TOKENS], ids=["loopback", "public", "tokens"])
@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_health_and_readiness_are_open_to_all(settings: Settings, path: str) -> None:
    assert (await get(settings, path, host="anything.example")).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer first-token", 200),
        ("bearer second-token", 200),
        ("Bearer third-token", 401),
        ("Bearer first-toke", 401),
        ("Bearer", 401),
        ("Basic first-token", 401),
        ("first-token", 401),
        ("Bearer first-token,second-token", 401),
    ],
)
async def test_with_tokens_only_their_holders_are_let_in(authorization: str, status: int) -> None:
    response = await get(TOKENS, "/v1/status", authorization=authorization)

    assert response.status_code == status
    if status == 401:
        assert response.json()["error"]["type"] == "authentication_error"
        assert "first-token" not in response.text


async def test_tokens_count_on_loopback_too() -> None:
    settings = Settings(api_tokens=(Secret("first-token"),))

    assert (await get(settings, "/v1/status")).status_code == 401


async def test_a_caller_is_known_by_the_number_of_its_token() -> None:
    stage = Stage(settings=TOKENS)
    async with stage.served() as client:
        await client.post("/v1/chat/completions", json=ask(), headers={"authorization": "Bearer second-token"})

    assert stage.chat.caller.user == "token:1"
    assert stage.chat.caller.credential == "server"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:7860", 200),
        ("127.0.0.1", 200),
        ("127.0.0.2:80", 200),
        ("[::1]:7860", 200),
        ("app.localhost", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 403),
        ("10.0.0.1", 403),
        ("[::1", 403),
    ],
)
async def test_a_name_that_was_bent_to_this_address_does_not_get_in(host: str, status: int) -> None:
    assert (await get(Settings(), "/v1/status", host=host)).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:7860", 200),
        ("app://obsidian.md", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_of_another_site_does_not_get_in(origin: str, status: int) -> None:
    response = await get(Settings(), "/v1/status", origin=origin)

    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers


async def test_behind_a_proxy_with_tokens_any_name_will_do() -> None:
    settings = Settings(api_tokens=(Secret("first-token"),))

    response = await get(
        settings, "/v1/status", host="api.example", origin="https://app.example", authorization="Bearer first-token"
    )

    assert response.status_code == 200
