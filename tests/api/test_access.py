"""Who gets in, by address, token, host and origin."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from groq_core.access.visit import Visit
from groq_core.api.access import Access
from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.requests import Caller
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
        ("OWN", 200),
        ("app://obsidian.md", 200),
        ("http://localhost:3000", 403),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_of_another_origin_does_not_get_in(origin: str, status: int) -> None:
    async with Stage().served() as client:
        own = str(client.base_url).rstrip("/")
        response = await client.get("/v1/status", headers={"origin": own if origin == "OWN" else origin})

    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers
    if status == 403:
        assert "GROQ_CORE_CORS_ORIGINS" in response.json()["error"]["hint"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_browser_that_says_so_is_believed(site: str) -> None:
    assert (await get(Settings(), "/v1/status", sec_fetch_site=site)).status_code == 403


MARKS = [
    ("forwarded", "for=1.2.3.4"),
    ("x-forwarded-for", "1.2.3.4"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-anything", "x"),
    ("x-real-ip", "1.2.3.4"),
    ("via", "1.1 proxy"),
]


@pytest.mark.parametrize(("name", "value"), MARKS, ids=[name for name, _ in MARKS])
@pytest.mark.parametrize("path", ["/v1/models", "/metrics"])
async def test_any_sign_of_a_proxy_closes_the_api_without_a_token(path: str, name: str, value: str) -> None:
    response = await get(Settings(), path, **{name.replace("-", "_"): value})

    assert response.status_code == 401
    assert "GROQ_CORE_API_TOKENS" in response.json()["error"]["hint"]


async def test_http_1_0_is_how_the_plainest_proxy_asks() -> None:
    async with Stage().served() as client:
        port = client.base_url.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        head = await reader.readline()
        writer.close()

    assert b" 401 " in head


async def test_a_page_with_sign_in_closes_the_api_without_a_token(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("")

    response = await get(Settings(auth_file=users), "/v1/models")

    assert response.status_code == 401
    assert "sign in" in response.json()["error"]["message"]


async def test_behind_a_proxy_with_tokens_the_names_that_are_set_will_do() -> None:
    settings = Settings(api_tokens=(Secret("first-token"),), allowed_hosts=("api.example",))
    headers = {"origin": "https://app.example", "authorization": "Bearer first-token"}

    assert (await get(settings, "/v1/status", host="api.example", **headers)).status_code == 200
    assert (await get(settings, "/v1/status", host="evil.example", **headers)).status_code == 403


async def test_a_second_list_of_tokens_closes_the_door_and_opens_it() -> None:
    class Database:
        async def exist(self) -> bool:
            return True

        async def holder(self, token: bytes) -> Caller | None:
            return Caller(user="key:7", person="ann") if token == b"gck_seven" else None

    access = Access(Settings(), [Database()])

    with pytest.raises(RequestError, match="missing"):
        await access.admit({}, Visit())
    caller = await access.admit({b"authorization": b"Bearer gck_seven"}, Visit(address="10.0.0.9"))
    assert (caller.user, caller.person, caller.address) == ("key:7", "ann", "10.0.0.9")


# ── other origins ────────────────────────────────────────────────────────────────────────────────────────────

APP = Settings(cors_origins=("https://app.example",))
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type"}


async def test_a_preflight_is_answered_for_the_origins_that_are_set_alone() -> None:
    async with Stage(settings=APP).served() as client:
        good = await client.options("/v1/models", headers={"origin": "https://app.example", **PREFLIGHT})
        bad = await client.options("/v1/models", headers={"origin": "https://evil.example", **PREFLIGHT})

    assert good.status_code == 204
    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert good.headers["access-control-allow-headers"] == "authorization, content-type"
    assert "access-control-allow-credentials" not in good.headers
    assert bad.status_code == 403
    assert "access-control-allow-origin" not in bad.headers


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nothing"])
async def test_answers_and_errors_can_be_read_by_the_origins_that_are_set(path: str) -> None:
    response = await get(APP, path, origin="https://app.example")

    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert "origin" in response.headers["vary"]


async def test_a_stream_can_be_read_too() -> None:
    async with Stage(settings=APP).served() as client:
        headers = {"origin": "https://app.example"}
        response = await client.post("/v1/chat/completions", json=ask(stream=True), headers=headers)

    assert response.headers["access-control-allow-origin"] == "https://app.example"


async def test_a_star_lets_every_origin_read_with_a_token() -> None:
    settings = Settings(api_tokens=(Secret("first-token"),), cors_origins=("*",))
    async with Stage(settings=settings).served() as client:
        preflight = await client.options("/v1/models", headers={"origin": "https://any.example", **PREFLIGHT})
        headers = {"origin": "https://any.example", "authorization": "Bearer first-token"}
        answer = await client.get("/v1/models", headers=headers)

    assert preflight.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nothing", "/health", "/ready", "/v1/status"])
async def test_every_json_is_neither_sniffed_nor_stored(path: str) -> None:
    response = await get(Settings(), path)

    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
