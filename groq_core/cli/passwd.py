"""
Make a line for the user file of the page (``GROQ_CORE_AUTH_FILE``).

The password is asked for, or read from standard input when that is no terminal; the line goes to standard output.
"""

from __future__ import annotations

import argparse
import getpass
import sys

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

    if not args.name or ":" in args.name or args.name.startswith("#"):
        raise RequestError("a name has no colon and does not begin with #", param="name")
    if sys.stdin.isatty():
        password = getpass.getpass(f"password for {args.name}: ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < 8:
        raise RequestError("a password has at least eight characters", param="password")
    print(f"{args.name}:{hash_password(password)}")
    return 0
