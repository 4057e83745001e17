"""Files and bodies that are small and ask for a great deal: name to where they are sent and what is sent."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Iterator

import openpyxl

from tests.services.offices import docx, p, t
from tests.services.papers import pdf

Bomb = tuple[str, str, bytes]
"""Its name, the page's route with the file's name, and the bytes."""


def bombs() -> Iterator[Bomb]:
    """Every parser's own: mail, Word, Excel, PDF, HTML, XML, RTF, archives, tables, pictures, sound."""
    words = "=?utf-8?q?x?= " * 20_000
    yield "encoded words", "document?name=a.eml", f"From: a\nSubject: {words}\n\nhi".encode()
    parts = "".join(f"--b\nContent-Type: message/rfc822\n\nSubject: {n}\n\nx\n" for n in range(5_000))
    yield "parts of a mail", "document?name=a.eml", f'Content-Type: multipart/mixed; boundary="b"\n\n{parts}'.encode()
    yield "nested mails", "document?name=a.eml", b"Content-Type: message/rfc822\n\n" * 3_000
    yield "paragraphs", "document?name=a.docx", docx(p(t("x")) * 60_000)
    yield (
        "tables in tables",
        "document?name=a.docx",
        docx("<w:tbl><w:tr><w:tc>" * 3_000 + "</w:tc></w:tr></w:tbl>" * 3_000),
    )
    yield "a wide sheet", "document?name=a.xlsx", sheet(400, 250)
    yield "a wide table", "batch?name=a.xlsx", sheet(400, 250)
    yield "an archive", "batch?name=a.xlsx", archive(300)
    yield "an archive", "document?name=a.docx", archive(300)
    yield "columns", "batch?name=a.csv", b",".join(b"c%d" % n for n in range(300_000)) + b"\n1\n"
    yield "a row of cells", "batch?name=a.csv", b"a,b\n" + b"x," * 480_000 + b"\n"
    yield "one long line", "batch?name=a.csv", b"a,b\n" + b"x" * 8_000_000
    yield "quotes", "batch?name=a.csv", b'a,b\n"' + b'""' * 1_000_000
    yield "pages", "document?name=a.pdf", pdf(["x"] * 3_000)
    yield (
        "a circle",
        "document?name=a.pdf",
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 9>>\nendobj\n",
    )
    yield "nothing but brackets", "document?name=a.pdf", b"%PDF-1.7\n1 0 obj\n" + b"[" * 400_000
    yield "divs", "document?name=a.html", b"<div>" * 200_000
    yield "attributes", "document?name=a.html", b"<a " + b"b=c " * 300_000 + b">"
    yield "unclosed", "document?name=a.html", b"<!--" * 200_000 + b"<" * 200_000
    yield "a billion laughs", "document?name=a.xml", laughs()
    yield "levels", "document?name=a.xml", b"<a>" * 200_000
    yield "groups", "document?name=a.rtf", b"{\\rtf1 " + b"{" * 200_000
    yield "levels of JSON", "document?name=a.json", b"[" * 400_000
    yield "pixels", "image?name=a.png", png(60_000, 60_000)
    yield "chunks", "image?name=a.png", b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0tEXt" + bytes(4)) * 300_000
    yield (
        "frames",
        "image?name=a.gif",
        b"GIF89a\xff\xff\xff\xff\0\0\0" + b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x01\x01\0" * 50_000,
    )
    yield "segments", "image?name=a.jpg", b"\xff\xd8" + b"\xff\xe1\0\x02" * 300_000
    yield "a length that is a lie", "transcribe?name=a.wav", wav()


@functools.cache
def sheet(columns: int, rows: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    row = ["x"] * columns
    for _ in range(rows):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@functools.cache
def archive(megabytes: int) -> bytes:
    """
    A sheet, or a document, that unfolds to so much of nothing.

    Put together here, since one megabyte need be packed only once: each begins anew where the one before was flushed.
    """
    blank, packer = b" " * 2**20, zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = (packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes + packer.flush()
    check = functools.reduce(lambda known, _: zlib.crc32(blank, known), range(megabytes), 0)
    whole, index = b"", b""
    for name in (b"xl/worksheets/sheet1.xml", b"word/document.xml"):
        # Deflated, on the first day there is, and how long it is.
        fields = struct.pack("<HHHHIIIHH", 0, 8, 0, 0x21, check, len(packed), megabytes * 2**20, len(name), 0)
        index += b"PK\1\2" + struct.pack("<HH", 20, 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(whole)) + name
        whole += b"PK\3\4" + struct.pack("<H", 20) + fields + name + packed
    return whole + index + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 2, 2, len(index), len(whole), 0)


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><a>&l11;</a>'.encode()


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


def wav() -> bytes:
    size = 0x7FFFFFF0
    head = b"RIFF" + struct.pack("<I", size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    return head + b"data" + struct.pack("<I", size) + bytes(100_000)
