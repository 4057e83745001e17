"""
A seam at every byte: every answer broken off after every chunk, in every way, before every kind of successor.

    python -m benchmarks.seams [--cases N]

60 answers × every boundary between two chunks × {cut, stall, error in the stream, malformed} × {continues, refuses a
beginning, starts over, differs}. No letter may be doubled or lost, nothing that is not whole may end as finished, and
what cannot be completed ends in an explicit error. On an in-process wire and a clock that jumps; exit status 1 where
one case fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from functools import cached_property
from typing import Any

import msgspec

from benchmarks.virtual import run
from benchmarks.world import House, World
from groq_core.errors import BrokenAnswerError, ProviderError
from groq_core.events import Event, Events, Finished
from groq_core.failures.classify import from_response
from groq_core.pipeline import Attempt
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.streaming.decoder import StreamDecoder

BREAKS = ("cut", "stall", "error", "malformed")
SUCCESSORS = ("continues", "refuses", "starts over", "differs")
LENGTH = 700
SEED = 11


class Answer(msgspec.Struct, frozen=True, dict=True):
    """A whole answer: its kind, what the deltas of its chunks are, and its finish reason."""

    kind: str
    deltas: tuple[dict[str, Any], ...]
    finish: str = "stop"

    @cached_property
    def text(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @cached_property
    def arguments(self) -> str:
        calls = (delta["tool_calls"][0]["function"] for delta in self.deltas if "tool_calls" in delta)
        return "".join(call.get("arguments") or "" for call in calls)

    @cached_property
    def chunks(self) -> list[bytes]:
        return [_chunk(delta) for delta in self.deltas]


class Case(msgspec.Struct, frozen=True):
    """One seam."""

    answer: Answer
    at: int
    ending: str
    successor: str
    revisable: bool


PROSE = (
    "The capital of France is Paris, which lies on the Seine. It has been so for about a thousand years, with gaps. "
)
CODE = "```python\nfor i in range(10):\n    print(i)\n    print(i)\n\n\ndef f(x: int) -> int:\n    return x\n```\n"
TABLE = "| name | age |\n|------|------|\n| a    | 1    |\n| a    | 1    |\n| b    | 2    |\n"
LATEX = r"The sum $\sum_{i=1}^{n} i = \frac{n(n+1)}{2}$ and $$\int_0^1 x\,dx = \tfrac12$$ hold. "
JSON = '{"rows": [{"a": 1, "b": "x"}, {"a": 1, "b": "x"}, {"a": 2, "b": "\\"y\\""}]}\n'
CHINESE = "法国的首都是巴黎，它位于塞纳河畔。巴黎已经作为首都大约一千年了。"
EMOJI = "Party 🎉🎉🎉 with 👩‍👩‍👧 and 🇫🇷, ha ha ha ha 😀😀. "
RTL = "عاصمة فرنسا هي باريس، وتقع على نهر السين. "
TEXTS = {"prose": PROSE, "code": CODE, "table": TABLE, "LaTeX": LATEX, "JSON": JSON, "Chinese": CHINESE,
         "emoji": EMOJI, "right-to-left": RTL}  # fmt: skip


def answers(length: int = LENGTH) -> list[Answer]:
    """Sixty answers: six of each kind, each cut into chunks of its own sizes."""
    found = []
    for number in range(60):
        draw = random.Random(f"{SEED}/{number}")
        kind = [*TEXTS, "tool call", "reasoning"][number % 10]
        if kind == "tool call":
            found.append(_calling(draw, length))
        elif kind == "reasoning":
            thoughts = [{"reasoning": piece} for piece in _pieces(PROSE * (1 + length // 300), length // 3, draw)]
            words = [{"content": piece} for piece in _pieces(CODE + PROSE * 9, length * 2 // 3, draw)]
            found.append(Answer(kind, (*thoughts, *words)))
        else:
            lead = f"{number}: " if draw.random() < 0.5 else ""
            text = lead + TEXTS[kind] * (2 + length // len(TEXTS[kind]))
            found.append(Answer(kind, tuple({"content": piece} for piece in _pieces(text, length, draw))))
    return found


def _pieces(text: str, length: int, draw: random.Random) -> list[str]:
    pieces, at = [], 0
    while at < min(length, len(text)):
        size = draw.choice((1, 2, 3, 3, 4, 5))
        pieces.append(text[at : min(at + size, length)])
        at += size
    return pieces


def _calling(draw: random.Random, length: int) -> Answer:
    arguments = json.dumps({"query": PROSE * (length // 200), "n": draw.randint(1, 9)})
    head = {"tool_calls": [{"index": 0, "id": "call_a", "function": {"name": "search", "arguments": ""}}]}
    rest = [
        {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in _pieces(arguments, 10**6, draw)
    ]
    said = [{"content": piece} for piece in _pieces("Let me look that up. ", 40, draw)]
    return Answer("tool call", (*said, head, *rest), "tool_calls")


def cases(limit: int | None = None) -> Iterator[Case]:
    """Every seam; with ``limit`` about so many of them, drawn by a kept seed."""
    every = [
        Case(answer, at, ending, successor, revisable)
        for answer in answers()
        for at in range(1, len(answer.deltas))
        for ending in BREAKS
        for successor in SUCCESSORS
        # A reader who can take text back and one who cannot, in turn; where it differs that is all that counts.
        for revisable in ((True, False) if successor == "differs" else ((at + len(ending)) % 2 == 0,))
    ]
    if limit is not None:
        every = random.Random(SEED).sample(every, min(limit, len(every)))
    yield from every


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"id": "c", "model": "m", "choices": [choice]}) + b"\n\n"


OTHER = Answer("other", tuple({"content": piece} for piece in ("Something ", "else ", "entirely.")))
"""What a successor says that contradicts whatever was begun."""


class Wire:
    """Two providers: the first breaks off as the case says, the second takes over as it says."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    async def __call__(self, attempt: Attempt) -> Events:
        case = self.cases[attempt.request.request_id]
        events = self._first(case) if attempt.spec.provider == "first" else self._second(case, attempt)
        async for event in events:
            yield event

    async def _first(self, case: Case) -> AsyncIterator[Event]:
        decoder = StreamDecoder()
        for event in decoder.feed(b"".join(case.answer.chunks[: case.at])):
            yield event
        if case.ending == "stall":
            await asyncio.sleep(3600)
        if case.ending == "error":
            decoder.feed(b'data: {"error": {"message": "boom", "code": "internal_server_error"}}\n\n')
        if case.ending == "malformed":
            for event in decoder.feed(b'data: {"choices": [{"delta": {"cont\n\n<html>502</html>\n\n'):
                yield event
        for event in decoder.close():
            yield event

    async def _second(self, case: Case, attempt: Attempt) -> AsyncIterator[Event]:
        answer = OTHER if case.successor == "differs" else case.answer
        chunks = answer.chunks
        if attempt.prefill and case.successor == "refuses":
            raise from_response(400, {}, '{"error": {"message": "the last message must be a user\'s", "code": null}}')
        if attempt.prefill and case.successor == "continues":
            assert isinstance(attempt.request, ChatRequest)
            rest = answer.text.removeprefix(attempt.request.messages[-1]["content"])
            chunks = [_chunk({"content": rest[at : at + 5]}) for at in range(0, len(rest), 5)]
        decoder = StreamDecoder()
        for event in decoder.feed(b"".join(chunks) + _chunk({}, answer.finish) + b"data: [DONE]\n\n"):
            yield event
        for event in decoder.close():
            yield event


