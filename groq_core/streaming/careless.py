"""
JSON as careless servers write it: a comma too many, quotes of another kind, brackets that are missing, comments.

What is read is read to the letter: a text that is torn is left out, and one whose end cannot be told makes the whole
unreadable, since half a word shown as one is worse than one that is known to be missing. (json_repair guesses there,
and of a text that is a line break and nothing else it leaves nothing.)
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

_TEXT: Final = r"""(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*"|'[^'\\]*+(?:\\.[^'\\]*+)*')"""
_TOKEN: Final = re.compile(
    _TEXT + r"""|(?P<mark>[{}\[\],:])|(?P<word>[^\s{}\[\],:"'/;]+)|(?P<gap>\s+|;|//[^\n]*|/\*.*?\*/)""", re.DOTALL
)
_WHOLE_TEXT: Final = re.compile(_TEXT, re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|\"", re.DOTALL)
_BEFORE: Final = re.compile(r"""\A(?:\)\]\}'|[\s,;])*(?:b(?=['"]))?""")

_CLOSING: Final = {"{": "}", "[": "]"}
_DEEPEST: Final = 500
"""Nobody means more; each bracket that closes looks through those that are open."""

_WORDS: Final = {
    "true": "true", "True": "true", "false": "false", "False": "false",
    "null": "null", "None": "null", "undefined": "null", "nil": "null",
}  # fmt: skip


def mend(data: bytes) -> object:
    """
    Read one value that is nearly JSON.

    Raises:
        ValueError: It is not, or it cannot be told for sure what it says.

    >>> mend(b"{'a': [1, 2,], b: None, // so")
    {'a': [1, 2], 'b': None}
    """
    text = _BEFORE.sub("", data.decode("utf-8", "replace"))
    try:
        return json.loads("".join(_Mender().mend(text)), strict=False)
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_torn(data: bytes) -> bool:
    """
    Whether bytes end within a text, as where a raw line break stands in it.

    >>> is_torn(b'{"a": "x'), is_torn(b'{"a": "it\\'s"')
    (True, False)
    """
    rest = _WHOLE_TEXT.sub("", data.decode("utf-8", "replace"))
    return '"' in rest or "'" in rest


class _Mender:
    """Write a value anew, token by token, as JSON."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._written: list[str] = []
        # The last token was a word without quotation marks, which only a name may be.
        self._bare = False

    def mend(self, text: str) -> list[str]:
        at = 0
        while at < len(text) and (found := _TOKEN.match(text, at)) is not None:
            at = found.end()
            if self._written and not self._open:
                _pass_over(found)
            else:
                self._take(found.lastgroup, found[0])
        if at < len(text) and (text[at] not in "\"'" or not self._open):
            raise ValueError(f"something that is no JSON at {at}")
        if at < len(text):
            self._leave_out_torn()
        while self._open:
            self._take("mark", _CLOSING[self._open[-1]])
        return self._written

    def _leave_out_torn(self) -> None:
        """The text that is torn at the end, and the name that it belongs to."""
        if self._last() == ":":
            del self._written[-2:]

    def _take(self, kind: str | None, token: str) -> None:
        if kind == "gap":
            return
        if self._bare and token != ":":
            raise ValueError("a text without quotation marks")
        self._bare = False
        if kind == "text":
            self._add(_text(token))
        elif kind == "word":
            self._add(word := _word(token))
            self._bare = word[0] == '"'
        elif token in _CLOSING:
            self._add(token)
            self._open.append(token)
            if len(self._open) > _DEEPEST:
                raise ValueError("nested too deep")
        elif token in ("}", "]"):
            self._close(token)
        elif kind == "mark" and not (token == "," and self._last() in ("", "{", "[", ",")):
            if not self._open:
                raise ValueError("a sign outside of everything")
            self._written.append(token)

    def _add(self, value: str) -> None:
        if self._last() not in ("", "{", "[", ",", ":"):
            # Where a comma is missing, or a quotation mark within a text ends it, nothing can be told for sure.
            raise ValueError("two values without a sign between them")
        self._written.append(value)

    def _close(self, token: str) -> None:
        if token not in [_CLOSING[one] for one in self._open]:
            return
        while True:
            if self._last() == ",":
                self._written.pop()
            elif self._last() == ":":
                self._written.append("null")
            closed = _CLOSING[self._open.pop()]
            self._written.append(closed)
            if closed == token:
                return

    def _last(self) -> str:
        return self._written[-1] if self._written else ""


def _pass_over(found: re.Match[str]) -> None:
    """
    Take no account of a remark, a comma or a bracket too many behind the value.

    Raises:
        ValueError: There is more than that.
    """
    if found.lastgroup != "gap" and found[0] not in ",]}":
        raise ValueError(f"something behind the value at {found.start()}")


def _text(token: str) -> str:
    return '"' + _ESCAPE.sub(_escape, token[1:-1]) + '"'


def _escape(found: re.Match[str]) -> str:
    """An escape as JSON knows it; a backslash before anything else is one of the text."""
    what = found[1]
    if what is None:
        return '\\"'  # a quotation mark within a text in single ones
    if what[0] in "xU" and len(what) > 1:
        return json.dumps(chr(min(int(what[1:], 16), 0x10FFFF)))[1:-1]
    if what == "'":
        return "'"
    return found[0] if what[0] in 'u/bfnrt\\"' and what != "u" else "\\\\" + what


def _word(token: str) -> str:
    """A word outside of quotation marks: one of JSON's, one of another language's, a number, or a name."""
    if token in _WORDS:
        return _WORDS[token]
    try:
        number = int(token, 16) if token[:2].lower() == "0x" else float(token)
        if not math.isfinite(number):
            return "null"
    except ValueError:
        return json.dumps(token)
    except OverflowError:  # hundreds of hexadecimal digits
        return "null"
    return (
        repr(int(number)) if number == int(number) and "e" not in token.lower() and "." not in token else repr(number)
    )
