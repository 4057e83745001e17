"""
Serve the built-in stand-in for the Groq and OpenAI APIs, for tests of your own.

Point GROQ_BASE_URL at the address it prints, or OPENAI_BASE_URL at the same with /v1, and set any key.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from groq_core.cli.given_files import read_text
from groq_core.errors import RequestError

HELP = "serve the built-in stand-in for the Groq and OpenAI APIs"
EPILOG = "Faults are switched on with POST /_simulator/faults. Ctrl-C ends it."


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=int, default=9000, metavar="N", help="0 takes any free one (default: %(default)s)"
    )
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument(
        "--catalogue",
        default="2026-11",
        help="2026-11: what self-serve keys see; reference: the ids of 2025 (default: %(default)s)",
    )
    command.add_argument(
        "--pace", type=float, default=1.0, metavar="X", help="1: at the models' own speed; 0: as fast as it goes"
    )
    command.add_argument(
        "--limits", choices=("free", "developer", "off"), default="free", help="(default: %(default)s)"
    )
    command.add_argument(
        "--story", type=Path, metavar="FILE", help="answer as a saved story has it, then as ever; see replay"
    )
    command.add_argument("--limits-scale", type=float, default=1.0, metavar="X", help="multiplies every limit")


async def run(args: argparse.Namespace) -> int:
    from groq_core.services.story import read_story
    from groq_core.simulator import Simulator

    story = None
    if args.story is not None:
        story = read_story(read_text(args.story, str(args.story), "--story").encode())
    try:
        simulator = Simulator(
            catalogue=args.catalogue, pace=args.pace, limits=args.limits, limits_scale=args.limits_scale
        )
        await simulator.start(args.host, args.port)
    except (OSError, ValueError, OverflowError) as error:
        raise RequestError(f"the simulator cannot start: {error}") from None
    try:
        if story is not None:
            parts = simulator.tell(story.events)
            print(f"the first {parts} chat requests are answered as in {args.story.name}", file=sys.stderr)
        print(simulator.groq_url, flush=True)
        print("serving; Ctrl-C ends it", file=sys.stderr)
        await asyncio.Event().wait()
    finally:
        await simulator.stop()
    return 0
