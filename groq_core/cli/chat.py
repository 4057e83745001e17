"""
Ask one question; the answer streams to standard output.

Without a question it is asked for on a terminal, and read from standard input elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import aclosing

from groq_core.cli.console import SIMULATED, model_name, write_words
from groq_core.cli.prompt import read_words
from groq_core.terminal import for_terminal

HELP = "ask one question"
EPILOG = None


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("question", nargs="?", help="asked for, or read from standard input, when left out")
    command.add_argument(
        "--model", type=model_name, default="auto", help="a tier (auto, speed, quality), a model id or provider:id"
    )
    command.add_argument("--system", help="system message")


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assemble
    from groq_core.events import TextDelta
    from groq_core.reply import Reply
    from groq_core.settings.env_file import load

    messages = [{"role": "user", "content": await read_words(args.question, "question")}]
    if args.system:
        messages.insert(0, {"role": "system", "content": args.system})
    settings = load()
    async with assemble(settings) as core:
        if settings.is_simulated:
            print(SIMULATED, file=sys.stderr)
        reply = Reply()
        async with aclosing(core.chat.stream(messages, model=args.model, revisable=False)) as events:
            async for event in events:
                reply.apply(event)
                if isinstance(event, TextDelta):
                    write_words(event.text)
        sys.stdout.write("\n")
        for note in reply.receipt.notes:
            print(for_terminal(note.text), file=sys.stderr)
        if served := reply.receipt.served_by:
            print(for_terminal(f"{served['provider']}:{served['model']}"), file=sys.stderr)
    return 0
