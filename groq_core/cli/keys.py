"""
API keys of people and programs, in the database of ``GROQ_CORE_DATABASE``.

A new key is printed once, on standard output, and kept nowhere but as a hash.
"""

from __future__ import annotations

import argparse
import sys

from groq_core.cli.console import money
from groq_core.cli.team_commands import WHO, day, print_json, print_rows, team_database

HELP = "API keys of people and programs: create, list, limit, revoke"
EPILOG = 'Example: python -m groq_core keys create ci --limit "20/minute, 2 usd/day" --expires 90d'


def arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key and print it")
    create.add_argument("name", help="what it is called in lists")
    create.add_argument("--limit", help='what may be used with it, e.g. "20/minute, 2 usd/day"')
    create.add_argument("--expires", help="how long it is good, e.g. 90d, 12h (default: until it is revoked)")
    create.add_argument("--person", default="", help="whose it is; that person's limits hold for it too")
    listed = actions.add_parser("list", help="all keys, when they were last used and what was spent with them")
    listed.add_argument("--json", action="store_true", help="as JSON")
    limit = actions.add_parser("limit", help="change what may be used with a key")
    limit.add_argument("name")
    limit.add_argument("limit", help='e.g. "20/minute, 2 usd/day", or none')
    revoke = actions.add_parser("revoke", help="make a key worth nothing, at once")
    revoke.add_argument("name")


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        SettingsError: There is no database.
        RequestError: No such key, or something cannot be read.
    """
    async with team_database(new=args.action == "create") as database:
        from groq_core.store.keys import ApiKeys, age

        keys = ApiKeys(database)
        match args.action:
            case "create":
                expires_s = age(args.expires) if args.expires else None
                key = await keys.create(args.name, who=WHO, person=args.person, limit=args.limit, expires_s=expires_s)
                print("This key is shown once; send it as `Authorization: Bearer …`.", file=sys.stderr)
                try:
                    print(key.reveal(), flush=True)
                except OSError:
                    await keys.revoke(args.name, who=WHO)
                    print("Nobody has seen the key, so it is revoked. Make one by another name.", file=sys.stderr)
                    raise
            case "limit":
                await keys.set_limits(args.name, args.limit, who=WHO)
            case "revoke":
                await keys.revoke(args.name, who=WHO)
            case _:
                entries = await keys.all()
                if args.json:
                    print_json({**_plain(entry), "state": entry.state} for entry in entries)
                    return 0
                rows = [
                    (
                        entry.name,
                        entry.start + "…",
                        entry.state,
                        entry.person or "-",
                        entry.limits or "-",
                        day(entry.used),
                        day(entry.expires),
                        str(entry.requests),
                        money(entry.usd),
                    )
                    for entry in entries
                ]
                header = ("NAME", "KEY", "STATE", "PERSON", "LIMIT", "LAST USED", "EXPIRES", "REQUESTS", "SPENT")
                print_rows(header, rows)
    return 0


def _plain(entry: object) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(entry)
    return plain
