"""Documents as people have them: each sample that once came out wrong, and others of its kind made on the spot."""

from __future__ import annotations

import time
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.media.image.preparation import PreparedImage
from groq_core.services.documents.parts import ReadingLimits
from groq_core.services.documents.readers import read, read_document
from groq_core.services.documents.seeing import read_and_look
from groq_core.services.documents.source import source_of
from tests.services.offices import W, docx, opendocument, p, pptx, shape, t
from tests.services.visible_words import DOCX

pytestmark = pytest.mark.usefixtures("forks")

CASES = Path(__file__).parents[1] / "data" / "cases"


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


# ── the samples ──────────────────────────────────────────────────────────────────────────────────────


def test_a_rich_word_file_is_read_in_order_without_what_was_deleted() -> None:
    text = read(case("rich.docx"), "rich.docx").text

    wanted = [
        *("FIRSTPAGEHEADER", "HEADER", "Invoice plain paragraph.", "INSERTED200 euro", "BLOCKSDT customer Jane Doe"),
        *("INLINESDT", "FLDSIMPLE", "SMARTTAG", "MOVEDTO", "TEXTBOX total 4711", "A | B", "NESTEDTABLE", "SDTROW"),
        *("plainrow", "list one", "list two", "tab", "FOOTNOTE net 30 days", "FOOTER"),
    ]
    places = [text.index(words) for words in wanted]
    assert places == sorted(places)
    assert "100" not in text


@pytest.mark.parametrize("name", ["jis.eml", "sjis.eml"])
def test_a_mail_is_read_in_the_charset_it_names(name: str) -> None:
    document = read(case(name), name)

    assert "請求書番号 12345; 合計 9800円" in document.text
    assert "From: Ivan <a@b.c>" in document.text
    assert document.notes == ()


def test_text_behind_a_picture_is_read() -> None:
    text = read(case("applemail.eml"), "applemail.eml").text

    assert "First part before picture." in text
    assert "the invoice total is 4711 euro" in text


def test_a_guess_is_told() -> None:
    document = read(case("ru1251.csv"), "ru1251.csv")

    assert document.text.startswith("Счёт на оплату № 17; Итого: 1 250 рублей")
    assert "guess" in document.notes[0]


def test_one_bad_byte_costs_one_letter() -> None:
    document = read(case("onebadbyte.txt"), "onebadbyte.txt")

    assert document.text.count("\ufffd") == 1
    assert document.text.count("Größe beträgt fünf Meter") > 100
    assert document.notes[0].startswith("1 byte in it means nothing")


def test_a_form_is_read_with_its_values() -> None:
    text = read(case("form.pdf"), "form.pdf").text

    assert "name: Jane Doe 4711" in text
    assert "agree: yes" in text


def test_letters_without_a_meaning_are_not_passed_off_as_text() -> None:
    with pytest.raises(RequestError, match="have no meaning") as refused:
        read(case("notouni.pdf"), "notouni.pdf")

    assert "pictures" in refused.value.hint


async def test_letters_without_a_meaning_are_looked_at() -> None:
    looked: list[PreparedImage] = []

    async def look(picture: PreparedImage) -> str:
        looked.append(picture)
        return "Rechnung 54321"

    document = await read_and_look(case("notouni.pdf"), "notouni.pdf", look)

    assert document.text == "Rechnung 54321"
    assert document.pages[0].number == 1
    assert "vision model" in document.notes[0]
    assert max(looked[0].width, looked[0].height) > 1000


def test_a_sheet_is_read() -> None:
    assert read(case("s.xlsx"), "s.xlsx").text == "## Sheet\n\nitem | price\nnails | 3.5"


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────

LONG = {
    "cp1251": "Договор поставки оборудования заключён между сторонами в городе Москве. " * 3,
    "koi8_r": "Договор поставки оборудования заключён между сторонами в городе Москве. " * 3,
    "shift_jis": "請求書番号は一二三四五です。お支払いは今月末までにお願いいたします。" * 3,
    "euc_jp": "請求書番号は一二三四五です。お支払いは今月末までにお願いいたします。" * 3,
    "gb18030": "请求书的号码是一二三四五，请在本月底之前支付全部金额，谢谢您的合作。" * 3,
    "big5": "請求書的號碼是一二三四五，請在本月底之前支付全部金額，謝謝您的合作。" * 3,
    "euc_kr": "청구서 번호는 일이삼사오이며 이번 달 말까지 지불해 주시기 바랍니다. " * 3,
    "cp1253": "Η σύμβαση προμήθειας εξοπλισμού υπογράφηκε στην Αθήνα από τους δύο συμβαλλομένους. " * 3,
    "cp1252": "Le déjeuner à l’hôtel coûte 12 € par tête, garçon compris. Größe fünf. " * 3,
    "iso-2022-jp": "請求書番号は一二三四五です。" * 3,
}


