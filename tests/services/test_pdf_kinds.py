"""PDFs as people have them: forms, remarks, columns, scanned pages, and whatever stands before one."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject, TextStringObject

from groq_core.media.image.preparation import PreparedImage
from groq_core.services.documents.readers import read
from groq_core.services.documents.seeing import read_and_look
from tests.services.papers import pdf

# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────


def write_pdf(writer: PdfWriter) -> bytes:
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "head", [b"\xef\xbb\xbf", b"\n\n", b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n", b"junk\r\n"]
)
def test_what_stands_before_a_pdf_does_no_harm(head: bytes) -> None:
    assert "Invoice 7" in read(head + pdf(["Invoice 7"]), "a.pdf").text


def test_remarks_on_a_page_are_read() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(["Invoice"]))))
    writer.add_annotation(0, FreeText(text="paid on Monday", rect=(50, 50, 200, 100)))

    assert "[paid on Monday]" in read(write_pdf(writer), "a.pdf").text


@pytest.mark.parametrize(("kind", "value", "shown"), [("/Ch", "blue", "f: blue"), ("/Tx", "Zoë €", "f: Zoë €")])
def test_fields_of_any_kind_are_read(kind: str, value: str, shown: str) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(["Form"]))))
    field = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject(kind),
            NameObject("/T"): TextStringObject("f"),
            NameObject("/V"): TextStringObject(value),
            NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (0, 0, 9, 9)]),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([field])

    assert shown in read(write_pdf(writer), "a.pdf").text


def columns(lines: int) -> bytes:
    """Two columns drawn line by line across them, with a headline above."""
    drawn = ["BT /F1 10 Tf 50 800 Td (A headline over both) Tj ET"]
    for line in range(lines):
        y = 760 - 14 * line
        drawn.append(f"BT /F1 10 Tf 50 {y} Td (left line number {line} of it) Tj ET")
        drawn.append(f"BT /F1 10 Tf 320 {y} Td (right line number {line} of it) Tj ET")
    return _with_content(pdf(["placeholder"]), "\n".join(drawn))


def _with_content(data: bytes, content: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    stream = writer.pages[0]["/Contents"].get_object()
    assert isinstance(stream, StreamObject)
    stream.set_data(content.encode())
    return write_pdf(writer)


def test_two_columns_are_read_one_after_the_other() -> None:
    text = read(columns(12), "a.pdf").text

    places = [text.index(f"{side} line number {line} of it") for side in ("left", "right") for line in range(12)]
    assert places == sorted(places)
    assert text.startswith("A headline over both")


async def test_a_scanned_page_among_others_is_looked_at_under_its_number() -> None:
    async def look(_: PreparedImage) -> str:
        return "seen words"

    document = await read_and_look(pdf(["one", "", "three"]), "a.pdf", look)

    second = document.pages[1]
    assert document.text[second.start : second.end] == "seen words"
    assert document.notes == ("Page 2 had no text to be read and was looked at by a vision model.",)
