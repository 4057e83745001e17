"""What the campaign runs on: replicas, nginx, Redis with a replica, PostgreSQL, each a process that can be broken."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from benchmarks.breakable import RedisServer, until_open
from benchmarks.campaign.replica import Replica
from benchmarks.crossing import Crossing
from benchmarks.processes import ROOT, environment, find_program, free_port

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


class Redis(RedisServer):
    """A server that can be told things while it runs, if it listens."""

    async def say(self, *words: str) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(" ".join(words).encode() + b"\r\n")
                    await reader.readline()
                finally:
                    writer.close()


class Postgres:
    """A server on a loopback port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._data = folder / "postgres"
        known = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self._bin = next((one for one in reversed(known) if (one / "pg_ctl").exists()), None) or (
            Path(find_program("pg_ctl")).resolve().parent
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
        """Whether all replicas say so."""
        return all(await asyncio.gather(*(one.in_step(http, len(self.replicas)) for one in self.replicas)))

    async def asked(self) -> dict[str, int]:
        """How often the model was asked, by mark; it ends with that."""
        assert self.model.stdin is not None
        assert self.model.stdout is not None
        self.model.stdin.write(b"\n")
        found: dict[str, int] = json.loads(await self.model.stdout.readline())
        return found


@asynccontextmanager
async def open_house(
    folder: Path, *, replicas: int = 3, scale: float = 3.0, kind: type[Replica] = Replica
) -> AsyncIterator[House]:
    """
    Start everything, and end all of it.

    Args:
        scale: Of the limits that the model keeps.
        kind: What the replicas are.

    Raises:
        PeerMissingError: A program is not installed.
    """
    folder.chmod(0o755)
    async with AsyncExitStack() as stack:
        house = House(folder)
        for redis in (house.redis, house.second):
            redis.start()
            stack.callback(redis.kill)
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
        stack.push_async_callback(_end, house.model)
        assert house.model.stdout is not None
        model = (await house.model.stdout.readline()).decode().strip()
        for number in range(replicas):
            ways = [Crossing(house.redis.port), Crossing(house.postgres.port)]
            first, second = [await stack.enter_async_context(way) for way in ways]
            replica = kind(number, folder, first, second, model)
            house.replicas.append(replica)
            replica.start()
            stack.callback(replica.kill)
            if not number:
                await until_open(replica.port, 120)  # the first brings the tables up to date
        for replica in house.replicas:
            await until_open(replica.port, 120)
        house.url = await stack.enter_async_context(_nginx(house))
        yield house


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@asynccontextmanager
async def _nginx(house: House) -> AsyncIterator[str]:
    port = free_port()
    servers = "".join(f"server 127.0.0.1:{one.port} max_fails=1 fail_timeout=1s; " for one in house.replicas)
    file = house.folder / "nginx.conf"
    (house.folder / "nginx").mkdir(exist_ok=True)
    file.write_text(NGINX.format(folder=house.folder, port=port, servers=servers))
    process = subprocess.Popen(
        [find_program("nginx"), "-c", str(file), "-p", str(house.folder)], stderr=subprocess.DEVNULL
    )
    try:
        await until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
