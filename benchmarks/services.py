"""
What comes out of the services beside what stands in their input: rows, repeats, places, tokens, money.

    python -m benchmarks services

The model is a script on loopback that reads what it is shown without a mistake and writes it down as models do: bare,
in a fence with words around it, after its thoughts, with a comma too many. So what is lost or doubled was lost or
doubled by whoever asked, and what is asked twice was paid for twice. Ours cuts long documents into parts; Instructor
and Curator send each whole, as their documentation does. The thirty documents are those of the tests, in five
languages, in which the place of every value is marked.
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
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import PEERS, ROOT, PeerMissingError, environment, peer_python
from benchmarks.rows import Bench, Row
from groq_core.compose import Core, assemble
from groq_core.events import Usage
from groq_core.models.pricing import cost_usd
from groq_core.models.registry import MODELS
from groq_core.services.batch import BatchRun, LineSource, LineTemplate, Recipe, Sink, answerers, write_table
from groq_core.services.extraction import ExtractionOptions, Extractor
from groq_core.services.extraction.spans import SourceText
from groq_core.settings.settings import Settings
from tests.services.placed import all_documents

MODEL: Final = "openai/gpt-oss-120b"
PRICED: Final = MODELS[f"groq:{MODEL}"]
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

    counting = threading.Lock()
    asked = 0
    tokens = 0
    usd = 0.0

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": MODEL, "object": "model", "active": True}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not body["messages"]:
            # Curator asks for the limits in this way.
            self._send({"error": {"message": "messages is empty", "type": "invalid_request_error"}}, 400)
            return
        shown = body["messages"][-1]["content"] if len(body["messages"]) < 4 else body["messages"][-3]["content"]
        sent = sum(len(json.dumps(message)) for message in body["messages"]) // 4
        text = self._answer(body["messages"], shown)
        with Script.counting:
            Script.asked += 1
            Script.tokens += sent + len(text) // 4
            Script.usd += cost_usd(PRICED, Usage(prompt_tokens=sent, completion_tokens=len(text) // 4)) or 0.0
        usage = {"prompt_tokens": sent, "completion_tokens": len(text) // 4, "total_tokens": sent + len(text) // 4}
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        ident = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL}
        self._send({**ident, "choices": [choice], "usage": usage})

    def _answer(self, messages: list[dict[str, Any]], shown: str) -> str:
        if not LINE.search(shown):
            # What Curator asks to see whether a model writes by a schema.
            return '{"name": "Jason", "age": 25}' if "Jason is 25 years old" in shown else f"re {shown}"
        rows = [{"day": day, "what": what, "price": float(price)} for day, what, price in LINE.findall(shown)]
        written = json.dumps({"rows": rows})
        number = len(rows) + len(messages)
        if number % 4 == 3:
            written = written[:-2] + ",]}"
        return FORMS[number % 4].format(written)

    def _send(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve_script() -> Iterator[str]:
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


@dataclass(frozen=True, slots=True)
class Spent:
    """What a side gave and took: per cent of the statements whose every row is right, tokens and dollars of all."""

    who: str
    right: float
    tokens: int
    usd: float

    def each(self, texts: list[str]) -> str:
        return (
            f"{self.who} {self.right:.0f} % at {self.tokens / len(texts):,.0f} tokens, "
            f"{self.usd / len(texts) * 1000:.2f} USD a thousand"
        )


async def services(bench: Bench) -> list[Row]:
    """Rows of extraction, ours and two peers', of thirty documents, and of a table that is edited between two runs."""
    texts = documents(bench.times(30, 8))
    with serve_script() as host:
        settings = Settings.from_env({"GROQ_API_KEY": "gsk_bench", "GROQ_BASE_URL": host, "GROQ_CORE_CACHE_SIZE": "0"})
        async with assemble(settings) as core:
            own, at_line = await ours(core, texts)
            before, after = edit(bench.times(200, 40))
            table = await edit_table(core, before, after)
        theirs = [
            await asyncio.to_thread(peer, texts, host)
            for peer in (instructor_json, instructor_markdown, curator_statements)
        ]
        again = await asyncio.to_thread(curator_rows, before, after, host)
    found, placed = thirty()
    best = max(side.right for side in theirs)
    least = min((side for side in theirs if side.right == best), key=lambda side: side.tokens)
    notes = "; ".join(side.each(texts) for side in theirs)
    many = len(texts)
    peers = "Instructor, Curator"
    return [
        Row("statements whose every row is right", own.right, "%", peers, 100, at_most=False, detail=notes),
        Row("rows that point to their own line", at_line, "%", "–", 99, at_most=False, detail="theirs have no places"),
        Row("tokens a statement", own.tokens / many, "", least.who, detail=f"{least.tokens / many:.0f}"),
        Row("a thousand statements", own.usd / many * 1000, "USD", least.who, detail=f"{least.usd / many * 1000:.2f}"),
        Row("values found in thirty documents", found, "%", "–", 99, at_most=False),
        Row("values at their own place there", placed, "%", "–", 99, at_most=False),
        Row("rows beside their own answer after edits", table[0], "%", f"Curator {again[0]:.0f} %", 100, at_most=False),
        Row("questions asked twice after edits", table[1], "", "Curator", 0, detail=str(again[1])),
    ]


