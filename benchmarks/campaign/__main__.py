"""Run the campaign and write its table: ``python -m benchmarks.campaign [--quick] [--seed N]``."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence

from benchmarks import __main__ as benchmarks
from benchmarks.campaign.run import campaign


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it; RESULTS.md stays as it is")
    parser.add_argument("--seed", type=int, default=15, help="another order of faults (default: %(default)s)")
    asked = parser.parse_args(words)
    benchmarks.BENCHMARKS["campaign"] = functools.partial(campaign, seed=asked.seed)
    return benchmarks.main(["campaign", *(["--quick"] if asked.quick else [])])


if __name__ == "__main__":
    sys.exit(main())
