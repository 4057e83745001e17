"""Files of every kind, made when a test starts, and what a person would send them through."""

from __future__ import annotations

import struct
from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw

from tests.media.samples import encode_image, file_by_ffmpeg, sample
from tests.services import offices
from tests.services.messages import compound, message
from tests.services.papers import pdf

CASES: Final = Path(__file__).parent / "data" / "cases"

Made = Callable[[], bytes]


def case(name: str) -> Made:
    return lambda: (CASES / name).read_bytes()


def by_ffmpeg(ending: str, *arguments: str, before: bytes = b"") -> Made:
    def make() -> bytes:
        with TemporaryDirectory() as folder:
            return before + file_by_ffmpeg(sample("jfk.wav"), Path(folder) / f"made.{ending}", *arguments)

    return make


def old_film() -> bytes:
    """A film of the years before films named their kind."""
    film = by_ffmpeg("mov", "-c:a", "pcm_s16le")()
    size = struct.unpack(">I", film[:4])[0]
    return film[:4] + b"wide" + film[8:size].replace(b"qt  ", bytes(4)) + film[size:]


def endless(wav: bytes) -> bytes:
    """As it stands on the disk while it is written, or in a pipe."""
    at = wav.index(b"data")
    return wav[:4] + b"\xff\xff\xff\xff" + wav[8 : at + 4] + b"\xff\xff\xff\xff" + wav[at + 8 :]


RECORDINGS: Final[dict[str, Made]] = {
    **{
        name: case(name)
        for name in (
            *("late.mp4", "hole5s.webm", "concat.mp3", "chained_opus.ogg", "noxing.mp3", "phase_inv.m4a", "opus.caf"),
            *("twotrack.mkv", "memo.m4a", "wav_zero.wav", "frag.mp4", "cam.mts"),
        )
    },
    "talk.flac": by_ffmpeg("flac"),
    "talk.w64": by_ffmpeg("w64"),
    "talk.ac3": by_ffmpeg("ac3"),
    "talk.wv": by_ffmpeg("wv"),
    "talk.tta": by_ffmpeg("tta"),
    "talk.aiff": by_ffmpeg("aiff"),
    "talk.au": by_ffmpeg("au"),
    "talk.mka": by_ffmpeg("mka", "-c:a", "flac"),
    "old.mov": old_film,
    "rates.ogg": lambda: by_ffmpeg("ogg", "-ar", "16000")() + by_ffmpeg("ogg", "-ar", "44100")(),
    "killed.wav": lambda: endless(sample("jfk.wav")),
    "zeros.mp3": lambda: bytes(3000) + sample("jfk.mp3"),
}


