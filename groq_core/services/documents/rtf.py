"""
Rich text: what it shows, without its commands, its fonts and its pictures.

Headers come first, then the text with its tables and boxes, then footnotes and footers, as in a Word file.

Source:
    Rich Text Format Specification 1.9.1; which words begin something that is no text, and what fonts' numbers of
    character sets mean, striprtf knows.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from typing import Final

from striprtf.striprtf import charset_map, destinations

from groq_core.services.documents.parts import (
    ReadingLimits,
    ReadingWatch,
    ReadText,
    damage_error,
    enumerate_unread,
    tidy,
)

_TOKEN: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\",
    re.DOTALL,
)
_SIGNS: Final = dict(
    [
        *(("par", "\n"), ("sect", "\n\n"), ("page", "\n\n"), ("line", "\n"), ("column", "\n"), ("row", "\n")),
        *(("nestrow", "\n"), ("tab", "\t"), ("cell", " | "), ("nestcell", " | "), ("emdash", "—"), ("endash", "–")),
        *(("bullet", "•"), ("emspace", " "), ("enspace", " "), ("qmspace", " "), ("lquote", "‘"), ("rquote", "’")),
        *(("ldblquote", "“"), ("rdblquote", "”")),
    ]
)
_SYMBOLS: Final = {b"~": "\u00a0", b"_": "-", b"\r": "\n", b"\n": "\n", b"{": "{", b"}": "}", b"\\": "\\"}
_SHOWN_WITHIN: Final = frozenset({"shptxt", "result", "ud", "pntext", "dptxbxtext", "fldrslt", "shppict"})
"""Text after all, inside what is none: of boxes, of embedded objects, of characters said twice, of lists."""

_HOLDS_SHOWN: Final = frozenset({"shp", "shpinst", "shpgrp", "object", "upr", "do", "pn"})

_UNSHOWN: Final = (destinations - _SHOWN_WITHIN) | {"fonttbl", "shprslt", "nonesttables", "nonshppict"}
_EDGES: Final = {
    "header": ("header", "headerl", "headerr", "headerf"),
    "footer": ("footer", "footerl", "footerr", "footerf"),
}
_PLACE: Final = {word: place for place, words in _EDGES.items() for word in words}


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within one group: where its text goes (None: nowhere), and how its bytes are read."""

    target: list[str] | None
    around: list[str] | None
    """Where text goes that is shown although it stands within something that is not; None: nowhere."""
    font: int = -1
    skipped: int = 1
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class _Fonts:
    """Which encoding each font's letters have."""

    default: str = "cp1252"
    known: dict[int, str] = field(default_factory=dict)

    def encoding(self, font: int) -> str:
        return self.known.get(font, self.default)


