"""
Make a line for the user file of the page (``GROQ_CORE_AUTH_FILE``).

The password is asked for, or read from standard input when that is no terminal; the line goes to standard output.
"""

from __future__ import annotations

import argparse

from groq_core.cli.prompt import read_password
from groq_core.errors import RequestError

HELP = "make a line for the page's user file"
EPILOG = "Example: python -m groq_core passwd ann >> users.txt"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="who signs in; no colon")


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        RequestError: The name or the password cannot be used.
    """
    from groq_core.access.passwords import hash_password

    name = args.name
    if not name or name != name.strip() or ":" in name or name.startswith("#") or not name.isprintable():
        raise RequestError(
            "a name has no colon, no space at its ends, is printable and does not begin with #", param="name"
        )
    if not (password := await read_password(f"password for {name}: ")):
        raise RequestError("the password is empty", param="password")
    print(f"{name}:{hash_password(password)}")
    return 0
