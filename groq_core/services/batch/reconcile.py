"""
Hold earlier answers against the rows there are now, before anything is asked.

An answer stays with its question: where the row has moved or got another id, the answer moves with it; where the
row was changed or deleted, the answer is set aside in ``<output>.earlier``, from where it comes back with its row.
So no answer ever stands beside another row, and none is asked twice.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from groq_core.encoding import json_line
from groq_core.services.batch.lines import Entry, distinct
from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.sink import Sink, Written, binding


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of earlier answers.

    Attributes:
        kept: Answers and failures that belong to a row, unchanged or moved.
        renamed: Of those, answers whose row has another place or id now.
        set_aside: Answers to no row of today.
        restored: Answers that were set aside before and belong to a row again.
    """

    kept: int = 0
    renamed: int = 0
    set_aside: int = 0
    restored: int = 0


def reconcile(sink: Sink, entries: Iterable[Entry]) -> Reconciled:
    """
    Sort what a sink holds by the rows of today.

    Args:
        entries: Iterable anew each time.

    Raises:
        DiskFullError: There is no room to write the file anew; it stays as it was.
    """
    if not len(sink) and not earlier(sink).exists():
        return Reconciled()
    return _Reconciling(sink, entries).run()


def earlier(sink: Sink) -> Path:
    """Where answers are kept whose rows are gone."""
    return sink.path.with_name(sink.path.name + ".earlier")


def is_numbered(entry: Entry) -> bool:
    """Its id is its place in the source, since it brought none of its own."""
    return entry.custom_id in (f"row-{entry.number}", f"line-{entry.number}")


class _Reconciling:
    def __init__(self, sink: Sink, entries: Iterable[Entry]) -> None:
        self.sink = sink
        self.entries = entries
        self.earlier = earlier(sink)
        # What an interrupted sorting had set aside already.
        self.unfinished = self.earlier.with_name(self.earlier.name + ".new")
        self.today, self.given = IdSet(), IdSet()

    def run(self) -> Reconciled:
        unkeyed = self.sink.unkeyed or self.earlier.exists()
        for entry in distinct(self.entries):
            self.today.add(binding(entry.custom_id, entry.key))
            if unkeyed and not is_numbered(entry):
                self.given.add(entry.custom_id)
        loose: Counter[str] = Counter()
        held, stay, moves = IdSet(), 0, self.unfinished.exists()
        for line, early in self._lines():
            one = self.sink.read(line)
            if self._fits(one) and held.add(one.custom_id):
                stay, moves = stay + 1, moves or early
            else:
                moves = moves or not early
                if one.key:
                    loose[one.key] += 1
        names = self._names(loose, held)
        return self._sort(names) if moves or names else Reconciled(kept=stay)

    def _lines(self) -> Iterator[tuple[bytes, bool]]:
        """What the file says, then what was set aside, each with whether it was."""
        for line in self.sink.lines():
            yield line, False
        for path in (self.earlier, self.unfinished):
            if path.exists():
                with path.open("rb") as file:
                    for line in file:
                        if line.endswith(b"\n"):
                            yield line, True

    def _fits(self, one: Written) -> bool:
        """An answer whose question is not known is believed where its id was given by whoever wrote the row."""
        return one.binding in self.today if one.key else one.custom_id in self.given

    def _names(self, loose: Counter[str], held: IdSet) -> dict[str, deque[str]]:
        """The ids that rows have now whose answers stand under other ids, by question."""
        names: dict[str, deque[str]] = defaultdict(deque)
        if loose:
            for entry in distinct(self.entries):
                if entry.custom_id not in held and loose[key := entry.key] > 0:
                    loose[key] -= 1
                    names[key].append(entry.custom_id)
        return names

    def _sort(self, names: dict[str, deque[str]]) -> Reconciled:
        """Write both files anew. Killed at any moment, every answer is in one of them."""
        counts: Counter[str] = Counter()
        aside = self.earlier.with_name(self.earlier.name + ".sorted")
        try:
            with aside.open("wb") as out:
                self.sink.replace(self._sort_lines(names, out, counts))
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        if self.unfinished.stat().st_size:
            self.unfinished.replace(self.earlier)
        else:
            self.unfinished.unlink()
            self.earlier.unlink(missing_ok=True)
        return Reconciled(**counts)

    def _sort_lines(self, names: dict[str, deque[str]], out: BinaryIO, counts: Counter[str]) -> Iterator[bytes]:
        """The lines that belong to a row, under its id of today; the others go to ``out``."""
        held, put = IdSet(), IdSet()
        for line, early in self._lines():
            one = self.sink.read(line)
            if self._fits(one) and held.add(one.custom_id):
                found = line
            elif one.key and names.get(one.key):
                found = json_line({**msgspec.json.decode(line), "custom_id": names[one.key].popleft()})
                counts["renamed"] += 1
            else:
                if put.add(one.id or one.binding):
                    counts["set_aside"] += not early
                    out.write(line)
                continue
            counts["kept"] += 1
            counts["restored"] += early
            yield found
        out.flush()
        os.fsync(out.fileno())
        # From here on it is read where the sorting is interrupted before the answers are in place.
        Path(out.name).replace(self.unfinished)
