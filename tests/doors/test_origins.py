"""Pages of other origins change nothing, whatever the route; the list is the application's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from groq_core.compose import Core
from groq_core.serve import create_app
from tests.doors.stage import house, new_pass

House = tuple[httpx.AsyncClient, Core]

EVIL = [
    pytest.param({"origin": "https://evil.example"}, id="origin"),
    pytest.param({"origin": "null"}, id="sandboxed frame"),
    pytest.param({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, id="another site"),
    pytest.param({"sec-fetch-site": "same-site"}, id="a neighbour's subdomain or port"),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def local() -> AsyncIterator[House]:
    async with house() as found:
        yield found


@pytest.fixture(scope="module")
async def open_house() -> AsyncIterator[House]:
    """One that lets another origin's pages use the API."""
    async with house(GROQ_CORE_CORS_ORIGINS="https://app.example") as found:
        yield found


def changing_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route that is no plain reading: the API's, the page's, Gradio's."""
    for path, methods in app.dispatcher._routes.items():  # type: ignore[attr-defined]
        for method in methods:
            if method != "GET":
                yield ("POST" if method == "*" else method), path
    for method, path in routes_of(app):
        if method not in ("GET", "HEAD", "OPTIONS"):
            yield method, path
    for fixed in ("queue/join", "cancel", "reset", "upload", "call/chat"):
        yield "POST", f"/gradio_api/{fixed}"
    yield "POST", "/login"
    yield "POST", "/logout"


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the page and of Gradio."""
    waiting: list[object] = [*app.routes]
    while waiting:
        route = waiting.pop()
        router = getattr(route, "original_router", None) or getattr(route, "router", None)
        for inner in (route, router):
            waiting += getattr(inner, "routes", None) or []
        for method in getattr(route, "methods", None) or ():
            yield method, str(getattr(route, "path", ""))


def fill_in(path: str) -> str:
    """A path with something in the place of each parameter."""
    return "/".join("x" if part.startswith("{") else part for part in path.split("/"))


async def test_the_list_of_routes_is_not_empty(local: House) -> None:
    found = {fill_in(path) for _, path in changing_routes(create_app(local[1]))}

    assert {"/v1/chat/completions", "/ui/faults", "/ui/agent", "/ui/batch/x/run", "/ui/image"} <= found


@pytest.mark.parametrize("headers", EVIL)
async def test_no_route_that_changes_anything_takes_another_origins_request(
    local: House, headers: dict[str, str]
) -> None:
    client, core = local
    passed = await new_pass(client)
    for method, path in set(changing_routes(create_app(core))) | {("POST", "/ui/chat")}:
        response = await client.request(method, fill_in(path), json={}, headers={**passed, **headers})

        assert response.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in response.headers


PUBLIC = ("/ui/assets/", "/ui/manifest.json")
"""Scripts, styles and the card of the application: nothing in them is anybody's."""


async def test_no_route_of_the_page_that_reads_answers_another_origin(local: House) -> None:
    client, core = local
    passed = await new_pass(client)
    read = {path for method, path in routes_of(create_app(core)) if method == "GET" and path.startswith("/ui/")}

    assert {"/ui/pass", "/ui/models", "/ui/limits", "/ui/status/events", "/ui/admin", "/ui/conversations"} <= read
    for path in read:
        if not path.startswith(PUBLIC):
            response = await client.get(fill_in(path), headers={**passed, "sec-fetch-site": "cross-site"})
            assert response.status_code == 403, path


async def test_a_preflight_for_the_pages_own_routes_is_refused_even_to_origins_that_are_set(open_house: House) -> None:
    client, _ = open_house
    asks = {"origin": "https://app.example", "access-control-request-method": "POST"}

    assert (await client.options("v1/models", headers=asks)).status_code == 204
    assert (await client.options("gradio_api/call/chat", headers=asks)).status_code == 204
    for path in ("ui/chat", "ui/pass", "ui/faults"):
        response = await client.options(path, headers=asks)
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["config", "gradio_api/info", "", "gradio_api/queue/data?session_hash=x"])
async def test_gradios_own_permissions_are_left_out(local: House, open_house: House, path: str) -> None:
    for origin in ("https://evil.example", "https://app.example"):
        for client, _ in (local, open_house):
            response = await client.get(path, headers={"origin": origin})
            named = origin == "https://app.example" and client is open_house[0]
            assert response.headers.get("access-control-allow-origin") == (origin if named else None)
            assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "testserver", "localhost.evil.example", ""])
@pytest.mark.parametrize("path", ["", "config", "ui/pass", "gradio_api/info", "v1/models", "docs", "metrics"])
async def test_page_and_api_answer_to_their_own_names_only(local: House, host: str, path: str) -> None:
    assert (await local[0].get(path, headers={"host": host})).status_code == 403


async def test_a_name_that_is_set_gets_the_whole_application() -> None:
    async with house(GROQ_CORE_ALLOWED_HOSTS="*.lab.example") as (client, _):
        for path in ("", "config", "ui/pass", "v1/models"):
            assert (await client.get(path, headers={"host": "box.lab.example"})).status_code == 200
            assert (await client.get(path, headers={"host": "lab.example"})).status_code == 403


async def test_the_page_says_what_it_may_load(local: House) -> None:
    client, _ = local
    first, second = await client.get(""), await client.get("")
    policies = [
        dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
        for response in (first, second)
    ]

    for policy, response in zip(policies, (first, second), strict=True):
        assert "'unsafe-inline'" not in policy["script-src"]
        assert policy["frame-ancestors"] == "'self'"
        assert policy["connect-src"] == "'self' data: blob:"
        assert policy["object-src"] == "'none'"
        nonce = policy["script-src"].partition("'nonce-")[2].partition("'")[0]
        assert response.text.count("<script") == response.text.count(f'<script nonce="{nonce}"') > 1
        assert response.headers["x-content-type-options"] == "nosniff"
    assert policies[0]["script-src"] != policies[1]["script-src"]


@pytest.mark.parametrize(
    ("variables", "ancestors"),
    [
        ({"GROQ_CORE_FRAME_ANCESTORS": "https://a.example, https://b.example"}, "https://a.example https://b.example"),
        ({"GROQ_CORE_FRAME_ANCESTORS": "'none'"}, "'none'"),
        ({"SPACE_ID": "me/space"}, "'self' https://huggingface.co"),
    ],
    ids=["two origins", "nobody", "Spaces"],
)
async def test_who_may_frame_the_page_can_be_set(variables: dict[str, str], ancestors: str) -> None:
    async with house(**variables) as (client, _):
        response = await client.get("")

    assert f"frame-ancestors {ancestors}" in response.headers["content-security-policy"]


async def test_every_json_is_neither_stored_nor_sniffed(local: House) -> None:
    client, _ = local
    passed = await new_pass(client)
    for path in (
        "config",
        "ui/pass",
        "ui/models",
        "ui/limits",
        "gradio_api/info",
        "openapi.json",
        "v1/models",
        "health",
    ):
        response = await client.get(path, headers=passed)
        assert response.headers["content-type"].startswith("application/json"), path
        assert response.headers["cache-control"] == "no-store", path
        assert response.headers["x-content-type-options"] == "nosniff", path
