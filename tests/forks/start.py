"""
Start programs of this package as forks, in a tenth of the CPU that a start takes; nobody who starts one sees it.

    pytestmark = pytest.mark.usefixtures("forks")

From then on what `subprocess` or `asyncio` start as `python -m groq_core …`, `python app.py` or the process that reads
a document finds its libraries loaded. It is a child of the test as ever: its pipes, its signals, its status and its
memory are its own. Tests about the start itself start for real, and so does everything where the system has no such
forks, or where more is wanted of the process than a folder, an environment and pipes.
"""

from __future__ import annotations

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PARENT: Final = Path(__file__).with_name("parent.py")

TAKE_IN_ORPHANS: Final = 36
"""PR_SET_CHILD_SUBREAPER."""

DOCUMENTS: Final = (
    "groq_core.services.documents.readers", "groq_core.services.documents.rendering",
    "groq_core.services.documents.first_sheet", "openpyxl", "pypdf", "pypdfium2",
)  # fmt: skip
COMMANDS: Final = ("groq_core.cli", "groq_core.compose", "groq_core.services.agent.mcp_server", "uvloop")
SERVERS: Final = (*COMMANDS, "groq_core.serve", "groq_core.ui.app", "uvicorn.protocols.http.httptools_impl")
"""What a parent has loaded before it is forked, by what its children do."""

KNOWN: Final = {"PYTHONPATH", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"}
"""Settings of Python that a fork can take up, or that change nothing that is seen."""

_lock = Lock()
_on = [0]


class Bounds:
    """
    What is done in a process before it begins: a ``preexec_fn`` that a fork can take up too.

    Args:
        limits: Of :mod:`resource`, and the most of each.
        mounts: Shell commands of a superuser, whose mounts nobody else sees.
    """

    def __init__(self, limits: Mapping[int, int] | None = None, mounts: Sequence[str] = ()) -> None:
        self.limits = dict(limits or {})
        self.mounts = mounts

    def __call__(self) -> None:
        from tests.forks.parent import prepare  # only where there are such limits

        prepare([*self.limits.items()], [*self.mounts])


@contextmanager
def forking() -> Iterator[None]:
    """Fork what can be forked, while the block runs."""
    if sys.platform == "linux":
        _patch()
    _on[0] += 1
    try:
        yield
    finally:
        _on[0] -= 1


@cache
def _patch() -> None:
    start = subprocess.Popen._execute_child  # type: ignore[attr-defined]
    signature = inspect.signature(start)

    def start_or_fork(self: Any, *arguments: Any, **named: Any) -> None:
        given = signature.bind(self, *arguments, **named).arguments
        command = _command(given["args"]) if _on[0] and _is_plain(given) else None
        if command is None:
            start(self, *arguments, **named)
            return
        # Whoever watches starts has to see this one.
        sys.audit("subprocess.Popen", sys.executable, given["args"], given["cwd"], given["env"])
        pipes = {name: given[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")}
        ends = (pipes["p2cread"], pipes["c2pwrite"], pipes["errwrite"])
        wanted = {
            "command": command,
            "environ": dict(os.environ if given["env"] is None else given["env"]),
            "folder": os.fspath(given["cwd"] or os.getcwd()),
            "session": bool(given.get("start_new_session", given.get("unused_start_new_session"))),
            "limits": [],
            "mounts": [],
        }
        if isinstance(bounds := given["preexec_fn"], Bounds):
            wanted |= {"limits": [*bounds.limits.items()], "mounts": [*bounds.mounts]}
        self.pid = _fork(_loaded_for(command), wanted, [max(end, at) for at, end in enumerate(ends)])
        self._child_created = True
        self._close_pipe_fds(*pipes.values())

    subprocess.Popen._execute_child = start_or_fork  # type: ignore[attr-defined]


def _is_plain(given: Mapping[str, Any]) -> bool:
    """Whether nothing is wanted of the process but that it runs in a folder and an environment."""
    environ = os.environ if given["env"] is None else given["env"]
    strange = {name for name in environ if name.startswith(("PYTHON", "LD_"))} - KNOWN
    if given["preexec_fn"] is not None and not isinstance(given["preexec_fn"], Bounds):
        return False
    return not (given["pass_fds"] or given["shell"] or given["executable"] or strange)


def _command(words: Sequence[Any]) -> list[str] | None:
    """What comes behind the interpreter, where it is a program of ours."""
    if isinstance(words, (str, bytes)) or len(words) < 2:
        return None
    python, *rest = map(os.fspath, words)
    ours = rest[:2] in (["-m", "groq_core"], ["-m", "groq_core.services.documents.worker"])
    return rest if python == sys.executable and (ours or rest[0] == str(ROOT / "app.py")) else None


def _loaded_for(command: Sequence[str]) -> tuple[str, ...]:
    if command[-1] == "groq_core.services.documents.worker":
        return DOCUMENTS
    return COMMANDS if command[0] == "-m" and command[2:3] != ["serve"] else SERVERS


@cache
def _channel(modules: tuple[str, ...]) -> socket.socket:
    """The way to a parent that has these modules loaded; it ends when the way is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROQ_", "OPENAI_", "GRADIO_"))}
    # A fork has no threads but its own, so its parent must have none.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(PARENT), str(theirs.fileno()), *modules],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        env=kept | threads,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        parent.wait(30)

    atexit.register(end)
    return ours


def _fork(modules: tuple[str, ...], wanted: Mapping[str, Any], descriptors: Sequence[int]) -> int:
    """The number of a process that is our child, and runs what is wanted."""
    with _lock:
        channel = _channel(modules)
        take_in = ctypes.CDLL(None).prctl
        take_in(TAKE_IN_ORPHANS, 1, 0, 0, 0)
        try:
            socket.send_fds(channel, [json.dumps(wanted).encode()], descriptors)
            return int(channel.recv(20))
        finally:
            take_in(TAKE_IN_ORPHANS, 0, 0, 0, 0)
