"""
What comes out of the services beside what stands in their input: rows, repeats, places, tokens.

    python -m benchmarks services

The model is a script on loopback that reads what it is shown without a mistake and writes it down as models do: bare,
in a fence with words around it, after its thoughts, with a comma too many. So what is lost or doubled was lost or
doubled by whoever asked, and what is asked twice was paid for twice. Ours cuts long documents into parts; Instructor
sends each whole, as its documentation does.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import random
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import PEERS, PeerMissingError, environment, peer_python
from benchmarks.rows import Bench, Row
from groq_core.compose import Core, assemble
from groq_core.services.batch import BatchRun, LineSource, LineTemplate, Recipe, Sink, answerers, write_table
from groq_core.services.extraction import ExtractionOptions, Extractor
from groq_core.settings.settings import Settings

MODEL: Final = "openai/gpt-oss-120b"
LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d) \| (\w+) \| (\d+\.\d\d) EUR")
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"day": {"type": "string"}, "what": {"type": "string"}, "price": {"type": "number"}},
                "required": ["day", "what", "price"],
            },
        }
    },
    "required": ["rows"],
}
FORMS: Final = (
    "{}",
    "Here is the JSON:\n```json\n{}\n```\nIs there anything else?",
    "<think>Perhaps {{}}? No.</think>\n{}",
    "{}",
)


class Script(BaseHTTPRequestHandler):
    """The model; counts what it is sent and what it writes, four bytes to a token."""

    asked = 0
    tokens = 0

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": MODEL, "object": "model", "active": True}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        shown = body["messages"][-1]["content"] if len(body["messages"]) < 4 else body["messages"][-3]["content"]
        sent = sum(len(json.dumps(message)) for message in body["messages"]) // 4
        text = self._answer(body["messages"], shown)
        Script.asked += 1
        Script.tokens += sent + len(text) // 4
        usage = {"prompt_tokens": sent, "completion_tokens": len(text) // 4, "total_tokens": sent + len(text) // 4}
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        ident = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL}
        self._send({**ident, "choices": [choice], "usage": usage})

    def _answer(self, messages: list[dict[str, Any]], shown: str) -> str:
        if not LINE.search(shown):
            return f"re {shown}"
        rows = [{"day": day, "what": what, "price": float(price)} for day, what, price in LINE.findall(shown)]
        written = json.dumps({"rows": rows})
        number = len(rows) + len(messages)
        if number % 4 == 3:
            written = written[:-2] + ",]}"
        return FORMS[number % 4].format(written)

    def _send(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def scripted() -> Iterator[str]:
    """Serve the model; gives its host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def documents(many: int) -> list[str]:
    """Statements of 5 to 120 lines, in which many lines are equal."""
    chance = random.Random(7)
    found = []
    for number in range(many):
        lines = [f"Statement {number}"]
        for _ in range(chance.randint(5, 120)):
            day, what = f"2026-03-0{chance.randint(1, 3)}", chance.choice(["Fee", "Rent", "Coffee"])
            lines.append(f"{day} | {what} | {chance.choice(['10.00', '12.50'])} EUR")
        found.append("\n".join(lines) + "\n")
    return found


def truth(text: str) -> list[dict[str, Any]]:
    return [{"day": day, "what": what, "price": float(price)} for day, what, price in LINE.findall(text)]


async def services(bench: Bench) -> list[Row]:
    """Rows of extraction, ours and a peer's, and of a table that is edited between two runs."""
    texts = documents(bench.times(30, 8))
    with scripted() as host:
        settings = Settings.from_env({"GROQ_API_KEY": "gsk_bench", "GROQ_BASE_URL": host, "GROQ_CORE_CACHE_SIZE": "0"})
        async with assemble(settings) as core:
            own = await ours(core, texts)
            table = await edited(core, bench.times(200, 40))
        theirs = [await asyncio.to_thread(instructor, texts, host, mode) for mode in ("JSON", "MD_JSON")]
    peer_notes = ", ".join(f"{mode} {right:.0f} % at {tokens:,} tokens" for mode, right, tokens in theirs)
    best = max(right for _, right, _ in theirs)
    least = min(tokens for _, right, tokens in theirs if right == best)
    return [
        Row("statements whose every row is right", own[0], "%", "Instructor", 100, at_most=False, detail=peer_notes),
        Row(
            "rows that point to their own line", own[1], "%", "–", 99, at_most=False, detail="Instructor has no places"
        ),
        Row("tokens a statement", own[2] / len(texts), "", "Instructor", detail=f"{least / len(texts):.0f}"),
        Row("rows beside their own answer after edits", table[0], "%", "–", 100, at_most=False),
        Row("questions asked twice after edits", table[1], "", "–", 0),
    ]


async def ours(core: Core, texts: list[str]) -> tuple[float, float, int]:
    """Percent of documents right, percent of rows at their own line, and tokens."""
    before = Script.tokens
    extractor = Extractor(core.handle, ExtractionOptions(model=MODEL, chunk_chars=2_000))
    right = placed = rows = 0
    for text in texts:
        found = await extractor.extract_detailed(text, SCHEMA)
        right += found.data["rows"] == truth(text)
        starts = [match.start() for match in LINE.finditer(text)]
        for place, start in enumerate(starts):
            span = found.spans.get(("rows", place, "day"))
            placed += span is not None and span.start == start
            rows += 1
    return 100 * right / len(texts), 100 * placed / rows, Script.tokens - before


def instructor(texts: list[str], host: str, mode: str) -> tuple[str, float, int]:
    """The same by Instructor."""
    before = Script.tokens
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.json"
        path.write_text(json.dumps(texts))
        command = [peer_python("instructor"), str(PEERS / "instructor_extract.py"), str(path), f"{host}/v1", mode]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise PeerMissingError(f"Instructor ended with {done.returncode}: {done.stderr[-200:]}")
    found = json.loads(done.stdout)
    right = sum(rows == truth(text) for rows, text in zip(found, texts, strict=True))
    return mode, 100 * right / len(texts), Script.tokens - before


async def edited(core: Core, many: int) -> tuple[float, int]:
    """A table of which a tenth is deleted, a tenth changed and a tenth inserted, and the rest sorted anew."""
    chance = random.Random(3)
    rows = [f"row {number}" for number in range(many)]
    tenth = many // 10
    after = [
        *rows[tenth:-tenth],
        *(f"changed {number}" for number in range(tenth)),
        *(f"new {n}" for n in range(tenth)),
    ]
    chance.shuffle(after)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, first = Script.asked, 0
        for stage in (rows, after):
            path = folder / "in.csv"
            path.write_text("text\n" + "\n".join(stage) + "\n")
            source = LineSource(path, Recipe(template=LineTemplate("{text}"), model=MODEL))
            with Sink(folder / "out.jsonl") as sink:
                await BatchRun(source, sink, answerers(core.handle)).run()
            first = first or Script.asked - before
        table = io.StringIO()
        write_table(source, folder / "out.jsonl", table)
        answers = [row["answer"] for row in csv.DictReader(io.StringIO(table.getvalue()))]
    right = sum(answer == f"re {text}" for answer, text in zip(answers, after, strict=True))
    return 100 * right / len(after), Script.asked - before - first - 2 * tenth
