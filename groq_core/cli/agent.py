"""
Let a model work on a task with tools: a calculator, dates, units, your files, MCP servers, Groq's own search and code.

Steps and calls go to standard error, the answer to standard output. A call that may change something is asked for
first; without a terminal it is refused, unless --yes allows all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shlex
import sys
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from groq_core.cli.console import SIMULATED, model_name, money, write_words
from groq_core.cli.given_files import read_file
from groq_core.cli.prompt import ask_terminal, read_words
from groq_core.errors import RequestError
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from groq_core.events import Event
    from groq_core.services.agent import BoundCall, Tool
    from groq_core.services.agent.servers import McpServer
    from groq_core.services.agent.sign_in import BrowserSignIn
    from groq_core.services.documents.parts import Document
    from groq_core.services.documents.seeing import Look
    from groq_core.settings.settings import Settings

HELP = "work on a task with tools, step by step"
EPILOG = """examples:
  python -m groq_core agent "What is 17.5 % of 2,340?"
  python -m groq_core agent --file report.pdf "Which numbers in the report do not add up?"
  python -m groq_core agent --mcp https://example.com/mcp --max-usd 0.05 "Which issues are open?"
  python -m groq_core agent --mcp https://example.com/mcp --mcp-keep-login "Which issues are mine?"

Exit status 1 when it ended at a limit, before it had an answer."""

SHOWN = 160
"""Characters of arguments and results that are shown."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("task", nargs="?", help="asked for, or read from standard input, when left out")
    command.add_argument("--model", type=model_name, default="auto", help="a tier, a model id or provider:id")
    tools = command.add_argument_group("tools")
    tools.add_argument("--file", action="append", default=[], type=Path, metavar="FILE", help="the model may read it")
    tools.add_argument(
        "--mcp", action="append", default=[], metavar="[NAME=]URL", help="MCP server over streamable HTTP"
    )
    tools.add_argument(
        "--mcp-header",
        action="append",
        default=[],
        metavar="'[SERVER=]NAME: VALUE'",
        help="sent to the --mcp server of that name, else to each of them",
    )
    tools.add_argument(
        "--mcp-login", action="store_true", help="sign in with your browser where an --mcp server asks for it (OAuth)"
    )
    tools.add_argument(
        "--mcp-keep-login",
        action="store_true",
        help="the same, kept for the next time in a file that you alone may read; delete it to forget",
    )
    tools.add_argument(
        "--mcp-command", action="append", default=[], metavar="COMMAND", help="MCP server on standard input and output"
    )
    tools.add_argument(
        "--mcp-trust", action="store_true", help="believe the servers where they say that a tool only reads"
    )
    tools.add_argument("--search", action="store_true", help="Groq's own browser search")
    tools.add_argument("--code", action="store_true", help="Groq's own code interpreter")
    tools.add_argument("--yes", action="store_true", help="allow calls that may change something")
    limits = command.add_argument_group("limits")
    limits.add_argument("--max-steps", type=int, default=10, metavar="N", help="(default: %(default)s)")
    limits.add_argument("--max-seconds", type=float, default=120.0, metavar="S", help="(default: %(default)g)")
    limits.add_argument("--max-usd", type=float, metavar="USD", help="refused where no price is known")
    limits.add_argument("--max-tokens", type=int, metavar="N", help="prompts and answers of all steps together")


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assemble
    from groq_core.errors import GroqCoreError
    from groq_core.requests import HOSTED_TOOLS
    from groq_core.services.agent import Agent, Trace, builtin_tools
    from groq_core.services.agent.servers import server_tools
    from groq_core.services.agent.tool_names import unique_names
    from groq_core.services.candidates import agent_price, agent_room
    from groq_core.settings.env_file import load

    task = await read_words(args.task, "task")
    wanted = {"browser_search": args.search, "code_interpreter": args.code}
    settings = load()
    async with assemble(settings) as core, AsyncExitStack() as connected:
        if settings.is_simulated:
            print(SIMULATED, file=sys.stderr)
        tools: list[Tool] = [*builtin_tools(), *await files(args.file, core.vision.reader())]
        remote = await connected.enter_async_context(server_tools(servers(args, sign_in(args, settings)), task))
        tools += unique_names(remote, (one.name for one in tools))
        agent = Agent(
            core.handle,
            tools,
            hosted=tuple(name for name in HOSTED_TOOLS if wanted[name]),
            model=args.model,
            max_steps=args.max_steps,
            max_seconds=args.max_seconds,
            max_usd=args.max_usd,
            max_tokens=args.max_tokens,
            price=agent_price(core, args.model),
            room=agent_room(core, args.model),
            approve=allow if args.yes else ask,
        )
        trace = Trace()
        broken: GroqCoreError | None = None
        try:
            async with aclosing(agent.run(task)) as events:
                async for event in events:
                    trace.apply(event)
                    if (said := in_words(event)) is not None:
                        print(said, file=sys.stderr, flush=True)
        except GroqCoreError as error:
            broken = error
    end = trace.ended
    if end is None:
        assert broken is not None, "a run ends in RunEnded or raises"
        raise broken
    write_words(end.answer + "\n")
    print(f"{end.reason}: {end.steps} steps, {end.elapsed_s:.1f} s, {money(end.cost_usd)}", file=sys.stderr)
    if broken is not None:
        raise broken
    return 0 if end.reason == "answered" else 1