@pytest.mark.parametrize("encoding", LONG)
def test_a_text_in_any_encoding_is_recognised(encoding: str) -> None:
    assert read(LONG[encoding].encode(encoding), "a.txt").text == LONG[encoding].strip("\n")


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"]
)
def test_wide_text_is_read_with_and_without_its_mark(encoding: str) -> None:
    text = "Angebot 4711: Größe fünf Meter, netto 30 Tage."

    document = read(text.encode(encoding), "a.txt")

    assert (document.text, document.notes) == (text, ())


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\x80"])
@pytest.mark.parametrize("place", [0, 40, 900])
def test_any_bad_byte_costs_one_letter(bad: bytes, place: int) -> None:
    text = "Größe fünf Meter, Länge drei. " * 60
    data = text.encode()
    while data[place] & 0xC0 == 0x80 or data[place] >= 0xC0:
        place += 1

    found = read(data[:place] + bad + data[place:], "a.txt").text

    assert found.replace("\ufffd", "") == text
    assert found.count("\ufffd") == 1


# ── Word ─────────────────────────────────────────────────────────────────────────────────────────────

SEEN, UNSEEN = DOCX


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, len(SEEN) - 1)), min_size=1, max_size=14))
def test_any_word_file_is_read_as_exactly_its_visible_words(pieces: list[tuple[bool, int]]) -> None:
    body, wanted = "", []
    for number, (seen, kind) in enumerate(pieces):
        word = f"word{number}"
        body += (SEEN[kind % len(SEEN)] if seen else UNSEEN[kind % len(UNSEEN)])(word)
        wanted += [word] if seen else []
    body += p(t("end"))

    assert read(docx(body), "a.docx").text.split() == [*wanted, "end"]


def test_footnotes_stand_where_they_are_named_and_comments_are_told() -> None:
    note = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2">{p(t("net 30 days"))}</w:footnote></w:footnotes>'
    comment = f'<w:comments xmlns:w="{W}"><w:comment w:id="1">{p(t("why?"))}</w:comment></w:comments>'

    document = read(
        docx(p(t("Pay") + '<w:r><w:footnoteReference w:id="2"/></w:r>'), footnotes=note, comments=comment), "a.docx"
    )

    assert document.text == "Pay[1]\n\n[1] net 30 days"
    assert "1 comment" in document.notes[0]


def test_a_row_that_spans_a_million_columns_takes_no_time() -> None:
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="1000000"/></w:tcPr>{p(t("x"))}</w:tc>'
    body = "<w:tbl>" + f"<w:tr>{cell * 3}</w:tr>" * 300 + "</w:tbl>"
    started = time.process_time()

    assert read(docx(body), "a.docx").text.count("x") == 900
    assert time.process_time() - started < 10


def test_macros_and_templates_are_word_files() -> None:
    for name in ("a.docm", "a.dotx", "a"):
        assert read(docx(p(t("hello"))), name).text == "hello"


# ── slides, sheets, OpenDocument, RTF, XML ───────────────────────────────────────────────────────────


def test_slides_are_pages_with_their_notes() -> None:
    table = "<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>a</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>"
    document = read(pptx(f"<p:sp>{shape('Title', 'Sub')}</p:sp>{table}", shape("Second"), notes="say hello"), "a.pptx")

    assert [document.text[one.start : one.end] for one in document.pages] == [
        "Title\nSub\n\na\n\nNotes: say hello",
        "Second",
    ]


def test_sheets_are_pages_and_values_are_what_is_shown() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Prices"
    first.append(["nails", 2.0, True, None])
    book.create_sheet("More").append(["Größe", 1.5])
    buffer = BytesIO()
    book.save(buffer)

    document = read(buffer.getvalue(), "a.xlsx")

    assert [document.text[one.start : one.end] for one in document.pages] == [
        "## Prices\n\nnails | 2 | TRUE",
        "## More\n\nGröße | 1.5",
    ]


