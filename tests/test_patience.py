"""One test that hangs fails, and no other with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.programs import run_program

ROOT = Path(__file__).parents[1]

CONFTEST = """
import pytest
from tests.patience import limit_waiting

limit_waiting(2)

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="session", autouse=True)
async def loop_of_all():
    yield
"""

TESTS = """
import asyncio
import pytest

async def never():
    await asyncio.Event().wait()

@pytest.fixture
async def slow_to_begin():
    await never()
    yield

@pytest.fixture
async def slow_to_end():
    yield
    await never()

async def test_hangs():
    await never()

async def test_with_a_fixture_that_hangs(slow_to_begin):
    pass

async def test_before_a_fixture_that_hangs(slow_to_end):
    pass

async def test_behind_them():
    await asyncio.sleep(0)
"""


async def test_what_hangs_fails_where_it_waits_and_the_next_tests_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_hanging.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nanyio_mode = auto\ntimeout = 60\n")
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    ended = await run_program(*command, seconds=150, folder=tmp_path, environ=environ)
    assert "1 failed, 2 passed, 2 errors" in ended.said
    for hung in (
        "FAILED test_hanging.py::test_hangs",
        "ERROR test_hanging.py::test_with",
        "ERROR test_hanging.py::test_before",
    ):
        assert f"{hung}" in ended.said
    assert ended.said.count("await asyncio.Event().wait()") >= 3, "each tells where it waited"
