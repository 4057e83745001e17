"""Run the campaign and write its table: ``python -m benchmarks.campaign [--quick] [--seed N]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from benchmarks import __main__ as benchmarks
from benchmarks.campaign.faults import FAULTS
from benchmarks.campaign.run import measure
from benchmarks.rows import Bench, Row


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it; RESULTS.md stays as it is")
    parser.add_argument("--faults", type=int, default=200, help="how many (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=20_000, help="how many (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=540, help="over which they are spread (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=12, help="after which it ends (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=15, help="another order of faults (default: %(default)s)")
    parser.add_argument(
        "--fault", action="append", help="break this alone, as it is called in the table; may be given again"
    )
    asked = parser.parse_args(words)
    if unknown := set(asked.fault or ()) - set(FAULTS):
        parser.error(f"there is no fault called {min(unknown)!r}; there are {', '.join(FAULTS)}")
    if not asked.quick:

        def whole(_: Bench) -> Coroutine[Any, Any, list[Row]]:
            return measure(
                asked.fault or asked.faults, asked.requests, asked.seconds, seed=asked.seed, most_s=60 * asked.minutes
            )

        benchmarks.BENCHMARKS["campaign"] = whole
    return benchmarks.main(["campaign", *(["--quick"] if asked.quick or asked.fault else [])])


if __name__ == "__main__":
    sys.exit(main())
