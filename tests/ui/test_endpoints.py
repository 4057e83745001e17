"""Gradio's named endpoints, reached by its own client, by `gr.load`, and as MCP tools by a real MCP client."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import soundfile
from gradio_client import Client, handle_file
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from groq_core.compose import assemble
from groq_core.errors import RequestError
from groq_core.serve import create_app
from groq_core.services.agent import remote_tools
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from tests.api.stage import serving

MEDIA = Path(__file__).parents[1] / "data" / "media"
NAMES = {"/chat", "/ask_image", "/transcribe", "/speak", "/extract", "/models"}

T = TypeVar("T")


@asynccontextmanager
async def house(**env: str) -> AsyncIterator[tuple[str, Simulator]]:
    async with (
        Simulator(pace=0, limits="off", seed=1) as simulator,
        assemble(Settings.from_env(env), simulator=simulator) as core,
    ):
        await core.catalogue.refresh()
        async with serving(create_app(core)) as port:
            yield f"http://127.0.0.1:{port}", simulator


async def using(url: str, work: Callable[[Client], T], **options: Any) -> T:
    """Gradio's client blocks, so it works beside the server's loop."""

    def run() -> T:
        client = Client(url, verbose=False, analytics_enabled=False, **options)
        try:
            return work(client)
        except concurrent.futures.CancelledError as error:
            raise RuntimeError(f"the client gave up: {error!r}") from error  # asyncio would take it for its own
        finally:
            client.close()

    return await asyncio.to_thread(run)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (64, 32), "red").save(path)
    return path


async def test_every_endpoint_is_named_typed_and_described() -> None:
    async with house() as (url, _):
        info = await using(url, lambda client: client.view_api(return_format="dict"))

    assert set(info["named_endpoints"]) == NAMES
    for name, endpoint in info["named_endpoints"].items():
        assert endpoint["description"], name
        for parameter in endpoint["parameters"]:
            assert parameter["type"], (name, parameter)
            assert parameter["parameter_name"]


async def test_a_chat_streams_and_ends_in_its_answer() -> None:
    async with house() as (url, _):

        def ask(client: Client) -> tuple[list[str], str]:
            job = client.submit("Count from 1 to 40.", api_name="/chat")
            answer = job.result(timeout=30)
            return job.outputs(), answer

        pieces, answer = await using(url, ask)

    assert "40" in answer
    assert pieces[-1] == answer


async def test_a_picture_is_asked_about_and_not_left_on_the_disk(picture: Path) -> None:
    async with house() as (url, _):
        answer = await using(
            url, lambda client: client.predict(handle_file(str(picture)), "Which colour?", api_name="/ask_image")
        )

    assert "red" in answer.lower()


async def test_a_recording_is_written_down() -> None:
    async with house() as (url, _):
        heard = await using(
            url, lambda client: client.predict(handle_file(str(MEDIA / "jfk.wav")), "en", api_name="/transcribe")
        )

    assert heard


async def test_a_text_is_spoken() -> None:
    async with house() as (url, _):
        file = await using(url, lambda client: client.predict("Hello there.", "", api_name="/speak"))

    assert soundfile.info(file).duration > 0.2


SCHEMA = {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]}


async def test_data_is_extracted_with_its_places() -> None:
    async with house() as (url, _):
        found = await using(
            url,
            lambda client: client.predict("Write to ada@example.org today.", SCHEMA, "auto", api_name="/extract"),
        )

    assert set(found) == {"data", "places", "missing", "simulated"}
    assert set(found["data"]) == {"email"}


async def test_a_field_that_is_none_is_left_out() -> None:
    async with house() as (url, _):
        said = await using(url, lambda client: client.predict("Count from 1 to 40.", None, None, api_name="/chat"))
        found = await using(url, lambda client: client.predict("Ada", SCHEMA, None, api_name="/extract"))
        spoken = await using(url, lambda client: client.predict("Hello.", None, api_name="/speak"))
        with pytest.raises(Exception, match="`message` is empty"):
            await using(url, lambda client: client.predict(None, api_name="/chat"))

    assert "40" in said
    assert "data" in found
    assert spoken


async def test_the_models_are_listed() -> None:
    async with house() as (url, _):
        listed = await using(url, lambda client: client.predict(api_name="/models"))

    assert [entry["id"] for entry in listed[:3]] == ["auto", "speed", "quality"]
    assert any(entry.get("provider") == "groq" for entry in listed)


async def test_a_failure_is_told_in_words() -> None:
    async with house() as (url, simulator):
        simulator.faults.add(Fault(kind="status", preset="503_over_capacity", operation="chat"))
        with pytest.raises(Exception, match="no model could answer"):
            await using(url, lambda client: client.predict("Hi", api_name="/chat"))
        with pytest.raises(Exception, match="empty"):
            await using(url, lambda client: client.predict(" ", api_name="/chat"))


LOADED = """
import sys, warnings
warnings.simplefilter("ignore")
from gradio.external import from_spaces_blocks
print(*{fn.api_name for fn in from_spaces_blocks(sys.argv[1], None).fns.values()})
"""


async def test_gr_load_builds_an_app_on_them() -> None:
    """`gr.load` looks a Space's address up and then does this with it, leaving event loops open behind it."""
    async with house() as (url, _):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LOADED, url, stdout=asyncio.subprocess.PIPE
        )
        said, _stderr = await process.communicate()

    assert process.returncode == 0
    assert {name.lstrip("/") for name in NAMES} <= set(said.decode().split())


