"""Spreadsheets, sheet by sheet, a row on a line: XLSX."""

from __future__ import annotations

import datetime
import re
from io import BytesIO
from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.documents.archive import Archive
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, ReadText, damage_error
from groq_core.services.documents.slides import texts_of


def read_xlsx(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    archive = Archive(data, name, limits, "Excel")
    import openpyxl  # takes a tenth of a second

    watch = ReadingWatch(name, limits)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        texts, hidden, comments = list[str](), list[str](), 0
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                hidden.append(sheet.title)
            drawn, remarks = _beside_cells(archive, sheet, watch)
            comments += remarks
            texts.append("\n".join((f"## {sheet.title}", "", *_rows(sheet, watch), *drawn)).strip())
    except RequestError:
        raise
    except Exception as error:  # openpyxl raises KeyError, ValueError, and what its XML reader raises
        raise damage_error(name, "Excel", error) from None
    notes = [f"Hidden in it, and read all the same: {', '.join(hidden)}."] if hidden else []
    unvalued = sum(map(_formulas_without_values, map(archive.bytes, filter(_SHEET.match, archive.names))))
    if unvalued:
        notes.append(
            "1 cell holds a formula whose value is not in the file; open it in Excel and save it once."
            if unvalued == 1
            else f"{unvalued} cells hold formulas whose values are not in the file; open it in Excel and save it once."
        )
    return ReadText(texts, paged=True, notes=[*notes, *archive.list_unread(comments)])


_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml$")
_FORMULA: Final = re.compile(rb"<f(?: [^>]{0,300})?(?:/>|>[^<]{0,9000}</f>)\s*(?:<v\s*/>|<v></v>|</c>)")


def _formulas_without_values(sheet: bytes) -> int:
    """Cells that were written by a program that reckons nothing."""
    return sum(1 for _ in _FORMULA.finditer(sheet))


def _beside_cells(archive: Archive, sheet: Any, watch: ReadingWatch) -> tuple[list[str], int]:
    """Texts in boxes that lie over the cells, and how many remarks hang on cells."""
    drawn, remarks = list[str](), 0
    for kind, path in archive.relations(str(sheet._worksheet_path).lstrip("/")).values():
        tree = archive.tree(path) if kind in ("drawing", "comments") else None
        if tree is not None and kind == "drawing":
            drawn += ["", *texts_of(tree, watch)]
        elif tree is not None:
            remarks += sum(1 for _ in tree.iter("{*}comment"))
    return drawn if any(drawn) else [], remarks


def _rows(sheet: Any, watch: ReadingWatch) -> list[str]:
    sheet.reset_dimensions()  # what a file says of its size may be a million rows of nothing
    rows: list[str] = []
    for row in sheet.iter_rows():
        watch.count(1 + len(row))
        cells = [_display(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        rows.append(" | ".join(cells))
    return rows


def _display(cell: Any) -> str:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{cell_text(round(value * 100, 10))}%"
    return cell_text(value)


def cell_text(value: Any) -> str:
    """
    >>> cell_text(3.5), cell_text(2.0), cell_text(None), cell_text(True)
    ('3.5', '2', '', 'TRUE')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    return " ".join(str(value).split())
