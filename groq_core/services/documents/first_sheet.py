"""A spreadsheet's first sheet as CSV, row by row: so that nobody but a process of its own unpacks it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Final

from groq_core.errors import RequestError
from groq_core.services.batch.sources import cell_text
from groq_core.services.documents.archive import Archive
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, damage_error, megabytes, size_error

TABLE_LIMITS: Final = ReadingLimits(
    bytes=50_000_000, unpacked_bytes=1_000_000_000, characters=100_000_000, elements=5_000_000, seconds=60.0
)


def csv_of(data: bytes, name: str, limits: ReadingLimits = TABLE_LIMITS) -> bytes:
    """
    Write the first sheet's rows as CSV in UTF-8, empty rows included, so that they keep their numbers.

    Raises:
        RequestError: It is damaged, locked, or larger than the limits allow.
    """
    Archive(data, name, limits, "Excel")
    import openpyxl

    watch = ReadingWatch(name, limits)
    out = StringIO(newline="")
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    try:
        sheet = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False).worksheets[0]
        # What a file says of its own size is often wrong; without it openpyxl reads on to the last row.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            watch.count(1 + len(row))
            rows.writerow([cell_text(value) for value in row])
            if out.tell() > limits.characters:
                raise size_error(
                    f"{name} holds more than {megabytes(limits.characters)} of cells",
                    "Send it in pieces.",
                )
    except RequestError:
        raise
    except Exception as error:  # openpyxl raises KeyError, ValueError, and what its XML reader raises
        raise damage_error(name, "Excel", error) from None
    return out.getvalue().encode("utf-8", "replace")
