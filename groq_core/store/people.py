"""People: their roles, passwords, limits and groups."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import Update, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.errors import RequestError
from groq_core.settings.limits import PersonLimit, limits
from groq_core.store.audit import note
from groq_core.store.database import Database, clock_of
from groq_core.store.tables import NAME, ApiKey, Audit, Conversation, Message, Person, TeamRow

Role: TypeAlias = Literal["user", "admin"]
ROLES: Final[tuple[Role, ...]] = ("user", "admin")


REMOVED: Final = "people remove"
ANSWERED_S: Final = 600.0
"""By then every answer has ended that somebody asked for before they were taken away."""


class PersonEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a person; ``password`` tells only whether there is one here."""

    name: str
    role: str
    team: str
    limits: str | None
    password: bool
    created: float
    seen: float | None


class GroupEntry(msgspec.Struct, frozen=True, kw_only=True):
    """People with limits in common; None for none."""

    name: str
    limits: str | None


def check_name(name: str, what: str = "name") -> str:
    """
    Raises:
        RequestError: It could not be written into a user file, an address or a log.
    """
    if (
        not name
        or len(name) > NAME
        or ":" in name
        or name.startswith(("#", "@"))
        or not name.isprintable()
        or name != name.strip()
    ):
        raise RequestError(
            f"a {what} has 1 to {NAME} printable characters, no colon, no space at its ends, "
            "and does not begin with # or @",
            param=what,
            code="invalid_name",
        )
    return name


def check_limits(text: str | None) -> str | None:
    """
    The limits in their shortest form; None or ``none`` for none.

    Raises:
        RequestError: They cannot be read; it says what is allowed.
    """
    if text is None or text.strip().lower() in ("", "none"):
        return None
    try:
        return ", ".join(map(str, limits(text)))
    except ValueError as error:
        raise RequestError(f"limits are {error}", param="limit", code="invalid_limit") from None


def check_person(name: str, team: str = "", limits: str | None = None) -> str | None:
    """
    Whether somebody can be added so; returns the limits in their shortest form.

    Raises:
        RequestError: Something cannot be.
    """
    check_name(name)
    if team:
        check_name(team, "group")
    return check_limits(limits)


