"""Documents of every kind, made of pieces that are shown and pieces that are not: it is known what can be seen."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from io import BytesIO
from typing import Final, TypeAlias

import openpyxl
from openpyxl.comments import Comment

from tests.services.messages import attachment, compound, message
from tests.services.offices import docx, opendocument, p, pptx, shape, t
from tests.services.papers import pdf

Way: TypeAlias = Callable[[str], str]
"""Puts a word into a document so that it is shown, or so that it is not."""

Piece: TypeAlias = tuple[Way, str]

_WORD: Final = re.compile(r"w\d+q")


@dataclass(frozen=True)
class Kind:
    """
    How documents of a kind are made.

    Attributes:
        furniture: What a reader may write of its own, beside signs and numbers.
    """

    ending: str
    shown: Sequence[Way]
    unshown: Sequence[Way]
    whole: Callable[[Sequence[str]], bytes]
    furniture: frozenset[str] = frozenset()


def document_of(kind: Kind, rng: random.Random, rounds: int = 2) -> tuple[bytes, list[str]]:
    """A document with every piece of a kind in any order, and the words that are visible in it, in theirs."""
    ways = [(way, True) for way in kind.shown] + [(way, False) for way in kind.unshown]
    ways *= rounds
    rng.shuffle(ways)
    words = [f"w{number}q" for number in range(len(ways))]
    data = kind.whole([way(word) for (way, _), word in zip(ways, words, strict=True)])
    return data, [word for (_, visible), word in zip(ways, words, strict=True) if visible]


def words_in(text: str, furniture: frozenset[str]) -> tuple[list[str], list[str]]:
    """The words of ours in a text, and whatever letters else are in it."""
    rest = _WORD.sub(" ", text)
    return _WORD.findall(text), [word for word in re.findall(r"[^\W\d_]+", rest) if word not in furniture]


# ── Word ─────────────────────────────────────────────────────────────────────────────────────────────


def _field(inside: str, shown: str) -> str:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    return p(f"{mark('begin')}<w:r><w:instrText>{inside}</w:instrText></w:r>{mark('separate')}{shown}{mark('end')}")


def _cell(inside: str) -> str:
    return f"<w:tbl><w:tr><w:tc>{inside}</w:tc></w:tr></w:tbl>"


DOCX: Final[tuple[list[Way], list[Way]]] = (
    [
        lambda w: p(t(w)),
        lambda w: p(f'<w:ins w:id="1">{t(w)}</w:ins>'),
        lambda w: p(f'<w:moveTo w:id="1">{t(w)}</w:moveTo>'),
        lambda w: f"<w:sdt><w:sdtContent>{p(t(w))}</w:sdtContent></w:sdt>",
        lambda w: p(f"<w:sdt><w:sdtContent>{t(w)}</w:sdtContent></w:sdt>"),
        lambda w: p(f'<w:hyperlink r:id="x">{t(w)}</w:hyperlink>'),
        lambda w: p(f"<w:r><w:pict><w:txbxContent>{p(t(w))}</w:txbxContent></w:pict></w:r>"),
        lambda w: _cell(p(t(w))),
        lambda w: _cell(_cell(p(t(w))) + p("")),
        lambda w: _field("PAGE", t(w)),
        lambda w: p(f'<w:fldSimple w:instr="DATE">{t(w)}</w:fldSimple>'),
        lambda w: p(f'<m:oMath xmlns:m="urn:m"><m:r><m:t>{w}</m:t></m:r></m:oMath>'),
        lambda w: p(f"<w:ruby><w:rt>{t('kana')}</w:rt><w:rubyBase>{t(w)}</w:rubyBase></w:ruby>"),
        lambda w: p(f"<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>{w}</w:t></w:r>"),
    ],
    [
        lambda w: p(f'<w:del w:id="1"><w:r><w:delText>{w}</w:delText></w:r></w:del>'),
        lambda w: p(f'<w:moveFrom w:id="1">{t(w)}</w:moveFrom>'),
        lambda w: p(f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{w}</w:t></w:r>"),
        lambda w: p(f"<w:r><w:instrText>{w}</w:instrText></w:r>"),
        lambda w: f'<w:tbl><w:tr><w:trPr><w:del w:id="1"/></w:trPr><w:tc>{p(t(w))}</w:tc></w:tr></w:tbl>',
        lambda w: _field(f'IF 1 "{w}"', ""),
    ],
)

# ── slides ───────────────────────────────────────────────────────────────────────────────────────────


def _shape(w: str, mark: str = "") -> str:
    return f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="n"{mark}/></p:nvSpPr>{shape(w)}</p:sp>'


def _slide_table(w: str) -> str:
    return f"<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>{w}</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>"


_PPTX: Final[tuple[list[Way], list[Way]]] = (
    [
        _shape,
        lambda w: f"<p:grpSp>{_shape(w)}</p:grpSp>",
        _slide_table,
        lambda w: f"<p:txBody><a:p><a:r><a:t>{w[:2]}</a:t></a:r><a:r><a:t>{w[2:]}</a:t></a:r></a:p></p:txBody>",
        lambda w: f"<p:txBody><a:p><a:fld><a:t>{w}</a:t></a:fld></a:p></p:txBody>",
        lambda w: f"<mc:AlternateContent xmlns:mc='urn:mc'><mc:Choice>{_shape(w)}</mc:Choice></mc:AlternateContent>",
    ],
    [
        lambda w: _shape(w, ' hidden="1"'),
        lambda w: f"<p:grpSp><p:nvGrpSpPr><p:cNvPr id='1' name='n' hidden='1'/></p:nvGrpSpPr>{_shape(w)}</p:grpSp>",
        lambda w: (
            f"<mc:AlternateContent xmlns:mc='urn:mc'><mc:Choice/><mc:Fallback>{_shape(w)}</mc:Fallback>"
            "</mc:AlternateContent>"
        ),
        lambda w: f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='{w}' descr='{w}'/></p:nvSpPr></p:sp>",
    ],
)

# ── OpenDocument ─────────────────────────────────────────────────────────────────────────────────────


def _frame(w: str) -> str:
    return f"<draw:frame><draw:text-box><text:p>{w}</text:p></draw:text-box></draw:frame>"


def _odt_cell(inside: str) -> str:
    return (
        f"<table:table><table:table-row><table:table-cell>{inside}</table:table-cell></table:table-row></table:table>"
    )


_ODT: Final[tuple[list[Way], list[Way]]] = (
    [
        lambda w: f"<text:p>{w}</text:p>",
        lambda w: f"<text:h>{w}</text:h>",
        lambda w: f"<text:p><text:span><text:a>{w}</text:a></text:span></text:p>",
        lambda w: f"<text:list><text:list-item><text:p>{w}</text:p></text:list-item></text:list>",
        lambda w: _odt_cell(f"<text:p>{w}</text:p>"),
        lambda w: _odt_cell(_odt_cell(f"<text:p>{w}</text:p>")),
        lambda w: f"<text:p>{_frame(w)}</text:p>",
        lambda w: f"<text:section><text:p>{w}</text:p></text:section>",
        lambda w: f"<text:p><text:date>{w}</text:date></text:p>",
        lambda w: (
            f"<text:p><text:ruby><text:ruby-base>{w}</text:ruby-base><text:ruby-text>kana</text:ruby-text>"
            "</text:ruby></text:p>"
        ),
        lambda w: f"<text:p><text:change-start/>{w}<text:change-end/></text:p>",
        lambda w: f"<text:p><office:annotation><text:p>remark</text:p></office:annotation>{w}</text:p>",
    ],
    [
        lambda w: f"<text:tracked-changes><text:deletion><text:p>{w}</text:p></text:deletion></text:tracked-changes>",
        lambda w: f"<text:p><office:annotation><text:p>{w}</text:p></office:annotation></text:p>",
        lambda w: f"<text:section text:display='none'><text:p>{w}</text:p></text:section>",
        lambda w: f"<text:p><text:hidden-text text:is-hidden='true'>{w}</text:hidden-text></text:p>",
        lambda w: f"<text:p><text:hidden-paragraph text:is-hidden='true'>{w}</text:hidden-paragraph></text:p>",
        lambda w: f"<text:p><draw:frame><svg:desc xmlns:svg='urn:svg'>{w}</svg:desc></draw:frame></text:p>",
        lambda w: f"<text:p><text:script>{w}</text:script></text:p>",
    ],
)
_ODP: Final[tuple[list[Way], list[Way]]] = (
    [
        _frame,
        lambda w: f"<draw:custom-shape><text:p>{w}</text:p></draw:custom-shape>",
        lambda w: f"<draw:g>{_frame(w)}</draw:g>",
        lambda w: f"<draw:frame>{_odt_cell(f'<text:p>{w}</text:p>')}</draw:frame>",
    ],
    [
        lambda w: f"<office:annotation><text:p>{w}</text:p></office:annotation>",
        lambda w: f"<draw:frame draw:name='{w}'/>",
        lambda w: f"<office:forms>{w}</office:forms>",
    ],
)


def _ods(pieces: Sequence[str]) -> bytes:
    rows = "".join(f"<table:table-row>{piece}</table:table-row>" for piece in pieces)
    return opendocument("spreadsheet", f'<table:table table:name="S">{rows}</table:table>')


_ODS: Final[tuple[list[Way], list[Way]]] = (
    [
        lambda w: f"<table:table-cell><text:p>{w}</text:p></table:table-cell>",
        lambda w: (
            f"<table:table-cell/><table:table-cell><text:p><text:span>{w}</text:span></text:p></table:table-cell>"
        ),
        lambda w: f"<table:table-cell><text:p><text:a>{w}</text:a></text:p></table:table-cell>",
    ],
    [lambda w: f"<table:table-cell><office:annotation><text:p>{w}</text:p></office:annotation></table:table-cell>"],
)

# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────


def _xlsx(pieces: Sequence[str]) -> bytes:
    """A piece is ``cell:``, ``far:``, ``link:`` or ``remark:`` and its word."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row, piece in enumerate(pieces, start=1):
        how, _, word = piece.partition(":")
        cell = sheet.cell(row, 30 if how == "far" else 1)
        if how == "remark":
            cell.comment = Comment(word, word)
        else:
            cell.value = word
        if how == "link":
            cell.hyperlink = "https://example.com/"
        if how == "merged":
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=3)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _mark(how: str) -> Way:
    return lambda word: f"{how}:{word}"


