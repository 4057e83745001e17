"""
Back up the database of ``GROQ_CORE_DATABASE`` into one file, while it is in use.

The file can be restored into SQLite or PostgreSQL. It holds people's conversations: keep it as safe as the database.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from groq_core.cli.team_commands import team_database

HELP = "back up the database into one file"
EPILOG = "Example: python -m groq_core backup monday.gz"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="is there whole or not at all; one that is there is replaced")


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        SettingsError: There is no database.
    """
    async with team_database() as database:
        from groq_core.store.backup import back_up

        count = await back_up(database, args.file)
    print(f"{count} rows are in {args.file}", file=sys.stderr)
    return 0