def test_opendocument_texts_sheets_and_slides_are_read() -> None:
    text = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h>Head</text:h>"
        '<text:p>a<text:s text:c="2"/>'
        "b<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>foot</text:p></text:note-body>"
        "</text:note></text:p><table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row></table:table>'
    )
    sheet = (
        '<table:table table:name="S"><table:table-row><table:table-cell><text:p>1</text:p></table:table-cell>'
        "<table:table-cell><text:p>2</text:p></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row></table:table>'
    )
    frame = "<draw:frame><draw:text-box><text:p>One</text:p></draw:text-box></draw:frame>"
    slides = f"<draw:page>{frame}</draw:page><draw:page/>"

    assert read(opendocument("text", text), "a.odt").text == "Head\n\na  b[1]\n\nx\n\n[1] foot"
    assert read(opendocument("spreadsheet", sheet), "a.ods").text == "## S\n\n1 | 2"
    assert read(opendocument("presentation", slides), "a.odp").text.strip("\f") == "One"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(rb"{\rtf1\ansi Gr\'fc\'dfe {\b 4711} euro\par Next}", "Grüße 4711 euro\nNext", id="code page"),
        pytest.param(rb"{\rtf1\ansi\uc1 Za\u380?\u243?\u322?\u263?}", "Zażółć", id="Unicode"),
        pytest.param(rb"{\rtf1{\fonttbl{\f0 Times;}}{\*\generator x;}\f0 only this}", "only this", id="commands"),
    ],
)
def test_rich_text_is_read_without_its_commands(data: bytes, text: str) -> None:
    assert read(data, "a.rtf").text == text


def test_xml_and_yaml_are_read_as_they_stand() -> None:
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<bill total="4711"><name>Größe</name></bill>'

    assert read(xml.encode("latin-1"), "a.xml").text == xml
    assert read("a: größe\nb: [1, 2]".encode(), "a.yaml").text == "a: größe\nb: [1, 2]"


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_forwarded_and_what_is_attached_is_read() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "first@example.org", "Original"
    inner.set_content("The price is 4711.")
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "second@example.org", "Fwd"
    mail.set_content("See below.")
    mail.add_attachment(inner)
    mail.add_attachment(docx(p(t("Attached word"))), maintype="application", subtype="x", filename="offer.docx")
    mail.add_attachment(b"\0\1", maintype="application", subtype="x", filename="tool.exe")

    document = read(mail.as_bytes(), "a.eml")

    for words in ("See below.", "Subject: Original", "The price is 4711.", "Attached: offer.docx", "Attached word"):
        assert words in document.text
    assert document.notes == ("Not read: attached tool.exe.",)


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"])
@pytest.mark.parametrize("way", ["base64", "quoted-printable"])
def test_a_mail_in_any_charset_is_read(charset: str, way: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = "請求書"
    mail.set_content("合計は9800円です。", charset=charset, cte=way)

    text = read(mail.as_bytes(), "a.eml").text

    assert text == "Subject: 請求書\n\n合計は9800円です。"


async def test_a_mail_of_a_thousand_nested_parts_takes_little() -> None:
    mail = b"Subject: deep\n"
    for depth in range(800):
        mail += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth)
    mail += b"Content-Type: text/plain\n\nbottom\n"

    with pytest.raises(RequestError):
        await read_document(mail, "a.eml", ReadingLimits(seconds=20, memory_bytes=600_000_000))


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_reading_that_takes_too_long_is_ended() -> None:
    body = "".join(p(t(f"w{number}")) for number in range(60_000))

    with pytest.raises(RequestError, match="takes too long") as refused:
        await read_document(docx(body), "a.docx", ReadingLimits(seconds=0.01))

    assert refused.value.status == 413


async def test_a_reading_that_takes_too_much_memory_is_ended() -> None:
    body = "".join(p(t(f"w{number}")) for number in range(200_000))

    with pytest.raises(RequestError) as refused:
        await read_document(docx(body), "a.docx", ReadingLimits(memory_bytes=150_000_000))

    assert refused.value.status in (400, 413)


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(RequestError, match="more than 1000 elements"):
        read(docx(p(t("x")) * 2000), "a.docx", ReadingLimits(elements=1000))


async def test_the_process_reads_what_the_function_reads() -> None:
    for name in ("rich.docx", "form.pdf", "s.xlsx", "jis.eml"):
        assert await read_document(case(name), name) == read(case(name), name)


async def test_any_file_finds_its_reader() -> None:
    assert isinstance(await source_of(case("o6.heic"), "photo.heic"), tuple)
    assert isinstance(await source_of(case("whitetext.png"), "scan.pdf"), tuple)
    assert not isinstance(await source_of(case("s.xlsx"), "s.xlsx"), tuple)
