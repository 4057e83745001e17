"""
What a text says of a name: the number, the date, the words that stand where ``total`` or ``due_date`` is named.

A value that the text does not say is a plain one, so that there is always one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from groq_core.simulator.field_names import side_of_conversion, words_of
from groq_core.simulator.named_dates import first_date

# Not the digits of a date, a version or a code.
NUMBER = re.compile(r"(?<![\w.-])-?(?:\d{1,3}(?:,\d{3}){1,8}|\d+)(?:\.\d+)?(?![\d-]|\.\d)")
FORMATS = {
    "email": (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]{1,63}\.[\w.]{1,200}\w"), "someone@example.com"),
    "uri": (re.compile(r"https?://[^\s)\"'>]+"), "https://example.com/"),
    "url": (re.compile(r"https?://[^\s)\"'>]+"), "https://example.com/"),
    "date": (re.compile(r"\b\d{4}-\d{2}-\d{2}\b"), "2026-11-22"),
    "date-time": (
        re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})\b"),
        "2026-11-22T12:00:00Z",
    ),
    "time": (re.compile(r"\b\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})\b"), "12:00:00Z"),
    "uuid": (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "00000000-0000-4000-8000-000000000000"),
    "ipv4": (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "127.0.0.1"),
    "duration": (re.compile(r"\bP(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?\b"), "PT1H"),
}
_UNIT = r"°?[^\W\d_][\w/^·°]{0,30}"
_CONVERSION = re.compile(rf"\d\s?(?P<from>{_UNIT})\s+(?:in)?to\s+(?P<to>{_UNIT})")
"""As in ``26.2 mi to km`` or ``100 USD into EUR``."""


class NamedValues:
    """
    Args:
        text: Where values are looked for.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._used: set[int] = set()

    def number(self, name: str, low: float, high: float, *, whole: bool) -> float | None:
        """A number between two bounds: that of the name, else the first that was not taken yet; None where none is."""
        near = self.after(name)
        candidates = list(NUMBER.finditer(near.split("\n")[0][:60])) if near else []
        for found in candidates[:1]:
            value = float(found.group().replace(",", ""))
            if low <= value <= high and (not whole or value == int(value)):
                return value
        if name and (words := words_of(name)):
            # "42 years", "3 items": the number stands before the word.
            before = re.search(rf"({NUMBER.pattern})\s{{0,9}}{re.escape(words[-1].rstrip('s'))}", self.text, re.I)
            if before is not None and low <= float(before.group(1).replace(",", "")) <= high:
                return float(before.group(1).replace(",", ""))
        for found in NUMBER.finditer(self.text):
            value = float(found.group().replace(",", ""))
            if found.start() not in self._used and low <= value <= high and (not whole or value == int(value)):
                self._used.add(found.start())
                return value
        return None

    def boolean(self, name: str) -> bool:
        """Whether the text says yes to the name."""
        near = self.after(name).lower()[:30]
        return bool(re.match(r"\W*(yes|true|on|1|enabled)\b", near)) or (
            bool(near) and "no" not in near.split()[:1] and "false" not in near
        )

    def of_format(self, kind: str, name: str) -> str:
        """What has one of :data:`FORMATS`: after the name, else anywhere."""
        pattern, fallback = FORMATS[kind]
        if kind == "date":
            return first_date(self.after(name)) or first_date(self.text) or fallback
        found = pattern.search(self.after(name)) or pattern.search(self.text)
        return found.group() if found else fallback

    def phrase(self, name: str) -> str:
        """The words after the name, or what else a text has for such a name."""
        near = self.after(name)
        if near:
            line = near.split("\n")[0].strip(" :=–-\t\"'“”`")
            line = re.split(r"[.;](?:\s|$)|,\s|\"|”|\s{2,}|\s\|", line)[0].strip(" .,;:\"'“”`?!")
            if line:
                return line[:120]
        if name.lower() in ("city", "location", "place", "town", "country"):
            found = re.search(r"\b(?:in|for|at|to|near)\s+([A-Z][\w'-]+(?:[ ,]+[A-Z][\w'-]+)*)", self.text)
            if found:
                return found.group(1)
        if name.lower() in ("query", "question", "q", "search", "input", "text", "prompt", "message", "topic"):
            return " ".join(self.text.split())[:160] or "simulated"
        if name.lower() in ("expression", "expr", "formula", "calculation"):
            found = re.search(r"[\d(][\d\s.()*/+^%-]{0,200}[\d)]", self.text)
            return found.group().strip() if found else "0"
        if side := side_of_conversion(name):
            found = _CONVERSION.search(self.text)
            if found:
                return found.group(side)
        if quoted := re.search(r"[\"“'‘`]([^\"”'’`\n]{1,120})[\"”'’`]", self.text):
            return quoted.group(1)
        if name.lower().endswith("name") or name.lower() in ("person", "author", "customer", "title"):
            found = re.search(r"\b([A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)+)\b", self.text)
            if found:
                return found.group(1)
        return f"simulated {' '.join(words_of(name))}".strip()

    def candidates(self, name: str) -> Iterator[str]:
        """What a text may hold for a pattern: what follows the name, its words, its lines."""
        yield self.phrase(name)
        for found in re.finditer(r"\S{1,200}", self.text):
            yield found.group()
            yield found.group().strip(".,;:!?()[]{}\"'“”‘’`")
        yield from map(str.strip, self.text.splitlines())

    def after(self, name: str) -> str:
        """What follows the property's name in the text, as in ``Total: 12.50`` or ``total is 12.50``."""
        words = words_of(name)
        if not words:
            return ""
        joined = r"[\s_-]{0,9}".join(re.escape(word) for word in words)
        label = re.search(
            rf"(?<![a-z]){joined}(?:\s{{0,9}}(?:no\.?|number|#|name|code))?[\"'`*]{{0,9}}\s{{0,9}}"
            r"(?:[:=#]|\bis\b|\bwas\b|\bare\b|\bof\b)\s*",
            self.text,
            re.I,
        )
        if label is None:
            label = re.search(rf"(?<![a-z]){joined}[\"'`*]{{0,9}}\s{{1,99}}(?=[\d\"'“$€£A-Z])", self.text, re.I)
        if label is None and len(words) > 1:
            return self.after(words[-1]) if words[-1] not in ("id", "name", "number", "date") else self.after(words[0])
        return self.text[label.end() : label.end() + 400] if label else ""
