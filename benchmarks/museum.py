"""
The museum's programs against this server and against LiteLLM's proxy: `python -m benchmarks museum`, and with each
program's outcome `python -m benchmarks.museum`.

Both stand before the same simulated providers, of which Groq answers each program's first question with 429 and the
next with 404. What a program needs beside the SDKs comes from the environments that `make clients` builds.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.processes import LITELLM, PEERS, Process, free_port, peer_python, run_server
from benchmarks.rows import Bench, Row
from groq_core.simulator import Fault, Simulator
from tests.clients.where import python_with
from tests.museum.museum import NAMES, NEEDS, Outcome, run

FAULTS = ("429_tpm", "404_model")
OURS = "groq-core"


async def visit(server: Process, simulator: Simulator, picture: Path, wire: str) -> list[Outcome]:
    """Run every program against a server; one whose package is nowhere is told so."""
    outcomes = []
    for name in NAMES:
        python = python_with(NEEDS[name]) if name in NEEDS else Path(sys.executable)
        if python is None:
            outcomes.append(Outcome(name, f"{NEEDS[name]} is not installed: make clients"))
            continue
        simulator.faults.clear()
        for preset in FAULTS:
            simulator.faults.add(Fault(kind="status", preset=preset, provider="groq", times=1))
        outcomes.append(await run(name, python, server.url, picture, wire))
        print(f"{server.url} {name}: {outcomes[-1].problem.strip().splitlines()[-1:] or 'works'}", flush=True)
    return outcomes


async def compare(folder: Path) -> dict[str, list[Outcome]]:
    picture = folder / "red.png"
    Image.new("RGB", (64, 48), "red").save(picture)
    found: dict[str, list[Outcome]] = {}
    async with Simulator(pace=0, limits="off", seed=1) as simulator:
        port = free_port()
        env = {
            "GRADIO_SERVER_PORT": str(port),
            "GROQ_API_KEY": "gsk_bench",
            "GROQ_BASE_URL": simulator.groq_url,
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": simulator.openai_url,
            "GROQ_CORE_COOLDOWN": "1",
        }
        async with run_server([sys.executable, "app.py"], "/health", port=port, **env) as ours:
            found[OURS] = await visit(ours, simulator, picture, "/openai/v1")
        port = free_port()
        command = [str(Path(peer_python()).with_name("litellm")), "--config", str(PEERS / "litellm_museum.yaml")]
        command += ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1", "--telemetry", "False"]
        env = LITELLM | {"BENCH_GROQ": f"{simulator.groq_url}/openai/v1", "BENCH_OPENAI": simulator.openai_url}
        # What comes under /openai it passes on to OpenAI; here that is Groq, whose paths those are.
        env["OPENAI_API_BASE"] = f"{simulator.groq_url}/openai"
        async with run_server(command, "/health/liveliness", port=port, **env) as theirs:
            found["LiteLLM's proxy"] = await visit(theirs, simulator, picture, "/v1")
    return found


async def museum(bench: Bench) -> list[Row]:
    """How many of the programs run unchanged, here and in front of LiteLLM's proxy."""
    with tempfile.TemporaryDirectory() as folder:
        found = await compare(Path(folder))
    rows = []
    for server, outcomes in found.items():
        failed = [one.name for one in outcomes if one.problem]
        rows.append(
            Row(
                f"programs for Groq with ids that are dead, asked into 429 and 404, that run unchanged: {server}",
                float(len(outcomes) - len(failed)),
                f"of {len(outcomes)}",
                "all of them" if server == OURS else "",
                float(len(outcomes)) if server == OURS else None,
                at_most=False,
                detail=f"not: {', '.join(failed)}" if failed else "",
            )
        )
    return rows


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(compare(Path(folder)))
    print("\n| program | " + " | ".join(found) + " |\n|---|" + "---|" * len(found))
    for place, name in enumerate(NAMES):
        told = ["works" if not outcomes[place].problem else "**no**" for outcomes in found.values()]
        print(f"| `{name}` | {' | '.join(told)} |")
    for server, outcomes in found.items():
        print(f"{server}: {sum(not one.problem for one in outcomes)} of {len(outcomes)}")
    return int(any(one.problem for one in found[OURS]))


if __name__ == "__main__":
    sys.exit(main())
