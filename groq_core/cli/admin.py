"""
What the admin page shows beside people and keys, from the database of ``GROQ_CORE_DATABASE``, and announcements.

``spend`` is the ledger by person, key, model and day; ``audit`` who changed what; ``sign-ins`` those that were
refused; ``now`` who is asking, on every process; ``announce`` tells everybody something, with an empty text nothing
any more.
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from typing import TYPE_CHECKING

from groq_core.cli.console import money, positive
from groq_core.cli.team_commands import WHO, print_json, print_rows, team_database
from groq_core.errors import RequestError
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from groq_core.store.database import Database

HELP = "spend, audit log, refused sign-ins, who is asking now, announcements"
EPILOG = "Example: python -m groq_core admin spend --since 2026-11-01 --json"


def arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    spend = actions.add_parser("spend", help="what was spent, by person, key, model and day")
    spend.add_argument("--since", default="", metavar="DAY", help="first day, as 2026-11-01 (UTC)")
    spend.add_argument("--person", help="of one person alone")
    audit = actions.add_parser("audit", help="who changed what, newest first")
    refused = actions.add_parser("sign-ins", help="sign-ins that were refused in the last month, newest first")
    now = actions.add_parser("now", help="who is asking, on every process, as of a second ago")
    for listed in (spend, audit, refused, now):
        listed.add_argument("--json", action="store_true", help="as JSON")
    for listed in (audit, refused):
        listed.add_argument("--count", type=positive, default=100, help="how many at most (default: 100)")
    announce = actions.add_parser("announce", help="tell everybody something; without a text, say what is told now")
    announce.add_argument("text", nargs="?", help='"" takes it away')


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        SettingsError: There is no database.
        RequestError: A day is none.
    """
    async with team_database() as database:
        match args.action:
            case "spend":
                await _spend(database, args)
            case "audit":
                await _audit(database, args)
            case "sign-ins":
                await _sign_ins(database, args)
            case "now":
                await _now(database, args)
            case _:
                await _announce(database, args)
    return 0


async def _spend(database: Database, args: argparse.Namespace) -> None:
    from groq_core.store.books import Books
    from groq_core.store.keys import ApiKeys

    if args.since:
        try:
            date.fromisoformat(args.since if len(args.since) == len("2026-11-01") else "")
        except ValueError:
            raise RequestError(f"{args.since!r} is no day", hint="Write it as 2026-11-01.", param="since") from None
    lines = await Books(database).read(since=args.since, person=args.person)
    names = {key.id: key.name for key in await ApiKeys(database).all()}
    if args.json:
        print_json({**_plain(line), "key_name": names.get(line.key, "")} for line in lines)
        return
    rows = [
        (
            line.day,
            line.person or "-",
            names.get(line.key, "-"),
            line.model,
            str(line.requests),
            str(line.cached),
            str(line.tokens_in),
            str(line.tokens_out),
            f"{line.audio_s:.0f}",
            money(line.usd),
        )
        for line in lines
    ]
    header = ("DAY", "PERSON", "KEY", "MODEL", "REQUESTS", "CACHED", "TOKENS IN", "TOKENS OUT", "AUDIO S", "SPENT")
    print_rows(header, rows)


async def _audit(database: Database, args: argparse.Namespace) -> None:
    from groq_core.store.audit import AuditLog

    lines = await AuditLog(database).newest(args.count)
    if args.json:
        print_json(lines)
        return
    rows = [(moment(one.at), one.who, one.action, one.subject, one.detail) for one in lines]
    print_rows(("WHEN (UTC)", "WHO", "WHAT", "WHOM", "DETAIL"), rows)


async def _sign_ins(database: Database, args: argparse.Namespace) -> None:
    from groq_core.store.sign_in_log import SignInLog

    lines = await SignInLog(database).newest(args.count)
    if args.json:
        print_json(lines)
        return
    rows = [(moment(one.at), one.address, one.person or "-", one.way) for one in lines]
    print_rows(("WHEN (UTC)", "ADDRESS", "PERSON", "WAY"), rows)


async def _now(database: Database, args: argparse.Namespace) -> None:
    from groq_core.store.asking_now import AskingNow

    lines = await AskingNow(database).everywhere()
    if args.json:
        print_json(lines)
        return
    now = time.time()
    rows = [(one.person or one.user, one.operation, one.model, f"{max(0.0, now - one.since):.0f} s") for one in lines]
    print_rows(("WHO", "WHAT", "MODEL", "FOR"), rows)


async def _announce(database: Database, args: argparse.Namespace) -> None:
    from groq_core.store.audit import Announcements

    announcements = Announcements(database)
    if args.text is None:
        print(for_terminal(await announcements.current()))
    else:
        await announcements.announce(args.text, who=WHO)


def moment(seconds: float) -> str:
    """
    >>> moment(0)
    '1970-01-01 00:00'
    """
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def _plain(entry: object) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(entry)
    return plain
