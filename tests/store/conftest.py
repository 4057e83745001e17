"""Real databases: a SQLite file, and a PostgreSQL that is started for the tests and ended with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from groq_core.redaction import Secret
from groq_core.simulator import Simulator
from groq_core.store.database import Database, open_database
from tests.requires import postgres_programs, require
from tests.store.devices import Devices
from tests.store.replicas import Redis
from tests.store.stage import TeamStage, make_tables, sqlite_url, team_stage
from tests.ui.conftest import launch_browser


def _as_other(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command] if os.getuid() == 0 else command


class Postgres:
    """A server on a Unix socket of its own, with nothing in it."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self._count, self._ready = 0, False
        self._run("initdb", "-D", str(folder / "data"), "-U", "team", "--auth=trust", "--no-sync", "-E", "UTF8")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = _as_other([str(self._binaries / program), *arguments])
        log = self.folder / "log"
        with log.open("ab") as out:
            done = subprocess.run(command, stdout=out, stderr=out, check=False, timeout=60, cwd=self.folder)
        assert done.returncode == 0, log.read_text()[-2000:]

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def new_url(self) -> str:
        """The address of a database that nobody has used; its tables are a copy of those that were made once."""
        if not self._ready:
            make_tables(self.empty_url("ready"))
            self._ready = True
        return self.empty_url(template="ready")

    def empty_url(self, name: str = "", template: str = "template1") -> str:
        """
        The address of a database in which there is nothing.

        Args:
            name: Its own; one that nobody has by default.
            template: The database it is a copy of.
        """
        self._count += 1
        name = name or f"t{os.getpid()}_{self._count}_{time.time_ns() % 10**6}"
        # Asked of the server itself: `createdb` is a program, which takes as long to start as this does altogether.
        with psycopg.connect(f"host={self.folder} user=team dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return f"postgresql+psycopg://team@/{name}?host={self.folder}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    require("PostgreSQL")
    binaries = postgres_programs()
    assert binaries is not None
    # Not below pytest's folder, which nobody else may read; and a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        server = Postgres(folder, binaries)
        yield server
        server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind that nobody has used; the tables are there."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "team.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind in which there is nothing."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/team.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty_url()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(Secret(url)) as running:
        yield running


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def kept_port() -> list[int]:
    """The port of all stages, once there was one: a browser keeps files by their address."""
    return []


@pytest.fixture
async def stage(tmp_path: Path, simulator: Simulator, kept_port: list[int]) -> AsyncIterator[TeamStage]:
    async with team_stage(f"sqlite:///{tmp_path}/team.db", simulator, at_port=sum(kept_port)) as running:
        kept_port[:] = [urlsplit(running.url).port or 0]
        yield running


@pytest.fixture(scope="module")
async def all_devices() -> AsyncIterator[Devices]:
    async with launch_browser("--no-sandbox", "--process-per-site") as browser:
        yield Devices(browser)


@pytest.fixture
async def devices(all_devices: Devices) -> AsyncIterator[Devices]:
    yield all_devices
    await all_devices.put_away()