async def _ask(house: House, request: Request) -> tuple[Reply, list[Event], Exception | None]:
    reply = Reply()
    ends: list[Event] = []
    try:
        async with aclosing(house.handle(request)) as events:
            async for event in events:
                reply.apply(event)
                if isinstance(event, Finished):
                    ends.append(event)
    except (BrokenAnswerError, ProviderError) as error:
        return reply, ends, error
    return reply, ends, None


def fault(case: Case, reply: Reply, ends: list[Event], error: Exception | None) -> str:
    """What is wrong with how a case ended; empty where nothing is."""
    whole = case.answer.text
    text = reply.text
    if len(ends) + (error is not None) != 1:
        return "not exactly one end"
    if error is not None:
        if case.successor != "differs" and case.answer.kind != "tool call":
            return "not completed"
        return "" if whole.startswith(text) else "what was sent is no part of the answer"
    if case.successor == "differs":
        # Nothing had been seen yet, or the reader could take it back.
        return "" if text == OTHER.text and (case.revisable or not reply.kept) else "a false stop"
    if text != whole:
        return "doubled or lost"
    if case.answer.kind == "tool call" and [call.name for call in reply.tool_calls] != ["search"]:
        return "the call is not whole"
    if "".join(call.arguments for call in reply.tool_calls) != case.answer.arguments:
        return "the call is not whole"
    return ""


async def enumerate_seams(limit: int | None = None) -> tuple[Counter[str], list[tuple[Case, str]]]:
    """Go through the cases; returns how they ended, and those that ended wrongly."""
    wire = Wire()
    world = World(("first:m", "second:m"), lambda request: "", prefill=True)
    house = House(world, uniform=lambda low, high: high, around=wire)
    plain = House(World(("first:m", "second:m"), lambda request: ""), uniform=lambda low, high: high, around=wire)
    ended: Counter[str] = Counter()
    wrong: list[tuple[Case, str]] = []
    for number, case in enumerate(cases(limit)):
        tools = {"tools": [{"type": "function"}]} if case.answer.kind == "tool call" else {}
        request = ChatRequest(
            messages=({"role": "user", "content": "?"},),
            params=tools,
            revisable=case.revisable,
            caller=Caller(credential=f"simulated:{number}"),
            request_id=str(number),
        )
        wire.cases = {request.request_id: case}
        # Who would contradict what was sent is not given its beginning: that would only be gone on from.
        chosen = plain if case.successor == "differs" else house
        reply, ends, error = await _ask(chosen, request)
        if why := fault(case, reply, ends, error):
            wrong.append((case, why))
        ended["error" if error is not None else "restarted" if reply.kept else "whole"] += 1
    return ended, wrong


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seams", description=__doc__)
    parser.add_argument("--cases", type=int, help="about so many, drawn by a kept seed; every one by default")
    limit = parser.parse_args(argv).cases
    started, cpu = time.perf_counter(), time.process_time()
    ended, wrong = run(enumerate_seams(limit))
    took, used = time.perf_counter() - started, time.process_time() - cpu
    print(f"{ended.total():,} seams in {took:.0f} s ({used:.0f} s of CPU): {dict(ended)}, {len(wrong)} wrong")
    print(f"  {dict(Counter(why for _, why in wrong)) or 'nothing doubled, nothing lost, no false stop'}")
    for case, why in wrong[:20]:
        print(f"  {why}: {case.answer.kind} after {case.at} chunks, {case.ending}, then {case.successor}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
