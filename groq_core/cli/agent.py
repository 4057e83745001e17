"""
Let a model work on a task with tools: a calculator, dates, units, your files, MCP servers, Groq's own search and code.

Steps and calls go to standard error, the answer to standard output. A call that may change something is asked for
first; without a terminal it is refused, unless --yes allows all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from groq_core.cli.console import money
from groq_core.errors import RequestError

if TYPE_CHECKING:
    from groq_core.events import Event
    from groq_core.services.agent import Call, Tool

HELP = "work on a task with tools, step by step"
EPILOG = """examples:
  python -m groq_core agent "What is 17.5 % of 2,340?"
  python -m groq_core agent --file report.pdf "Which numbers in the report do not add up?"
  python -m groq_core agent --mcp https://example.com/mcp --max-usd 0.05 "Which issues are open?"

Exit status 1 when it ended at a limit, before it had an answer."""

SHOWN = 160
"""Characters of arguments and results that are shown."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("task", nargs="?", help="read from standard input when left out")
    command.add_argument("--model", default="auto", help="a tier, a model id or provider:id")
    tools = command.add_argument_group("tools")
    tools.add_argument("--file", action="append", default=[], type=Path, metavar="FILE", help="the model may read it")
    tools.add_argument("--mcp", action="append", default=[], metavar="URL", help="MCP server over streamable HTTP")
    tools.add_argument("--search", action="store_true", help="Groq's own browser search")
    tools.add_argument("--code", action="store_true", help="Groq's own code interpreter")
    tools.add_argument("--yes", action="store_true", help="allow calls that may change something")
    limits = command.add_argument_group("limits")
    limits.add_argument("--max-steps", type=int, default=10, metavar="N", help="(default: %(default)s)")
    limits.add_argument("--max-seconds", type=float, default=120.0, metavar="S", help="(default: %(default)g)")
    limits.add_argument("--max-usd", type=float, metavar="USD")


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assembled
    from groq_core.requests import HOSTED_TOOLS
    from groq_core.services.agent import Agent, Trace, builtin_tools, remote_tools
    from groq_core.settings.settings import load

    task = args.task if args.task is not None else sys.stdin.read()
    wanted = {"browser_search": args.search, "code_interpreter": args.code}
    async with assembled(load()) as core, AsyncExitStack() as connected:
        tools: list[Tool] = [*builtin_tools(), *await files(args.file)]
        for place, address in enumerate(args.mcp, start=1):
            label = f"s{place}" if len(args.mcp) > 1 else ""
            tools += await connected.enter_async_context(remote_tools(address, label=label))
        agent = Agent(
            core.handle,
            tools,
            hosted=tuple(name for name in HOSTED_TOOLS if wanted[name]),
            model=args.model,
            max_steps=args.max_steps,
            max_seconds=args.max_seconds,
            max_usd=args.max_usd,
            approve=allowed if args.yes else asked,
        )
        trace = Trace()
        async with aclosing(agent.run(task)) as events:
            async for event in events:
                trace.apply(event)
                if (said := in_words(event)) is not None:
                    print(said, file=sys.stderr, flush=True)
    print(trace.answer)
    end = trace.ended
    assert end is not None, "a run ends in RunEnded or raises"
    print(f"{end.reason}: {end.steps} steps, {end.elapsed_s:.1f} s, {money(end.cost_usd)}", file=sys.stderr)
    return 0 if end.reason == "answered" else 1


async def files(paths: list[Path]) -> list[Tool]:
    """
    The tools that read these files and no others.

    Raises:
        RequestError: One of them cannot be read.
    """
    from groq_core.services.agent import file_tools
    from groq_core.services.documents.reading import Document, read_document

    texts: dict[str, Document | str] = {}
    for path in paths:
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise RequestError(f"--file {path.name}: {error.strerror}", param="file") from None
        texts[path.name] = await read_document(data, path.name)
    return file_tools(texts) if texts else []


async def asked(call: Call) -> bool:
    """Ask the person at the terminal; where there is none, nobody has agreed."""
    if not sys.stdin.isatty():
        return False
    print(f"Allow {call.name}? [y/N] ", end="", file=sys.stderr, flush=True)
    return (await asyncio.to_thread(sys.stdin.readline)).strip().lower() in ("y", "yes")


async def allowed(_: Call) -> bool:
    return True


def in_words(event: Event) -> str | None:
    """A line for what happened; None for what is no step and no call."""
    from groq_core.events import ApprovalAsked, StepStarted, ToolFinished, ToolStarted

    match event:
        case StepStarted(step=step):
            return f"step {step}"
        case ApprovalAsked(name=name, arguments=given):
            return f"  {name} {brief(given)} may change something"
        case ToolStarted(name=name, arguments=given):
            return f"  {name} {brief(given)}"
        case ToolFinished(name=name, result=result, elapsed_s=took):
            return f"  {name} → {brief(result)}" + (f" ({took:.1f} s)" if took else "")
        case _:
            return None


def brief(text: str) -> str:
    """
    >>> brief("one\\ntwo"), len(brief("x" * 1000))
    ('one two', 161)
    """
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"
