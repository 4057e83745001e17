"""What was found comes out as tables and files, and no cell of them is ever run."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from groq_core.services.extraction.result_files import FORMULA_SIGNS, as_csv, as_json, as_xlsx, join_tables, tables

INVOICE = {
    "number": "A-7",
    "payer": {"name": "Ada", "city": None},
    "tags": ["paid", "late"],
    "lines": [{"what": "nails", "price": 2.5}, {"what": "rope", "price": -1}],
    "taxes": [{"rate": 0.19}],
    "open": True,
}


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_data_becomes_a_table_of_single_values_and_one_of_each_list() -> None:
    found = {table.name: (table.columns, table.rows) for table in tables(INVOICE)}

    assert list(found) == ["data", "lines", "taxes"]
    assert found["data"][0] == ("number", "payer.name", "payer.city", "tags", "open")
    assert found["lines"][1][1] == {"lines no.": 2, "what": "rope", "price": -1}


def test_lists_in_lists_say_where_they_belong() -> None:
    data = [{"order": 1, "lines": [{"what": "a"}]}, {"order": 2, "lines": [{"what": "b"}, {"what": "c"}]}]

    lines = next(table for table in tables(data) if table.name == "lines")

    assert lines.rows[-1] == {"data no.": 2, "lines no.": 2, "what": "c"}


def test_the_one_table_has_a_row_for_each_line_and_single_values_on_every_row() -> None:
    table = join_tables(INVOICE)

    assert [row["lines.what"] for row in table.rows] == ["nails", "rope"]
    assert {row["number"] for row in table.rows} == {"A-7"}
    assert json.loads(table.rows[0]["taxes"]) == [{"rate": 0.19}]


def test_csv_opens_in_a_spreadsheet_with_its_umlauts() -> None:
    data = as_csv([{"name": "Jörg", "paid": True, "sum": -2.5}])

    assert data.startswith(b"\xef\xbb\xbf")
    assert read_csv(data) == [["name", "paid", "sum"], ["Jörg", "yes", "-2.5"]]


@pytest.mark.parametrize("sign", FORMULA_SIGNS)
def test_a_text_that_looks_like_a_formula_stays_a_text(sign: str) -> None:
    text = f"{sign}HYPERLINK(1)"

    head, row = read_csv(as_csv({"a": text, text: "x"}))
    sheet = load_workbook(io.BytesIO(as_xlsx({"a": text}))).active

    assert row[0] == "'" + text
    assert head[1] == "'" + text
    cell = sheet.cell(2, 1)
    assert cell.data_type == "s"
    assert cell.value.lstrip("\r\t") == text.lstrip("\r\t")
    assert cell.quotePrefix


def test_a_workbook_has_a_sheet_for_each_table_and_numbers_stay_numbers() -> None:
    book = load_workbook(io.BytesIO(as_xlsx(INVOICE)))

    assert book.sheetnames == ["data", "lines", "taxes"]
    assert book["lines"].cell(3, 3).value == -1
    assert book["data"].freeze_panes == "A2"


def test_a_workbook_bears_what_no_sheet_may_hold() -> None:
    data = {"a\x00": "b\x07", "long": "x" * 40_000, "[list]:*?/\\" * 5: [{"c": 1}], "[list]:*?/\\" * 6: [{"c": 1}]}

    book = load_workbook(io.BytesIO(as_xlsx(data)))

    assert book["data"].cell(2, 1).value == "b"
    assert len(book["data"].cell(2, 2).value) == 32_767
    assert len(book.sheetnames) == 3


_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
_data = st.recursive(
    _values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1, max_size=5), _data, max_size=4))
def test_any_data_becomes_files_whose_cells_are_no_formulas(data: dict[str, Any]) -> None:
    assert json.loads(as_json(data)) == data
    for row in read_csv(as_csv(data)):
        assert all(cell[:1] != "=" and cell[:1] != "@" for cell in row)
    book = load_workbook(io.BytesIO(as_xlsx(data)))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
