"""
Read the lines of a batch from a file, one after another, never the whole of it.

JSONL, CSV, TSV and XLSX are told by their names; a folder is the recordings in it.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.batch.lines import Entry, LineFault, Recipe

LONGEST_LINE: Final = 32 * 1024 * 1024
"""Bytes of one line or cell; more is a file that is not what its name says."""

LARGEST_SHEET: Final = 2 * 1024**3
"""Bytes a spreadsheet may unfold to: it is a zip, and a small one can hold anything."""

MOST_COLUMNS: Final = 16_384
"""As many as a spreadsheet has."""

RECORDINGS: Final = frozenset(["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm"])
"""Extensions a folder is searched for."""

_KINDS: Final = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx"}


class LineSource:
    """
    The lines of one file or folder; iterating starts anew each time.

    Args:
        path: ``.jsonl``, ``.ndjson``, ``.csv``, ``.tsv``, ``.xlsx``, or a folder of recordings.
        recipe: How its lines and rows become requests.

    Raises:
        RequestError: There is no such file, or it is of another kind. Iterating raises it where a table
            lacks a column or cannot be read at all; a single bad line is a :class:`LineFault` instead.
    """

    def __init__(self, path: Path, recipe: Recipe) -> None:
        self.path = path
        self.recipe = recipe
        if path.is_dir():
            self.kind = "folder"
        elif not path.is_file():
            if path.exists():
                raise RequestError(
                    f"{path.name} is no file that can be read again, as a run that goes on must",
                    param="file",
                    hint="Save what it gives as a file.",
                )
            raise RequestError(f"there is no file {path.name}", param="file")
        elif (kind := _KINDS.get(path.suffix.lower())) is None:
            raise RequestError(
                f"{path.name} is of a kind that is not read",
                param="file",
                hint="Send JSONL, CSV, TSV or XLSX, or name a folder of recordings.",
            )
        else:
            self.kind = kind

    def __repr__(self) -> str:
        return f"<Source {self.path.name} ({self.kind})>"

    def __iter__(self) -> Iterator[Entry]:
        match self.kind:
            case "jsonl":
                return self._json_lines()
            case "csv" | "xlsx":
                return self._rows()
            case _:
                return self._recordings()

    def preview(self, rows: int) -> list[Entry]:
        """The first lines, as they would be asked."""
        return list(islice(self, rows))

    def _json_lines(self) -> Iterator[Entry]:
        if encoding(self.path) != UTF8:
            yield from self._wide_lines()
            return
        with self.path.open("rb") as file:
            for number in _count():
                raw = file.readline(LONGEST_LINE + 1)
                if not raw:
                    return
                if len(raw) > LONGEST_LINE:
                    raise RequestError(
                        f"line {number} of {self.path.name} is longer than {LONGEST_LINE >> 20} MB", param="file"
                    )
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.strip():
                    yield self.recipe.line(number, raw)

    def _wide_lines(self) -> Iterator[Entry]:
        """Lines of a file in UTF-16, as some programs of Windows write it."""
        try:
            with self.path.open(encoding=encoding(self.path), newline="\n") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield self.recipe.line(number, line.removeprefix("\ufeff"))
        except UnicodeError:
            raise _undecodable(self.path) from None

    def cells(self) -> Iterator[tuple[Entry, dict[str, str]]]:
        """
        The lines, each with the columns of its row; where there are none, with the id alone.

        Raises:
            RequestError: The table cannot be read.
        """
        if self.kind in ("csv", "xlsx"):
            for number, cells in self._table():
                yield self._row(number, cells), cells
        else:
            for entry in self:
                yield entry, {"custom_id": entry.custom_id}

    def _rows(self) -> Iterator[Entry]:
        checked = False
        for number, cells in self._table():
            if not checked:
                self.recipe.check(tuple(cells))
                checked = True
            yield self._row(number, cells)

    def _row(self, number: int, cells: dict[str, str]) -> Entry:
        if cells.pop("", "").strip():
            error = RequestError("the row has more cells than the header")
            return LineFault(number=number, custom_id=f"row-{number}", error=error, raw="\0".join(cells.values()))
        return self.recipe.row(number, cells)

    def _table(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Rows that are not empty, by their column names; what has no name stands under the empty one."""
        rows = _csv_rows(self.path) if self.kind == "csv" else _xlsx_rows(self.path)
        first = next(rows, [])
        header = [name.strip().removeprefix("\ufeff") for name in (next(rows, []) if first is _SAID else first)]
        start = 3 if first is _SAID else 2
        if not any(header):
            raise RequestError(f"{self.path.name} has no header row", param="file", hint="Name the columns in row 1.")
        if len(header) > MOST_COLUMNS:
            raise RequestError(f"{self.path.name} has more than {MOST_COLUMNS:,} columns", param="file")
        if doubled := {name for name, times in Counter(header).items() if name and times > 1}:
            raise RequestError(f"{self.path.name} has the column {sorted(doubled)[0]!r} more than once", param="file")
        for number, found in enumerate(rows, start=start):
            if any(cell.strip() for cell in found):
                yield number, _named(header, found)

    def _recordings(self) -> Iterator[Entry]:
        found = sorted(path for path in self.path.rglob("*") if path.suffix.lower().lstrip(".") in RECORDINGS)
        if not found:
            raise RequestError(f"the folder {self.path.name} holds no recordings", param="file")
        for number, path in enumerate(found, start=1):
            cells = {"file": str(path.resolve()), "custom_id": str(path.relative_to(self.path))}
            yield self.recipe.row(number, cells)


