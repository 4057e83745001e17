"""Any document made of pieces that are shown and pieces that are not is read as exactly the words that are shown."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO

import openpyxl
import pytest
from openpyxl.comments import Comment

from groq_core.services.documents.pdf import is_meaningless
from groq_core.services.documents.readers import read
from tests.services import offices
from tests.services.visible_words import KINDS, document_of, words_in


@pytest.mark.parametrize("name", KINDS)
def test_any_document_is_read_as_exactly_its_visible_words(name: str) -> None:
    kind = KINDS[name]
    for seed in range(4):
        data, wanted = document_of(kind, random.Random(seed))

        found, foreign = words_in(read(data, f"a.{kind.ending}").text, kind.furniture)

        assert sorted(found) == sorted(wanted), seed
        assert foreign == [], seed
        if name not in ("pptx", "msg"):  # pieces lie on two slides, and files behind the body
            assert found == wanted, seed


@pytest.mark.parametrize(
    "text", ["\x01\x02\x03\x04 54321 \x05", "/g3/g17/g22 /g4/g8/g11", "(cid:12)(cid:7)(cid:31)", "\ue001\ue014\ue020"]
)
def test_a_page_whose_letters_mean_nothing_is_known_by_them(text: str) -> None:
    assert is_meaningless(text * 4)
    assert not is_meaningless("Rechnung 54321, zahlbar bis 3. März. " * 4)


def test_what_an_office_file_holds_beside_its_text_is_counted() -> None:
    picture: dict[str, str | bytes] = {
        "word/media/image1.png": b"x",
        "word/media/image2.emf": b"x",
        "word/charts/chart1.xml": "<c/>",
    }
    embedded: dict[str, str | bytes] = {"word/embeddings/oleObject1.bin": b"x", "word/media/_rels/a.rels": "<r/>"}
    data = offices.docx(offices.p(offices.t("hello")))
    with zipfile.ZipFile(BytesIO(data)) as before:
        parts: dict[str, str | bytes] = {name: before.read(name) for name in before.namelist()}

    document = read(offices.zip_of(parts | picture | embedded), "a.docx")

    assert document.notes == ("Not read: 2 pictures, 1 chart and 1 embedded file in it.",)


def test_the_words_of_a_diagram_are_read() -> None:
    points = "".join(f"<d:pt><d:t><a:p><a:r><a:t>{word}</a:t></a:r></a:p></d:t></d:pt>" for word in ("Plan", "Do"))
    diagram = f"<d:dataModel xmlns:d='urn:d' xmlns:a='urn:a'><d:ptLst>{points}</d:ptLst></d:dataModel>"
    drawing = "<w:r><w:drawing><d:relIds xmlns:d='urn:d' r:dm='diagramData'/></w:drawing></w:r>"

    assert (
        read(offices.docx(offices.p(offices.t("a") + drawing), diagramData=diagram), "a.docx").text == "a\n\nPlan\n\nDo"
    )


def test_a_sheet_tells_what_is_not_in_its_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["net", 100])
    sheet.append(["rate", 0.19])
    sheet.append(["total", "=B1*(1+B2)"])
    sheet["B2"].number_format = "0%"
    sheet["A1"].comment = Comment("check", "me")
    buffer = BytesIO()
    book.save(buffer)

    document = read(buffer.getvalue(), "a.xlsx")

    assert document.text == "## Sheet\n\nnet | 100\nrate | 19%\ntotal"
    assert document.notes == (
        "1 cell holds a formula whose value is not in the file; open it in Excel and save it once.",
        "Not read: 1 comment in it.",
    )


def test_rich_text_has_its_headers_notes_and_footers_where_a_page_has_them() -> None:
    data = rb"{\rtf1{\footer below}{\header above}one{\footnote why}{\*\annotation x} two{\header above}\par}"

    document = read(data, "a.rtf")

    assert document.text == "above\n\none[1] two\n\n[1] why\n\nbelow"
    assert document.notes == ("Not read: 1 comment in it.",)
