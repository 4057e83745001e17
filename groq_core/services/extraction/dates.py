"""Dates as people write them, in the languages of most documents, as ``YYYY-MM-DD``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Final

from groq_core.services.extraction.months import NAMES


def _bare(word: str) -> str:
    """A word without marks on its letters."""
    taken = unicodedata.normalize("NFKD", word)
    return "".join(sign for sign in taken if not unicodedata.combining(sign)).casefold().replace("ı", "i")


def _months() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for number, names in enumerate(NAMES, start=1):
        for name in names.split():
            found[_bare(name)] = (*found.get(_bare(name), ()), number)
    return found


_MONTHS: Final = _months()

_NAMED = r"(?P<name>[^\W\d_][^\W\d_\u0300-\u036f]?(?:[^\W\d_]|[\u0300-\u036f]){1,13})\.?"
_DATES: Final = (
    re.compile(r"(?<!\d)(?P<y>\d{4})\s?[-/.]\s?(?P<m>\d{1,2})\s?[-/.]\s?(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일号]?"),
    re.compile(r"(?P<era>令和|平成|昭和)\s?(?P<y>\d{1,2}|元)\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日?"),
    re.compile(r"(?<![\d.])(?P<a>\d{1,2})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|o|-?го|-?е)?[\s\-/]+(?:of\s+|de\s+)?{_NAMED},?[\s\-/]+(?:de[l]?\s+)?"
        r"(?P<y>\d{4}|\d{2}(?=\b))(?!\d)"
    ),
    re.compile(rf"(?<![^\W\d_]){_NAMED}[\s\-]+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?[\s\-]+(?P<y>\d{{4}})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<y>\d{{4}})[\s\-./]+{_NAMED}[\s\-./]+(?P<d>\d{{1,2}})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
)
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925}
"""Years before the first of each era of Japan's calendar."""

ISO_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[t ][\d:.+z-]*)?\Z")


def dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Every date of a text in plain form: where it stands, and each day it may mean."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            for day in _days(match.groupdict()):
                yield match.start(), match.end(), day


def _days(parts: dict[str, str | None]) -> Iterator[str]:
    """Read a date in every order it may have been written in."""
    year = 1 if parts["y"] == "元" else int(parts["y"] or 0)
    if (era := parts.get("era")) is not None:
        year += _ERAS[era]
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    if parts.get("name") is not None:
        months = _MONTHS.get(_bare(str(parts["name"])), ())
        orders: list[tuple[str | int | None, str | None]] = [(month, parts["d"]) for month in months]
    elif parts.get("a") is not None:
        orders = [(parts["b"], parts["a"]), (parts["a"], parts["b"])]
    else:
        orders = [(parts["m"], parts["d"])]
    seen = set[str]()
    for in_year, in_month in orders:
        try:
            written = date(year, int(in_year or 0), int(in_month or 0)).isoformat()
        except ValueError:
            continue
        if written not in seen:
            seen.add(written)
            yield written
