"""The application as a process of its own, on a machine that lacks something."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.forks.start import Bounds

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 90.0


class House:
    """A running server; its requests are made one after the other."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def page(self) -> dict[str, str]:
        return {"x-groq-core-page": self.http.get("ui/pass").json()["pass"]}

    def end(self, number: int) -> int:
        """Send it a signal; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def alone(
    folder: Path, *, limits: Callable[[], None] | None = None, mounts: Sequence[str] = (), **environ: str
) -> Iterator[House]:
    """
    Start it with its state below a folder.

    Args:
        limits: Called in the process before it begins.
        mounts: Shell commands that change what it sees of the file system, and nobody else does.
    """
    command = [sys.executable, str(ROOT / "app.py")]
    if mounts:
        script = " && ".join([*mounts, 'exec "$@"'])
        command = [*mount_command(), "sh", "-c", script, "sh", *command]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROQ_", "OPENAI_", "GRADIO_"))}
    own = {"GROQ_CORE_STATE_DIR": str(folder / "state"), "GRADIO_SERVER_PORT": "0", "GROQ_CORE_OFFLINE": "1"}
    log = folder / "log"
    with log.open("a+") as out:
        began = out.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            command, cwd=folder, env=kept | own | environ, stderr=out, stdout=out, preexec_fn=limits, text=True
        )
        house = None
        try:
            house = House(process, _address(process, log, began))
            yield house
        finally:
            if house is not None:
                house.http.close()
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[str], log: Path, began: int) -> str:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        said = log.read_text("utf-8", "replace")[began:]
        if found := re.search(r"groq-core is at (http://localhost:\d+)", said):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"it did not start: {log.read_text('utf-8', 'replace')[began:][-2000:]}")


def mount_command() -> list[str]:
    """The beginning of a command that may mount for itself; empty where the system lets nobody."""
    for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if (
            shutil.which("unshare")
            and not subprocess.run(
                [*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
            ).returncode
        ):
            return command
    return []


def small_disk(folder: Path, megabytes: int) -> dict[str, object]:
    """
    Room for so much in the folder of its state: a file system of its own, or where nobody may mount one, a bound on
    every file.
    """
    (folder / "state").mkdir()
    mounts = [f"mount -t tmpfs -o size={megabytes}m,mode=700 tmpfs '{folder / 'state'}'"]
    if mount_command():
        return {"limits": Bounds(mounts=mounts)} if os.geteuid() == 0 else {"mounts": mounts}
    return {"limits": Bounds({resource.RLIMIT_FSIZE: megabytes * 2**20})}


def files(house: House, folder: Path) -> list[str]:
    """What the server sees below its state."""
    state = Path(f"/proc/{house.process.pid}/root{folder / 'state'}")
    return sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file())


TERM, KILL = signal.SIGTERM, signal.SIGKILL
