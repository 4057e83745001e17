"""What the name of a field says: its words, and which side of a conversion it stands for."""

from __future__ import annotations

import re


def side_of_conversion(name: str) -> str:
    """
    Which of the two units, or currencies, a parameter asks for.

    >>> side_of_conversion("from_unit"), side_of_conversion("targetCurrency"), side_of_conversion("unit_price")
    ('from', 'to', '')
    """
    words = set(words_of(name))
    if not words & {"unit", "units", "currency"}:
        return ""
    return "from" if words & {"from", "source"} else "to" if words & {"to", "target"} else ""


def words_of(name: str) -> list[str]:
    """
    >>> words_of("invoiceNumber"), words_of("unit_price")
    (['invoice', 'number'], ['unit', 'price'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
