"""Spreadsheets, sheet by sheet, a row on a line: XLSX."""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import Any

from groq_core.errors import RequestError
from groq_core.services.documents.archive import Archive
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, ReadText, damage_error


def read_xlsx(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    Archive(data, name, limits, "Excel")
    import openpyxl  # takes a tenth of a second

    watch = ReadingWatch(name, limits)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        texts, hidden = list[str](), list[str]()
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                hidden.append(sheet.title)
            texts.append("\n".join((f"## {sheet.title}", "", *_rows(sheet, watch))).strip())
    except RequestError:
        raise
    except Exception as error:  # openpyxl raises KeyError, ValueError, and what its XML reader raises
        raise damage_error(name, "Excel", error) from None
    notes = [f"Hidden in it, and read all the same: {', '.join(hidden)}."] if hidden else []
    return ReadText(texts, paged=True, notes=notes)


def _rows(sheet: Any, watch: ReadingWatch) -> list[str]:
    sheet.reset_dimensions()  # what a file says of its size may be a million rows of nothing
    rows: list[str] = []
    for row in sheet.iter_rows(values_only=True):
        watch.count(1 + len(row))
        cells = [cell_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        rows.append(" | ".join(cells))
    return rows


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
