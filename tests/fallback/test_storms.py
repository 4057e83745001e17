"""Many at once: limits, faults, people who leave; and nothing left over afterwards."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from typing import Any

import httpx

from groq_core.simulator import Simulator
from tests.stage import Stage, staged

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 429, "headers": {"retry-after": "0.2"}, "body": {"error": {"message": "slow down"}}}),
    ("status", {"preset": "503_over_capacity"}),
    ("status", {"preset": "502_html"}),
    ("reset", {}),
    ("empty", {}),
    ("cut", {"after": 10}),
    ("stall", {"after": 10, "seconds": 4}),
    ("clean_end", {"after": 10}),
    ("malformed", {"after": 3}),
    ("error_event", {"after": 10}),
    ("no_done", {}),
]


async def soak(stage: Stage, requests: int, at_once: int, seed: int = 1) -> Counter[str]:
    """Send requests, a tenth of which leave midway; count how they end."""
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        leaves, streams = chance.random() < 0.1, chance.random() < 0.7
        async with gate:
            body = {"messages": [{"role": "user", "content": f"Count to 40, please ({number})."}], "stream": streams}
            async with stage.http.stream("POST", "/v1/chat/completions", json=body) as response:
                if leaves:
                    async for _ in response.aiter_raw():
                        break
                    ends["left"] += 1
                    return
                raw = (await response.aread()).decode()
            if response.status_code != 200:
                ends[str(response.status_code)] += 1
            elif not streams or raw.rstrip().endswith("data: [DONE]"):
                ends["answered"] += 1
            else:
                assert '"error"' in raw, f"cut without a word: {raw[-300:]}"
                ends["broken"] += 1

    await asyncio.gather(*(one(number) for number in range(requests)))
    return ends


async def test_under_faults_every_request_ends_and_nothing_is_left() -> None:
    patient = {"GROQ_CORE_COOLDOWN": "0.2", "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "5", "GROQ_CORE_IDLE_TIMEOUT": "2"}
    async with staged(patient | {"GROQ_CORE_DEADLINE": "30"}) as stage:
        for kind, fields in FAULTS:
            stage.fault(kind, probability=0.02, operation="chat", **fields)
        tasks = len(asyncio.all_tasks())

        ends = await soak(stage, 300, at_once=30)
        await asyncio.sleep(0.3)

        assert sum(ends.values()) == 300
        assert ends["answered"] > 200, ends
        assert stage.core.log.under_way == 0
        assert stage.simulator.open_streams == 0
        assert all(stats.inflight == 0 for stats in stage.core.metrics.targets.values())
        gc.collect()
        assert len(asyncio.all_tasks()) <= tasks + 40, "only idle connections of the test's own server and client"
        metrics = (await stage.http.get("/metrics")).text
        counted = sum(
            float(line.rsplit(" ", 1)[1])
            for line in metrics.splitlines()
            if line.startswith("gen_ai_client_operation_duration_seconds_count")
        )
        assert counted == 300, "every request is in the metrics"


async def test_a_storm_on_a_small_bucket_causes_no_429_once_the_limits_are_known() -> None:
    small = Simulator(pace=0, limits="free", seed=1)
    await small.start()
    try:
        patient = {"GROQ_CORE_DEADLINE": "100", "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "60", "GROQ_CORE_IDLE_TIMEOUT": "60"}
        async with staged(patient, simulator=small) as stage:
            for model in ("openai/gpt-oss-20b", "qwen/qwen3.8-27b", "openai/gpt-oss-120b"):
                await stage.chat("Say hi.", max_tokens=50, model=model)

            async def one(user: int) -> httpx.Response:
                return await stage.chat(f"Say hi, {user}.", max_tokens=50)

            answers = await asyncio.gather(*(one(user) for user in range(200)))

            metrics = (await stage.http.get("/metrics")).text
            refused = [
                line for line in metrics.splitlines() if 'error="rate_limited"' in line and "attempts_total" in line
            ]
            assert refused == [], "no target had to say no"
            statuses = Counter(answer.status_code for answer in answers)
            assert statuses[200] == 200, f"whom Groq's buckets have no room for, the backup answers: {statuses}"
            served = Counter(answer.json()["x_groq_core"]["served_by"]["provider"] for answer in answers)
            assert served["groq"] >= 30
    finally:
        await small.stop()
