"""
Every client of this field, its real package, unchanged but for the base URL.

Those of this project's own environment always run; the others where `make clients` has built theirs.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from scripts.clients import PROGRAMS, Client, clients, read_pins, results
from tests.clients.where import NODE_MODULES, miss, require_python
from tests.programs import run_program
from tests.requires import find
from tests.stage import Stage, staged

SPEECH = Path(__file__).parents[1] / "data" / "media" / "jfk.wav"
LONG_ENOUGH_S = 150
PATIENT = {"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "8", "GROQ_CORE_IDLE_TIMEOUT": "8", "GROQ_CORE_DEADLINE": "60"}


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("state")
    async with staged({**PATIENT, "GROQ_CORE_STATE_DIR": str(folder)}) as stage:
        yield stage


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "red.png"
    Image.new("RGB", (64, 48), "red").save(path)
    return path


@pytest.mark.parametrize("client", clients(), ids=lambda client: client.program)
async def test_a_client_works_unchanged(
    client: Client, house: Stage, picture: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program = PROGRAMS / client.program
    if program.suffix == ".mjs":
        command = [node(), str(NODE_MODULES.parent / "programs" / program.name)]
    else:
        command = [str(require_python(client.module)), str(program)]
    # Nobody's first question meets a healthy model; after whatever skips the test, or the fault would wait for another.
    house.fault("status", preset="503_over_capacity", provider="groq", operation="chat", times=1)
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(tmp_path),
        "BASE_URL": house.url,
        "SPEECH": str(SPEECH),
        "PICTURE": str(picture),
        # Some look models up at Hugging Face or GitHub, and wait long where nobody answers.
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    ended = await run_program(*command, folder=tmp_path, environ=environ, seconds=LONG_ENOUGH_S)

    assert ended.status == 0, ended.problems[-3000:]
    last = ended.said.splitlines()[-1]
    assert last.startswith("ok ")
    request.node.user_properties.append(("said", last))  # for the README's table


def node() -> str:
    if not NODE_MODULES.is_dir():
        miss("those in tests/clients/package.json")
    program = find("node")
    if program is None:
        miss("node")
    return program


@pytest.mark.parametrize(("built", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_client_that_was_to_be_built_and_is_not_there_is_a_fault(
    built: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests' own environment is rid of every variable that begins as this one does."""
    monkeypatch.setenv("GROQ_CLIENTS_BUILT", built)
    where = runpy.run_path(str(Path(__file__).with_name("where.py")))
    monkeypatch.delenv("GROQ_CLIENTS_BUILT")

    with pytest.raises(outcome, match="make clients"):
        where["require_python"]("no_such_client")


def test_there_is_a_program_for_every_client_named() -> None:
    listed = {client.program for client in clients()}

    assert listed == {path.name for path in PROGRAMS.iterdir() if path.suffix in (".py", ".mjs")}
    assert len(listed) >= 15


def test_the_results_are_of_all_clients_in_the_versions_that_are_pinned() -> None:
    pins, found = read_pins(), results()

    for client in clients():
        said = found.get(client.program)
        assert said, f"{client.program}: make clients"
        if client.module:
            assert said in pins[client.package], f"{client.program} was run with {said}: make clients"
