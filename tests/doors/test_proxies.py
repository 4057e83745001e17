"""The recipes of SECURITY.md, run: nginx and Caddy in front of the whole application."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.processes import free_port
from tests.doors.stage import house, new_pass
from tests.programs import program_at
from tests.requires import find, needs

RECIPES = Path(__file__).parents[2] / "SECURITY.md"
UPSTREAM = "127.0.0.1:7860"
PLAINEST = "location / { proxy_pass http://127.0.0.1:7860; }"
PATIENCE_S = 10.0

pytestmark = needs("nginx", "caddy")


def recipe(name: str) -> str:
    """What stands in the document below the mark of this name."""
    matched = re.search(rf"<!-- recipe {name} -->\n```\w*\n(.*?)```", RECIPES.read_text("utf-8"), re.DOTALL)
    assert matched is not None
    return matched[1]


@asynccontextmanager
async def nginx(location: str, upstream: int, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{port};\n"
        f"{location.replace(UPSTREAM, f'127.0.0.1:{upstream}')}\n}} }}\n"
    )
    async with (
        program_at(
            port,
            find("nginx") or "nginx",
            "-c",
            str(config),
            "-p",
            str(folder),
            "-e",
            f"{folder}/start.log",
            seconds=PATIENCE_S,
        ),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/", timeout=30, trust_env=False) as client,
    ):
        yield client


@asynccontextmanager
async def caddy(directive: str, upstream: int, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    config = folder / "Caddyfile"
    config.write_text(
        f"{{\n admin off\n auto_https off\n storage file_system {folder}/data\n}}\n"
        f"http://:{port} {{\n{directive.replace(UPSTREAM, f'127.0.0.1:{upstream}')}\n}}\n"
    )
    async with (
        program_at(
            port, find("caddy") or "caddy", "run", "--adapter", "caddyfile", "--config", str(config), seconds=PATIENCE_S
        ),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/", timeout=30, trust_env=False) as client,
    ):
        yield client


PROXIES = {"nginx": nginx, "caddy": caddy}
NAMED = {"GROQ_CORE_ALLOWED_HOSTS": "app.example"}


@pytest.mark.parametrize("kind", PROXIES)
async def test_the_recipe_carries_page_and_api(kind: str, tmp_path: Path) -> None:
    async with (
        house(**NAMED, GROQ_CORE_API_TOKENS="gck-1") as (direct, _),
        PROXIES[kind](recipe(kind), direct.base_url.port or 0, tmp_path) as client,
    ):
        client.headers["host"] = "app.example"
        own = {"origin": f"http://app.example:{client.base_url.port}"}
        page = await client.get("")
        passed = await new_pass(client)
        question = {"turns": [{"role": "user", "text": "What is 17 * 23?"}]}
        asked = await client.post("ui/chat", json=question, headers={**passed, "origin": "http://app.example"})
        with_port = await client.post(
            "ui/chat", json=question, headers={**passed, **own, "host": f"app.example:{client.base_url.port}"}
        )
        foreign = await client.post("ui/chat", json=question, headers={**passed, "origin": "http://evil.example"})
        token = {"authorization": "Bearer gck-1"}
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
        stranger = await client.post("v1/chat/completions", json=body)
        async with client.stream("POST", "v1/chat/completions", json=body, headers=token) as response:
            pieces = [piece async for piece in response.aiter_raw()]
        bent = await client.get("", headers={"host": "evil.example"})

    assert page.status_code == 200
    assert asked.status_code == 200
    assert "391" in asked.text
    assert with_port.status_code == 200
    assert foreign.status_code == 403
    assert "GROQ_CORE_TRUSTED_PROXIES" in foreign.text
    assert stranger.status_code == 401
    assert response.status_code == 200
    assert len(pieces) > 2, "a stream is not held back"
    assert bent.status_code == 403


@pytest.mark.parametrize("kind", PROXIES)
async def test_behind_any_proxy_strangers_are_not_taken_for_local_programs(kind: str, tmp_path: Path) -> None:
    plainest = PLAINEST if kind == "nginx" else "reverse_proxy 127.0.0.1:7860"
    async with (
        house(**NAMED) as (direct, _),
        PROXIES[kind](plainest, direct.base_url.port or 0, tmp_path) as client,
    ):
        for path in ("v1/models", "v1/status", "metrics", "_simulator/faults", "openai/v1/models"):
            response = await client.get(path)
            assert response.status_code == 401, path
            assert "GROQ_CORE_API_TOKENS" in response.json()["error"]["hint"]
        assert (await client.get("health")).status_code == 200


COMPRESSING = {
    "nginx": "gzip on; gzip_types *; gzip_proxied any;\n" + PLAINEST,
    "caddy": "encode gzip zstd\nreverse_proxy 127.0.0.1:7860",
}
"""As people have them who have read no recipe."""

CHAT = {"messages": [{"role": "user", "content": "Write 300 words about foxes."}], "stream": True}
STREAMS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "v1/chat/completions", CHAT),
    ("POST", "v1/responses", {"input": "Write 300 words about foxes.", "stream": True}),
    ("POST", "v1/agent/runs", {"task": "What is 17 * 23?", "stream": True}),
    ("POST", "v1/audio/speech", {"model": "speech", "voice": "hannah", "input": "Hello.", "stream_format": "sse"}),
    ("POST", "v1/audio/speech", {"model": "speech", "voice": "hannah", "input": "Hello.", "stream_format": "audio"}),
    ("GET", "v1/status/events", None),
    ("GET", "ui/status/events", None),
    ("POST", "ui/chat", {"turns": [{"role": "user", "text": "Write 300 words about foxes."}]}),
]


@pytest.mark.parametrize("kind", PROXIES)
async def test_no_stream_is_compressed_or_gathered_on_its_way(kind: str, tmp_path: Path) -> None:
    """Caddy's `encode` gathered all tokens of an answer into two pieces."""
    async with (
        house(**NAMED, GROQ_CORE_API_TOKENS="gck-1") as (direct, _),
        PROXIES[kind](COMPRESSING[kind], direct.base_url.port or 0, tmp_path) as client,
    ):
        headers = {**await new_pass(direct), "authorization": "Bearer gck-1", "host": "app.example"}
        for method, path, body in STREAMS:
            async with direct.stream(method, path, json=body, headers=headers) as response:
                assert response.status_code == 200, (path, await response.aread())
                assert "no-transform" in response.headers["cache-control"], path
                assert response.headers["x-accel-buffering"] == "no", path
            async with client.stream(method, path, json=body, headers=headers) as response:
                assert response.status_code == 200, (path, await response.aread())
                assert response.headers["content-encoding"] == "identity", path
                if body is CHAT:
                    assert len([piece async for piece in response.aiter_raw()]) > 10
