"""What was found as files: JSON, CSV, and a spreadsheet; a cell never becomes a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from groq_core.encoding import json_bytes

Row: TypeAlias = dict[str, Any]
"""One line of a table: column to text, number, yes/no or None."""

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is run as a formula by a spreadsheet program (OWASP, CSV injection)."""

MOST_CELL: Final = 32_767
"""Characters of a cell in a spreadsheet (Microsoft's limit)."""

_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML file may hold, and so no spreadsheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``columns`` in the order in which they first came up."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def flat(data: Any, name: str = "") -> Row:
    """
    Lay nested objects out as columns; lists of single values become one text, other lists are left out.

    >>> flat({"a": {"b": 1}, "tags": ["x", "y"], "lines": [{"c": 2}]})
    {'a.b': 1, 'tags': 'x; y'}
    """
    if isinstance(data, dict):
        row: Row = {}
        for key, value in data.items():
            row |= flat(value, f"{name}.{key}" if name else str(key))
        return row
    if isinstance(data, list):
        return {} if any(isinstance(item, dict | list) for item in data) else {name: "; ".join(map(_cell_text, data))}
    return {name or "value": data}


def _cell_text(value: object) -> str:
    return "" if value is None else str(value)


def tables(data: Any, name: str = "data") -> list[Table]:
    """
    Split data into tables: one of the single values, one of each list of objects.

    A list's rows begin with the columns that tell where they belong when lists stand in lists.
    """
    items = data if isinstance(data, list) else [data]
    found: dict[str, list[Row]] = {}
    for place, item in enumerate(items, start=1):
        _collect(item, name, {f"{name} no.": place} if isinstance(data, list) else {}, found)
    return [_table(title, rows) for title, rows in found.items() if any(rows)]


def _collect(item: Any, name: str, key: Row, found: dict[str, list[Row]]) -> None:
    own = flat(item)
    found.setdefault(name, []).append({**key, **own} if own else {})
    for path, entries in _lists(item):
        for place, entry in enumerate(entries, start=1):
            _collect(entry, path, {**key, f"{path} no.": place}, found)


def _lists(item: Any, name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Find the lists of objects within nested objects."""
    if not isinstance(item, dict):
        return
    for key, value in item.items():
        path = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict):
            yield from _lists(value, path)
        elif isinstance(value, list) and any(isinstance(entry, dict | list) for entry in value):
            yield path, value


def _table(name: str, rows: Sequence[Row]) -> Table:
    kept = tuple(row for row in rows if row)
    return Table(name, tuple(dict.fromkeys(column for row in kept for column in row)), kept)


def join_tables(data: Any) -> Table:
    """
    Make one table of everything: a row for each item of the longest list, single values on every row.

    >>> join_tables({"no": 7, "lines": [{"sum": 1}, {"sum": 2}]}).rows
    ({'no': 7, 'lines.sum': 1}, {'no': 7, 'lines.sum': 2})
    """
    if isinstance(data, list):
        return _table("data", [row for item in data for row in _explode(item)])
    return _table("data", list(_explode(data)))


def _explode(item: Any) -> Iterator[Row]:
    own = flat(item)
    lists = dict(_lists(item))
    if not lists:
        yield own
        return
    longest = max(lists, key=lambda path: len(lists[path]))
    for path, entries in lists.items():
        if path != longest:
            own[path] = json_bytes(entries).decode()
    for entry in lists[longest]:
        yield {**own, **{f"{longest}.{column}": value for column, value in flat(entry).items()}}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────


def as_json(data: Any) -> bytes:
    return msgspec.json.format(json_bytes(data), indent=2) + b"\n"


def as_csv(data: Any) -> bytes:
    """
    Write the joined table, with a byte order mark so that Excel reads its UTF-8.

    A text that would be run as a formula gets an apostrophe before it; numbers stay numbers.
    """
    table = join_tables(data)
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([_disarm(column) for column in table.columns])
    for row in table.rows:
        writer.writerow([_disarm(row.get(column)) for column in table.columns])
    return sheet.getvalue().encode("utf-8-sig")


def _disarm(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return "'" + value
    return "" if value is None else value


def as_xlsx(data: Any) -> bytes:
    """Write a workbook, a sheet for each table; every text is a text whatever it begins with."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook(write_only=False)
    book.remove(book.active)
    for table in tables(data) or [Table("data", (), ())]:
        sheet = book.create_sheet(_title(table.name, book.sheetnames))
        for place, column in enumerate(table.columns, start=1):
            _fill(sheet.cell(1, place), column)
            sheet.cell(1, place).font = Font(bold=True)
        for line, row in enumerate(table.rows, start=2):
            for place, column in enumerate(table.columns, start=1):
                _fill(sheet.cell(line, place), row.get(column))
        sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(cell: Any, value: Any) -> None:
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = _UNSHOWN.sub("", value)[:MOST_CELL]
    if value.startswith(FORMULA_SIGNS):
        # Text by type, and marked as such, so that editing the cell does not wake it up.
        cell.data_type = "s"
        cell.quotePrefix = True


def _title(name: str, taken: Sequence[str]) -> str:
    """Make a name a sheet may have: 31 characters, none of seven, not used yet."""
    plain = re.sub(r"[\[\]:*?/\\]", "_", _UNSHOWN.sub("", name)).strip("' \t\r\n")[:28] or "data"
    title, number = plain, 1
    while title.casefold() in {other.casefold() for other in taken}:
        number += 1
        title = f"{plain[:26]} {number}"
    return title
