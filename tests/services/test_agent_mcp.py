"""Tools of a real MCP server, started here, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from mcp import McpError, types
from mcp.server.fastmcp import FastMCP
from pydantic import AnyUrl

from groq_core.errors import RequestError
from groq_core.services.agent import Agent, BoundCall, Trace, remote_tools
from groq_core.services.agent.mcp_server import RemoteToolError
from groq_core.services.agent.remote_results import result_text
from tests.services.mcp_server import serve
from tests.services.scripted import Model, calls, says
from tests.serving import listening


class Waiting:
    """What the server's slow tool tells of itself."""

    def __init__(self) -> None:
        self.begun, self.stopped = asyncio.Event(), asyncio.Event()


def lab(waiting: Waiting) -> FastMCP:
    server = FastMCP("lab", log_level="CRITICAL")

    @server.tool(annotations=types.ToolAnnotations(readOnlyHint=True))
    def measure(sample: str, times: int = 1) -> str:
        """Measure a sample."""
        return f"{sample}: " + ", ".join(["7.2"] * times)

    @server.tool()
    async def burn(sample: str) -> str:
        """Burn a sample."""
        return f"{sample} is ash"

    @server.tool(annotations=types.ToolAnnotations(readOnlyHint=True))
    def fail() -> str:
        """Fail."""
        raise ValueError("no luck")

    @server.tool(annotations=types.ToolAnnotations(readOnlyHint=True))
    async def wait() -> str:
        """Take for ever."""
        waiting.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            waiting.stopped.set()
            raise
        return "never"

    return server


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
async def url(waiting: Waiting) -> AsyncIterator[str]:
    async with serve(lab(waiting)) as url:
        yield url


async def test_a_servers_tools_are_listed_with_what_they_are(url: str) -> None:
    async with remote_tools(url, label="lab", trusted=True) as tools:
        found = {one.name: one for one in tools}

    assert list(found) == ["lab_measure", "lab_burn", "lab_fail", "lab_wait"]
    assert found["lab_measure"].description == "Measure a sample."
    assert found["lab_measure"].parameters["required"] == ["sample"]
    assert not found["lab_measure"].dangerous
    assert found["lab_burn"].dangerous


async def test_an_agent_works_with_a_server(url: str) -> None:
    async def agree(_: BoundCall) -> bool:
        return True

    both = calls(("a", "measure", '{"sample": "A", "times": 2}'), ("b", "burn", '{"sample": "B"}'))
    model = Model([both, calls(("c", "fail", "{}"), ("d", "measure", "{}")), says("Measured and burnt.")])
    trace = Trace()

    async with remote_tools(url) as tools:
        async for event in Agent(model, tools, approve=agree).run("Measure A and burn B."):
            trace.apply(event)

    first, second, _ = trace.steps
    assert [call.result for call in first.calls.values()] == ["A: 7.2, 7.2", "B is ash"]
    assert [call.error is not None for call in second.calls.values()] == [True, True]
    assert "sample" in list(second.calls.values())[1].result
    assert trace.answer == "Measured and burnt."


async def test_a_slow_server_is_given_up_and_the_next_call_still_works(url: str) -> None:
    model = Model([calls(("a", "wait", "{}")), calls(("b", "measure", '{"sample": "A"}')), says("done")])
    trace = Trace()

    async with remote_tools(url, trusted=True) as tools:
        hurried = [replace(one, timeout=0.2) if one.name == "wait" else one for one in tools]
        async for event in Agent(model, hurried).run("go"):
            trace.apply(event)

    assert "longer than 0.2 s" in next(iter(trace.steps[0].calls.values())).result
    assert next(iter(trace.steps[1].calls.values())).result == "A: 7.2"


async def test_a_run_that_is_stopped_stops_the_servers_tool_too(url: str, waiting: Waiting) -> None:
    async def watch(agent: Agent) -> None:
        async for _ in agent.run("go"):
            pass

    async with remote_tools(url, trusted=True) as tools:
        run = asyncio.create_task(watch(Agent(Model([calls(("a", "wait", "{}"))]), tools)))
        await asyncio.wait_for(waiting.begun.wait(), 30)
        run.cancel()

        await asyncio.wait_for(waiting.stopped.wait(), 30)


async def test_a_connection_may_be_left_in_another_task_than_it_was_entered_in(url: str) -> None:
    context = remote_tools(url)

    tools = await asyncio.create_task(context.__aenter__())
    told = await tools[0].call({"sample": "A"})
    await asyncio.create_task(context.__aexit__(None, None, None))

    assert told == "A: 7.2"


