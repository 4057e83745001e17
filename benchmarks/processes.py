"""Start what is measured and what it is measured against, each in a process of its own, and read their meters."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.loopback import groq_models

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "peers"
PEER_ENVIRONMENTS = {
    "litellm": (ROOT / ".venv-bench", ROOT / "benchmarks" / "requirements.txt"),
    "curator": (ROOT / ".venv-curator", PEERS / "curator.txt"),
    "instructor": (ROOT / ".venv-instructor", PEERS / "instructor.txt"),
}
"""Where each peer that does not fit into our own environment lives, and what is installed there."""

READY_WITHIN_S = 300.0

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PIP_INDEX_URL", "PIP_CONFIG_FILE")
"""Of the environment; a key in it would send a benchmark to the real Groq."""


class PeerMissingError(Exception):
    """A peer cannot be installed here; the row says so."""


class Process:
    """A child process and its meters."""

    def __init__(self, popen: subprocess.Popen[str], url: str = "") -> None:
        self.popen = popen
        self.url = url

    def cpu_s(self) -> float:
        """User and system seconds so far, all its threads; to the nanosecond, where ``stat`` counts in hundredths."""
        tasks = Path(f"/proc/{self.popen.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def rss_kib(self) -> int:
        """Resident memory."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def stop(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


def find_program(*names: str) -> str:
    """
    The path of a program, which goes by any of these names.

    Raises:
        PeerMissingError: None of them is installed.
    """
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if found is None:
        raise PeerMissingError(f"{names[0]} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def spawn(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            response.read()
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def fetch_json(url: str) -> Any:
    with urllib.request.urlopen(url) as response:
        return json.load(response)


def wait_until_answered(process: subprocess.Popen[str], url: str, *, every_s: float = 0.02) -> None:
    """
    Raises:
        RuntimeError: It ended, or said nothing in time.
    """
    until = time.monotonic() + READY_WITHIN_S
    while not answers(url):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise RuntimeError(f"{process.args!r} does not serve")
        time.sleep(every_s)


@asynccontextmanager
async def upstream() -> AsyncIterator[str]:
    """The benchmarks' model; gives its address."""
    popen = spawn([sys.executable, "-m", "benchmarks.upstream"], environment())
    assert popen.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(popen.stdout.readline())}"
    finally:
        popen.kill()
        popen.wait()


@asynccontextmanager
async def run_server(command: Sequence[str], ready: str, *, port: int, **env: str) -> AsyncIterator[Process]:
    """Run a server until the block is left."""
    process = Process(spawn(command, environment(**env)), f"http://127.0.0.1:{port}")
    try:
        await asyncio.to_thread(wait_until_answered, process.popen, process.url + ready)
        yield process
    finally:
        await asyncio.to_thread(process.stop)


@asynccontextmanager
async def app(model: str) -> AsyncIterator[Process]:
    """``python app.py`` on the benchmarks' model; every other setting as it comes."""
    port = free_port()
    env = {"GRADIO_SERVER_PORT": str(port), "GROQ_API_KEY": "gsk_bench", "GROQ_BASE_URL": model}
    env["GROQ_CORE_LOG_LEVEL"] = "warning"
    async with run_server([sys.executable, "app.py"], "/", port=port, **env) as process:
        yield process


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  client_body_buffer_size 1m; keepalive_requests 1000000;
  upstream model {{ server {model}; keepalive 256; }}
  server {{
    listen 127.0.0.1:{port};
    location = /ready {{ return 200; }}
    location / {{
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off;
    }}
  }}
}}
"""


@asynccontextmanager
async def nginx(model: str) -> AsyncIterator[Process]:
    """
    A relay that does nothing: nginx in one process, passing on each byte as it comes.

    Raises:
        PeerMissingError: It is not installed.
    """
    program = find_program("nginx")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_text(NGINX.format(folder=folder, port=port, model=model.removeprefix("http://")))
        command = [program, "-c", str(file), "-p", folder]
        async with run_server(command, "/ready", port=port) as process:
            yield process


ONE_ANSWER = """
daemon off; master_process off; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/json; keepalive_requests 100000000; client_body_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location = /ready {{ return 200; }}
    location ~ /models$ {{ root {folder}; try_files /models.json =404; }}
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""


