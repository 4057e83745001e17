"""
Several processes behind one port: a parent that answers nothing, starts them, starts a dead one again, and ends them.

Each listens on the same port by itself (``SO_REUSEPORT``), and the kernel deals out the connections.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from groq_core.errors import SettingsError
from groq_core.settings.settings import Settings

logger = logging.getLogger("groq_core.connections.workers")

CHECKOUT: Final = Path(__file__).parents[2]
"""Where the package lies; of a checkout, the folder of ``app.py``."""

NUMBER: Final = "_GROQ_CORE_WORKER"
"""Tells a process that it is one of several, and which."""

GRACE_S: Final = 13.0
"""A little longer than a process takes to let running answers finish."""

AGAIN_S: Final = 1.0
"""Seconds before a process that died is started again."""

LOOK_S: Final = 0.1
START_S: Final = 15.0
"""A process that ends by itself within this time of its first start could not start; the others would not either."""


def worker_number(environ: Mapping[str, str] | None = None) -> int | None:
    """Which of several processes this is; None for the only one, or the parent."""
    text = (os.environ if environ is None else environ).get(NUMBER, "")
    return int(text) if text.isdigit() else None


def own_socket(host: str, port: int) -> socket.socket:
    """
    A socket on a port that other processes of ours listen on too.

    Raises:
        SettingsError: The operating system cannot do that, or the address cannot be used.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise SettingsError(
            "GROQ_CORE_WORKERS: this operating system cannot let several processes listen on one port",
            hint="Set it to 1, or start several with ports of their own behind a proxy.",
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError as error:
        raise SettingsError(f"{host}:{port} cannot be listened on: {error}") from None
    return made


def watch_parent(end: Callable[[], None]) -> None:
    """End with the parent, however it ends."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        end()

    threading.Thread(target=look, name="parent", daemon=True).start()


def supervise(settings: Settings, announce: Callable[[int], None]) -> int:
    """
    Start the processes of ``GROQ_CORE_WORKERS`` and keep them until SIGTERM or SIGINT.

    Returns:
        The exit status: 0 after a signal, a process's own where it could not start.

    Raises:
        SettingsError: The port cannot be listened on.
    """
    with own_socket(settings.server_name, settings.server_port) as reserved:
        port: int = reserved.getsockname()[1]
        parent = _Parent(_environment(settings, port), settings.workers, lambda: _is_listened_on(reserved))
        return parent.run(lambda: announce(port))


def _is_listened_on(reserved: socket.socket) -> bool:
    """Whether one of the processes takes connections at the port that is held for them."""
    with socket.socket(reserved.family, reserved.type) as probe:
        probe.settimeout(LOOK_S)
        return probe.connect_ex(reserved.getsockname()) == 0


def _environment(settings: Settings, port: int) -> dict[str, str]:
    """What the processes are started with: ours, and what they must have in common."""
    common = {
        "GRADIO_SERVER_NAME": settings.server_name,
        "GRADIO_SERVER_PORT": str(port),
        "GROQ_CORE_WORKERS": str(settings.workers),
        "GROQ_CORE_SECRET": settings.secret.reveal() if settings.secret is not None else secrets.token_urlsafe(32),
    }
    if settings.database is not None:
        common["GROQ_CORE_DATABASE"] = settings.database.reveal()
    if (CHECKOUT / "app.py").is_file():
        # `python /somewhere/app.py` finds its package beside itself, and `python -m` only in the folder it runs in.
        common["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, **common}


class _Parent:
    def __init__(self, environment: Mapping[str, str], count: int, listens: Callable[[], bool]) -> None:
        self._environment = environment
        self._count = count
        self._listens = listens
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._started: dict[int, float] = {}
        self._ending = False

    def run(self, announce: Callable[[], None]) -> int:
        before = {number: signal.signal(number, self._end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for number in range(self._count):
                self._start(number)
            status = self._watch(announce)
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return status

    def _end(self, *_: object) -> None:
        self._ending = True

    def _start(self, number: int) -> None:
        command = [sys.executable, "-m", "groq_core", "serve"]
        # A group of its own: Ctrl-C is the parent's, who passes it on once.
        self._running[number] = subprocess.Popen(
            command, env={**self._environment, NUMBER: str(number)}, start_new_session=True
        )
        self._started.setdefault(number, time.monotonic())

    def _watch(self, announce: Callable[[], None]) -> int:
        dead: dict[int, float] = {}
        announced = False
        while not self._ending:
            if not announced and self._listens():
                announced = True
                announce()  # only now: who follows the address at once is answered
            now = time.monotonic()
            for number, process in list(self._running.items()):
                status = process.poll()
                if status is None:
                    continue
                del self._running[number]
                if status > 0 and now - self._started[number] < START_S:
                    return status
                logger.warning("process %d of %d ended with %d and is started again", number + 1, self._count, status)
                dead[number] = now + AGAIN_S
            for number in [number for number, due in dead.items() if now >= due]:
                del dead[number]
                self._start(number)
            time.sleep(LOOK_S)
        return 0

    def _stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        ends = time.monotonic() + GRACE_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
