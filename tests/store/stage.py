"""A team's server on a loopback port: page, API and database, the simulator upstream."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, make_url

from groq_core.access.passwords import hash_password
from groq_core.compose import Core, assemble
from groq_core.events import Events
from groq_core.redaction import Secret
from groq_core.requests import Request
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.store.database import open_database
from groq_core.store.migrate import upgrade
from groq_core.store.people import PeopleStore
from tests.api.stage import serving

PASSWORD = "correct horse"


@dataclass(frozen=True)
class TeamStage:
    """What a test holds in its hands."""

    core: Core
    url: str
    simulator: Simulator

    @asynccontextmanager
    async def client(self, person: str = "", key: str = "") -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which somebody has signed in and opened the page, or a program with a key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30) as http:
            if person:
                signed_in = await http.post("/login", data={"name": person, "password": PASSWORD})
                assert signed_in.status_code == 303, signed_in.text
                page = (await http.get("/ui/pass")).json()["pass"]
                http.headers["x-groq-core-page"] = page
            yield http


async def ask(http: httpx.AsyncClient, text: str = "Say something.", **fields: Any) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": text}], "max_completion_tokens": 50, **fields}
    return await http.post("/v1/chat/completions", json=body)


@asynccontextmanager
async def team_stage(
    database: str,
    simulator: Simulator,
    *,
    people: tuple[str, ...] = ("ann", "bob"),
    handle: Callable[[Request], Events] | None = None,
    at_port: int = 0,
    **settings: str,
) -> AsyncIterator[TeamStage]:
    """
    Start a server on a database, in which these people can sign in with :data:`PASSWORD`; with ``handle`` that answers.
    Its port is any that is free, unless one is given.
    """
    begin_file(database)
    async with open_database(Secret(database)) as prepared:
        known = {one.name for one in await PeopleStore(prepared).all()}
        for name in people:
            if name not in known:
                await PeopleStore(prepared).add(name, who="tests", password=password_hash())
    made = Settings.from_env(
        {"GROQ_CORE_DATABASE": database, "GROQ_CORE_ADMINS": "ann", "GROQ_CORE_OFFLINE": "1", **settings}
    )
    async with assemble(made, simulator=simulator) as whole:
        core = replace(whole, handle=handle) if handle else whole
        async with serving(create_app(core), port=at_port) as port:
            yield TeamStage(core, f"http://127.0.0.1:{port}", simulator)


def make_tables(url: str) -> None:
    """Bring a database up to date, as a server does when it starts."""
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()


@cache
def _ready() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ready.db")
        make_tables(f"sqlite:///{file}")
        return file.read_bytes()


def begin_file(url: str) -> None:
    """Put the tables into a file of SQLite that is not there yet."""
    file = make_url(url).database if url.startswith("sqlite") else None
    if file and not Path(file).exists():
        sqlite_url(Path(file))


def sqlite_url(file: Path) -> str:
    """The address of a new file whose tables are a copy of those that were made once."""
    file.write_bytes(_ready())
    return f"sqlite:///{file}"


_hashes: list[str] = []


def password_hash() -> str:
    if not _hashes:
        _hashes.append(hash_password(PASSWORD))
    return _hashes[0]


async def eventually(check: Any, seconds: float = 10.0) -> Any:
    """What a check returns once it is true; the last of what it returned after so many seconds."""
    ends = time.monotonic() + seconds
    while not (found := await check()) and time.monotonic() < ends:  # noqa: ASYNC110 - a check, no event
        await asyncio.sleep(0.05)
    return found


def title_of(html: str) -> str:
    found = re.search(r"<title>(.*?)</title>", html)
    return found[1] if found else ""
