"""The simulator in a process of its own, which counts how often it was asked for whom."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter

from groq_core.simulator import Simulator

MARK = re.compile(r"\bP\d{2}\b")


async def main(scale: float) -> None:
    simulator = Simulator(pace=0.5, limits="developer", limits_scale=scale, seed=1)
    await simulator.start()
    print(simulator.groq_url, flush=True)
    counted: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    done = loop.run_in_executor(None, sys.stdin.readline)
    while True:
        ended, _ = await asyncio.wait({done}, timeout=0.5)
        for _ in range(len(simulator.requests)):
            seen = simulator.requests.popleft()
            if found := MARK.search(json.dumps(seen.body.get("messages", ""))):
                counted[found[0]] += 1
        if ended:
            break
    print(json.dumps(counted), flush=True)
    await simulator.stop()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
