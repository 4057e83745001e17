"""Tell the saved story of an answer again: its words to standard output, what happened to standard error."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from groq_core.cli.console import write_words
from groq_core.cli.given_files import read_text
from groq_core.terminal import for_terminal

HELP = "tell the saved story of an answer again"
EPILOG = """example:
  python -m groq_core replay story.json --speed 0.25

A story is saved from the receipt under an answer. Nothing is asked of any provider."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument(
        "--speed", type=_speed, default=1.0, help="2 is twice as fast, 0 at once (default: %(default)s)"
    )


async def run(args: argparse.Namespace) -> int:
    from groq_core.services.story import read_story, remark

    story = read_story(read_text(args.file, args.file.name).encode())
    now = 0.0
    for at, event in story.events:
        if args.speed:
            await asyncio.sleep((at - now) / args.speed)
        now = at
        if words := remark(event):
            print(for_terminal(f"{at:8.3f} s  {words}"), file=sys.stderr, flush=True)
        write_words(str(event.get("t", "")))
    print()
    return 1 if any(event.get("e") == "error" for _, event in story.events) else 0


def _speed(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError("from 0 to 1000")
    return value
