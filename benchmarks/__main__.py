"""
Run the benchmarks and write ``benchmarks/RESULTS.md``.

    python -m benchmarks                    # all of them but those of LONG
    python -m benchmarks cpu page           # some; the others keep their rows in RESULTS.md
    python -m benchmarks --quick            # shorter runs, nothing written
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

import uvloop

from benchmarks import (
    accidents,
    batch,
    crowd,
    gateways,
    media,
    museum,
    page,
    pipeline,
    relay,
    service,
    services,
    speech,
    start,
    stored,
    team,
    wire,
    workers,
)
from benchmarks.campaign.beside import beside
from benchmarks.campaign.run import campaign
from benchmarks.processes import PeerMissingError
from benchmarks.results import merge, table, write
from benchmarks.rows import Bench, Benchmark, BusyMachineError, Row, WrongTextError
from benchmarks.voice import SECTIONS as VOICE_SECTIONS

BENCHMARKS: dict[str, Benchmark] = {
    "cpu": pipeline.cpu,
    "litellm": pipeline.litellm,
    "wire": wire.wire,
    "first-token": pipeline.first_token,
    "api": service.api,
    "responses": service.responses,
    "museum": museum.museum,
    "relay": relay.relay,
    "pace": relay.pace,
    "gateways": gateways.gateways,
    "page": page.page,
    "interface": page.interface,
    "paint": page.paint,
    "stored": stored.stored,
    "phone": stored.phone,
    "accidents": accidents.accidents,
    "people": crowd.people,
    "start": start.start,
    "load": page.load,
    "memory": crowd.memory,
    "picture": media.picture,
    "recording": media.recording,
    "services": services.services,
    "speech": speech.speech,
    "shared-state": team.compare_shared,
    "workers": workers.workers,
    "conversations": team.conversations,
    "batch": batch.batch,
    "campaign": campaign,
    "campaign-beside": beside,
}

LONG = frozenset({"accidents", "batch", "campaign", "campaign-beside", "museum"})
"""Those that run for minutes, and only when they are named."""


def run(name: str, bench: Bench) -> list[Row]:
    """One benchmark's rows; what keeps it from being measured is a row too."""
    try:
        rows: list[Row] = uvloop.run(BENCHMARKS[name](bench))
    except (PeerMissingError, WrongTextError, BusyMachineError) as error:
        return [Row(name, None, "", "", detail=str(error))]
    except Exception as error:
        traceback.print_exc()
        return [Row(name, None, "", "", detail=f"broke: {type(error).__name__}: {error}"[:200])]
    return rows


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="shorter runs; RESULTS.md stays as it is")
    asked = parser.parse_args(words)
    found: dict[str, list[Row]] = {}
    for name in asked.names or [name for name in BENCHMARKS if name not in LONG]:
        print(f"{name} (load {os.getloadavg()[0]:.1f}) …", flush=True)
        found[name] = run(name, Bench(quick=asked.quick))
        print(table(found[name]), flush=True)
    if not asked.quick:
        write(merge(found, [*BENCHMARKS, *VOICE_SECTIONS.values(), "containers"]))  # these write themselves
    missed = any(row.met is False or row.value is None for rows in found.values() for row in rows)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
