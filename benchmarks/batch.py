"""
Many lines against limits: how much of the allowed rate a batch uses, how often it is refused, what a kill costs it.

    python -m benchmarks.batch [--lines 20000] [--scale 150] [--kills 3] [--cookbook SCRIPT]

The simulator stands in a process of its own with the free plan's limits times ``--scale``; one request in ten meets
a fault (503, 500, an empty answer). Every 429 is counted there, as it leaves. Each competitor starts with full
buckets and gets the same lines:

* ``groq_core``: ``python -m groq_core batch``, first without and then with SIGKILL at random moments.
* ``openai SDK``: workers on one AsyncOpenAI client with its own retries, as most scripts do it.
* ``cookbook``: the OpenAI cookbook's ``api_request_parallel_processor.py``, where a copy is named. It is told the
  limits it cannot find out, and counts tokens as we do, since its tokenizer would have to be downloaded.

Used is the share of the tokens that the limits allowed between a competitor's first and last request: a full
bucket at the start and its refill since.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import uvicorn
from openai import AsyncOpenAI, OpenAIError

from groq_core.plans import LIMITS
from groq_core.simulator import Fault, Simulator

MODEL = "openai/gpt-oss-20b"
PROMPT = "Tell me what you know about the number {number}, in the light of what follows. " + "A plain sentence. " * 80
ANSWER_TOKENS = 40
FAULTS = (("503_over_capacity", 0.4), ("500", 0.3), (None, 0.3))
"""What a fault is, and its share of them all; None is an empty answer."""

WORKERS = 64
SOURCE = Path(__file__).resolve().parents[1]


@dataclass
class Counts:
    """What the simulator saw since the last reset."""

    statuses: Counter[int] = field(default_factory=Counter)
    tokens: int = 0
    elsewhere: int = 0
    refused_by: Counter[str] = field(default_factory=Counter)
    first: float = 0.0
    last: float = 0.0


class Counting:
    """The simulator as an application that counts what it answers; ``/_count`` tells and resets."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.counts = Counts()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/_count":
            told, self.counts = self.counts, Counts()
            body = json.dumps(vars(told)).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})
            return
        counted = scope["path"].endswith("/chat/completions")
        parts: list[bytes] = []
        status = 0

        async def counting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            parts.append(message.get("body", b""))
            await send(message)

        if counted:
            self.counts.first = self.counts.first or time.time()
            self.counts.last = time.time()
        await self.app(scope, receive, counting)
        if counted:
            self.counts.statuses[status] += 1
            if status == 429:
                self.counts.refused_by[b"".join(parts).decode().partition("(")[2].partition(")")[0]] += 1
            if status == 200 and (body := b"".join(parts)).strip():
                answer = json.loads(body)
                if answer["model"] == MODEL:
                    self.counts.tokens += answer["usage"]["total_tokens"]
                else:
                    self.counts.elsewhere += 1


