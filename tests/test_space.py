"""
The app as a Space runs it: installed by the builder's own line, as user 1000 in a folder it cannot write to.

It takes a minute and a registry, so it runs in CI and where ``TRY_SPACE=1`` asks for it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.requires import only_if_asked, only_where
from tests.test_requirements import ROOT, spaces_line

pytestmark = [
    only_if_asked("TRY_SPACE", "installs a Space anew"),
    only_where(sys.platform != "win32", "Spaces run on Linux"),
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("space"),
]

USER = 1000
TOKEN = "a-token-for-the-api-of-this-space"


@pytest.fixture(scope="session")
def removals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What removes a folder of 20,000 files while other tests run: a disk takes up to a minute over it."""
    under_way: list[subprocess.Popen[bytes]] = []
    yield under_way
    for removal in under_way:
        removal.wait()


@pytest.fixture(scope="module")
def space(removals: list[subprocess.Popen[bytes]]) -> Iterator[Path]:
    """A folder with the repository as it is, and beside it the environment that the builder makes."""
    folder = Path(tempfile.mkdtemp(prefix="space-"))
    kept = ("app.py", "groq_core", "assets", "requirements.txt", "README.md")
    for name in kept:
        source, copy = ROOT / name, folder / "app" / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    python = folder / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(python)], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python / "bin" / "python"), "install", "--quiet"]
    subprocess.run(
        [*install, "--no-input", "--no-compile", "-r", "requirements.txt", *spaces_line()],
        cwd=folder / "app",
        check=True,
        timeout=600,
    )
    # What one start compiles the next need not: the folder of the app itself stays closed to the Space's user.
    (folder / "compiled").mkdir()
    (folder / "compiled").chmod(0o777)
    # pytest closes its own folders to other users whenever another run begins.
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    yield folder
    removals.append(subprocess.Popen(["rm", "-rf", str(folder)]))


@contextmanager
def start(space: Path, home: Path, **environment: str) -> Iterator[str]:
    """The app as the Space's user, where that can be had; gives its address."""
    home.mkdir(exist_ok=True)
    command = [str(space / "python" / "bin" / "python"), "app.py"]
    if os.geteuid() == 0 and (drop := shutil.which("setpriv")):
        os.chown(home, USER, USER)
        command = [drop, f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]
    given = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "SYSTEM": "spaces"}
    given |= {"SPACE_ID": "ann/demo", "SPACE_HOST": "ann-demo.hf.space", "GRADIO_SERVER_PORT": "0"}
    process = subprocess.Popen(
        command,
        cwd=space / "app",
        env=given | {"PYTHONPYCACHEPREFIX": str(space / "compiled"), "GRADIO_SSR_MODE": "true"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"groq-core is at http://\S+:(\d+)", line):
                yield f"http://127.0.0.1:{found[1]}"
                return
        raise AssertionError("".join(said))
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.parametrize("hardware", [{}, {"SPACES_ZERO_GPU": "true"}], ids=["CPU", "ZeroGPU"])
def test_a_space_shows_its_page_and_answers(space: Path, hardware: dict[str, str]) -> None:
    home = space / f"home-{len(hardware)}"
    with start(space, home, GROQ_CORE_API_TOKENS=TOKEN, **hardware) as url, httpx.Client(timeout=120) as http:
        page = http.get(url + "/", headers={"host": "ann-demo.hf.space"})
        question = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}
        answer = http.post(url + "/v1/chat/completions", json=question, headers={"authorization": f"Bearer {TOKEN}"})
        stranger = http.post(url + "/v1/chat/completions", json=question)

    assert page.status_code == 200
    assert "js/first.js" in page.text
    assert "https://huggingface.co" in page.headers["content-security-policy"]
    assert answer.json()["choices"][0]["message"]["content"]
    assert stranger.status_code == 401
