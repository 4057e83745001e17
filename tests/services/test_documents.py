"""Documents are read whole, in order and without risk; what cannot be read says why and what to do."""

from __future__ import annotations

import zipfile
from io import BytesIO

import docx
import pytest
from pypdf import PdfReader, PdfWriter

from groq_core.errors import RequestError
from groq_core.services.documents.readers import ReadingLimits, read, read_document
from tests.services.papers import pdf

pytestmark = pytest.mark.usefixtures("forks")

PAGES = pdf(["First page", "Invoice A-7\nTotal 1.234,50 EUR"])


def word(*paragraphs: str, table: list[list[str]] | None = None, header: str = "") -> bytes:
    document = docx.Document()
    if header:
        document.sections[0].header.paragraphs[0].text = header
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, texts in enumerate(table):
            for column, text in enumerate(texts):
                grid.cell(row, column).text = text
        document.add_paragraph("after")
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def zip_of(name: str, content: bytes, of: bytes = b"") -> bytes:
    file = BytesIO(of)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def encrypt_pdf(password: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(PAGES)))
    writer.encrypt(user_password=password, owner_password=owner, algorithm="AES-256")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def blank() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param("\ufeffgrün\r\nx".encode(), "grün\nx", id="UTF-8"),
        pytest.param("grün".encode("utf-16"), "grün", id="UTF-16"),
        pytest.param("grün €".encode("cp1252"), "grün €", id="Windows"),
    ],
)
def test_a_text_is_read_in_its_own_encoding(data: bytes, text: str) -> None:
    assert read(data, "a.txt").text == text


def test_markdown_is_text_as_it_stands() -> None:
    assert read(b"# Title\n\n* a", "dir/NOTES.MD").text == "# Title\n\n* a"


def test_html_keeps_what_is_seen_and_runs_nothing() -> None:
    page = b"""<html><head><title>Offer</title><style>p{}</style></head><body><script>alert(1)</script>
        <p>Nails<br>and <b>rope</b></p>tail<table><tr><th>a<th>b</tr><tr><td>1<td>2</table><ul><li>x<li>y</ul>
        <p hidden>secret</p><!-- note --><noscript>no</noscript><pre>a  b
c</pre></body></html>"""

    text = read(page, "a.html").text

    assert text.split("\n") == [
        *("Offer", "", "Nails", "and rope", "", "tail", "", "a | b", "1 | 2", "", "x", "y", "", "a b c"),
    ]


def test_html_as_deep_as_a_stranger_likes_is_read() -> None:
    assert read(b"<div>" * 20_000 + b"end", "a.html").text == "end"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<p>grün".encode(), id="unsaid UTF-8"),
        pytest.param("<meta charset=iso-8859-1><p>grün".encode("latin-1"), id="said"),
        pytest.param('<?xml version="1.0" encoding="UTF-8"?><p>grün</p>'.encode(), id="XHTML"),
        pytest.param(b"<p>gr&uuml;n", id="entity"),
    ],
)
def test_html_is_read_in_its_own_encoding(page: bytes) -> None:
    assert read(page, "a.html").text == "grün"


def test_an_e_mail_is_its_head_and_its_body() -> None:
    mail = (
        b"From: Ada <ada@example.org>\nTo: bob@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; "
        b'charset=utf-8\n\n<p>Hello</p><script>x</script>\n--b\nContent-Disposition: attachment; filename="a.pdf"\n'
        b"Content-Type: application/pdf\n\nJVBERi0=\n--b--\n"
    )

    document = read(mail, "a.eml")

    assert document.text == "From: Ada <ada@example.org>\nTo: bob@example.org\nSubject: Grüße\n\nHello"
    assert document.notes == ("Attached, but not read: a.pdf is called .pdf but is none: it is a text.",)


async def test_a_pdf_is_read_page_by_page() -> None:
    document = await read_document(PAGES, "a.pdf")

    first, second = document.pages
    assert document.text[first.start : first.end] == "First page"
    assert document.text[second.start : second.end].startswith("Invoice A-7")
    assert (first.number, second.number) == (1, 2)


def test_a_pdf_is_known_by_its_first_bytes() -> None:
    assert read(PAGES, "upload").kind == "pdf"


