"""Programs of a story: the app as its people start it, and what stands in front."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.requires import find

ROOT = Path(__file__).parents[2]
START_S = 60.0
END_S = 20.0


class Program:
    """
    A program that runs.

    Attributes:
        said: What it wrote, both outputs together.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while piece := await self._process.stdout.read(4096):
            self.said += piece.decode("utf-8", "replace")

    async def wait_for(self, words: str, seconds: float = START_S) -> None:
        """Until it has written these words; fails when it ends before."""
        async with asyncio.timeout(seconds):
            while words not in self.said:
                assert self._process.returncode is None, self.said
                await asyncio.sleep(0.05)

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to it and its children, as a terminal does, and wait; returns the exit status."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, number)
        try:
            async with asyncio.timeout(END_S):
                status = await self._process.wait()
        except TimeoutError:
            os.killpg(self._process.pid, signal.SIGKILL)
            status = await self._process.wait()
        await self._reading
        return status


@asynccontextmanager
async def program(*command: str, folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Program]:
    """Run it with this environment and the path of programs, and end it with the block."""
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1", **environ}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=given,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    running = Program(process)
    try:
        yield running
    finally:
        await running.end()


@asynccontextmanager
async def app(folder: Path, **environ: str) -> AsyncIterator[Program]:
    """``python app.py`` in a folder of its own, once it serves."""
    async with program(sys.executable, str(ROOT / "app.py"), folder=folder, environ=environ) as running:
        await running.wait_for("groq-core is at ")
        yield running


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names that nobody has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@asynccontextmanager
async def nginx(servers: str, folder: Path, port: int) -> AsyncIterator[None]:
    """nginx with these ``server`` blocks, once it listens on the port."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    config = folder / "nginx.conf"
    # Begun by root it would hand its work to nobody, who may not write here.
    user = "user root; " if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    config.write_text(
        f"{user}daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; client_max_body_size 200m; {temporary}\n{servers}\n}}\n"
    )
    command = [find("nginx") or "nginx", "-c", str(config), "-p", str(folder), "-e", f"{folder}/start.log"]
    async with program(*command, folder=folder, environ={}) as running:
        async with asyncio.timeout(START_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    assert running._process.returncode is None, running.said
                    await asyncio.sleep(0.05)
        yield


async def answers(url: str, seconds: float = 10.0) -> httpx.Response:
    """What an address says, once anybody listens there."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http, asyncio.timeout(seconds):
        while True:
            try:
                return await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