def read_rtf(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    try:
        reading = _Reading(ReadingWatch(name, limits))
        return reading.read(data)
    except (ValueError, IndexError, LookupError) as error:
        raise damage_error(name, "RTF", error) from None


class _Reading:
    def __init__(self, watch: ReadingWatch) -> None:
        self._watch = watch
        self._fonts = _Fonts()
        self._body: list[str] = []
        self._edges: dict[str, list[list[str]]] = {"header": [], "footer": []}
        self._footnotes: list[list[str]] = []
        self._comments = 0
        self._pictures = 0
        self._state = _State(self._body, self._body)
        self._around: list[_State] = []
        self._decoder = codecs.getincrementaldecoder("cp1252")("replace")
        self._encoding = "cp1252"
        self._left = 0
        """Letters to pass over: they stand for a character that was said by its number."""
        self._first = False
        """A group has just begun, or a mark that it may be passed over was read."""

    def read(self, data: bytes) -> ReadText:
        at = 0
        while at < len(data):
            match = _TOKEN.match(data, at)
            if match is None:
                break
            at = match.end()
            self._watch.count()
            word, number, code, symbol, brace, text = match.groups()
            if word == b"bin":
                at += max(0, int(number or 0))
            elif word:
                self._word(word.decode("ascii"), None if number is None else int(number))
            elif code:
                self._bytes(bytes.fromhex(code.decode("ascii")))
            elif symbol:
                self._symbol(symbol)
            elif brace:
                if not self._brace(brace):
                    break
            elif text:
                self._bytes(text)
        self._flush()
        return self._whole()

    def _whole(self) -> ReadText:
        edges = {place: dict.fromkeys(map(_text_of, pieces)) for place, pieces in self._edges.items()}
        notes = [f"[{number}] {_text_of(pieces)}" for number, pieces in enumerate(self._footnotes, start=1)]
        texts = (*edges["header"], _text_of(self._body), *notes, *edges["footer"])
        told = enumerate_unread(comments=self._comments, pictures=self._pictures)
        return ReadText(["\n\n".join(filter(str.strip, texts))], notes=told)

    def _brace(self, brace: bytes) -> bool:
        """False after the last group: what comes then belongs to nobody."""
        self._flush()
        self._left = 0
        if brace == b"{":
            self._around.append(self._state)
            self._first = True
            return True
        if self._around:
            self._state = self._around.pop()
        return bool(self._around)

    def _word(self, word: str, number: int | None) -> None:
        first, self._first = self._first, False
        if word == "u" and number is not None:
            self._put(_unit(number))
            self._left = self._state.skipped
            return
        self._flush()
        self._left = 0
        if first and self._begins(word):
            return
        on = number != 0
        if word in _SIGNS:
            self._put(_SIGNS[word])
        elif word == "uc":
            self._state = replace(self._state, skipped=number or 0)
        elif word == "v":
            self._state = replace(self._state, hidden=on)
        elif word == "deleted":
            self._state = replace(self._state, deleted=on)
        elif word == "plain":
            self._state = replace(self._state, hidden=False, deleted=False)
        elif word == "f":
            self._state = replace(self._state, font=number or 0)
        elif word == "fcharset":
            self._fonts.known[self._state.font] = charset_map.get(number or 0) or self._fonts.default
        elif word == "ansicpg" and number:
            self._fonts.default = _known(f"cp{number}")
        elif word in ("mac", "pc", "pca"):
            self._fonts.default = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]

    def _begins(self, word: str) -> bool:
        """Whether a group begins that is something of its own."""
        state, target = self._state, self._state.target
        if word in _PLACE or word == "footnote":
            pieces = list[str]()
            self._state = replace(state, target=pieces, around=pieces)
            (self._edges[_PLACE[word]] if word in _PLACE else self._footnotes).append(pieces)
            if word == "footnote" and target is not None:
                target.append(f"[{len(self._footnotes)}]")
        elif word in _SHOWN_WITHIN:
            self._state = replace(state, target=state.around)
            if word in ("shptxt", "dptxbxtext"):
                self._put("\n")
        elif word in _UNSHOWN:
            self._comments += word == "annotation"
            self._pictures += word == "pict" and target is not None
            self._state = replace(state, target=None, around=state.around if word in _HOLDS_SHOWN else None)
        else:
            return False
        return True

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":  # what begins here may be passed over by who does not know it
            self._state = replace(self._state, target=None)
            return
        self._first = False
        self._flush()
        if self._left:
            self._left -= 1
        elif symbol in _SYMBOLS:
            self._put(_SYMBOLS[symbol])

    def _bytes(self, text: bytes) -> None:
        self._first = False
        passed = min(self._left, len(text))
        self._left -= passed
        encoding = self._fonts.encoding(self._state.font)
        if encoding != self._encoding:
            self._flush()
            self._decoder, self._encoding = codecs.getincrementaldecoder(encoding)("replace"), encoding
        self._put(self._decoder.decode(text[passed:]))

    def _flush(self) -> None:
        self._put(self._decoder.decode(b"", final=True))

    def _put(self, text: str) -> None:
        state = self._state
        if text and state.target is not None and not state.hidden and not state.deleted:
            state.target.append(text)


def _unit(number: int) -> str:
    """A character of UTF-16 by its number, which is written with a sign; two may belong together."""
    return chr(number + 0x10000 if number < 0 else min(number, 0x10FFFF))


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "cp1252"


def _text_of(pieces: list[str]) -> str:
    text = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return tidy(re.sub(r" \| (?=\n|$)", "", text)).strip()