def thirty() -> tuple[float, float]:
    """Per cent of the values of thirty documents that are found, and that are found where they are marked."""
    total = found = placed = 0
    for document in all_documents():
        spans = SourceText(document.text).spans(document.data)
        for path, places in document.places.items():
            span = spans[path]
            total += 1
            found += span is not None
            placed += span is not None and (span.start, span.end) in places
    return 100 * found / total, 100 * placed / total


async def ours(core: Core, texts: list[str]) -> tuple[Spent, float]:
    """What ours gave, and per cent of rows at their own line."""
    tokens, usd = Script.tokens, Script.usd
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
    spent = Spent("groq-core", 100 * right / len(texts), Script.tokens - tokens, Script.usd - usd)
    return spent, 100 * placed / rows


def instructor_json(texts: list[str], host: str) -> Spent:
    return _peer("Instructor (JSON)", texts, "instructor", ["instructor_extract.py"], [f"{host}/v1", "JSON"])


def instructor_markdown(texts: list[str], host: str) -> Spent:
    return _peer("Instructor (MD_JSON)", texts, "instructor", ["instructor_extract.py"], [f"{host}/v1", "MD_JSON"])


def curator_statements(texts: list[str], host: str) -> Spent:
    return _peer("Curator", texts, "curator", ["curator_extract.py", "extract"], [f"{host}/v1"])


def _peer(who: str, texts: list[str], name: str, script: list[str], rest: list[str]) -> Spent:
    """A peer over the same documents."""
    tokens, usd = Script.tokens, Script.usd
    found = _run(name, script, texts, rest)
    right = sum(rows == truth(text) for rows, text in zip(found, texts, strict=True))
    return Spent(who, 100 * right / len(texts), Script.tokens - tokens, Script.usd - usd)


def _run(name: str, script: list[str], given: object, rest: list[str]) -> Any:
    """
    Run a peer's program in its own environment.

    Raises:
        PeerMissingError: It cannot be installed, or broke.
    """
    quiet = {"TELEMETRY_ENABLED": "false", "CURATOR_DISABLE_RICH_DISPLAY": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.json"
        path.write_text(json.dumps(given))
        command = [peer_python(name), str(PEERS / script[0]), *script[1:], str(path), *rest]
        env = environment(**quiet)
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise PeerMissingError(f"{name} ended with {done.returncode}: {done.stderr[-200:]}")
    # What it says of itself comes before, and after.
    return next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))


def curator_rows(before: list[str], after: list[str], host: str) -> tuple[float, int]:
    """A table and its edited form by Curator, whose cache it may use; as :func:`edited`."""
    asked = Script.asked
    found = _run("curator", ["curator_extract.py", "rows"], [before, after], [f"{host}/v1"])
    right = sum(answer == f"re {text}" for answer, text in zip(found, after, strict=True))
    return 100 * right / len(after), Script.asked - asked - len(before) - len(set(after) - set(before))


def edit(many: int) -> tuple[list[str], list[str]]:
    """A table, and the same with a tenth deleted, a tenth changed and a tenth inserted, and the rest sorted anew."""
    chance = random.Random(3)
    rows = [f"row {number}" for number in range(many)]
    tenth = many // 10
    after = [
        *rows[tenth:-tenth],
        *(f"changed {number}" for number in range(tenth)),
        *(f"new {n}" for n in range(tenth)),
    ]
    chance.shuffle(after)
    return rows, after


async def edit_table(core: Core, rows: list[str], after: list[str]) -> tuple[float, int]:
    """Per cent of an edited table's rows that stand beside their own answer, and questions that were asked twice."""
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
    return 100 * right / len(after), Script.asked - before - first - len(set(after) - set(rows))