# ── rich text ────────────────────────────────────────────────────────────────────────────────────────

_RTF: Final[tuple[list[Way], list[Way]]] = (
    [
        lambda w: rf"{w}\par ",
        lambda w: rf"{{\b {w}}}\par ",
        lambda w: rf"{{\field{{\*\fldinst HYPERLINK x}}{{\fldrslt {w}}}}}\par ",
        lambda w: rf"\trowd {w}\cell\row ",
        lambda w: rf"{{\listtext {w}\tab}}\par ",
        lambda w: rf"{{\pntext {w}\tab}}\par ",
        lambda w: rf"{{\shp{{\*\shpinst\shpleft1{{\sp{{\sn a}}{{\sv b}}}}{{\shptxt {w}\par}}}}{{\shprslt x}}}} ",
        lambda w: rf"{{\object{{\*\objdata 0105}}{{\result {w}}}}}\par ",
        lambda w: rf"{{\upr{{ascii}}{{\*\ud {w}}}}}\par ",
        lambda w: "".join(f"\\u{ord(letter)}?" for letter in w) + r"\par ",
        lambda w: "".join(f"\\'{ord(letter):02x}" for letter in w) + r"\par ",
        lambda w: rf"{{\v0\deleted0 {w}}}\par ",
        lambda w: rf"{{\v x\plain {w}}}\par ",
    ],
    [
        lambda w: rf"{{\info{{\title {w}}}}}",
        lambda w: rf"{{\v {w}}}",
        lambda w: rf"{{\v\b0 {w}\v0}}",
        lambda w: rf"{{\deleted {w}}}",
        lambda w: rf"{{\*\unknown {w}}}",
        lambda w: rf"{{\field{{\*\fldinst {w}}}{{\fldrslt}}}}",
        lambda w: rf"{{\stylesheet{{\s0 {w};}}}}",
        lambda w: rf"{{\*\bkmkstart {w}}}",
        lambda w: rf"{{\*\annotation {w}}}",
        lambda w: rf"{{\pict\wmetafile8 {w}}}",
        lambda w: rf"{{\xe {w}}}",
    ],
)

# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────


def _mail(pieces: Sequence[str]) -> bytes:
    """A piece is ``text:``, ``html:``, ``both:``, ``file:``, ``forward:`` or ``unread:`` and its word."""
    mail = EmailMessage()
    mail.make_mixed()
    for number, piece in enumerate(pieces):
        how, _, word = piece.partition(":")
        part = EmailMessage()
        match how:
            case "html":
                part.set_content(f"<p>{word}</p><p hidden>no</p>", subtype="html", charset="utf-16")
            case "both":
                part.set_content(word, cte="base64")
                part.add_alternative(f"<p>{word}</p>", subtype="html")
            case "file":
                part.set_content(f"{word}\n".encode("utf-16"), "application", "octet-stream", filename=f"{number}.txt")
            case "forward":
                part["Subject"] = ""
                part.set_content(word)
                whole = EmailMessage()
                whole.set_content(part)
                part = whole
            case "unread":
                part.set_content(word.encode(), "application", "octet-stream", filename=f"{number}.bin")
            case _:
                part.set_content(word, charset="utf-8", cte="quoted-printable")
        mail.attach(part)
    return mail.as_bytes()


def _message(pieces: Sequence[str]) -> bytes:
    """Words of the body first; each piece is ``body:``, ``file:`` or ``unread:`` and its word."""
    split = [piece.partition(":") for piece in pieces]
    files = {
        f"__attach_version1.0_#{number:08X}": attachment(f"{number}.{'txt' if how == 'file' else 'bin'}", word.encode())
        for number, (how, _, word) in enumerate(split)
        if how != "body"
    }
    return compound(message("", "\r\n".join(word for how, _, word in split if how == "body"), **files))


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────


