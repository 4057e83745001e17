"""
The public catalogue of failover faults, S01 to S16, at full length: `python -m benchmarks failover`.

Each scenario runs against its own app with default settings, over the streaming HTTP endpoint, where nobody can
take text back: Groq is the simulator with the fault switched on, the backup is healthy. A scenario passes when
what the client got is right *and* what was asked upstream is. The tests run the same in a fast profile
(`tests/fallback`).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.stage import Stage, Streamed, staged

DEFAULTS = {
    "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "8",
    "GROQ_CORE_IDLE_TIMEOUT": "10",
    "GROQ_CORE_DEADLINE": "60",
    "GROQ_CORE_COOLDOWN": "15",
}
"""The app's own defaults; the tests' stage is thirty times faster."""

SPEED = "groq:openai/gpt-oss-20b"
QUESTION = "Count from 1 to 60."
LONG = "Tell me a long story about the sea in 300 words."


class Verdict(NamedTuple):
    """How a scenario ended; ``why`` says what was seen."""

    passed: bool
    why: str

    @property
    def seconds(self) -> float:
        """Of the request that met the fault; 0 where several did."""
        found = re.search(r" in ([\d.]+) s", self.why)
        return float(found[1]) if found else 0.0


Scenario = Callable[[Stage], Awaitable[Verdict]]


def whole(got: Streamed) -> bool:
    return got.status == 200 and got.done and got.finish_reason == "stop" and got.error is None


def outcome(got: Streamed, seconds: float) -> str:
    failed = [f"{one['model']}: {one['error']}" for one in got.receipt["attempts"] if one["error"]]
    served = got.receipt["served_by"]
    return f"{'; '.join(failed) or 'no failure'} → {served['model'] if served else 'nobody'} in {seconds:.1f} s"


async def time_answer(stage: Stage, text: str = QUESTION, **fields: object) -> tuple[Streamed, float]:
    began = time.monotonic()
    got = await stage.stream(text, **fields)
    return got, time.monotonic() - began


async def s01(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", preset="429_tpm", retry_after=2, times=1, operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and stage.asked() == [SPEED, SPEED] and seconds >= 2, outcome(got, seconds))


async def s02(stage: Stage) -> Verdict:
    body = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
    stage.fault("status", provider="groq", status=429, body=body, operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and len(stage.asked()) <= 6, outcome(got, seconds))


async def s03(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", status=500, times=1, operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and stage.asked() == [SPEED, SPEED], outcome(got, seconds))


async def s04(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", preset="503_over_capacity", operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and len(stage.asked()) <= 6, outcome(got, seconds))


async def s05(stage: Stage) -> Verdict:
    stage.fault("reset", provider="groq", operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(whole(got), outcome(got, seconds))


async def s06(stage: Stage) -> Verdict:
    stage.fault("never", provider="groq", operation="chat")
    got, seconds = await time_answer(stage)
    asked = stage.asked()
    return Verdict(whole(got) and all(asked.count(name) == 1 for name in asked), outcome(got, seconds))


async def s07(stage: Stage) -> Verdict:
    stage.fault("slow_first_token", provider="groq", model="openai/gpt-oss-20b", seconds=20)
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and seconds < 20, outcome(got, seconds))


async def _midway(stage: Stage, kind: str, **fields: object) -> Verdict:
    """The same answer from the next target is joined without a seam; a different one ends in an error."""
    expected = (await stage.stream(QUESTION, temperature=0, seed=1)).text
    stage.fault(kind, provider="groq", model="openai/gpt-oss-20b", times=1, **fields)
    got, seconds = await time_answer(stage, temperature=0, seed=2)
    joined = whole(got) and got.text == expected
    stage.simulator.faults.clear()
    stage.fault(kind, provider="groq", **fields)
    stage.fault("cut", provider="openai", after=3)
    broken = await stage.stream(LONG)
    honest = broken.error is not None and not broken.done and broken.finish_reason is None
    return Verdict(joined and honest, outcome(got, seconds))


async def s08(stage: Stage) -> Verdict:
    return await _midway(stage, "cut", after=40)


async def s09(stage: Stage) -> Verdict:
    return await _midway(stage, "stall", after=40, seconds=30)


async def s10(stage: Stage) -> Verdict:
    expected = (await stage.stream(QUESTION, temperature=0, seed=1)).text
    stage.fault("malformed", provider="groq", after=10, times=1)
    got, seconds = await time_answer(stage, temperature=0, seed=2)
    return Verdict(whole(got) and got.text == expected, outcome(got, seconds))


async def s11(stage: Stage) -> Verdict:
    stage.fault("no_done", provider="groq", times=1)
    got, seconds = await time_answer(stage)
    return Verdict(whole(got) and stage.asked() == [SPEED], outcome(got, seconds))


async def s12(stage: Stage) -> Verdict:
    stage.fault("status", preset="context_length", operation="chat")
    got, seconds = await time_answer(stage)
    right = got.status == 400 and got.error is not None and got.error["code"] == "context_length_exceeded"
    return Verdict(right, f"HTTP {got.status} in {seconds:.1f} s, with the mend")


async def s13(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", preset="content_filter", operation="chat")
    got, seconds = await time_answer(stage)
    return Verdict(
        set(stage.asked()) == {SPEED} and not got.done, f"HTTP {got.status} in {seconds:.1f} s, nobody else asked"
    )


async def s14(stage: Stage) -> Verdict:
    expected = (await stage.stream(QUESTION, temperature=0, seed=1)).text
    stage.fault("cut", model="openai/gpt-oss-20b", after=30, times=1)
    stage.fault("refuse_prefill")
    got, seconds = await time_answer(stage, temperature=0, seed=2)
    return Verdict(whole(got) and got.text == expected, outcome(got, seconds))


async def s15(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", preset="502_html", operation="chat", until_s=60)
    began, answers = time.monotonic(), 0
    while time.monotonic() - began < 60:
        got = await stage.stream()
        if not whole(got):
            return Verdict(False, f"no answer after {time.monotonic() - began:.0f} s")
        answers += 1
        await asyncio.sleep(2)
    while time.monotonic() - began < 130:
        got = await stage.stream()
        if whole(got) and got.receipt["served_by"]["provider"] == "groq":
            return Verdict(
                True, f"{answers} answers during the outage; Groq again after {time.monotonic() - began:.0f} s"
            )
        await asyncio.sleep(2)
    return Verdict(False, "Groq was not used again")


async def s16(stage: Stage) -> Verdict:
    stage.fault("status", provider="groq", preset="429_tpd", operation="chat")
    got, seconds = await time_answer(stage)
    listed = [f"{one['provider']}:{one['model']}" for one in got.receipt["attempts"] if one["outcome"] != "skipped"]
    return Verdict(whole(got) and listed == stage.asked(), outcome(got, seconds))


SCENARIOS: dict[str, tuple[str, Scenario]] = {
    "S01": ("429 with Retry-After 2", s01),
    "S02": ("429 for ever, without it", s02),
    "S03": ("one 500", s03),
    "S04": ("503 for ever", s04),
    "S05": ("reset before headers", s05),
    "S06": ("never answers", s06),
    "S07": ("first token after 20 s", s07),
    "S08": ("cut after 40 chunks", s08),
    "S09": ("stall of 30 s", s09),
    "S10": ("malformed chunk", s10),
    "S11": ("no `[DONE]`", s11),
    "S12": ("context length", s12),
    "S13": ("content filter", s13),
    "S14": ("cut, and prefill refused", s14),
    "S15": ("down for 60 s, then healthy", s15),
    "S16": ("accounting", s16),
}


@asynccontextmanager
async def default_stage() -> AsyncIterator[Stage]:
    async with staged(DEFAULTS) as stage:
        yield stage


async def verdicts() -> dict[str, Verdict]:
    """Run all scenarios side by side; the longest takes two minutes."""

    async def one(run: Scenario) -> Verdict:
        async with default_stage() as stage:
            stage.http.timeout = 150
            try:
                return await run(stage)
            except Exception as error:  # a scenario that breaks has failed, and says how
                return Verdict(False, f"{type(error).__name__}: {error}")

    results = await asyncio.gather(*(one(run) for _, run in SCENARIOS.values()))
    return dict(zip(SCENARIOS, results, strict=True))


def scorecard(results: dict[str, Verdict]) -> str:
    """A Markdown table of the verdicts, with the sum in its last line."""
    rows = [
        f"| {name} | {SCENARIOS[name][0]} | {'pass' if verdict.passed else '**fail**'} | {verdict.why} |"
        for name, verdict in results.items()
    ]
    passed = sum(verdict.passed for verdict in results.values())
    head = ["| | fault | verdict | what happened |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, f"| | | **{passed} of {len(results)}** | |"])


def main() -> int:
    results = asyncio.run(verdicts())
    print(scorecard(results))
    return 0 if all(verdict.passed for verdict in results.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