def drawing(width: int = 240, height: int = 160) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((20, 20, width // 2, height // 2), fill=(200, 30, 30))
    return image


def photoshop() -> bytes:
    planes = np.asarray(drawing()).transpose(2, 0, 1).tobytes()
    return b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 160, 240, 8, 3) + bytes(12) + b"\0\0" + planes


def heif() -> bytes:
    buffer = BytesIO()
    pillow_heif.from_pillow(drawing()).save(buffer, quality=80)
    return buffer.getvalue()


def qoi() -> bytes:
    pixels = np.asarray(drawing(64, 48)).reshape(-1, 3)
    body = b"".join(b"\xfe" + pixel.tobytes() for pixel in pixels)
    return b"qoif" + struct.pack(">IIBB", 64, 48, 3, 0) + body + bytes(7) + b"\1"


PICTURES: Final[dict[str, Made]] = {
    **{
        name: case(name)
        for name in (
            *("o6.heic", "whitetext.png", "g16_12bit.png", "trunc_1.jpg", "tall6000.png", "multi.tif"),
            *("blankfirst.gif", "gama1.png"),
        )
    },
    "photo.jpg": lambda: encode_image(drawing(), "JPEG"),
    "photo.webp": lambda: encode_image(drawing(), "WEBP"),
    "photo.avif": lambda: encode_image(drawing(), "AVIF"),
    "photo.heif": heif,
    "photo.jp2": lambda: encode_image(drawing(), "JPEG2000"),
    "photo.ico": lambda: encode_image(drawing(), "ICO", sizes=[(200, 120)]),
    "photo.psd": photoshop,
    "photo.tga": lambda: encode_image(drawing(), "TGA"),
    "large.tga": lambda: encode_image(drawing(1200, 900), "TGA"),
    "photo.qoi": qoi,
    "photo.ppm": lambda: encode_image(drawing(), "PPM"),
    "photo.bmp": lambda: encode_image(drawing(), "BMP"),
    "float.tif": lambda: encode_image(
        Image.fromarray(np.linspace(0, 3, 4800, dtype=np.float32).reshape(60, 80)), "TIFF"
    ),
    "misnamed.png": lambda: encode_image(drawing(), "JPEG"),
}

ODS: Final = (
    '<table:table table:name="One"><table:table-row><table:table-cell office:value-type="float" office:value="42">'
    "<text:p>42</text:p></table:table-cell></table:table-row></table:table>"
)
ODP: Final = (
    '<draw:page draw:name="One"><draw:frame><draw:text-box><text:p>The total is 42.</text:p></draw:text-box>'
    "</draw:frame></draw:page>"
)

MAIL: Final = (
    "From: ada@example.com\nTo: bob@example.com\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=iso-8859-15\nContent-Transfer-Encoding: 8bit\n\nDer Preis ist 12 \xa4.\n"
).encode("latin-1")

DOCUMENTS: Final[dict[str, Made]] = {
    **{
        name: case(name)
        for name in (
            *("rich.docx", "jis.eml", "sjis.eml", "applemail.eml", "ru1251.csv", "onebadbyte.txt", "form.pdf"),
            *("notouni.pdf", "s.xlsx"),
        )
    },
    "notes.txt": lambda: b"The total is 42.",
    "wide.txt": lambda: "Das Größte ist 42.".encode("utf-32"),
    "page.html": lambda: b"<p hidden>secret</p><p>The total is 42 <img alt='euros'></p>",
    "letter.rtf": lambda: rb"{\rtf1\ansi The total is 42.\par}",
    "data.xml": lambda: b"<?xml version='1.0'?><total>42</total>",
    "data.yaml": lambda: b"total: 42\n",
    "mail.eml": lambda: MAIL,
    "nested.eml": lambda: nest_mail(),
    "letter.docx": lambda: offices.docx(offices.p(offices.t("The total is 42."))),
    "talk.pptx": lambda: offices.pptx(offices.shape("The total is 42."), notes="said quietly"),
    "text.odt": lambda: offices.opendocument("text", "<text:p>The total is 42.</text:p>"),
    "sheet.ods": lambda: offices.opendocument("spreadsheet", ODS),
    "slides.odp": lambda: offices.opendocument("presentation", ODP),
    "list.md": lambda: b"# Total\n\n- 42\n",
    "offer.msg": lambda: compound(message("Offer", "The total is 42.")),
    "print.pdf": lambda: pdf(["The total is 42.", "Page two."]),
    "printer.pdf": lambda: b"\x1b%-12345X@PJL\n" + pdf(["The total is 42."]),
    "half.pdf": lambda: pdf(["The total is 42.", ""]),
}

BAD_RECORDINGS: Final[dict[str, Made]] = {
    "empty.wav": lambda: b"",
    "notes.wav": lambda: b"only words " * 10_000,
    "photo.mp3": lambda: encode_image(drawing(900, 900), "BMP"),
    "report.m4a": lambda: pdf(["words " * 40] * 200),
    "noise.mp3": lambda: np.random.default_rng(2).bytes(100_000),
}

BAD_PICTURES: Final[dict[str, Made]] = {
    "new.jxl": lambda: b"\xff\x0a\xfa\x1f\1\x90" + bytes(80),
    "line.svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "broken.png": lambda: encode_image(drawing(), "PNG")[:60],
    "talk.jpg": lambda: sample("jfk.wav"),
    "empty.png": lambda: b"",
}


def nest_mail() -> bytes:
    """A mail with a mail attached that has something attached which nobody can read."""
    inner, outer = EmailMessage(), EmailMessage()
    inner.set_content("The total is 42.")
    inner.add_attachment(b"\0", maintype="application", subtype="octet-stream", filename="tool.exe")
    outer.set_content("See below.")
    outer.add_attachment(inner.as_bytes(), maintype="application", subtype="octet-stream", filename="inner.eml")
    return outer.as_bytes()


BAD_DOCUMENTS: Final[dict[str, Made]] = {
    "old.doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000),
    "broken.docx": lambda: b"PK\x03\x04" + bytes(300),
    "letter.pages": lambda: b"whatever this is",
    "empty.txt": lambda: b"   ",
    "called.pdf": lambda: b"no PDF at all",
    "locked.pdf": lambda: encrypt_pdf(),
}


def encrypt_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(["secret"]))))
    writer.encrypt("password", algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def facts_of(notes: Any) -> list[str]:
    """The sentences of notes, however a surface wraps them."""
    return sorted(note if isinstance(note, str) else note["text"] for note in notes)
