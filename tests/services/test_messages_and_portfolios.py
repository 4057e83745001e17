"""What comes inside something else: Outlook's messages with what is attached and forwarded, PDF portfolios."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from groq_core.errors import RequestError
from groq_core.services.documents.readers import PAGE_BREAK, read
from tests.services import offices
from tests.services.messages import attachment, compound, message, text
from tests.services.papers import pdf


def test_a_message_is_its_head_and_its_body() -> None:
    document = read(compound(message("Angebot über Nägel", "Der Preis ist 12 €.")), "a.msg")

    assert document.kind == "msg"
    assert document.text.split("\n") == [
        "From: Ada Lovelace",
        "Subject: Angebot über Nägel",
        "",
        "Der Preis ist 12 €.",
    ]
    assert document.notes == ()


def test_what_is_attached_to_a_message_is_read_and_what_cannot_be_is_named() -> None:
    inside = offices.docx(offices.p(offices.t("Delivery on Monday.")))
    data = compound(
        message(
            "Offer",
            "See below.",
            **{
                "__attach_version1.0_#00000000": attachment("note.txt", b"Nails: 12"),
                "__attach_version1.0_#00000001": attachment("letter.docx", inside),
                "__attach_version1.0_#00000002": attachment("photo.jpg", b"\xff\xd8\xff\xe0"),
            },
        )
    )
    document = read(data, "a.msg")

    assert "── Attached: note.txt ──\nNails: 12" in document.text
    assert "── Attached: letter.docx ──\nDelivery on Monday." in document.text
    assert document.notes == ("Not read: attached photo.jpg.",)


def test_a_forwarded_message_is_read_with_what_is_attached_to_it() -> None:
    inner = message("Older", "First words.", **{"__attach_version1.0_#00000000": attachment("b.txt", b"Deep")})
    data = compound(
        message("Fwd", "Please read.", **{"__attach_version1.0_#00000000": {"__substg1.0_3701000D": inner}})
    )
    found = read(data, "a.msg").text

    assert "── Forwarded message ──" in found
    assert found.index("Please read.") < found.index("First words.") < found.index("Deep")


def test_a_message_that_is_a_web_page_is_read_as_it_shows() -> None:
    page = "<meta charset=windows-1251><p style='display:none'>нет</p><p>Привет</p>".encode("cp1251")
    storages = {**message("Web", ""), "__substg1.0_10130102": page}
    del storages["__substg1.0_1000001F"]

    assert read(compound(storages), "a.msg").text.endswith("Привет")


def test_a_message_in_an_old_encoding_is_read() -> None:
    storages = {**message("Alt", ""), "__substg1.0_1000001E": "Grüße, Ihr Händler. Schöne Tage!".encode("cp1252")}
    del storages["__substg1.0_1000001F"]

    assert "Grüße, Ihr Händler." in read(compound(storages), "a.msg").text


@settings(max_examples=60, deadline=None)
@given(
    subject=st.text(st.characters(min_codepoint=32, blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40),
    words=st.lists(st.text("abcäßж日", min_size=1, max_size=8), min_size=1, max_size=40),
)
def test_any_message_is_read_as_exactly_its_words(subject: str, words: list[str]) -> None:
    found = read(compound(message(subject, "\r\n".join(words))), "a.msg").text

    assert found.split("\n\n")[-1].split() == words


@pytest.mark.parametrize("cut", [600, 2000, 5000])
def test_a_message_that_is_cut_off_is_refused_in_words(cut: int) -> None:
    data = compound(message("Offer", "The total is 42. " * 600))

    with pytest.raises(RequestError) as refused:
        read(data[:cut] if b"p\0r\0o\0p" in data[:cut] else data[:cut] + text("__properties_version1.0"), "a.msg")
    assert "a.msg" in refused.value.message


def portfolio(files: dict[str, bytes], *, collection: bool = True) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(["Open this with a newer reader."]))))
    for name, content in files.items():
        writer.add_attachment(name, content)
    if collection:
        writer.root_object[NameObject("/Collection")] = DictionaryObject({NameObject("/View"): NameObject("/D")})
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_a_portfolio_is_read_file_by_file() -> None:
    files = {"offer.pdf": pdf(["Nails: 12"]), "note.txt": b"Rope: 3", "letter.rtf": rb"{\rtf1 Due Monday\par}"}
    document = read(portfolio(files), "all.pdf")

    for name, words in (("offer.pdf", "Nails: 12"), ("note.txt", "Rope: 3"), ("letter.rtf", "Due Monday")):
        assert f"── {name} ──\n{words}" in document.text
    assert len(document.pages) == 4
    assert document.notes == ()


def test_what_cannot_be_read_of_a_portfolio_is_named() -> None:
    document = read(portfolio({"note.txt": b"Rope: 3", "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(50)}), "all.pdf")

    assert "Rope: 3" in document.text
    assert document.notes == ("Not read: attached photo.jpg.",)


def test_a_portfolio_inside_a_portfolio_ends_somewhere() -> None:
    data = pdf(["The innermost"])
    for depth in range(6):
        data = portfolio({f"level{depth}.pdf": data})
    document = read(data, "deep.pdf")

    assert "level5.pdf" in document.text


def test_a_pdf_with_something_attached_is_read_as_itself() -> None:
    document = read(portfolio({"data.xml": b"<a>1</a>"}, collection=False), "invoice.pdf")

    assert document.text.startswith("Open this")
    assert document.notes == ("Not read: attached data.xml.",)


def mail(subject: str, files: dict[str, bytes]) -> bytes:
    made = EmailMessage()
    made["Subject"] = subject
    made.set_content(f"{subject} says hello")
    for name, content in files.items():
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


TOOL = mail("inner", {"tool.exe": b"\0\1"})
NESTED = [
    pytest.param("a.eml", lambda: mail("outer", {"inner.eml": TOOL}), id="mail in a mail"),
    pytest.param("a.pdf", lambda: portfolio({"inner.eml": TOOL}), id="mail in a portfolio"),
    pytest.param(
        "a.msg",
        lambda: compound(message("o", "x", **{"__attach_version1.0_#00000000": attachment("inner.eml", TOOL)})),
        id="mail in a message",
    ),
]


@pytest.mark.parametrize(("name", "make"), NESTED)
def test_what_is_to_be_said_of_something_inside_something_is_said_outside(name: str, make: Callable[[], bytes]) -> None:
    document = read(make(), name)

    assert "inner says hello" in document.text
    assert document.notes == ("inner.eml: Not read: attached tool.exe.",)


INSIDE = {
    "half.pdf": (pdf(["Page one", ""]), "half.pdf: No text on page 2: scanned, or empty."),
    "scan.pdf": (pdf([""]), "Attached, but not read: scan.pdf holds no text on its only page: it is scanned."),
    "ru.txt": (
        "Привет, как дела? Всё хорошо.".encode("cp1251"),
        "ru.txt: It does not say how it is encoded; windows-1251 is a guess.",
    ),
    "note.docx": (
        offices.docx(offices.p(offices.t("x")), comments="<a><b/></a>"),
        "note.docx: Not read: 1 comment in it.",
    ),
    "all.pdf": (portfolio({"photo.jpg": b"\xff\xd8"}, collection=False), "all.pdf: Not read: attached photo.jpg."),
}


@pytest.mark.parametrize("name", INSIDE)
def test_every_note_about_what_is_attached_reaches_the_person(name: str) -> None:
    content, note = INSIDE[name]
    inside = {name: content}

    assert read(mail("m", inside), "a.eml").notes == (note,)
    assert read(portfolio(inside), "a.pdf").notes == (note,)
    assert read(mail("m", {"deep.eml": mail("n", inside)}), "a.eml").notes == (f"deep.eml: {note}",)


def test_pages_of_what_lies_inside_are_no_pages_of_what_lies_around_it() -> None:
    document = read(portfolio({"two.pdf": pdf(["One", "Two"])}), "a.pdf")

    assert len(document.pages) == 2
    assert document.text.count(PAGE_BREAK) == 1
