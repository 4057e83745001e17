"""What the campaign runs on: replicas, nginx, Redis with a replica, PostgreSQL, each a process that can be broken."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.crossing import Crossing
from benchmarks.processes import ROOT, PeerMissingError, environment, free_port

SECRET = "campaign-secret-that-all-replicas-share"

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx; proxy_temp_path {folder}/nginx; fastcgi_temp_path {folder}/nginx;
  uwsgi_temp_path {folder}/nginx; scgi_temp_path {folder}/nginx;
  upstream replicas {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host:$server_port; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 90s; proxy_connect_timeout 2s;
      proxy_next_upstream error timeout; proxy_next_upstream_timeout 10s;
    }}
  }}
}}
"""


def program(*names: str) -> str:
    """
    Raises:
        PeerMissingError: None of them is installed.
    """
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if found is None:
        raise PeerMissingError(f"{names[0]} is not installed")
    return found


class Redis:
    """A server that keeps nothing on disk."""

    def __init__(self, folder: Path, of: int | None = None) -> None:
        self.port = free_port()
        self._command = [program("redis-server", "valkey-server"), "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(folder)]
        self.of = of
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        of = [] if self.of is None else ["--replicaof", "127.0.0.1", str(self.of)]
        self._process = subprocess.Popen([*self._command, *of], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def say(self, *words: str) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(" ".join(words).encode() + b"\r\n")
                await reader.readline()
                writer.close()

    def signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Postgres:
    """A server on a loopback port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._data = folder / "postgres"
        known = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self._bin = next((one for one in reversed(known) if (one / "pg_ctl").exists()), None) or (
            Path(program("pg_ctl")).resolve().parent
        )
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        self._run("initdb", "-D", str(self._data), "-U", "team", "--auth=trust", "--no-sync", "-E", "UTF8")

    def _as_other(self, command: list[str]) -> list[str]:
        root = os.getuid() == 0
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command] if root else command

    def _run(self, name: str, *words: str) -> None:
        command = self._as_other([str(self._bin / name), *words])
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, timeout=120)

    async def start(self) -> None:
        words = ["-D", str(self._data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        words += ["-c", f"unix_socket_directories={self._folder}", "-c", "max_connections=200"]
        command = self._as_other([str(self._bin / "postgres"), *words])
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        await until_open(self.port)

    async def crash(self) -> None:
        """As if the machine had lost its current."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGQUIT)
            await asyncio.to_thread(self._process.wait)
            self._process = None

    def pause(self, number: int) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)


async def until_open(port: int, seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


class Replica:
    """``groq-core serve`` with ways of its own to Redis and PostgreSQL, and a clock of its own."""

    def __init__(self, number: int, folder: Path, redis: Crossing, postgres: Crossing, model: str) -> None:
        self.redis, self.postgres, self.port = redis, postgres, free_port()
        self.log = folder / f"replica{number}.log"
        self._skew = folder / f"skew{number}"
        self._env = environment(
            GRADIO_SERVER_PORT=str(self.port),
            GROQ_API_KEY="gsk_campaign_key_of_the_operator",
            GROQ_BASE_URL=model,
            GROQ_CORE_SECRET=SECRET,
            GROQ_CORE_REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
            GROQ_CORE_DATABASE=f"postgresql+psycopg://team@127.0.0.1:{postgres.port}/postgres",
            GROQ_CORE_STATE_DIR=str(folder / f"state{number}"),
            GROQ_CORE_TRUSTED_PROXIES="127.0.0.1",
            GROQ_CORE_ALLOWED_HOSTS="127.0.0.1",
            GROQ_CORE_LOG_LEVEL="warning",
            CAMPAIGN_SKEW=str(self._skew),
            PYTHONPATH=str(ROOT / "benchmarks" / "campaign" / "skew"),
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.set_clock(0.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_clock(self, ahead_s: float) -> None:
        self._skew.write_text(str(ahead_s))

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "groq_core", "serve"]
            self._process = subprocess.Popen(command, env=self._env, cwd=ROOT, stdout=log, stderr=log)

    def signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def until_open(self) -> None:
        """Wait until it serves; one that could not start is started again, as whatever looks after it would do."""
        for _ in range(6):
            with suppress(OSError):
                await until_open(self.port, 30.0)
                return
            if self._process is not None and self._process.poll() is not None:
                self.start()
        await until_open(self.port)

    def fill_disk(self, full: bool) -> None:
        """Nothing more can be written to files, as on a disk without room."""
        if self._process is not None:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            soft = 0 if full else hard
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (soft, hard))

    async def ready(self, http: aiohttp.ClientSession) -> dict[str, Any]:
        """What it says of itself; empty while it does not answer."""
        try:
            async with http.get(f"{self.url}/ready", timeout=aiohttp.ClientTimeout(2)) as answer:
                found: dict[str, Any] = await answer.json()
                return found
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return {}


class House:
    """Everything together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = Redis(folder)
        self.second = Redis(folder, of=self.redis.port)
        self.replicas: list[Replica] = []
        self.postgres: Postgres
        self.url = ""
        self.model: asyncio.subprocess.Process

    async def in_step(self, http: aiohttp.ClientSession) -> bool:
        """All replicas say that they share their state with all others, and that the database answers."""
        found = await asyncio.gather(*(one.ready(http) for one in self.replicas))
        wanted = {"shared": "in step", "replicas": len(self.replicas), "database": "in step"}
        return all(wanted.items() <= one.items() for one in found)

    async def asked(self) -> dict[str, int]:
        """How often the model was asked, by mark; it ends with that."""
        assert self.model.stdin is not None
        assert self.model.stdout is not None
        self.model.stdin.write(b"\n")
        found: dict[str, int] = json.loads(await self.model.stdout.readline())
        return found


@asynccontextmanager
async def open_house(folder: Path, *, replicas: int = 3, scale: float = 3.0) -> AsyncIterator[House]:
    """
    Start everything, and end all of it.

    Raises:
        PeerMissingError: A program is not installed.
    """
    folder.chmod(0o755)
    async with AsyncExitStack() as stack:
        house = House(folder)
        for redis in (house.redis, house.second):
            redis.start()
            stack.callback(redis.stop)
        house.postgres = await asyncio.to_thread(Postgres, folder)
        await house.postgres.start()
        stack.push_async_callback(house.postgres.crash)
        house.model = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.campaign.model", str(scale)),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        stack.callback(_end, house.model)
        assert house.model.stdout is not None
        model = (await house.model.stdout.readline()).decode().strip()
        for number in range(replicas):
            ways = [Crossing(house.redis.port), Crossing(house.postgres.port)]
            first, second = [await stack.enter_async_context(way) for way in ways]
            replica = Replica(number, folder, first, second, model)
            house.replicas.append(replica)
            replica.start()
            stack.callback(replica.kill)
            if not number:
                await until_open(replica.port, 120)  # the first brings the tables up to date
        for replica in house.replicas:
            await until_open(replica.port, 120)
        house.url = await stack.enter_async_context(_nginx(house))
        yield house


def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


@asynccontextmanager
async def _nginx(house: House) -> AsyncIterator[str]:
    port = free_port()
    servers = "".join(f"server 127.0.0.1:{one.port} max_fails=1 fail_timeout=1s; " for one in house.replicas)
    file = house.folder / "nginx.conf"
    (house.folder / "nginx").mkdir(exist_ok=True)
    file.write_text(NGINX.format(folder=house.folder, port=port, servers=servers))
    process = subprocess.Popen([program("nginx"), "-c", str(file), "-p", str(house.folder)], stderr=subprocess.DEVNULL)
    try:
        await until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
