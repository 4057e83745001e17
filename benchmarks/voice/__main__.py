"""
Whose turn it is, who interrupts, and how soon an answer is heard.

    python -m benchmarks.voice                # about twelve minutes
    python -m benchmarks.voice --quick        # about four
    python -m benchmarks.voice --only times   # about four; with --quick one and a half
    python -m benchmarks.voice --only times --timeline  # and what the page and the provider did when
    python -m benchmarks.voice --write        # and into RESULTS.md, each half as a section of its own

Needs Node, Chromium, espeak-ng, sox and ffmpeg; with Debian's asterisk-core-sounds-en-g722 (and -fr-, -it-, -es-, -ru-)
more people are heard, with asterisk-moh-opsound-g722 more music. The shares depend on the recordings alone; the times
want a machine that does nothing else. To what is "held out" no threshold was fitted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import Final

from benchmarks.results import merge, table, write
from benchmarks.rows import Row
from benchmarks.voice import SECTIONS, sounds
from benchmarks.voice.detector import detector
from benchmarks.voice.latency import latency

BUSY_LOAD: Final = 2.0
"""Other work than that would be measured as well."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.voice")
    parser.add_argument("--quick", action="store_true", help="a third of the recordings, five rounds")
    parser.add_argument("--only", choices=("shares", "times"), help="of the recordings, or of the page in Chromium")
    parser.add_argument("--timeline", action="store_true", help="print when the page and the provider did what")
    parser.add_argument("--write", action="store_true", help="write the table into RESULTS.md")
    chosen = parser.parse_args(argv)
    if chosen.write and chosen.only != "shares" and (load := os.getloadavg()[0]) > BUSY_LOAD:
        parser.error(f"times are not written down at a load of {load:.1f}: at most {BUSY_LOAD:g}")
    if name := sounds.missing():
        print(f"{name} is not installed", file=sys.stderr)
        return 2
    found: dict[str, list[Row]] = {}
    if chosen.only != "times":
        found[SECTIONS["shares"]] = detector(chosen.quick)
    if chosen.only != "shares":
        found[SECTIONS["times"]] = asyncio.run(latency(5 if chosen.quick else 20, show_timeline=chosen.timeline))
    for rows in found.values():
        print(f"load average {os.getloadavg()[0]:.1f}\n\n{table(rows)}")
    if chosen.write:
        from benchmarks.__main__ import BENCHMARKS

        write(merge(found, [*BENCHMARKS, *SECTIONS.values(), "containers"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
