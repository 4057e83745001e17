"""
A newcomer with the README in front of them: its commands and examples, run as they stand there, and the page behind.

What stands there is taken from there; only ports are free ones, and the key with an ellipsis is one without.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright, expect

from benchmarks.processes import free_port
from groq_core.simulator import Simulator
from tests.requires import find, needs, only_where
from tests.services.test_story import save
from tests.stories.processes import ROOT, Program, program
from tests.ui.conftest import ALONE

pytestmark = [
    only_where(sys.platform != "win32", "the README's commands are a shell's"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("newcomer"),
]

DATA = ROOT / "tests" / "data"
LINKED = ("app.py", "groq_core", "assets", "requirements.txt", "requirements-dev.txt", "requirements-team.txt")
PATIENCE_MS = 60_000


def blocks(file: str) -> list[str]:
    """Every block of commands or code in a document."""
    text = (ROOT / file).read_text("utf-8")
    return re.findall(r"^```(?:sh|bash|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


BLOCKS = [*blocks("README.md"), *blocks("deploy/README.md")]


def block(beginning: str) -> str:
    """The one block that begins with these words, or holds the line that does."""
    (matched,) = [one for one in BLOCKS if re.search(rf"^{re.escape(beginning)}", one, re.MULTILINE)]
    return matched


def lines(beginning: str) -> list[str]:
    """Its commands, without remarks; one that goes on in the next line is one."""
    joined = block(beginning).replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+# .*$", "", line) for line in joined if line.strip()]


@dataclass
class Checkout:
    """What the newcomer has: the files of a checkout whose environment is made, and a home of their own."""

    folder: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)

    def at_port(self, text: str, port: int | None = None) -> str:
        return text.replace("127.0.0.1:7860", f"127.0.0.1:{port or self.port}")

    async def run(
        self, command: str, environ: Mapping[str, str] | None = None, *, words: str = "", port: int | None = None
    ) -> str:
        """Run one command by the shell; gives what it wrote. Fails unless it ends well."""
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            self.at_port(command, port),
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(90):
            said, _ = await process.communicate(words.encode())
        assert process.returncode == 0, f"{command}\n{said.decode()}"
        return said.decode()

    def serving(self, command: str, port: int, **environ: str) -> Started:
        return Started(self, command, port, environ)


class Started:
    """A command that serves until the block ends."""

    def __init__(self, checkout: Checkout, command: str, port: int, environ: Mapping[str, str]) -> None:
        given = {**checkout.environ, "GRADIO_SERVER_PORT": str(port), **environ}
        self._context = program("bash", "-c", f"exec {command}", folder=checkout.folder, environ=given)

    async def __aenter__(self) -> Program:
        return await self._context.__aenter__()

    async def __aexit__(self, *_: object) -> None:
        await self._context.__aexit__(*_)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Links to this checkout's files, with this environment as the one that ``make`` would make."""
    folder = tmp_path_factory.mktemp("newcomer")
    for name in (*LINKED, "Makefile", "README.md", ".env.example", "scripts", "deploy"):
        (folder / name).symlink_to(ROOT / name)
    environment = folder / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith("."):
            (environment / entry.name).symlink_to(entry)
    for stamp in (".run", ".team", ".dev"):
        (environment / stamp).touch()
    programs = folder / "programs"
    programs.mkdir()
    # What `pip install .` puts on the path; tests/test_wheel.py installs it for real.
    (programs / "groq-core").write_text(f'#!/bin/sh\nexec {environment}/bin/python -m groq_core "$@"\n')
    (programs / "groq-core").chmod(0o755)
    shutil.copy(DATA / "media" / "jfk.wav", folder / "speech.wav")
    shutil.copy(DATA / "documents" / "invoice_acme.pdf", folder / "invoice.pdf")
    shutil.copy(DATA / "documents" / "bank_statement.pdf", folder / "report.pdf")
    (folder / "titles.csv").write_text("title\nThe Waves\nDracula\n")
    (folder / "invoice.schema.json").write_text('{"type": "object", "properties": {"number": {"type": "string"}}}')
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    return Checkout(folder, free_port(), environ)


@pytest.fixture(scope="module")
async def served(checkout: Checkout) -> AsyncIterator[Program]:
    """The first command of the README, once it says where to look."""
    command = lines("make run  ")[0]
    assert command == "make run"
    async with checkout.serving(command, checkout.port) as running:
        await running.wait_for(f"groq-core is at http://localhost:{checkout.port}")
        yield running


