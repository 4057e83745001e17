"""
People who sign in, in the database of ``GROQ_CORE_DATABASE``.

A password is asked for, or read from standard input when that is no terminal; without one the person signs in
elsewhere (a user file, OpenID Connect, Hugging Face), and the line here holds role and limits. ``limit @GROUP`` is
what the people of a group may use together.
"""

from __future__ import annotations

import argparse
import asyncio

from groq_core.cli.prompt import read_password
from groq_core.cli.team_commands import WHO, day, print_json, print_rows, team_database
from groq_core.errors import RequestError

HELP = "people: add, list, role, limit, group, password, remove"
EPILOG = "Example: python -m groq_core people role ann admin"


def arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person")
    add.add_argument("name")
    add.add_argument("--role", choices=("user", "admin"), default="user")
    add.add_argument("--group", default="", help="whose people have limits in common")
    add.add_argument("--limit", help='this person\'s own, e.g. "500/day, 2 usd/day"')
    listed = actions.add_parser("list", help="everybody")
    listed.add_argument("--json", action="store_true", help="as JSON")
    role = actions.add_parser("role", help="make somebody an admin, or a user again")
    role.add_argument("name")
    role.add_argument("role", choices=("user", "admin"))
    limit = actions.add_parser("limit", help="a person's own limits, or with @GROUP a group's together")
    limit.add_argument("name")
    limit.add_argument("limit", help='e.g. "500/day, 2 usd/day", or none')
    group = actions.add_parser("group", help="put a person into a group; without one, into none")
    group.add_argument("name")
    group.add_argument("group", nargs="?", default="")
    password = actions.add_parser("password", help="give a person a new password")
    password.add_argument("name")
    remove = actions.add_parser("remove", help="take a person away, with their conversations and keys")
    remove.add_argument("name")


async def run(args: argparse.Namespace) -> int:
    """
    Raises:
        SettingsError: There is no database.
        RequestError: Nobody is called that, or something cannot be used.
    """
    async with team_database(new=args.action == "add") as database:
        from groq_core.store.people import PeopleStore, check_person

        people = PeopleStore(database)
        match args.action:
            case "add":
                check_person(args.name, args.group, args.limit)  # before a password is asked for
                await people.add(
                    args.name,
                    who=WHO,
                    role=args.role,
                    password=await _password(args.name),
                    team=args.group,
                    limits=args.limit,
                )
            case "role":
                await people.set_role(args.name, args.role, who=WHO)
            case "limit":
                await people.set_limits(args.name, args.limit, who=WHO)
            case "group":
                await people.set_team(args.name, args.group, who=WHO)
            case "password":
                given = await _password(args.name)
                if given is None:
                    raise RequestError("the password is empty", param="password")
                await people.set_password(args.name, given, who=WHO)
            case "remove":
                await people.remove(args.name, who=WHO)
            case _:
                entries = await people.all()
                if args.json:
                    print_json(entries)
                    return 0
                rows = [
                    (
                        one.name,
                        one.role,
                        one.team or "-",
                        one.limits or "-",
                        "yes" if one.password else "no",
                        day(one.seen),
                    )
                    for one in entries
                ]
                print_rows(("NAME", "ROLE", "GROUP", "LIMIT", "PASSWORD", "LAST SEEN"), rows)
    return 0


async def _password(name: str) -> str | None:
    """The hash of what was typed; None for nothing."""
    from groq_core.access.passwords import hash_password

    typed = await read_password(f"password for {name} (empty for none): ")
    return await asyncio.to_thread(hash_password, typed) if typed else None