def serve(scale: float, pace: float, faulty: float, told: Connection) -> None:
    """The simulator's process."""

    async def run() -> None:
        simulator = Simulator(limits="free", limits_scale=scale, pace=pace, seed=7)
        for preset, share in FAULTS if faulty else ():
            kind: Any = "status" if preset else "empty"
            simulator.faults.add(Fault(kind=kind, preset=preset, operation="chat", probability=share * faulty))
        server = uvicorn.Server(
            uvicorn.Config(Counting(simulator.app), port=0, log_level="error", access_log=False, lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.05)
        told.send(server.servers[0].sockets[0].getsockname()[1])
        await serving

    asyncio.run(run())


class Upstream:
    """The simulator as the competitors and this process see it."""

    def __init__(self, port: int, scale: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.scale = scale

    def reset(self) -> None:
        """Full buckets and counters at zero."""
        urlopen(Request(f"{self.url}/_simulator/limits", method="DELETE")).read()
        self.counts()

    def counts(self) -> dict[str, Any]:
        with urlopen(f"{self.url}/_count") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def used(self, counts: dict[str, Any]) -> tuple[float, str]:
        """Share of what the limits allowed, by the limit that binds first."""
        limits = LIMITS[MODEL][0]
        minutes = 1 + (counts["last"] - counts["first"]) / 60
        answered = counts["statuses"].get("200", 0) - counts["elsewhere"]
        shares = {
            "TPM": counts["tokens"] / ((limits.tpm or 1) * self.scale * minutes),
            "RPM": answered / ((limits.rpm or 1) * self.scale * minutes),
        }
        binding = max(shares, key=lambda name: shares[name])
        return shares[binding], binding


def written(path: Path) -> list[str]:
    """The custom ids of the whole lines of an output."""
    with path.open("rb") as file:
        return [json.loads(line)["custom_id"] for line in file if line.endswith(b"\n")]


def ours(upstream: Upstream, folder: Path, name: str, kills: int, lines: int) -> list[str]:
    """Run our batch to its end, killed on the way as often as wanted."""
    output = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "groq_core", "batch", "in.jsonl", output.name, "--model", f"groq:{MODEL}"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(SOURCE),
        "GROQ_API_KEY": "gsk_bench",
        "GROQ_BASE_URL": upstream.url,
    }
    moments = sorted(random.Random(lines).sample(range(lines // 10, lines * 9 // 10), kills))
    with (folder / f"{name}.log").open("wb") as log:
        for moment in [*moments, None]:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
            while process.poll() is None:
                time.sleep(0.2)
                if moment is not None and output.exists() and len(written(output)) >= moment:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    print(f"  killed after {len(written(output))} lines", flush=True)
    return written(output)


async def sdk(upstream: Upstream, source: Path) -> list[str]:
    """A pool of workers on the OpenAI SDK, with the retries it brings."""
    done: list[str] = []
    lines = iter(source.read_text().splitlines())
    async with AsyncOpenAI(api_key="gsk_bench", base_url=f"{upstream.url}/openai/v1", max_retries=5) as client:

        async def work() -> None:
            for line in lines:
                asked = json.loads(line)
                try:
                    await client.chat.completions.create(**asked["body"])
                except OpenAIError:
                    continue
                done.append(asked["custom_id"])

        await asyncio.gather(*(work() for _ in range(WORKERS)))
    return done


def cookbook(upstream: Upstream, folder: Path, script: Path, source: Path) -> list[str]:
    """Run the cookbook's script, with a stand-in for its tokenizer that counts bytes over four."""
    stand_in = folder / "stand_in"
    stand_in.mkdir()
    (stand_in / "tiktoken.py").write_text(
        "class _E:\n    def encode(self, t): return range(len(t) // 4)\ndef get_encoding(n): return _E()\n"
    )
    asked = folder / "cookbook.jsonl"
    with source.open() as lines, asked.open("w") as out:
        for line in lines:
            value = json.loads(line)
            out.write(json.dumps({**value["body"], "metadata": {"id": value["custom_id"]}}) + "\n")
    output = folder / "cookbook_out.jsonl"
    limits = LIMITS[MODEL][0]
    subprocess.run(
        [
            sys.executable,
            str(script),
            f"--requests_filepath={asked}",
            f"--save_filepath={output}",
            f"--request_url={upstream.url}/v1/chat/completions",
            "--api_key=gsk_bench",
            f"--max_requests_per_minute={(limits.rpm or 1) * upstream.scale}",
            f"--max_tokens_per_minute={(limits.tpm or 1) * upstream.scale}",
            "--logging_level=50",
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(stand_in)},
        check=True,
        stderr=subprocess.DEVNULL,
    )
    with output.open() as rows:
        return [row[2]["id"] for row in map(json.loads, rows) if isinstance(row[1], dict)]


def told(name: str, upstream: Upstream, ids: list[str], expected: int, seconds: float) -> None:
    """Print one row of the table."""
    counts = upstream.counts()
    share, limit = upstream.used(counts)
    statuses = counts["statuses"]
    faults = sum(number for status, number in statuses.items() if status not in ("200", "429"))
    a_minute = 60 * statuses.get("200", 0) / max(1e-9, counts["last"] - counts["first"])
    refused = ", ".join(f"{number} × 429 ({why})" for why, number in counts["refused_by"].items()) or "0 × 429"
    print(
        f"{name:<18} {len(set(ids)):>6} of {expected}, {len(ids) - len(set(ids))} doubled; {a_minute:.0f}/min, "
        f"{share:.1%} of {limit}; {refused}; {faults} refused by faults; {counts['elsewhere']} by other models; "
        f"{seconds:.0f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a batch against limits and faults.")
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--scale", type=float, default=150.0, help="of the free plan's limits")
    parser.add_argument("--pace", type=float, default=4.0, help="of the simulated models; 0 is as fast as it goes")
    parser.add_argument("--faults", type=float, default=0.1, help="share of requests that meet one")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--cookbook", type=Path, help="a copy of api_request_parallel_processor.py")
    parser.add_argument("--only", choices=("ours", "kills", "sdk", "cookbook"))
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(args.scale, args.pace, args.faults, there)
    )
    process.start()
    upstream = Upstream(here.recv(), args.scale)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = folder / "in.jsonl"
            with source.open("w") as file:
                for number in range(args.lines):
                    body = {
                        "model": MODEL,
                        "messages": [{"role": "user", "content": PROMPT.format(number=number)}],
                        "max_completion_tokens": ANSWER_TOKENS,
                    }
                    line = {"custom_id": f"q{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
                    file.write(json.dumps(line) + "\n")
            rows: dict[str, tuple[str, Callable[[], list[str]]]] = {
                "ours": ("groq_core", lambda: ours(upstream, folder, "whole", 0, args.lines)),
                "kills": ("groq_core, killed", lambda: ours(upstream, folder, "killed", args.kills, args.lines)),
                "sdk": (f"openai SDK × {WORKERS}", lambda: asyncio.run(sdk(upstream, source))),
            }
            if args.cookbook:
                rows["cookbook"] = ("cookbook", lambda: cookbook(upstream, folder, args.cookbook, source))
            for key, (title, run) in rows.items():
                if args.only in (None, key):
                    upstream.reset()
                    began = time.monotonic()
                    ids = run()
                    told(title, upstream, ids, args.lines, time.monotonic() - began)
                    if key in ("ours", "kills"):
                        log = folder / ("whole.log" if key == "ours" else "killed.log")
                        print("  " + log.read_text().strip().splitlines()[-1][:300], flush=True)
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
