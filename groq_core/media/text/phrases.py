"""Sizes, lengths and lists, in words a person reads."""

from __future__ import annotations

from collections.abc import Sequence


def size_in_words(count: int) -> str:
    """
    >>> size_in_words(44), size_in_words(209_800), size_in_words(3_100_000)
    ('44 bytes', '210 KB', '3.1 MB')
    """
    if count < 1000:
        return "1 byte" if count == 1 else f"{count} bytes"
    if count < 999_500:
        return f"{count / 1e3:.0f} KB"
    return f"{count / 1e6:.1f} MB" if count < 999_500_000 else f"{count / 1e9:.1f} GB"


def length_in_words(seconds: float) -> str:
    """
    >>> length_in_words(0.004), length_in_words(2.51), length_in_words(75), length_in_words(3661)
    ('0.004 s', '2.5 s', '1:15 min', '1:01:01 h')
    """
    if seconds < 59.95:
        return f"{seconds:.3f} s" if seconds < 0.1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def enumerate_words(words: Sequence[str]) -> str:
    """
    >>> enumerate_words(["a"]), enumerate_words(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
