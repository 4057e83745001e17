"""The page behind a door; the API and the probes beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from groq_core.access.visit import KEY, Visit
from groq_core.errors import SettingsError
from groq_core.ui.basic_auth import SignIn, hash_password, read_users
from tests.serving import serving, url_of


def see(request: Request) -> PlainTextResponse:
    return PlainTextResponse("seen")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = SignIn(Starlette(routes=[Route("/{rest:path}", see)]), {"ann": hash_password("open sesame")})
    async with (
        serving(app, lifespan="off") as server,
        httpx.AsyncClient(base_url=url_of(server), trust_env=False) as http,
    ):
        yield http


@pytest.mark.parametrize("path", ["/", "/ui/chat", "/gradio_api/queue/join", "/config", "/gradio_api/file=x"])
async def test_the_page_and_all_its_routes_ask_who_is_there(client: httpx.AsyncClient, path: str) -> None:
    refused = await client.get(path)
    let_in = await client.get(path, auth=("ann", "open sesame"))

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert let_in.text == "seen"


@pytest.mark.parametrize("auth", [("ann", "open"), ("bob", "open sesame"), ("", ""), ("ann", "")])
async def test_a_wrong_name_or_password_is_refused_each_time(client: httpx.AsyncClient, auth: tuple[str, str]) -> None:
    assert [(await client.get("/", auth=auth)).status_code for _ in range(2)] == [401, 401]


@pytest.mark.parametrize("header", ["Basic", "Basic ???", "Basic bm8tY29sb24=", "Bearer x", "Basic " + "/w=="])
async def test_a_broken_header_is_refused_and_breaks_nothing(client: httpx.AsyncClient, header: str) -> None:
    assert (await client.get("/", headers={"authorization": header})).status_code == 401


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/ready", "/metrics"])
async def test_the_api_and_the_probes_have_their_own_rules(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


def test_a_user_file_is_read_with_remarks(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(f"# team\n\nann:{hash_password('open sesame')}\n")

    assert list(read_users(file)) == ["ann"]


@pytest.mark.parametrize("text", ["ann:plain password", "ann", ":scrypt$x$y", "ann:scrypt$!!$??"])
def test_a_line_that_is_no_hash_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "users"
    file.write_text(f"# first\n{text}\n")

    with pytest.raises(SettingsError) as caught:
        read_users(file)

    assert "line 2" in caught.value.message
    assert "plain password" not in caught.value.message


def test_an_empty_user_file_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text("# nobody yet\n")

    with pytest.raises(SettingsError, match="names nobody"):
        read_users(file)


async def test_a_household_has_no_more_guesses_than_one_address() -> None:
    door = SignIn(Starlette(routes=[Route("/{rest:path}", see)]), {"ann": hash_password("open sesame")})
    asked = iter(range(1, 100))

    async def from_anywhere(scope: Scope, receive: Receive, send: Send) -> None:
        """Each request comes from another address of one /64."""
        await door({**scope, KEY: Visit(address=f"2001:db8::{next(asked):x}")}, receive, send)

    async with (
        serving(from_anywhere, lifespan="off") as server,
        httpx.AsyncClient(base_url=url_of(server), trust_env=False) as http,
    ):
        statuses = [(await http.get("/", auth=("ann", "wrong"))).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]
