"""
`/health` while every parser is fed what it finds hardest: `python -m benchmarks.bombs`, about a minute.

Prints a line for each bomb: what was answered and after how long, how long `/health` took meanwhile, and how much of
that was of the server's own making (see :mod:`benchmarks.health`). Passes when that is never more than 50 ms, and no
answer is a 5xx without its name.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from benchmarks.health import Health, busy, control, share, watching
from benchmarks.processes import Process, free_port, run_server
from tests.doors.bombs import Bomb, bombs
from tests.doors.broken import nestings

PROMISED_S = 0.05
MEANT = {503, 507}


@dataclass(frozen=True, slots=True)
class Fed:
    """What one bomb did."""

    name: str
    status: int
    took: float
    health: Health


def feed(url: str, process: int, beside: tuple[str, int], corpus: Iterable[Bomb]) -> list[Fed]:
    """
    Send one bomb after the other, with `/health` asked meanwhile.

    Args:
        url: Of the server, without a slash at its end.
        process: The server's number.
        beside: The control's address and number.
        corpus: Names, paths and bodies.
    """
    sent = []
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as http, watching(url, process, beside) as health:
        page = {"x-groq-core-page": http.get("/ui/pass").json()["pass"], "content-type": "application/json"}
        for name, path, data in corpus:
            began = time.monotonic()
            status = http.post(f"/{path}", content=data, headers=page).status_code
            sent.append((f"{name} to {path}", status, began, time.monotonic()))
    return [Fed(name, status, ended - began, health.between(began, ended)) for name, status, began, ended in sent]


def everything() -> Iterator[Bomb]:
    """The parsers' bombs, and what readers of JSON, names and words find hard."""
    for name, path, data in bombs():
        yield name, f"ui/{path}", data
    for number, body in enumerate(nestings()):
        for path in ("v1/chat/completions", "v1/responses", "v1/extract", "gradio_api/queue/join"):
            yield f"nested JSON {number + 1}", path, body
    yield "NUL in a name", "ui/document?name=a%00.docx", b"PK\x03\x04" * 1000
    for name, text in HARD_WORDS.items():
        said = {"messages": [{"role": "user", "content": text}]}
        yield f"{name} as a question", "v1/chat/completions", json.dumps(said).encode()
        schema = {"type": "object", "properties": {"a": {"type": "string"}, "total": {"type": "number"}}}
        yield f"{name} as a text", "v1/extract", json.dumps({"text": text, "schema": schema}).encode()


HARD_WORDS = {
    "spaces": "total" + " " * 60_000 + "!",
    "brackets": "(" * 60_000,
    "digits": "1" * 60_000 + "!",
    "commas between digits": "1," * 30_000,
    "no end of a sentence": "summary: " + "a " * 30_000,
    "signs of Markdown": "*_`[" * 15_000,
    "tags": "<a " * 20_000,
    "quotes": "say \"'" * 12_000,
}
"""What backtracking expressions find hard."""


def line_of(fed: Fed) -> str:
    took, own = fed.health.took(), fed.health.own()
    return (
        f"| {fed.name} | {fed.status} | {fed.took:.2f} s | {1e3 * share(took, 0.5):.0f} ms | {1e3 * took[-1]:.0f} ms "
        f"| {1e3 * own[-1]:.0f} ms |"
    )


def judge(found: Sequence[Fed]) -> list[str]:
    """What must not be, in words."""
    wrong = [f"{one.name}: {one.status}" for one in found if one.status >= 500 and one.status not in MEANT]
    longest = {one.name: one.health.own()[-1] for one in found}
    return wrong + [
        f"{name}: /health held up for {1e3 * own:.0f} ms" for name, own in longest.items() if own > PROMISED_S
    ]


async def run() -> bool:
    """Print the table; returns whether everything held."""
    port = free_port()
    if note := busy():
        print(note)
    with tempfile.TemporaryDirectory() as folder, control() as beside:
        env = {"GRADIO_SERVER_PORT": str(port), "GROQ_CORE_STATE_DIR": folder, "GROQ_CORE_LOG_LEVEL": "error"}
        async with run_server([sys.executable, "app.py"], "/", port=port, **env) as server:
            found = await asyncio.to_thread(_feed_all, server, beside)
    print("| fed | answered | after | /health, median | longest | of its own making |\n|---|---|---|---|---|---|")
    for one in found:
        print(line_of(one))
    wrong = judge(found)
    for line in wrong:
        print(f"BROKEN: {line}")
    if not wrong:
        print(f"held: /health within {1e3 * PROMISED_S:.0f} ms while any of them is fed")
    return not wrong


def _feed_all(server: Process, beside: tuple[str, int]) -> list[Fed]:
    # What the first of all costs is loading what it is read with.
    feed(server.url, server.popen.pid, beside, list(everything())[:1])
    return feed(server.url, server.popen.pid, beside, everything())


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run()) else 1)