def _named(header: list[str], row: list[str]) -> dict[str, str]:
    """
    >>> _named(["a", "", "b"], ["1", "2", "3", "4"]), _named(["a", "b"], ["1"])
    ({'a': '1', 'b': '3', '': '24'}, {'a': '1', 'b': ''})
    """
    cells = dict.fromkeys(filter(None, header), "")
    named = list(zip(header, row, strict=False))
    cells.update((name, cell) for name, cell in named if name)
    rest = "".join([*(cell for name, cell in named if not name), *row[len(header) :]])
    return cells | {"": rest} if rest else cells


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield (number := number + 1)


UTF8: Final = "utf-8-sig"


def encoding(path: Path) -> str:
    """
    UTF-8 or UTF-16, told by the byte order mark, else by the zero bytes beside plain letters, signs and ends of lines.

    Every other encoding is found out when the text is decoded.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" not in start:
        return UTF8
    pairs = list(zip(start[::2], start[1::2], strict=False))
    # Ends of lines first: a sign of another script may have a zero byte in the other place.
    for signs in (b"\n\r", b"\t" + bytes(range(32, 127))):
        little = sum(not high and low in signs for low, high in pairs)
        big = sum(not high and low in signs for high, low in pairs)
        if little != big:
            return "utf-16-le" if little > big else "utf-16-be"
    return UTF8


def _undecodable(path: Path) -> RequestError:
    return RequestError(
        f"{path.name} is neither UTF-8 nor UTF-16 text", param="file", hint="Save it as UTF-8 (in Excel: CSV UTF-8)."
    )


def _csv_rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    try:
        with path.open(encoding=encoding(path), newline="") as file:
            first = file.readline(100)
            named = _SEPARATOR_LINE.fullmatch(first)
            file.seek(0)
            if named is None:
                dialect = _dialect(file.read(65_536), path)
                file.seek(0)
            else:
                # Excel's own first line, which is no row.
                dialect = _separate(named[1])
                file.readline()
            reader = csv.reader(file, dialect, strict=True)
            try:
                if named is not None:
                    yield _SAID
                yield from reader
            except csv.Error as error:
                raise RequestError(
                    f"{path.name} is broken near line {reader.line_num}: {error}", param="file"
                ) from None
    except UnicodeError:
        raise _undecodable(path) from None


_SEPARATOR_LINE: Final = re.compile("\ufeff?sep=([^\r\n])\r?\n?", re.IGNORECASE)

_SAID: Final[list[str]] = []
"""Stands for the line that only names the separator, so that rows keep their numbers."""


def _dialect(start: str, path: Path) -> type[csv.Dialect]:
    """The separator is what the header row holds most of; quotes are doubled, as every program writes them."""
    header = re.sub(r'"(?:[^"]|"")*"', "", start).partition("\n")[0]
    return _separate("\t" if path.suffix.lower() == ".tsv" else max(",;\t|", key=header.count))


def _separate(sign: str) -> type[csv.Dialect]:
    class SniffedDialect(csv.excel):
        delimiter = sign

    return SniffedDialect


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_SHEET:
                raise RequestError(f"{path.name} unfolds to more than {LARGEST_SHEET >> 30} GB", param="file")
        book = load_workbook(path, read_only=True, data_only=True)
    except RequestError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML parser or zip reader does
        raise RequestError(f"{path.name} is not a readable XLSX file", param="file") from error
    try:
        sheet = book.worksheets[0]
        # What a file says of its own size is often wrong; without it openpyxl reads on to the last row.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            yield [cell_text(value) for value in row]
    finally:
        book.close()


def cell_text(value: Any) -> str:
    """
    A cell as a person sees it.

    >>> [cell_text(value) for value in (None, 3.0, 0.5, True, date(2026, 1, 2), datetime(2026, 1, 2))]
    ['', '3', '0.5', 'TRUE', '2026-01-02', '2026-01-02']
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