@needs("chromium")
async def test_the_page_answers_and_can_be_broken(served: Program, checkout: Checkout) -> None:
    assert "built-in simulator answers" in served.said
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=list(ALONE))
        page = await browser.new_page(locale="en-GB", viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        await page.goto(f"http://localhost:{checkout.port}")
        await expect(page.locator("#mode-banner")).to_contain_text("simulator", timeout=PATIENCE_MS)
        await page.fill("#chat-message textarea", "Why is the sky blue?")
        await page.click("#chat-send")
        done = page.locator('#chat-log [data-role="assistant"][data-state="done"]')
        await expect(done).to_have_count(1, timeout=PATIENCE_MS)
        await page.click("#tour-start")
        await page.get_by_role("button", name="Break it and ask").click()
        await expect(done).to_have_count(2, timeout=PATIENCE_MS)
        await expect(page.locator("#chat-log")).to_contain_text("429", timeout=PATIENCE_MS)
        await page.get_by_role("button", name="End the tour").click()
        await browser.close()
    assert wrong == []


async def test_every_request_of_the_readme_is_answered(served: Program, checkout: Checkout) -> None:
    chat, transcript = lines("curl http://127.0.0.1:7860/v1/chat")
    assert '"content"' in await checkout.run(chat)
    assert "-->" in await checkout.run(transcript)
    breaks, told, mends = lines("curl http://127.0.0.1:7860/_simulator/faults")
    assert '"cut"' in await checkout.run(breaks)
    assert '"cut"' in await checkout.run(told)
    await checkout.run(mends)
    for example in ("from openai import OpenAI", "from gradio_client import Client"):
        (checkout.folder / "example.py").write_text(checkout.at_port(block(example)))
        assert (await checkout.run(".venv/bin/python example.py")).strip(), example


async def test_every_example_of_python_runs(checkout: Checkout, simulator: Simulator) -> None:
    live = {"GROQ_API_KEY": "gsk_any_key_of_mine", "GROQ_BASE_URL": simulator.groq_url}
    for example in ("import asyncio", "from groq_core import Groq"):
        (checkout.folder / "example.py").write_text(block(example))
        assert "simulat" in (await checkout.run(".venv/bin/python example.py", live)).lower(), example
    (checkout.folder / "example.py").write_text(block("import gradio as gr"))
    port = free_port()
    async with checkout.serving(".venv/bin/python example.py", port) as demo:
        await demo.wait_for(f"Running on local URL:  http://127.0.0.1:{port}")
    compile(f"async def example():\n{re.sub('^', '    ', block('found = await'), flags=re.M)}", "README.md", "exec")


async def test_a_key_and_a_server_of_one_s_own(checkout: Checkout, simulator: Simulator) -> None:
    (with_key,) = lines("GROQ_API_KEY=gsk_… make run")
    port = free_port()
    command = f"env {with_key.replace('…', 'a_key_of_mine')}"
    async with checkout.serving(command, port, GROQ_BASE_URL=simulator.groq_url) as running:
        await running.wait_for("groq-core is at ")
        assert "simulator" not in running.said.replace("settings", "")
    simulate, run = lines(".venv/bin/python -m groq_core simulate --port 8089\nGROQ")
    other = free_port()
    async with checkout.serving(simulate.replace("8089", str(other)), port) as upstream:
        await upstream.wait_for("serving")
        async with checkout.serving(f"env {run.replace('8089', str(other))}", port) as running:
            await running.wait_for("groq-core is at ")
            answer = await checkout.run(lines("curl http://127.0.0.1:7860/v1/chat")[0], port=port)
            assert '"provider":"groq"' in answer.replace(" ", "")


async def test_a_saved_story_is_told_again(served: Program, checkout: Checkout) -> None:
    (checkout.folder / "story.json").write_bytes(save())
    simulate, tell = lines(".venv/bin/python -m groq_core simulate --port 8089 --story")
    async with checkout.serving(simulate.replace("8089", str(free_port())), 0) as upstream:
        await upstream.wait_for("answered as in story.json")
    assert "error" not in await checkout.run(tell)


async def test_every_command_runs(checkout: Checkout) -> None:
    wanted = {
        "doctor": "mode       simulator",
        "chat": "simulat",
        "batch": "answered",
        "extract": "{",
        "agent": "simulator",
    }
    for command in lines(".venv/bin/python -m groq_core doctor"):
        said = await checkout.run(command, {"GRADIO_SERVER_PORT": "0"})
        assert wanted.pop(command.split()[3]) in said, said
    assert wanted == {}


async def test_a_team_begins(checkout: Checkout) -> None:
    """By its own words alone: no setting, and nothing on the path, that it does not name."""
    set_up, run, add, create = lines("make run-team")
    port = free_port()
    newcomer = replace(checkout, environ={**checkout.environ, "PATH": os.environ["PATH"]})
    try:
        await newcomer.run(set_up)
        await begin_a_team(checkout, newcomer, run, add, create, port)
    finally:
        (checkout.folder / ".env").unlink()


async def begin_a_team(checkout: Checkout, newcomer: Checkout, run: str, add: str, create: str, port: int) -> None:
    async with newcomer.serving(run, port) as running:
        await running.wait_for("groq-core is at ")
        await newcomer.run(add, words="correct horse\n")
        said = await newcomer.run(create)
        key = said.split()[-1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            question = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
            strangers = await http.post("/v1/chat/completions", json=question)
            answer = await http.post("/v1/chat/completions", json=question, headers={"authorization": f"Bearer {key}"})
            signed_in = await http.post("/login", data={"name": "ann", "password": "correct horse"})
        backup, restore = lines("groq-core backup")
        assert "rows" in await checkout.run(backup, {"GROQ_CORE_DATABASE": "sqlite:///groq-core.db"})
    assert (strangers.status_code, answer.status_code, signed_in.status_code) == (401, 200, 303)
    await checkout.run(restore, {"GROQ_CORE_DATABASE": "sqlite:///another.db"})


def test_what_is_for_those_who_change_it_is_there() -> None:
    """These run the tests themselves, so that here it is only looked at what they would do."""
    for command in [lines("make run  ")[1], *lines("make check")]:
        dry = ["make", "-n", *command.split()[1:]] if command.startswith("make") else ["bash", "-n", command]
        done = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


INLINE = re.compile(r"`((?:make|pip install|groq-core|curl|cp|uvx|pipx|GROQ_|OPENAI_)[^`\n]*(?:\n[^`\n]+)?)`")


def inline_steps(*sections: str) -> list[str]:
    """Commands within the sentences of a section of the README, in the order in which they stand there."""
    parts = {
        part.partition("\n")[0]: part for part in re.split(r"^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.M)
    }
    text = re.sub(r"^```.*?^```", "", "".join(parts[name] for name in sections), flags=re.M | re.S)
    return [" ".join(found.split()) for found in INLINE.findall(text)]


async def test_steps_within_sentences_run(served: Program, checkout: Checkout, simulator: Simulator) -> None:
    """Those that install are what tests/test_wheel.py does; here what they install is on the path."""
    steps = inline_steps("Start", "Files")
    (pip, serve, doctor, uvx, pipx) = [step for step in steps if not step.startswith(("GROQ_", "OPENAI_", "curl"))]
    assert (pip, doctor) == ("pip install .", "groq-core doctor")
    assert "mode       simulator" in await checkout.run(doctor, {"GRADIO_SERVER_PORT": "0"})
    for by in (uvx, pipx):
        # What they run is the command that the folder's own description names, and the folder is what they are given.
        assert re.fullmatch(r"(uvx --from|pipx run --spec) \. groq-core serve", by), by
        assert by.endswith(serve)
    async with checkout.serving(serve, free_port()) as running:
        await running.wait_for("groq-core is at ")

    # A key in the file, as the README says; and a server of one's own as the backup.
    example = (ROOT / ".env.example").read_text("utf-8")
    folder = checkout.folder / "with-env"
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text(
        re.sub(r"^#? ?GROQ_API_KEY=.*$", "GROQ_API_KEY=gsk_a_key_of_mine", example, flags=re.M)
    )
    said = await checkout.run(f"cd {folder} && groq-core doctor || true", {"GROQ_BASE_URL": simulator.groq_url})
    assert "mode       simulator" not in said
    backup = " ".join(step for step in steps if step.startswith(("OPENAI_BASE_URL=", "GROQ_CORE_OPENAI_MODEL=")))
    assert backup.split() == ["OPENAI_BASE_URL=http://127.0.0.1:11434/v1", "GROQ_CORE_OPENAI_MODEL=llama3.2"]
    said = await checkout.run(
        f"{backup.replace('http://127.0.0.1:11434/v1', simulator.openai_url)} groq-core doctor || true"
    )
    assert "llama3.2" in said

    (read,) = [step for step in steps if step.startswith("curl")]
    shutil.copy(checkout.folder / "invoice.schema.json", checkout.folder / "schema.json")
    assert '"data"' in await checkout.run(f"{read} http://127.0.0.1:7860/v1/extract")


def sentences(section: str) -> str:
    """A section of the README without its blocks."""
    parts = re.split(r"^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.M)
    (found,) = [part for part in parts if part.startswith(f"{section}\n")]
    return re.sub(r"^```.*?^```", "", found, flags=re.M | re.S)


async def test_steps_of_a_team_within_sentences_run(checkout: Checkout) -> None:
    """The commands, addresses and settings that its sentences name; each of what a list has with ``--json``."""
    named = [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", sentences("A team"))]
    (extra,) = [one for one in named if one.startswith("pip install")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]["optional-dependencies"]
    assert extra == f"pip install '{project['project']['name']}[team]'"
    assert extras["team"] == [next(one for one in named if one.startswith("requirements-"))]

    database = {"GROQ_CORE_DATABASE": f"sqlite:///{checkout.folder}/steps.db"}
    await checkout.run("groq-core people add ann --role admin", database, words="correct horse\n")
    (workers,) = [one for one in named if one.startswith("GROQ_CORE_WORKERS=")]
    addresses = {one.removeprefix("GET ") for one in named if re.fullmatch(r"(GET )?/(ui/)?(admin|ready)", one)}
    assert addresses == {"/admin", "/ui/admin", "/ready"}
    lists = [one for one in named if re.match(r"(people|keys|admin) (?!limit|announce)", one)]
    assert len(lists) == 6
    port = free_port()
    # Two of them are several too; each costs seconds to start.
    serve = f"env {workers.replace('=4', '=2')} groq-core serve"
    async with checkout.serving(serve, port, **database) as running:
        await running.wait_for("groq-core is at ")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            assert (await http.post("/login", data={"name": "ann", "password": "correct horse"})).status_code == 303
            assert {one: (await http.get(one)).status_code for one in addresses} == dict.fromkeys(addresses, 200)
            http.cookies.clear()
            assert (await http.get("/ui/admin", auth=("ann", "correct horse"))).json()["database"] is True
            assert (await http.get("/ui/admin")).status_code == 401
        (limit,) = [one for one in named if one.startswith("people limit")]
        await checkout.run(f"groq-core {limit}", database)
        told = {one: json.loads(await checkout.run(f"groq-core {one} --json", database)) for one in lists}
        await checkout.run(
            f"groq-core {next(one for one in named if one.endswith('announce'))} 'Closed on Monday'", database
        )
        (backup, restore) = [one for one in named if one.endswith(" FILE")]
        assert "rows" in await checkout.run(f"groq-core {backup.replace('FILE', 'steps.backup')}", database)
    assert "ann" in str(told["people list"])
    assert "@lab" in str(told["admin audit"])
    other = {"GROQ_CORE_DATABASE": f"sqlite:///{checkout.folder}/restored.db"}
    await checkout.run(f"groq-core {restore.replace('FILE', 'steps.backup')}", other)
    assert json.loads(await checkout.run("groq-core people list --json", other)) == told["people list"]


def test_every_block_of_the_documents_is_tried_here() -> None:
    """A block that is added to them is run here too: some text of the tests above is how it begins."""
    source = Path(__file__).read_text("utf-8").partition("def test_every_block")[0]
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    beginnings = tuple(text for text in texts if isinstance(text, str) and len(text) >= 9)

    assert [one for one in BLOCKS if not one.startswith(beginnings)] == []


async def test_ctrl_c_ends_it_without_a_trace(served: Program) -> None:
    """The last of the story: the server of all the others."""
    assert await served.end(signal.SIGINT) in (0, 2, 130, -signal.SIGINT), (
        "make has a status of its own for an interrupt"
    )
    assert "Traceback" not in served.said
    assert " error " not in served.said