def _join(make: Callable[[str], bytes]) -> Callable[[Sequence[str]], bytes]:
    return lambda pieces: make("".join(pieces))


def _lines(encoding: str) -> Callable[[Sequence[str]], bytes]:
    return lambda pieces: "\n".join(pieces).encode(encoding)


def _pages(pieces: Sequence[str]) -> bytes:
    return pdf(["\n".join(pieces[at : at + 3]) for at in range(0, len(pieces), 3)])


_PLAIN: Final[list[Way]] = [lambda w: w, lambda w: f"({w});", lambda w: f'"{w}"', lambda w: f"1,5; {w} %"]
_MADE: Final = frozenset({"Attached", "Forwarded", "message", "txt"})


def _rich(pieces: Sequence[str]) -> bytes:
    return b"".join((rb"{\rtf1\ansi{\fonttbl{\f0 Times;}}", "".join(pieces).encode(), b"}"))


def _xml(pieces: Sequence[str]) -> bytes:
    return f"<a>{''.join(pieces)}</a>".encode()


def _mark_all(*hows: str) -> list[Way]:
    return [_mark(how) for how in hows]


def _presentation(pieces: Sequence[str]) -> bytes:
    return opendocument("presentation", f"<draw:page>{''.join(pieces)}</draw:page>")


KINDS: Final[dict[str, Kind]] = {
    "docx": Kind("docx", *DOCX, _join(docx)),
    "pptx": Kind("pptx", *_PPTX, lambda pieces: pptx("".join(pieces[::2]), "".join(pieces[1::2]))),
    "odt": Kind("odt", *_ODT, _join(partial(opendocument, "text"))),
    "odp": Kind("odp", *_ODP, _presentation),
    "ods": Kind("ods", *_ODS, _ods, frozenset({"S"})),
    "xlsx": Kind("xlsx", _mark_all("cell", "far", "link", "merged"), _mark_all("remark"), _xlsx, frozenset({"Sheet"})),
    "rtf": Kind("rtf", *_RTF, _rich),
    "eml": Kind("eml", _mark_all("text", "html", "both", "file", "forward"), _mark_all("unread"), _mail, _MADE),
    "msg": Kind("msg", _mark_all("body", "file"), _mark_all("unread"), _message, _MADE | {"From", "Ada", "Lovelace"}),
    "pdf": Kind("pdf", _PLAIN, [], _pages),
    "xml": Kind("xml", [lambda w: f"<a>{w}</a>"], [], _xml, frozenset({"a"})),
    "yaml": Kind("yaml", [lambda w: f"- {w}", lambda w: f"'{w}': 1"], [], _lines("utf-8")),
    "csv": Kind("csv", _PLAIN, [], _lines("cp1252")),
    **{
        encoding: Kind("txt", _PLAIN, [], _lines(encoding))
        for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "iso-2022-jp")
    },
}
