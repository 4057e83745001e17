"""
The command line: ``python -m groq_core COMMAND …``.

Progress and remarks go to standard error, data to standard output. The exit status is 0, 1 when some items
failed, 2 when the use or the settings are wrong, and 130 after Ctrl-C. What a command needs is imported when
it runs, so that ``--help`` is there at once.

- ``admin``: What the admin page shows beside people and keys, from the database of ``GROQ_CORE_DATABASE``, and
  announcements.
- ``agent``: Let a model work on a task with tools: a calculator, dates, units, your files, MCP servers, Groq's own
  search and code.
- ``backup``: Back up the database of ``GROQ_CORE_DATABASE`` into one file, while it is in use.
- ``batch``: Ask many things at once, as fast as the limits allow, and write down each answer as it comes.
- ``chat``: Ask one question; the answer streams to standard output.
- ``console``: What a person at a terminal sees while something runs: one line that is rewritten, or a line now and
  then.
- ``doctor``: Say what works and what does not, a line each with the mend: keys, networks, addresses, tools, the port,
  the pins.
- ``doctor_state``: What the doctor says of the two places where a team's state lives: the database and Redis.
- ``extract``: Find data that fits a JSON Schema in a text, a document or a picture.
- ``given_files``: Files and standard input that a command is given: read to a bound, and text in whichever encoding it
  comes.
- ``keys``: API keys of people and programs, in the database of ``GROQ_CORE_DATABASE``.
- ``passwd``: Make a line for the user file of the page (``GROQ_CORE_AUTH_FILE``).
- ``people``: People who sign in, in the database of ``GROQ_CORE_DATABASE``.
- ``prompt``: What a person types at a terminal, and what a program gives on standard input or as an argument.
- ``replay``: Tell the saved story of an answer again: its words to standard output, what happened to standard error.
- ``restore``: Read a backup into the database of ``GROQ_CORE_DATABASE``, all of it or nothing; refused while
  servers run on it.
- ``serve``: Serve the page and the HTTP API, as ``python app.py`` does, from wherever the package is installed.
- ``simulate``: Serve the built-in stand-in for the Groq and OpenAI APIs, for tests of your own.
- ``team_commands``: What the commands of a team share: the database, tables of plain text, and who is written into
  the audit log.
- ``transcribe``: Write recordings down: text, subtitles or JSON on standard output, or one file each with --to.

Imported by ``__main__``.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from groq_core import __version__
from groq_core.cli import (
    admin,
    agent,
    backup,
    batch,
    chat,
    doctor,
    extract,
    keys,
    passwd,
    people,
    replay,
    restore,
    serve,
    simulate,
    transcribe,
)
from groq_core.cli.prompt import mend_arguments
from groq_core.connections.event_loop import new_event_loop
from groq_core.connections.large_blocks import give_back_large_blocks
from groq_core.errors import GroqCoreError, RequestError, SettingsError, nesting_error
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS = (
    serve,
    doctor,
    chat,
    batch,
    extract,
    agent,
    transcribe,
    replay,
    simulate,
    passwd,
    keys,
    people,
    admin,
    backup,
    restore,
)

FAILED, WRONG, INTERRUPTED = 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """argparse passes over what cannot be written, which for a help is the whole answer."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    top = _Parser(
        prog="python -m groq_core",
        description="Groq from the command line, through the same chain of models as the app.",
        epilog="Settings come from the environment and from .env; see the README. "
        "Exit status: 0; 1 when something failed; 2 when the use or the settings are wrong; 130 after Ctrl-C.",
    )
    top.add_argument("--version", action="version", version=f"groq-core {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        about = (module.__doc__ or "").replace("``", "`")
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(name, help=module.HELP, description=about.strip(), epilog=module.EPILOG)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        module.arguments(command)
        command.set_defaults(run=module.run, own_loop=module is serve)
    return top


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    try:
        return parser().parse_args(argv)
    except SystemExit:
        sys.stdout.flush()  # a help that cannot be written is told as all else is
        raise


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Returns:
        The exit status. Wrong use leaves through ``SystemExit(2)``, as argparse does.
    """
    args = None
    try:
        args = _parsed(argv)
        give_back_large_blocks()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A terminal of Windows knows 250 letters, and the others are no reason to fail.
                stream.reconfigure(errors="backslashreplace")
        mend_arguments(args)
        if getattr(args, "own_loop", False):
            own: int = args.run(args)
            return own
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            status: int = runner.run(args.run(args))
            sys.stdout.flush()
            return status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            named = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            print(for_terminal(f"error: {named}{error.strerror or type(error).__name__}"), file=sys.stderr)
            return FAILED
        # What is still in the buffer would be written once more at exit, and fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: the output could not be written: {error.strerror}", file=sys.stderr)
        return FAILED
    except RecursionError:
        print(f"error: {nesting_error().message.replace('the body', 'something that was given')}", file=sys.stderr)
        return WRONG
    except GroqCoreError as error:
        from groq_core.settings.env_file import wants_json
        from groq_core.telemetry.logs import complain

        complain(error, as_json=getattr(args, "own_loop", False) and wants_json())
        return WRONG if isinstance(error, SettingsError | RequestError) else FAILED
