"""
JSON by msgspec and by orjson: what one encoder for everything was chosen by.

    python -m benchmarks.encoders
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from groq_core.events import AttemptRecord

ROUNDS = 9
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-01J",
    "object": "chat.completion.chunk",
    "created": 1_764_230_000,
    "model": "openai/gpt-oss-20b",
    "choices": [{"index": 0, "delta": {"content": " naïve word"}, "finish_reason": None}],
}
ATTEMPT: dict[str, Any] = {"provider": "groq", "model": "m", "outcome": "answered", "started_s": 0.1, "elapsed_s": 1.23}
ATTEMPT_RECORD = AttemptRecord(provider="groq", model="m", outcome="answered", started_s=0.1, elapsed_s=1.23)
VALUES: dict[str, tuple[Any, int]] = {
    "the text of a token": (" naïve word", 20_000),
    "a streamed chunk": (CHUNK, 20_000),
    "an event of the page": ({"type": "text", "text": " hello there, world"}, 20_000),
    "a record": (ATTEMPT_RECORD, 20_000),
    "a whole answer of 10 KB": ({"id": "x", "attempts": [ATTEMPT] * 4, "text": "word " * 2000}, 2_000),
    "a conversation of 12 KB": ({"messages": [{"role": "user", "content": "Why is it so? " * 43}] * 20}, 2_000),
}


def microseconds(call: Callable[[], object], times: int) -> float:
    """CPU time of one call, the least of several rounds, since everything else only adds to it."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            call()
        best = min(best, time.process_time() - began)
    return 1e6 * best / times


def row(value: Any, times: int) -> list[float]:
    """One value out by msgspec and orjson, and in."""
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    raw = encode(value)
    plain = msgspec.to_builtins if isinstance(value, msgspec.Struct) else None
    by_orjson = (lambda: orjson.dumps(plain(value))) if plain else (lambda: orjson.dumps(value))
    calls = (lambda: encode(value), by_orjson, lambda: decode(raw), lambda: orjson.loads(raw))
    return [microseconds(call, times) for call in calls]


def main() -> None:
    print(f"{'µs a call':26} {'msgspec out':>12} {'orjson out':>12} {'msgspec in':>12} {'orjson in':>12}")
    for what, (value, times) in VALUES.items():
        print(f"{what:26}" + "".join(f" {figure:12.2f}" for figure in row(value, times)))


if __name__ == "__main__":
    main()
