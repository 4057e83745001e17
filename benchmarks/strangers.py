"""
Many strangers at once, each with a mark of his own: `python -m benchmarks.strangers [--seconds 300]`.

500 streams of the API and 200 sessions of the page ask again and again for the time given; a tenth of them read
slowly, a tenth leave in the middle, and one in twenty of the model's answers fails, one way or another. Passes when
every answer is its asker's, whole or honestly broken, and memory is flat after the first quarter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from benchmarks.load import openai_text, page_pass, page_text
from benchmarks.loopback import answer_requests, json_response
from benchmarks.processes import free_port, run_server
from tests.serving import listening

MARK = re.compile(r"mark-[a-z0-9]+")
WORDS = 40
PACE_S = 0.02
FAULTS = 0.05
SLOW, LEAVES = 0.1, 0.1
FLAT = 1.1
"""Memory at the end, as a multiple of that after the first quarter."""

GRACE_S = 60.0


def text_of(mark: str) -> str:
    """What the model answers to a mark: nothing in it could be somebody else's."""
    return "".join(f"{mark}/{number} " for number in range(WORDS))


# ── the model ────────────────────────────────────────────────────────────────────────────────────────


class Model:
    """
    Says the last mark of a prompt again and again, and fails now and then.

    Args:
        faults: Share of the answers that fail: refused, cut in the middle, or ended by an error.
    """

    def __init__(self, faults: float = FAULTS, pace_s: float = PACE_S) -> None:
        self._faults, self._pace_s = faults, pace_s
        self._chance = random.Random(16)
        self.failed = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_requests(reader, writer, self._answer)

    async def _answer(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Returns whether the connection goes on."""
        if "/chat/completions" not in path:
            writer.write(json_response({"error": {"message": "not here", "type": "invalid_request_error"}}, 404))
            return True
        fault = self._chance.choice(("503", "429", "cut", "error")) if self._chance.random() < self._faults else ""
        self.failed += bool(fault)
        if fault in ("503", "429"):
            writer.write(json_response({"error": {"message": "try again", "type": "server_error"}}, int(fault)))
            return True
        mark = MARK.findall(str(json.loads(body)["messages"][-1]["content"]))[-1]
        breaks_at = self._chance.randrange(WORDS) if fault else WORDS + 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number in range(WORDS):
            if number == breaks_at:
                if fault == "error":
                    writer.write(_chunk({"error": {"message": "broke", "type": "server_error"}}))
                    writer.write(b"0\r\n\r\n")
                return fault == "error"
            writer.write(_event(mark, {"content": f"{mark}/{number} "}))
            await writer.drain()
            await asyncio.sleep(self._pace_s)
        usage = {"prompt_tokens": 20, "completion_tokens": WORDS, "total_tokens": 20 + WORDS}
        writer.write(_event(mark, {}, "stop", x_groq={"usage": usage}))
        done = b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done))
        return True


def _event(mark: str, delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    frame = {"id": mark, "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return _chunk(frame | more)


def _chunk(value: object) -> bytes:
    data = b"data: " + json.dumps(value).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


@asynccontextmanager
async def model(faults: float = FAULTS, pace_s: float = PACE_S) -> AsyncIterator[tuple[str, Model]]:
    """The model on a port of its own; gives its address."""
    playing = Model(faults, pace_s)
    async with listening(playing.serve, backlog=2048) as port:
        yield f"http://127.0.0.1:{port}", playing


def settings(upstream: str) -> dict[str, str]:
    """How the application is set to ask that model, by both of its ways."""
    return {
        "GROQ_API_KEY": "gsk_strangers",
        "GROQ_BASE_URL": upstream,
        "OPENAI_API_KEY": "sk-strangers",
        "OPENAI_BASE_URL": f"{upstream}/v1",
        "GROQ_CORE_OPENAI_MODEL": "backup",
        "GROQ_CORE_COOLDOWN": "0.2",
        "GROQ_CORE_CACHE_SIZE": "0",
        "GROQ_CORE_LOG_LEVEL": "error",
    }


# ── the strangers ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Tally:
    """
    What became of the questions.

    Attributes:
        ends: How many were answered, broken honestly, refused, left.
        wrong: What must not be, in words: lost, or somebody else's.
    """

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, mark: str, text: str, *, whole: bool, failed: bool) -> None:
        """Count an answer that has ended."""
        others = {found for found in MARK.findall(text) if found != mark}
        if others:
            self.wrong.append(f"{mark} heard {sorted(others)[:3]}")
        elif failed:
            self.ends["broken, and said so"] += 1
        elif not whole or text != text_of(mark):
            self.wrong.append(f"{mark} was lost after {len(text)} characters: {text[-60:]!r}")
        else:
            self.ends["answered"] += 1


async def stranger(url: str, name: str, tally: Tally, until: float, headers: dict[str, str] | None) -> None:
    """
    Ask until the time is over.

    Args:
        headers: Of a page's session; None for a program that uses the API.
    """
    chance = random.Random(name)
    for number in count():
        if time.monotonic() >= until:
            return
        mark = f"mark-{name}q{number}"
        manner = chance.random()
        try:
            await _ask(url, mark, tally, headers, slow=manner < SLOW, leaves=SLOW <= manner < SLOW + LEAVES)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            tally.wrong.append(f"{mark}: {type(error).__name__}")


async def _ask(url: str, mark: str, tally: Tally, headers: dict[str, str] | None, *, slow: bool, leaves: bool) -> None:
    prompt = f"Say {mark} again."
    if headers is None:
        path, body = "/v1/chat/completions", {"messages": [{"role": "user", "content": prompt}], "stream": True}
    else:
        before = [{"role": "user", "text": "Say mark-before again."}, {"role": "assistant", "text": "mark-before"}]
        path, body = "/ui/chat", {"turns": [*before, {"role": "user", "text": prompt}], "fresh": True}
    host = url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"), limit=4096 if slow else 2**16)
    try:
        data = json.dumps(body).encode()
        lines = {"host": host, "content-type": "application/json", "content-length": str(len(data))} | (headers or {})
        head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1])
        if status != 200:
            tally.ends[f"refused with {status}"] += 1
            return
        heard, whole = b"", False
        while size := int(await reader.readline(), 16):
            heard += (await reader.readexactly(size + 2))[:-2]
            if leaves and len(heard) > 400:
                tally.ends["left"] += 1
                return
            if slow:
                await asyncio.sleep(0.1)
        whole = True
    finally:
        writer.close()
    if headers is None:
        failed = b'data: {"error"' in heard
        tally.judge(mark, openai_text(heard), whole=whole and b"data: [DONE]" in heard, failed=failed)
    else:
        failed = b'"e":"error"' in heard or b'"e":"restarted"' in heard
        tally.judge(mark, page_text(heard), whole=whole and b'"e":"receipt"' in heard, failed=failed)


async def crowd(url: str, *, streams: int, sessions: int, seconds: float) -> Tally:
    """So many programs and so many pages ask at once."""
    tally, until = Tally(), time.monotonic() + seconds
    passes = [await asyncio.to_thread(page_pass, url) for _ in range(sessions)]
    people = [stranger(url, f"a{number}", tally, until, None) for number in range(streams)]
    people += [stranger(url, f"p{number}", tally, until, passed) for number, passed in enumerate(passes)]
    async with asyncio.timeout(seconds + GRACE_S):
        await asyncio.gather(*people)
    return tally


async def run(seconds: float, streams: int, sessions: int) -> bool:
    """Print how it went; returns whether everything held."""
    async with model() as (upstream, playing):
        port = free_port()
        env = {"GRADIO_SERVER_PORT": str(port), **settings(upstream)}
        async with run_server([sys.executable, "app.py"], "/", port=port, **env) as process:
            sizes: list[tuple[float, int]] = []

            async def watch() -> None:
                while True:
                    sizes.append((time.monotonic(), process.rss_kib()))
                    await asyncio.sleep(1)

            watching = asyncio.create_task(watch())
            began = time.monotonic()
            tally = await crowd(process.url, streams=streams, sessions=sessions, seconds=seconds)
            watching.cancel()
    quarter = max((size for at, size in sizes if at <= began + seconds / 4), default=0)
    end = max(size for at, size in sizes if at > began + seconds / 4)
    checks = {
        "nothing lost, nothing crossed": not tally.wrong,
        "memory flat after the first quarter": end <= FLAT * quarter,
        "most were answered": tally.ends["answered"] > 0.8 * sum(tally.ends.values()),
    }
    print(f"{streams} streams and {sessions} sessions for {seconds:g} s: {dict(tally.ends)}")
    print(f"{playing.failed} answers of the model failed; memory {quarter / 1024:.0f} MiB, then {end / 1024:.0f} MiB")
    for line in tally.wrong[:10]:
        print(f"wrong: {line}")
    for name, held in checks.items():
        print(f"{'held' if held else 'BROKEN'}: {name}")
    return all(checks.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.strangers", description=(__doc__ or "").split("\n")[1])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=200)
    chosen = parser.parse_args()
    return 0 if asyncio.run(run(chosen.seconds, chosen.streams, chosen.sessions)) else 1


if __name__ == "__main__":
    sys.exit(main())
