"""PDF files as small as they come, for tests: one font, text in lines."""

from __future__ import annotations

from collections.abc import Sequence


def pdf(pages: Sequence[str]) -> bytes:
    """Write each text on a page of its own; signs beyond Windows-1252 become question marks."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for text in pages:
        kids.append(f"{len(objects) + 1} 0 R")
        content = _content(text)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _file(objects)


def _content(text: str) -> bytes:
    lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in text.split("\n")]
    shown = " T*\n".join(f"({line}) Tj" for line in lines)
    return f"BT /F1 10 Tf 12 TL 50 790 Td\n{shown}\nET".encode("cp1252", "replace") if text else b""


def _file(objects: Sequence[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        count,
        table,
        count,
        len(out),
    )


PICTURE = "/Im0 Do"
"""Draws the picture of a paper on a square of one by one, as far as the matrix before it stretches it."""


def paper(*contents: str, box: str = "0 0 600 800", matrix: str = "1 0 0 1 0 0", more: str = "") -> bytes:
    """
    A PDF of pages drawn by these commands, with a font ``/F1``, a picture ``/Im0`` and a form ``/Fm0`` that draws it.

    Args:
        matrix: Of the form.
        more: Entries of every page, such as ``/Rotate 90``.
    """
    form = PICTURE.encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (6 + 2 * at) for at in range(len(contents))), len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Length 4 >>\nstream\n\x00\x80\xff\x40\nendstream",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Matrix [%s] /Resources << /XObject << /Im0 4 0 R >> >> "
        b"/Length %d >>\nstream\n%s\nendstream" % (matrix.encode(), len(form), form),
    ]
    for at, content in enumerate(contents):
        drawn = content.encode("cp1252", "replace")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] %s /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> "
            b"/XObject << /Im0 4 0 R /Fm0 5 0 R >> >> >>" % (box.encode(), more.encode(), 7 + 2 * at)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    return _file(objects)


def written(words: str, x: int = 50, y: int = 750, mode: int = 0) -> str:
    """Commands that write a line; in mode 3 it is not seen, as recognised text under a scan is not."""
    return f"BT /F1 10 Tf {mode} Tr {x} {y} Td ({words}) Tj ET\n"


def drawn(x: float, y: float, width: float, height: float, what: str = PICTURE) -> str:
    """Commands that draw a picture there."""
    return f"q {width} 0 0 {height} {x} {y} cm {what} Q\n"