async def test_a_call_after_the_end_says_that_the_connection_is_closed(url: str) -> None:
    async with remote_tools(url) as tools:
        pass

    with pytest.raises(RemoteToolError, match="connection to the MCP server is closed"):
        await asyncio.wait_for(tools[0].call({"sample": "A"}), 30)


async def test_a_server_that_goes_away_between_two_calls_is_told_to_the_model(waiting: Waiting) -> None:
    async with AsyncExitStack() as connection:
        async with serve(lab(waiting)) as url:
            tools = await connection.enter_async_context(remote_tools(url))
            assert await tools[0].call({"sample": "A"}) == "A: 7.2"

        for _ in range(2):
            with pytest.raises(RemoteToolError, match="connection to the MCP server is closed"):
                await asyncio.wait_for(tools[0].call({"sample": "A"}), 30)


async def test_a_call_without_an_agent_ends_by_itself_and_stops_the_servers_tool(url: str, waiting: Waiting) -> None:
    async with remote_tools(url, timeout=1) as tools:
        with pytest.raises(McpError, match="Timed out"):
            await asyncio.wait_for(tools[3].call({}), 30)

        await asyncio.wait_for(waiting.stopped.wait(), 30)


async def test_calls_side_by_side_are_stopped_each_by_itself(url: str, waiting: Waiting) -> None:
    async with remote_tools(url) as tools:
        slow = asyncio.ensure_future(tools[3].call({}))
        await asyncio.wait_for(waiting.begun.wait(), 30)
        others = [asyncio.ensure_future(tools[0].call({"sample": str(number)})) for number in range(20)]
        slow.cancel()
        results = await asyncio.wait_for(asyncio.gather(*others), 30)

        await asyncio.wait_for(waiting.stopped.wait(), 30)

    assert results == [f"{number}: 7.2" for number in range(20)]


@pytest.mark.parametrize("path", ["http://127.0.0.1:9/mcp", "nothing"], ids=["nobody there", "no MCP there"])
async def test_a_server_that_cannot_be_used_says_so_without_its_headers(url: str, path: str) -> None:
    address = path if path.startswith("http") else url.replace("/mcp", "/" + path)

    with pytest.raises(RequestError, match=r"the MCP server at 127\.0\.0\.1 cannot be used") as caught:
        async with remote_tools(address, headers={"Authorization": "Bearer secretsecret"}):
            pass

    assert "secretsecret" not in caught.value.message


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    async with listening(silent) as port:
        with pytest.raises(RequestError, match=r"did not answer within 0\.2 s"):
            async with remote_tools(f"http://127.0.0.1:{port}/mcp", connect_seconds=0.2):
                pass


def test_what_is_no_text_is_mentioned() -> None:
    content: list[types.ContentBlock] = [
        types.TextContent(type="text", text="a"),
        types.ImageContent(type="image", data="AAAA", mimeType="image/png"),
        types.ResourceLink(type="resource_link", name="b", uri=AnyUrl("file:///b")),
    ]

    assert result_text(types.CallToolResult(content=content)).split("\n") == [
        "a",
        "[image, 3 bytes]",
        "[a link: b file:///b]",
    ]
    assert result_text(types.CallToolResult(content=[], structuredContent={"a": 1})) == '{"a":1}'
    assert issubclass(RemoteToolError, Exception)


@pytest.mark.timeout(60)
async def test_a_servers_own_schema_runs_no_pattern_in_this_process(waiting: Waiting) -> None:
    server = lab(waiting)
    word = "a" * 40 + "!"

    @server.tool()
    def tell() -> types.CallToolResult:
        """Tell a word."""
        said = types.TextContent(type="text", text=word)
        return types.CallToolResult(content=[said], structuredContent={"word": word})

    @server._mcp_server.list_tools()  # type: ignore[no-untyped-call]
    async def listed() -> list[types.Tool]:
        """What it lists, with a pattern that backtracks without end."""
        schema = {"type": "object", "properties": {"word": {"type": "string", "pattern": "^(a+)+$"}}}
        return [types.Tool(name="tell", inputSchema={"type": "object"}, outputSchema=schema)]

    async with serve(server) as url, remote_tools(url, label="lab", trusted=True) as tools:
        assert word in str(await tools[0].call({}))