def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    assert "First page" in read(encrypt_pdf("", "owner"), "a.pdf").text


def test_a_page_without_text_is_noted() -> None:
    assert read(pdf(["one", "", "three"]), "a.pdf").notes == ("No text on page 2: scanned, or empty.",)


def test_a_word_file_is_read_in_order_with_its_tables() -> None:
    document = read(word("before", table=[["what", "price"], ["nails", "2.50"]], header="ACME"), "a.docx")

    assert document.text.split("\n\n") == ["ACME", "before", "what | price", "nails | 2.50", "after"]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        pytest.param(b"x" * 200, "a.txt", "the most", id="large"),
        pytest.param(b"", "a.txt", "is empty: it has 0 bytes", id="empty"),
        pytest.param(b"", "a.docx", "is empty: it has 0 bytes", id="empty Word"),
        pytest.param(b" \n", "a.txt", "holds no text", id="blank"),
        pytest.param(b"\0\1\2", "a.txt", "is not a text", id="binary"),
        pytest.param(b"MZ", "a.exe", "cannot be read", id="other kind"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "a.doc", "old Office file", id="old Word"),
        pytest.param(b"hello", "a.pdf", "is called .pdf but is none: it is a text", id="not a PDF"),
        pytest.param(b"hello", "a.docx", "is called .docx but is none: it is a text", id="not Word"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a.pdf", r"it is a picture \(PNG\)", id="a picture called PDF"),
        pytest.param(b" <!DOCTYPE html><p>", "a.pdf", "it is a web page", id="a page called PDF"),
        pytest.param(bytes(99), "a.xlsx", "it is nothing but zeros", id="zeros called Excel"),
        pytest.param(b"%PDF-1.7 and then nothing", "a.pdf", "is damaged", id="damaged PDF"),
        pytest.param(b"PK\x03\x04 and then nothing", "a.docx", "is damaged", id="damaged Word"),
        pytest.param(b"PK\x03\x04 and then nothing", "a.zip", "is an archive", id="archive"),
        pytest.param(zip_of("a.txt", b"x"), "a.docx", "it is an archive with a.txt in it", id="archive called Word"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, name: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        read(data, name, ReadingLimits(bytes=150))

    assert caught.value.param == "file"
    assert caught.value.hint


def test_a_locked_pdf_says_so() -> None:
    with pytest.raises(RequestError, match="locked with a password") as caught:
        read(encrypt_pdf("secret", "owner"), "a.pdf")

    assert caught.value.code == "encrypted_file"


def test_a_scanned_pdf_says_so() -> None:
    with pytest.raises(RequestError, match="it is scanned") as caught:
        read(blank(), "a.pdf")

    assert "pictures" in caught.value.hint


def test_a_bomb_is_refused_by_what_it_declares() -> None:
    bomb = zip_of("word/media/zeros.bin", bytes(5_000_000), of=word("x"))

    with pytest.raises(RequestError, match="unpacks to 5"):
        read(bomb, "a.docx", ReadingLimits(unpacked_bytes=1_000_000))


def test_entities_of_a_word_file_are_not_expanded() -> None:
    source = BytesIO(word("x"))
    target = BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "word/document.xml":
                head, body = content.split(b"?>", 1)
                entity = b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname"><!ENTITY f "LAUGH">]>'
                content = head + b"?>" + entity + body.replace(b"<w:t>x", b"<w:t>x&e;&f;")
            new.writestr(entry, content)

    try:
        text = read(target.getvalue(), "a.docx").text
    except RequestError:
        return
    assert text == "x"


def test_too_many_pages_and_too_much_text_are_refused() -> None:
    with pytest.raises(RequestError, match="2 pages; 1 is the most"):
        read(PAGES, "a.pdf", ReadingLimits(pages=1))
    with pytest.raises(RequestError, match="characters of text"):
        read(b"x" * 100, "a.txt", ReadingLimits(characters=50))


def test_no_message_names_a_folder_of_the_sender() -> None:
    with pytest.raises(RequestError) as caught:
        read(b"", r"C:\Users\ada\secret plans.txt")

    assert "Users" not in caught.value.message
