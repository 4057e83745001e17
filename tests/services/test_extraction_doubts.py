"""What is written around a place, read the same by every Python."""

from __future__ import annotations

import re
import sys

from groq_core.services.extraction.doubts import _BLANKS


def test_the_blanks_are_those_of_this_python_without_the_end_of_a_line() -> None:
    letters = "".join(map(chr, range(sys.maxunicode + 1)))

    assert re.findall(f"[{_BLANKS}]", letters) == re.findall(r"[^\S\n]", letters)
