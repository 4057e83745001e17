"""The wheel holds all that the app needs: installed elsewhere, it serves the page and its scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from groq_core.ui.page_scripts import page_bundler
from groq_core.ui.static import without_comments

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A fresh environment with the wheel in it.

    What the wheel requires comes from this environment by a path file, so that no registry is needed; the package
    itself can only come from the wheel, since the folder of the checkout is on no path.
    """
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    where = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    Path(where.strip(), "required.pth").write_text(sysconfig.get_path("purelib"))
    return scripts


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """An environment without a word of this checkout, and an empty folder to start from."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1", "GRADIO_SERVER_PORT": "0"}


@pytest.fixture
def served(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [installed / "groq-core", "serve"], cwd=tmp_path, env=elsewhere, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        yield next(word for line in process.stderr for word in line.split() if word.startswith("http://"))
    finally:
        process.terminate()
        process.communicate()


def test_the_wheel_carries_scripts_styles_and_types_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {"groq_core/py.typed", "groq_core/_assets/js/main.js", "groq_core/_assets/css/page.css"} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "scripts/"))]


def test_an_installed_app_serves_its_page_and_scripts_from_another_folder(served: str) -> None:
    page = httpx.get(served + "/", timeout=120)
    script = page.text.partition('/js/first.js"')[0].rpartition('"')[2] + "/js/first.js"
    found = httpx.get(httpx.URL(served + "/").join(script), timeout=120)

    assert page.status_code == found.status_code == 200
    assert found.content == without_comments((page_bundler().script("js/first.js") or "").encode())


def test_doctor_runs_where_it_is_installed(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [installed / "groq-core", "doctor"], cwd=tmp_path, env=elsewhere, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "mode       simulator" in done.stdout