# ── who may ───────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_may_not_use_the_api_may_not_use_these() -> None:
    async with house(GROQ_CORE_API_TOKENS="right") as (url, _), httpx.AsyncClient(base_url=url) as http:
        for name in NAMES:
            answer = await http.post(f"/gradio_api/call{name}", json={"data": []})
            assert answer.status_code == 401, name
        upload = await http.post("/gradio_api/upload", files={"files": ("a.txt", b"x")})
        assert upload.status_code == 401
        with pytest.raises(Exception, match=r"401|token|gave up"):
            await using(url, lambda client: client.predict(api_name="/models"))
        answered = await using(
            url,
            lambda client: client.predict("Say hello.", api_name="/chat"),
            headers={"Authorization": "Bearer right"},
        )
    assert answered


async def test_the_unstreamed_twin_is_nobodys_to_call() -> None:
    async with house() as (url, _), httpx.AsyncClient(base_url=url) as http:
        answer = await http.post("/gradio_api/call/chat_whole", json={"data": ["Hi", "auto", ""]})

    assert answer.status_code in (403, 404)


# ── MCP ──────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def session(url: str, headers: dict[str, str] | None = None) -> AsyncIterator[ClientSession]:
    async with (
        httpx.AsyncClient(headers=headers, timeout=60) as http,
        streamable_http_client(f"{url}/gradio_api/mcp/", http_client=http) as (read, write, _),
        ClientSession(read, write) as mcp,
    ):
        await mcp.initialize()
        yield mcp


def data_url(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def text_of(result: Any) -> str:
    assert not result.isError, result
    return "".join(part.text for part in result.content if part.type == "text")


@pytest.mark.parametrize("word", ["1", "true"])
async def test_they_are_mcp_tools_where_the_server_is_switched_on(
    word: str, monkeypatch: pytest.MonkeyPatch, picture: Path
) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", word)
    async with house() as (url, _), session(url) as mcp:
        tools = (await mcp.list_tools()).tools
        answered = await mcp.call_tool("chat", {"message": "Count from 1 to 40."})
        listed = await mcp.call_tool("models", {})
        seen = await mcp.call_tool(
            "ask_image", {"image": data_url(picture), "question": "Which colour?", "model": "vision"}
        )
        spoken = await mcp.call_tool("speak", {"text": "Hello.", "voice": ""})

    assert {tool.name for tool in tools} == {name.lstrip("/") for name in NAMES}
    assert all(tool.description for tool in tools)
    assert "40" in text_of(answered), "the whole answer, not its first piece"
    assert "auto" in text_of(listed)
    assert "red" in text_of(seen).lower()
    assert not spoken.isError


async def test_mcp_asks_for_the_same_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", "1")
    async with house(GROQ_CORE_API_TOKENS="right") as (url, _):
        async with httpx.AsyncClient() as http:
            refused = await http.post(f"{url}/gradio_api/mcp/", json={})
        async with session(url, {"Authorization": "Bearer right"}) as mcp:
            answered = await mcp.call_tool("chat", {"message": "Say hello."})

    assert refused.status_code == 401
    assert text_of(answered)


async def test_our_agent_uses_every_tool_with_a_token_and_nobody_without(
    monkeypatch: pytest.MonkeyPatch, picture: Path
) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", "1")
    recording = "data:audio/wav;base64," + base64.b64encode((MEDIA / "jfk.wav").read_bytes()).decode()
    given: dict[str, dict[str, Any]] = {
        "chat": {"message": "Say hello."},
        "ask_image": {"image": data_url(picture), "question": "Which colour?", "model": "vision"},
        "transcribe": {"audio": recording},
        "speak": {"text": "Hello.", "voice": ""},
        "extract": {"text": "Total: 12", "schema": '{"type": "object", "properties": {"total": {"type": "number"}}}'},
        "models": {},
    }
    async with house(GROQ_CORE_API_TOKENS="right") as (url, _):
        address = f"{url}/gradio_api/mcp/"
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            with pytest.raises(RequestError, match="HTTP 401"):
                async with remote_tools(address, headers=headers):
                    pass
        async with remote_tools(address, headers={"Authorization": "Bearer right"}) as tools:
            assert {tool.name for tool in tools} == given.keys()
            for tool in tools:
                assert await tool.call(given[tool.name]), tool.name


async def test_without_the_switch_there_is_no_mcp() -> None:
    async with house() as (url, _), httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/gradio_api/mcp/", json={})

    assert answer.status_code in (404, 405)
