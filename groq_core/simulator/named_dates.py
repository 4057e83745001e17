"""The dates a text names, as YYYY-MM-DD: 2026-03-05, 05.03.2026, 5 March 2026 or March 5, 2026."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_FORMS = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
    re.compile(r"\b(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})\b"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}\s+(?P<y>\d{{4}})\b", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b", re.IGNORECASE),
)


def dates_in(text: str) -> list[str]:
    """
    Find the dates a text names, in its order.

    >>> dates_in("due on 11 April 2026, issued 12.03.2026, not on 31.02.2026")
    ['2026-04-11', '2026-03-12']
    """
    found = sorted((match for form in _FORMS for match in form.finditer(text)), key=lambda match: match.start())
    return [read for match in found if (read := _read(match)) is not None]


def first_date(text: str) -> str | None:
    """
    Find the first date a text names.

    >>> first_date("due on 11 April 2026, issued 12.03.2026")
    '2026-04-11'
    """
    return next(iter(dates_in(text)), None)


def _read(match: re.Match[str]) -> str | None:
    parts = match.groupdict()
    month = _MONTHS.index(parts["month"].lower()[:3]) + 1 if parts.get("month") else int(parts["m"])
    try:
        return date(int(parts["y"]), month, int(parts["d"])).isoformat()
    except ValueError:
        return None
