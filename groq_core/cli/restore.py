"""Read a backup into the database of ``GROQ_CORE_DATABASE``, all of it or nothing; refused while servers run on it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from groq_core.cli.team_commands import team_database

HELP = "read a backup into the database"
EPILOG = "Example: python -m groq_core restore monday.gz"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="made by `backup`")
    command.add_argument("--replace", action="store_true", help="take away what is there; else it must be empty")


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        SettingsError: There is no database.
        RequestError: The file is no backup, or the database is not empty.
    """
    async with team_database(new=True) as database:
        from groq_core.store.backup import restore

        count = await restore(database, args.file, replace=args.replace)
    print(f"{count} rows were read from {args.file}", file=sys.stderr)
    return 0