def sign_in(args: argparse.Namespace, settings: Settings) -> BrowserSignIn | None:
    """How the person at the terminal signs in to servers; None where they did not ask for it."""
    from groq_core.services.agent.sign_in import BrowserSignIn
    from groq_core.services.logins import FileLogins, MemoryLogins

    if args.mcp_keep_login:
        return BrowserSignIn(logins=FileLogins(settings.state_folder / "mcp-logins.json"), invite=invite)
    return BrowserSignIn(logins=MemoryLogins(), invite=invite) if args.mcp_login else None


async def invite(address: str) -> None:
    """Open the page of a sign-in; whoever has no browser here opens it by hand."""
    import webbrowser

    print(f"sign in to go on: {for_terminal(address)}", file=sys.stderr, flush=True)
    await asyncio.to_thread(webbrowser.open, address)


def servers(args: argparse.Namespace, sign_in: BrowserSignIn | None = None) -> list[McpServer]:
    """
    The MCP servers of the command line.

    Args:
        sign_in: For those that speak HTTP.

    Raises:
        RequestError: A header or a command cannot be used.
    """
    from groq_core.services.agent.servers import McpServer
    from groq_core.settings.addresses import url

    headers = _headers(args.mcp_header)
    several = len(args.mcp) + len(args.mcp_command) > 1
    found = []
    for place, text in enumerate([*args.mcp, *args.mcp_command], start=1):
        label = f"s{place}" if several else ""
        if place > len(args.mcp):
            try:
                command = tuple(shlex.split(text))
            except ValueError as error:
                raise RequestError(f"--mcp-command cannot be read: {error}", param="mcp-command") from None
            if not command:
                raise RequestError("--mcp-command is empty", param="mcp-command")
            found.append(McpServer(name=label, command=command, trusted=args.mcp_trust))
            continue
        if (named := re.match(r"([A-Za-z0-9_]{1,20})=(https?://.*)", text)) is not None:
            label, text = named[1], named[2]
        try:
            url(text)
        except ValueError as error:
            raise RequestError(f"--mcp {text!r}: allowed is {error}, or NAME= before it", param="mcp") from None
        server = McpServer(name=label, address=text, trusted=args.mcp_trust)
        if sign_in is not None:
            patience = sign_in.seconds + server.connect_seconds
            server = replace(server, authorize=sign_in.authorize(text), connect_seconds=patience)
        found.append(server.with_headers(headers.get("", {}) | headers.get(label, {}), "mcp-header"))
    if unknown := set(headers) - {""} - {one.name for one in found if one.address}:
        raise RequestError(
            f"--mcp-header names the server {min(unknown)!r}, which is none",
            param="mcp-header",
            hint="Use --mcp NAME=URL.",
        )
    return found


def _headers(given: list[str]) -> dict[str, dict[str, str]]:
    """
    Headers by the server they are for; those for all of them stand under the empty name.

    >>> _headers(["lab=Authorization: Bearer a=b", "X-Trace: 1"])
    {'lab': {'Authorization': 'Bearer a=b'}, '': {'X-Trace': '1'}}

    Raises:
        RequestError: One of them is no header.
    """
    found: dict[str, dict[str, str]] = {}
    for text in given:
        name, colon, value = text.partition(":")
        server, equals, inner = name.partition("=")
        if not colon:
            raise RequestError("--mcp-header is not 'NAME: VALUE'", param="mcp-header")
        found.setdefault(server.strip() if equals else "", {})[(inner if equals else name).strip()] = value.strip()
    return found


async def files(paths: list[Path], look: Look | None = None) -> list[Tool]:
    """
    The tools that read these files and no others; what could not be kept of one goes to standard error.

    Args:
        look: Writes down what stands in a picture, for pages that were scanned.

    Raises:
        RequestError: One of them cannot be read.
    """
    from groq_core.services.agent import file_tools
    from groq_core.services.documents.seeing import read_and_look

    texts: dict[str, Document | str] = {}
    for path in paths:
        data = await asyncio.to_thread(read_file, path, f"--file {path.name}")
        # Two of one name are told apart by where they lie.
        known = path.name if path.name not in texts else str(path)
        document = texts[known] = await read_and_look(data, path.name, look)
        for note in document.notes:
            print(for_terminal(f"{path.name}: {note}"), file=sys.stderr)
    return file_tools(texts) if texts else []


async def ask(call: BoundCall) -> bool:
    """Ask the person at the terminal about the whole call; where there is none, nobody has agreed."""
    if not sys.stdin.isatty():
        return False
    print(f"  {call.name} would be called with\n{call.arguments_text}", file=sys.stderr)
    return (await ask_terminal(f"Allow this call of {call.name}? [y/N] ")).strip().lower() in ("y", "yes")


async def allow(_: BoundCall) -> bool:
    return True


def in_words(event: Event) -> str | None:
    """A line for what happened; None for what is no step and no call."""
    from groq_core.events import ApprovalAsked, Note, StepStarted, ToolFinished, ToolStarted

    match event:
        case StepStarted(step=step):
            return f"step {step}"
        case ApprovalAsked(name=name, arguments=given):
            return f"  {brief(name)} {brief(given)} may change something"
        case ToolStarted(name=name, arguments=given):
            return f"  {brief(name)} {brief(given)}"
        case ToolFinished(name=name, result=result, elapsed_s=took):
            return f"  {brief(name)} → {brief(result)}" + (f" ({took:.1f} s)" if took else "")
        case Note(text=text):
            return f"  {brief(text)}"
        case _:
            return None


def brief(text: str) -> str:
    r"""
    One line of a text, without what would drive the terminal.

    >>> brief("one\ntwo"), brief("a\x1b[2J"), len(brief("x" * 1000))
    ('one two', 'a\\x1b[2J', 161)
    """
    line = for_terminal(" ".join(text[: 4 * SHOWN].split()))
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"
