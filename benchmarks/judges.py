"""
Other people's judges, in one command: the catalogue of faults with its times, `llmock`, and five checks of a gateway.

    python -m benchmarks.judges [failover] [llmock] [gateway]

`failover` runs S01 to S16 with the app's own defaults, and holds the rows for which the reference client's times are
published against them. `llmock` is a local provider that judges the client by what it did after each fault. `gateway`
asks five things of whatever stands between a client and a provider, and shows that each is seen where a gateway is
broken on purpose. Needs requirements-dev.txt; exit status 1 where a judge finds something that is not deliberate.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from benchmarks import gateway as gateways
from benchmarks import mocked
from benchmarks.failover import SCENARIOS, verdicts

REFERENCE_S = {"S06": 11.0, "S07": 11.0, "S08": 4.3}
"""Seconds the catalogue's own client takes, of its scorecard of 2026-09-12."""

Judge: TypeAlias = Callable[[], Coroutine[Any, Any, bool]]


async def failover() -> bool:
    """The catalogue: every row passes, and none is slower than the reference client where its time is known."""
    right = True
    for name, verdict in (await verdicts()).items():
        reference = REFERENCE_S.get(name)
        slower = reference is not None and verdict.seconds > reference
        right = right and verdict.passed and not slower
        beside = f" (the reference client: {reference} s)" if reference is not None else ""
        word = "SLOWER" if slower else "pass" if verdict.passed else "FAIL"
        print(f"  {name} {word:6} {SCENARIOS[name][0]}: {verdict.seconds:.1f} s{beside}; {verdict.why}", flush=True)
    return right


async def llmock() -> bool:
    """A provider that judges its client: no finding but what is deliberate."""
    right = True
    for name in mocked.FAULTS:
        found = await mocked.judge_one(name)
        passed = found.ended and not found.findings
        right = right and passed
        said = found.findings or ("no finding" if found.ended else "no end")
        meant = f", deliberate: {', '.join(found.deliberate)}" if found.deliberate else ""
        print(f"  {'pass' if passed else 'FAIL'} {name}: {said}{meant}", flush=True)
    return right


async def gateway() -> bool:
    """Five checks of a gateway: ours passes each, and one that is broken in that way does not."""
    right = True
    for name in gateways.CHECKS:
        ours, broken = await gateways.judge(name)
        right = right and not ours and bool(broken)
        print(f"  {'FAIL' if ours else 'pass'} {name}: {ours or 'held'}; broken on purpose: {broken or 'NOT SEEN'}")
    return right


JUDGES: dict[str, Judge] = {"gateway": gateway, "llmock": llmock, "failover": failover}


async def run(names: list[str]) -> bool:
    right = True
    for name in names:
        print(name)
        right = await JUDGES[name]() and right
    return right


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judges", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *JUDGES], metavar="NAME", help=", ".join(JUDGES))
    return 0 if asyncio.run(run(parser.parse_args(argv).names or list(JUDGES))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