@asynccontextmanager
async def fixed_answers(answer: str) -> AsyncIterator[str]:
    """
    A model that takes next to no CPU, since it reads no question and has one answer: nginx. Gives its address.

    Args:
        answer: Without quotation marks of the single kind, and at most 3,000 characters.

    Raises:
        PeerMissingError: It is not installed.
    """
    program = find_program("nginx")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "nginx.conf"
        file.write_text(ONE_ANSWER.format(folder=folder, port=port, answer=answer))
        (Path(folder) / "models.json").write_text(json.dumps(groq_models()))
        async with run_server([program, "-c", str(file), "-p", folder], "/ready", port=port) as process:
            yield process.url


@asynccontextmanager
async def peer(script: str, model: str = "", ready: str = "/") -> AsyncIterator[Process]:
    """A small app of ``benchmarks/peers`` in our own environment."""
    port = free_port()
    command = [sys.executable, str(PEERS / script)]
    env = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONPATH": str(ROOT)}
    async with run_server(command, ready, port=port, GROQ_API_KEY="gsk_bench", GROQ_BASE_URL=model, **env) as process:
        yield process


def peer_python(peer: str = "litellm") -> str:
    """
    The interpreter of the environment that a peer lives in, made on first use.

    Raises:
        PeerMissingError: It cannot be installed.
    """
    folder, requirements = PEER_ENVIRONMENTS[peer]
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    wanted = requirements.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {peer} (a few minutes) …", flush=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run(install, check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise PeerMissingError(f"{peer} could not be installed") from error
        stamp.write_text(wanted)
    return str(python)


LITELLM = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    "LITELLM_LOG": "ERROR",
    "OPENAI_API_KEY": "sk-bench",
}
"""With its price list from the package; it asks the network otherwise."""


@asynccontextmanager
async def litellm_proxy(model: str) -> AsyncIterator[Process]:
    """LiteLLM's proxy, one worker, with nothing switched on."""
    port = free_port()
    python = peer_python()
    command = [str(Path(python).parent / "litellm"), "--config", str(PEERS / "litellm.yaml"), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--num_workers", "1", "--telemetry", "False"]
    env = LITELLM | {"OPENAI_API_BASE": f"{model}/v1", "BENCH_BASE": f"{model}/v1"}
    async with run_server(command, "/health/liveliness", port=port, **env) as process:
        yield process


def bare_relay(model: str) -> AbstractAsyncContextManager[Process]:
    """A relay in Python that passes on bytes and knows nothing of them: the least that one costs."""
    return _relay("bare_relay.py", model)


def http_relay(model: str) -> AbstractAsyncContextManager[Process]:
    """A relay in Python that is a server of HTTP and a client of it, and nothing else: the least that one costs."""
    return _relay("http_relay.py", model)


@asynccontextmanager
async def _relay(script: str, model: str) -> AsyncIterator[Process]:
    port = free_port()
    command = [sys.executable, str(PEERS / script), str(port), model.rpartition(":")[2]]
    async with run_server(command, "/models", port=port) as process:
        yield process


@asynccontextmanager
async def portkey() -> AsyncIterator[Process]:
    """
    Portkey's gateway from the npm registry, in Node, with nothing switched on.

    Its server of HTTP is kept at a version whose responses' headers can be added to: with those from 1.14 on, which
    its own range allows, every stream is answered with status 500 ("immutable").

    Raises:
        PeerMissingError: There is no npm, or it cannot be installed.
    """
    folder, port = PEERS / "portkey", free_port()
    server = folder / "node_modules/@portkey-ai/gateway/build/start-server.js"
    if not server.exists():
        print("installing Portkey's gateway (a minute) …", flush=True)
        install = ["npm", "install", "--silent", "--no-audit", "--no-package-lock", "--ignore-scripts"]
        try:
            await asyncio.to_thread(subprocess.run, install, cwd=folder, check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise PeerMissingError("Portkey's gateway could not be installed") from error
    command = ["node", str(server), f"--port={port}", "--headless"]
    # It sends to no host of its own machine but those that are named.
    async with run_server(command, "/", port=port, TRUSTED_CUSTOM_HOSTS="127.0.0.1") as process:
        yield process
