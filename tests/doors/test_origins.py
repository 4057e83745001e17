"""Pages of other origins change nothing, whatever the route; the list is the application's own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from groq_core.access.passwords import hash_password
from groq_core.api.absent_paths import MISPLACED
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
    for layer in app.user_middleware:
        for path in ANSWERED_BY_LAYERS[getattr(layer.cls, "__name__", "")]:
            yield "POST", path


ANSWERED_BY_LAYERS = {
    # In front of every route, so no table of routes knows them. A new layer is named here, or the tests below fail.
    "ChatRoute": ["/ui/chat"],
    "HuggingFaceSignIn": ["/login/huggingface", "/login/callback", "/logout"],
    "OpenIdSignIn": ["/login/oidc", "/login/callback"],
    "PageFrame": [],
    "ShortOfSomething": [],
    "SignIn": ["/login", "/logout"],
}


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


@pytest.fixture(scope="module")
async def app(local: House) -> FastAPI:
    """An application as it is served to everybody."""
    return create_app(local[1])


async def test_the_list_of_routes_is_not_empty(app: FastAPI) -> None:
    found = {fill_in(path) for _, path in changing_routes(app)}

    assert {"/v1/chat/completions", "/ui/faults", "/ui/agent", "/ui/batch/x/run", "/ui/image"} <= found


@pytest.fixture(scope="module")
async def signed_in_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One where people sign in, and every origin is let in to the API."""
    users = tmp_path_factory.mktemp("people") / "users"
    users.write_text(f"ann:{hash_password('correct horse')}\n", "utf-8")
    async with house(GROQ_CORE_AUTH_FILE=str(users), GROQ_CORE_CORS_ORIGINS="*") as found:
        yield found


@pytest.fixture(scope="module")
async def signed_in_app(signed_in_house: House) -> FastAPI:
    """One where people sign in."""
    return create_app(signed_in_house[1])


@pytest.mark.parametrize("headers", EVIL)
async def test_no_route_that_changes_anything_takes_another_origins_request(
    local: House, app: FastAPI, headers: dict[str, str]
) -> None:
    client, _ = local
    passed = await new_pass(client)
    for method, path in sorted(set(changing_routes(app))):
        response = await client.request(method, fill_in(path), json={}, headers={**passed, **headers})

        assert response.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("headers", EVIL)
async def test_origins_that_may_use_the_api_change_nothing_of_the_pages(
    signed_in_house: House, signed_in_app: FastAPI, headers: dict[str, str]
) -> None:
    client, _ = signed_in_house
    basic = {"authorization": f"Basic {base64.b64encode(b'ann:correct horse').decode()}"}
    # The API asks for tokens of its own, Gradio's endpoints for the same ones.
    others = ("/v1/", "/openai/", "/_simulator/", "/gradio_api/", *MISPLACED)
    asked = [one for one in sorted(set(changing_routes(signed_in_app))) if not one[1].startswith(others)]

    assert {("POST", "/login"), ("POST", "/logout"), ("POST", "/ui/chat")} <= set(asked)
    for method, path in asked:
        response = await client.request(method, fill_in(path), data={}, headers={**basic, **headers})

        assert response.status_code == 403, (method, path)
        assert "set-cookie" not in response.headers


SPELLINGS = [
    "//login", "/./login", "/login/", "/LOGIN", "/%6cogin", "/login%2f", "/ui//chat", "/ui/%2e/chat", "/ui/chat/",
    "/ui%2fchat", "/x/../ui/chat", "/gradio_api/../ui/chat", "/config/../ui/faults", "/gradio_api/%2e%2e/login",
]  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
async def test_no_spelling_of_a_path_or_verb_gets_by(signed_in_house: House, local: House, method: str) -> None:
    for client, _ in (signed_in_house, local):
        for path in SPELLINGS:
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
            said = await answer_to(client, head.encode() + b"Content-Length: 0\r\n\r\n")
            assert said.split(b" ")[1] in (b"400", b"401", b"403", b"404", b"405"), (path, said)
            assert b"set-cookie" not in said.lower()


async def answer_to(client: httpx.AsyncClient, data: bytes) -> bytes:
    """The head of the answer to bytes that no client would write."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    finally:
        writer.close()


UNREADABLE = [
    b'{"a":"\xf9"}',
    b"\xff\xfe{}",
    b'{"a":"\\ud83d"}',
    b'{"a":1e999}',
    b'{"a":NaN}',
    b"\0",
    b'"',
    b"[]",
    b"1",
]


async def test_no_route_breaks_on_bytes_it_cannot_read(local: House, app: FastAPI) -> None:
    client, _ = local
    headers = {**await new_pass(client), "content-type": "application/json"}
    for method, path in sorted(set(changing_routes(app))):
        for form in ("json", "csv", "txt") if "{form}" in path else ("",):
            for body in UNREADABLE:
                filled = fill_in(path.replace("{form}", form))
                response = await client.request(method, filled, content=body, headers=headers)
                assert response.status_code < 500 or response.status_code == 503, (filled, body, response.text[:200])


PUBLIC = ("/ui/assets/", "/ui/manifest.json")
"""Scripts, styles and the card of the application: nothing in them is anybody's."""


async def test_no_route_of_the_page_that_reads_answers_another_origin(local: House, app: FastAPI) -> None:
    client, _ = local
    passed = await new_pass(client)
    read = {path for method, path in routes_of(app) if method == "GET" and path.startswith("/ui/")}

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