class PeopleStore:
    """
    Everything about people; each change is in the audit log.

    Methods that name a person who is not there raise :class:`RequestError` with status 404.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        name: str,
        *,
        who: str,
        role: Role = "user",
        password: str | None = None,
        team: str = "",
        limits: str | None = None,
    ) -> None:
        """
        Args:
            password: Its hash.
            limits: As in :meth:`set_limits`; somebody whose limits cannot be read is not there without them.

        Raises:
            RequestError: The name is taken, or something of it cannot be.
        """
        found = check_person(name, team, limits)
        values = {"name": name, "role": role, "password": password, "team": team, "created": time.time()}
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(Person).values(values | {"limits": found}))
                await note(connection, who, "people add", name, ", ".join(filter(None, (role, team, found))))
        except IntegrityError:
            raise RequestError(f"there is a person called {name!r} already", param="name", code="name_taken") from None

    async def all(self) -> list[PersonEntry]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(Person.__table__).order_by(Person.name))).all()
        return [
            PersonEntry(
                name=row.name,
                role=row.role,
                team=row.team,
                limits=row.limits,
                password=row.password is not None,
                created=row.created,
                seen=row.seen,
            )
            for row in rows
        ]

    async def groups(self) -> list[GroupEntry]:
        """Every group that has people or limits."""
        async with self._database.reading() as connection:
            limited = await connection.execute(select(TeamRow.name, TeamRow.limits))
            found: dict[str, GroupEntry] = {name: GroupEntry(name=name, limits=text) for name, text in limited}
            for (name,) in await connection.execute(select(Person.team).where(Person.team != "").distinct()):
                found.setdefault(name, GroupEntry(name=name, limits=None))
        return [found[name] for name in sorted(found)]

    async def passwords(self) -> dict[str, str]:
        """Hashes by name, of everybody who has a password here."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(Person.name, Person.password).where(Person.password.is_not(None)))
            return {name: password for name, password in found if password is not None}

    async def role(self, name: str) -> str:
        """``user`` for somebody who has no line here."""
        async with self._database.reading() as connection:
            return await connection.scalar(select(Person.role).where(Person.name == name)) or "user"

    async def set_role(self, name: str, role: Role, *, who: str) -> None:
        """Somebody who signs in elsewhere and was never seen gets a line of their own."""
        await self._change(name, "people role", role, who=who, make=True, role=role)

    async def set_password(self, name: str, password: str, *, who: str) -> None:
        await self._change(name, "people password", "", who=who, password=password)

    async def set_limits(self, name: str, text: str | None, *, who: str) -> None:
        """
        A person's own limits, which win over the settings'; ``@TEAM`` for what a group may use together.

        Raises:
            RequestError: They cannot be read.
        """
        found = check_limits(text)
        if not name.startswith("@"):
            await self._change(name, "people limit", found or "none", who=who, make=True, limits=found)
            return
        team = check_name(name[1:], "group")
        async with self._database.writing() as connection:
            changed = await connection.execute(update(TeamRow).where(TeamRow.name == team).values(limits=found))
            if not changed.rowcount:
                await connection.execute(insert(TeamRow).values(name=team, limits=found))
            await note(connection, who, "people limit", name, found or "none")

    async def set_team(self, name: str, team: str, *, who: str) -> None:
        """Put a person into a group, or with an empty name into none."""
        if team:
            check_name(team, "group")
        await self._change(name, "people group", team or "none", who=who, make=True, team=team)

    async def remove(self, name: str, *, who: str) -> None:
        """Take a person away, with their conversations; their API keys are revoked. What was spent stays written."""
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(Person).where(Person.name == name))
            if not gone.rowcount:
                raise _nobody(name)
            await connection.execute(delete(Message).where(Message.owner == name))
            await connection.execute(delete(Conversation).where(Conversation.owner == name))
            keys = update(ApiKey).where(ApiKey.person == name, ApiKey.revoked.is_(None))
            await connection.execute(keys.values(revoked=time.time()))
            await note(connection, who, REMOVED, name)

    async def record_visits(self, names: Sequence[str], keys: Mapping[int, float]) -> None:
        """
        Write down that these people were here; whoever signs in elsewhere gets a line, and nobody who was taken away
        while an answer was being written.

        Args:
            keys: When API keys were used last, by number.
        """
        now = time.time()
        async with self._database.writing() as connection:
            for key in sorted(keys):
                await connection.execute(update(ApiKey).where(ApiKey.id == key).values(used=keys[key]))
            for name in names:
                if (await connection.execute(_person(name).values(seen=now))).rowcount:
                    continue
                if not await was_removed(connection, name):
                    await connection.execute(
                        insert(Person).values(name=name, role="user", team="", created=now, seen=now)
                    )

    async def bounds(self, name: str) -> tuple[tuple[PersonLimit, ...] | None, str, tuple[PersonLimit, ...]]:
        """A person's own limits (None for the settings'), the group, and the group's."""
        query = (
            select(Person.limits, Person.team, TeamRow.limits)
            .outerjoin(TeamRow, TeamRow.name == Person.team)
            .where(Person.name == name)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None, "", ()
        own, team, shared = row
        return (limits(own) if own else None), team, (limits(shared) if shared else ())

    async def _change(
        self, name: str, action: str, detail: str, *, who: str, make: bool = False, **values: object
    ) -> None:
        async with self._database.writing() as connection:
            if not (await connection.execute(_person(name).values(values))).rowcount:
                if not make:
                    raise _nobody(name)
                new = {"name": check_name(name), "role": "user", "team": "", "created": time.time()}
                await connection.execute(insert(Person).values(new | values))
            await note(connection, who, action, name, detail)


async def was_removed(connection: AsyncConnection, name: str) -> bool:
    """Whether somebody was taken away so lately that something of theirs may still be under way."""
    removed = (Audit.action == REMOVED, Audit.subject == name, Audit.at > await clock_of(connection) - ANSWERED_S)
    return await connection.scalar(select(Audit.id).where(*removed).limit(1)) is not None


def _person(name: str) -> Update:
    return update(Person).where(Person.name == name)


def _nobody(name: str) -> RequestError:
    return RequestError(f"there is nobody called {name!r}", status=404, param="name", code="unknown_person")
