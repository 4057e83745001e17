"""
Many lines against limits: how much of the allowed rate a batch uses, how often it is refused, what a kill costs it.

    python -m benchmarks batch           # ten minutes

The provider is the simulator with the free plan's limits scaled up; one request in ten meets a fault (503, 500, an
empty answer), and every 429 is counted where it leaves. Every competitor gets the same lines, and begins with full
buckets.

* First ours, ``python -m groq_core batch``, beside Bespoke Curator, at a rate that both can reach.
* Then ours alone: 20,000 lines, ended with SIGKILL at three random moments and begun again each time.

The share used is of the tokens that the limits allowed between a competitor's first and last request: a full bucket
at the start, and its refill since.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.limited import MODEL, Counts, Upstream, limits_of, run_upstream
from benchmarks.processes import PEERS, ROOT, PeerMissingError, environment, peer_python
from benchmarks.rows import Bench, Row

PROMPT = "Tell me what you know about the number {number}, in the light of what follows. " + "A plain sentence. " * 80
ANSWER_TOKENS = 40
MARK = 95.0
"""Percent of the allowed rate that should be used."""

SLOW, FAST = 50.0, 200.0
"""Scales of the free plan's limits: about 1000 and 4100 lines a minute."""

KILLS = 3
LOOK_EVERY_S = 0.5


async def batch(bench: Bench) -> list[Row]:
    """Rows of both runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with run_upstream(SLOW) as upstream:
            rows = beside(upstream, folder, bench.times(4000, 300))
        with run_upstream(FAST) as upstream:
            return rows + run_with_kills(upstream, folder, bench.times(20_000, 1500))


def beside(upstream: Upstream, folder: Path, many: int) -> list[Row]:
    """Ours and a peer, one after the other on the same provider."""
    source = write_lines(folder / "beside.jsonl", many)
    own, counts = count_answers(upstream, lambda: ours(upstream, source, folder / "ours.jsonl"))
    share = 100 * counts.share_used(upstream.scale)
    what = f"rate used, {many} lines"
    rows = [
        Row(what, share, "%", "what the limits allow", MARK, at_most=False, detail=wording(own, counts)),
        Row("refused for too high a rate", counts.refusals, "× 429", "none", 0),
    ]
    try:
        theirs, peer = count_answers(upstream, lambda: curator(upstream, source, folder / "curator.txt"))
    except (PeerMissingError, subprocess.CalledProcessError) as error:
        return [*rows, Row("Curator's rate", None, "", "", detail=str(error))]
    detail = f"Curator uses {100 * peer.share_used(upstream.scale):.1f} %: {wording(theirs, peer)}"
    rows.append(Row("lines a minute", counts.a_minute / peer.a_minute, "×", "Curator", 1, at_most=False, detail=detail))
    return rows


def run_with_kills(upstream: Upstream, folder: Path, many: int) -> list[Row]:
    """Ours, ended by force on the way; what counts is the union of what its runs wrote."""
    source = write_lines(folder / "killed.jsonl", many)
    moments = sorted(random.Random(many).sample(range(many // 10, many * 9 // 10), KILLS))
    ids, counts = count_answers(upstream, lambda: ours(upstream, source, folder / "union.jsonl", moments))
    wanted = {f"q{number}" for number in range(many)}
    wrong = len(wanted - set(ids)) + len(set(ids) - wanted) + len(ids) - len(set(ids))
    what = f"{many} lines, killed {KILLS} times"
    paid_twice = f"{counts.answers - len(ids)} answers paid for twice or empty"
    return [
        Row(
            f"{what}: lost, doubled or unknown",
            wrong,
            "lines",
            "none",
            0,
            detail=f"{wording(ids, counts)}, {paid_twice}",
        ),
        Row(
            f"{what}: rate used",
            100 * counts.share_used(upstream.scale),
            "%",
            "what the limits allow",
            MARK,
            at_most=False,
        ),
        Row(f"{what}: refused for too high a rate", counts.refusals, "× 429", "none", 0),
    ]


def count_answers(upstream: Upstream, run: Callable[[], list[str]]) -> tuple[list[str], Counts]:
    """The ids that were answered, and what the provider saw."""
    upstream.reset()
    ids = run()
    return ids, upstream.counts()


def wording(ids: list[str], counts: Counts) -> str:
    faults = sum(number for status, number in counts.statuses.items() if status not in ("200", "429"))
    limits = "".join(f" ({name})" for name in counts.refused_by)
    return (
        f"{len(set(ids))} answered, {counts.a_minute:.0f} a minute, {counts.refusals} × 429{limits}, {faults} refused "
        f"by faults"
    )


def write_lines(path: Path, many: int) -> Path:
    """A file of batch lines."""
    with path.open("w") as file:
        for number in range(many):
            body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": PROMPT.format(number=number)}],
                "max_completion_tokens": ANSWER_TOKENS,
            }
            line = {"custom_id": f"q{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
            file.write(json.dumps(line) + "\n")
    return path


def ours(upstream: Upstream, source: Path, output: Path, moments: list[int] | None = None) -> list[str]:
    """Run our batch to its end, killed on the way when it has written so many lines."""
    command = [sys.executable, "-m", "groq_core", "batch", str(source), str(output), "--model", f"groq:{MODEL}"]
    settings = environment(GROQ_API_KEY="gsk_bench", GROQ_BASE_URL=upstream.url)
    for moment in [*(moments or []), None]:
        process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None:
            time.sleep(LOOK_EVERY_S)
            if moment is not None and output.exists() and output.read_bytes().count(b"\n") >= moment:
                process.send_signal(signal.SIGKILL)
                process.wait()
    with output.open("rb") as file:
        return [json.loads(line)["custom_id"] for line in file]


def curator(upstream: Upstream, source: Path, output: Path) -> list[str]:
    """
    Bespoke Curator on the same lines.

    Raises:
        PeerMissingError: It cannot be installed.
        CalledProcessError: It broke.
    """
    limits = limits_of(upstream.scale)
    command = [peer_python("curator"), str(PEERS / "curator_batch.py"), str(source), str(output)]
    command += [f"{upstream.url}/openai/v1", str(limits.rpm), str(limits.tpm)]
    quiet = {"TELEMETRY_ENABLED": "false", "CURATOR_DISABLE_RICH_DISPLAY": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run(
        command, cwd=ROOT, env=environment(**quiet), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return output.read_text().split()
