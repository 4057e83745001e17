"""Bytes into text: by what they say of themselves, else by what they can only be, else by a guess that is told."""

from __future__ import annotations

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

from groq_core.services.documents.parts import EXTENSIONS, ReadingLimits, ReadText, tidy, unfit

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED: Final = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "shift_jis", "euc_jp"),
    *("gb18030", "big5", "euc_kr", "koi8_r", "koi8_u", "cp866", "cp437", "mac_roman", "iso8859_2", "tis_620"),
]
_SAMPLE: Final = 200_000
"""Bytes a guess is made from."""

_ESCAPES: Final = re.compile(rb"\x1b(?:\$[@B]|\([BIJ])")
"""How ISO-2022-JP goes from one set of signs to another."""

_NO_WESTERN_WORD: Final = re.compile(
    "[\u00c0-\u00ff]{4}|[A-Za-z][\u00a1-\u00bf][a-z]|[\ufffd\u0192\u02c6\u02dc\u2020\u2021]"
)
"""Four accented letters in a row, signs inside words: what other encodings look like when taken for Windows-1252."""


def read_text(data: bytes, name: str, _: ReadingLimits) -> ReadText:
    text, note = decode(data, name)
    return ReadText([tidy(text)], notes=[note] if note else [])


def decode(data: bytes, name: str, declared: str | None = None) -> tuple[str, str]:
    """
    Decode a text.

    Args:
        declared: The encoding it came with, e.g. in a mail's head.

    Returns:
        The text, and a note where its encoding is a guess or bytes of it mean nothing.

    Raises:
        RequestError: It is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ""
    if declared and declared.lower() not in ("utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit", "8bit"):
        text = _as_declared(data, declared)
        if text is not None:
            return text, ""
    if b"\0" in data[:100_000]:
        return _wide(data, name), ""
    if _ESCAPES.search(data[:_SAMPLE]):
        return data.decode("iso-2022-jp", "replace"), ""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _nearly_utf8(data) or _guess(data)


def _as_declared(data: bytes, declared: str) -> str | None:
    for name in (declared, declared.replace("_", "-"), _ALIASES.get(declared.lower(), "")):
        try:
            codec = codecs.lookup(name)
        except LookupError:
            continue
        if codec.name in _NO_TEXTS:
            return None
        wider = _WIDER.get(codec.name, codec.name)
        try:
            return data.decode(wider)
        except UnicodeDecodeError:
            return data.decode(wider, "replace")
    return None


_NO_TEXTS: Final = frozenset({"base64", "bz2", "hex", "quopri", "rot13", "uu", "zlib", "idna", "punycode", "mbcs"})
_ALIASES: Final = {
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "x-gbk": "gbk",
    "windows-31j": "cp932",
    "gb2312": "gbk",
}
_WIDER: Final = {
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "euc_kr": "cp949",
}
"""What programs write under the narrower name."""


def _wide(data: bytes, name: str) -> str:
    """UTF-16 or UTF-32 without a mark: every second byte, or three of four, of western text are 0."""
    sample = data[: 4096 - len(data[:4096]) % 4] or data
    zeros = [sample[place::4].count(0) / max(1, len(sample[place::4])) for place in range(4)]
    encoding = next(
        (name for name, wanted in _ZEROS.items() if all((z > 0.6) == w for z, w in zip(zeros, wanted, strict=True))), ""
    )
    text = data.decode(encoding, "replace") if encoding else ""
    if not text or "\0" in text:
        raise unfit(f"{name} is not a text", f"Send one of {', '.join(EXTENSIONS)}.")
    return text


_ZEROS: Final = {
    "utf-16-le": (False, True, False, True),
    "utf-16-be": (True, False, True, False),
    "utf-32-le": (False, True, True, True),
    "utf-32-be": (True, True, True, False),
}


def _nearly_utf8(data: bytes) -> tuple[str, str] | None:
    """UTF-8 with a few bytes that are none: each costs one letter."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = sum(1 for letter in text if letter > "\x7f") - bad
    if good < 3 * bad:
        return None
    return (
        text,
        f"{'1 byte in it means' if bad == 1 else f'{bad} bytes in it mean'} nothing in UTF-8; each is shown as \ufffd.",
    )


def _guess(data: bytes) -> tuple[str, str]:
    sample = data[:_SAMPLE]
    western = sample.decode("cp1252", "replace")
    high = sum(1 for letter in western if letter > "\x7f")
    likely = high < 0.4 * len(western) and not _NO_WESTERN_WORD.search(western)
    best = None if likely else from_bytes(sample, cp_isolation=_GUESSED).best()
    encoding = best.encoding if best else "cp1252"
    spelled = encoding.replace("cp125", "windows-125").replace("_", "-")
    return data.decode(encoding, "replace"), f"It does not say how it is encoded; {spelled} is a guess."
