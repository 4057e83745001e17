"""What only a process of its own can show: Ctrl-C ends cleanly, and SIGKILL loses nothing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from groq_core.simulator import Fault, Simulator

pytestmark = pytest.mark.usefixtures("forks")


async def start(folder: Path, simulator: Simulator, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "groq_core",
        *args,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "GROQ_API_KEY": "gsk_test",
            "GROQ_BASE_URL": simulator.groq_url,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def prompts(path: Path, count: int) -> None:
    lines = (json.dumps({"custom_id": f"q{n}", "prompt": f"Say {n}"}) + "\n" for n in range(count))
    path.write_text("".join(lines))


def ids(path: Path) -> list[str]:
    """The ids of the whole lines; the last one may be torn."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line)["custom_id"] for line in text.split("\n")[:-1]]


async def until_lines(path: Path, count: int) -> None:
    async with asyncio.timeout(60):
        while True:
            if len(ids(path)) >= count:
                return
            await asyncio.sleep(0.01)


async def test_a_killed_batch_goes_on_and_nothing_is_lost_or_doubled(tmp_path: Path, simulator: Simulator) -> None:
    count = 600
    prompts(tmp_path / "in.jsonl", count)
    simulator.faults.add(Fault(kind="status", preset="503_over_capacity", operation="chat", probability=0.05))
    simulator.faults.add(Fault(kind="cut", operation="chat", probability=0.05))
    args = ("batch", "in.jsonl", "out.jsonl", "--max-tokens", "8")
    output = tmp_path / "out.jsonl"

    killed = await start(tmp_path, simulator, *args)
    await until_lines(output, random.randrange(20, 400))
    killed.kill()
    await killed.communicate()
    before = set(ids(output))
    again = await start(tmp_path, simulator, *args)
    told, _ = await again.communicate()

    assert (killed.returncode, again.returncode) == (-signal.SIGKILL, 0)
    assert sorted(ids(output)) == sorted(f"q{n}" for n in range(count))
    assert before
    assert json.loads(told)["resumed"] == len(before)


async def test_ctrl_c_ends_a_batch_with_status_130(tmp_path: Path, simulator: Simulator) -> None:
    prompts(tmp_path / "in.jsonl", 5000)
    output = tmp_path / "out.jsonl"

    process = await start(tmp_path, simulator, "batch", "in.jsonl", "out.jsonl", "--max-tokens", "8")
    await until_lines(output, 5)
    process.send_signal(signal.SIGINT)
    told, remarks = await process.communicate()

    assert process.returncode == 130
    summary = json.loads(told)
    assert 0 < summary["done"] < 5000
    assert remarks.endswith(b"interrupted\n")
    assert b"Traceback" not in remarks
    assert output.read_bytes().endswith(b"}\n")


async def test_simulate_serves_until_it_is_interrupted(tmp_path: Path, simulator: Simulator) -> None:
    process = await start(tmp_path, simulator, "simulate", "--port", "0")
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await writer.wait_closed()
    process.send_signal(signal.SIGINT)
    await process.communicate()

    assert process.returncode == 130
