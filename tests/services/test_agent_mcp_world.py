"""MCP as it is in the world: sessions that end, programs on standard input, many tools, statuses, pictures."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import pytest
from mcp.server.fastmcp import FastMCP, Image
from PIL import Image as Pixels
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from groq_core.errors import RequestError
from groq_core.services.agent import Agent, Trace, remote_tools
from groq_core.services.agent.servers import MOST_OFFERED, McpServer, server_tools
from tests.services.mcp_server import serve
from tests.services.scripted import Model, calls, says
from tests.serving import port_of, serving


def lab(name: str = "lab") -> FastMCP:
    server = FastMCP(name, log_level="CRITICAL")

    @server.tool()
    def measure(sample: str) -> str:
        """Measure a sample."""
        return f"{sample} by {name}"

    return server


@pytest.mark.parametrize("at_once", [1, 2, 5, 20])
async def test_a_session_the_server_no_longer_knows_is_begun_anew(at_once: int) -> None:
    async with serving(lab("first").streamable_http_app()) as server:
        port = port_of(server)
        context = remote_tools(f"http://127.0.0.1:{port}/mcp")
        tools = await context.__aenter__()
        before = await tools[0].call({"sample": "A"})
    async with serving(lab("second").streamable_http_app(), port=port):
        after = await asyncio.wait_for(asyncio.gather(*(tools[0].call({"sample": "B"}) for _ in range(at_once))), 30)
        await context.__aexit__(None, None, None)

    assert before == "A by first"
    assert after == ["B by second"] * at_once


PROGRAM = """
import sys
from mcp.server.fastmcp import FastMCP

server = FastMCP("program", log_level="CRITICAL")

@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    print("noise", file=sys.stderr)
    return a + b

server.run()
"""


async def test_a_program_on_standard_input_and_output_is_a_server(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    server = McpServer(name="own", command=(sys.executable, str(tmp_path / "program.py")))

    async with server_tools([server], "add") as tools:
        assert [tool.name for tool in tools] == ["own_add"]
        assert await tools[0].call({"a": 12345678901234567890, "b": 1}) == "12345678901234567891"


@pytest.mark.parametrize(
    "command", [("/nowhere/at/all",), (sys.executable, "-c", "pass")], ids=["no program", "no MCP"]
)
async def test_a_program_that_is_no_server_is_told(command: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="cannot be used"):
        async with remote_tools("", command=command, connect_seconds=20):
            pass


async def test_of_a_hundred_and_fifty_tools_those_are_offered_that_fit_and_the_rest_is_called_by_name() -> None:
    many = FastMCP("many", log_level="CRITICAL")
    for number in range(150):
        many.add_tool(lambda number=number: f"gear {number}", name=f"turn_gear_{number}", description=f"Gear {number}.")
    many.add_tool(lambda: "boiled", name="boil_water", description="Boil water in the kettle.")

    async with serve(many) as url, server_tools([McpServer(name="", address=url)], "Boil some water") as tools:
        names = [tool.name for tool in tools]
        found = {tool.name: tool for tool in tools}
        offered = set(names)
        rest = next(f"turn_gear_{number}" for number in range(150) if f"turn_gear_{number}" not in offered)
        listed = await found["list_more_tools"].call({"about": "gear"})
        called = await found["call_more_tools"].call({"name": rest, "arguments": {}})

    assert len(names) <= MOST_OFFERED
    assert "boil_water" in offered
    assert rest.removeprefix("turn_") in str(listed) or "more" in str(listed)
    assert str(called) == rest.removeprefix("turn_").replace("_", " ")


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_a_refusal_is_told_with_its_status(status: int) -> None:
    async def refuse(_: object) -> Response:
        return Response("secret-in-the-body", status)

    app = Starlette(routes=[Route("/mcp", refuse, methods=["GET", "POST"])])
    async with serving(app) as server:
        port = port_of(server)
        with pytest.raises(RequestError, match=f"HTTP {status}|{status}") as caught:
            async with remote_tools(f"http://127.0.0.1:{port}/mcp?token=in-the-address"):
                pass

    assert "in-the-address" not in str(caught.value)
    assert "secret-in-the-body" not in str(caught.value)


async def test_pictures_of_a_server_reach_a_model_that_sees() -> None:
    camera = FastMCP("camera", log_level="CRITICAL")

    @camera.tool()
    def look() -> Image:
        """Take a picture."""
        file = io.BytesIO()
        Pixels.new("RGB", (4, 4), "red").save(file, "PNG")
        return Image(data=file.getvalue(), format="png")

    async def agree(_: object) -> bool:
        return True

    model = Model([calls(("a", "look", "{}")), says("It is red.")])
    trace = Trace()
    async with serve(camera) as url, remote_tools(url) as tools:
        async for event in Agent(model, tools, approve=agree).run("What do you see?"):
            trace.apply(event)

    (shown,) = (one for one in model.asked[1].messages if isinstance(one.get("content"), list))
    assert shown["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert trace.answer == "It is red."
