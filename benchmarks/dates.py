"""
Dates as people write them: what our reader finds in a text, against dateparser and python-dateutil.

    pip install -r benchmarks/peers/dates.txt
    python -m benchmarks.dates            # prints the table of the README

The months' names are dateparser's own, so it is asked about nothing it does not know. A date counts as found when one
of its readings is the day that was written, and nothing but a date was taken for it. Of a text without any date,
whatever is found is made up.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Final

from groq_core.services.extraction.dates import dates

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "ru", "uk", "cs", "tr")
MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
NAMED: Final = {
    "en": ("{d} {m} {y}", "{m} {d}, {y}", "{m} {d}th, {y}", "{d}-{m}-{y}"),
    "de": ("{d}. {m} {y}",),
    "fr": ("{d} {m} {y}", "le {d} {m} {y}"),
    "es": ("{d} de {m} de {y}",),
    "it": ("{d} {m} {y}",),
    "nl": ("{d} {m} {y}",),
    "pt": ("{d} de {m} de {y}",),
    "pl": ("{d} {m} {y}",),
    "ru": ("{d} {m} {y} г.",),
    "uk": ("{d} {m} {y}",),
    "cs": ("{d}. {m} {y}",),
    "tr": ("{d} {m} {y}",),
}
NUMBERS: Final = ("{y}-{n:02}-{d:02}", "{y}/{n:02}/{d:02}", "{d}.{n}.{y}", "{d:02}/{n:02}/{y}", "{n:02}/{d:02}/{y}")
Reader = Callable[[str, str], Iterable[tuple[str, str]]]
"""From a text and its language to what was taken for a date, and the day it means."""


def cases() -> Iterator[tuple[str, str, str]]:
    """Language, a date as it is written there, and its day."""
    for language in LANGUAGES:
        info = import_module(f"dateparser.data.date_translation_data.{language}").info
        for number, name in enumerate(MONTHS, start=1):
            day = 4 + number
            meant = date(2026, number, day).isoformat()
            for form in NAMED[language]:
                for written in sorted({word for word in info[name] if len(word) > 2 and "." not in word}):
                    yield language, form.format(d=day, m=written, y=2026), meant
            for form in NUMBERS:
                yield language, form.format(d=day, n=number, y=2026), meant


def ours(text: str, language: str) -> Iterator[tuple[str, str]]:
    for start, end, day in dates(text):
        yield text[start:end], day


def by_dateparser(text: str, language: str) -> Iterator[tuple[str, str]]:
    """With the language told, which nobody tells us, and with either order of day and month."""
    from dateparser.search import search_dates

    for order in ("DMY", "MDY"):
        found = search_dates(text, languages=[language], settings={"DATE_ORDER": order, "REQUIRE_PARTS": ["year"]})
        for written, moment in found or ():
            yield written, moment.date().isoformat()


def by_dateutil(text: str, language: str) -> Iterator[tuple[str, str]]:
    """It reads one date and cannot look for several, so it is given the date alone."""
    from dateutil.parser import ParserError, parse

    for day_first in (True, False):
        try:
            yield text, parse(text, dayfirst=day_first, fuzzy=True).date().isoformat()
        except (ParserError, OverflowError):
            return


def share(reader: Reader, *, alone: bool = False) -> tuple[int, int, float]:
    """How many dates were found, of how many, and the milliseconds for one text."""
    right, whole, began = 0, 0, time.process_time()
    for language, written, meant in cases():
        text = written if alone else f"(7) {written}; 12 x"
        whole += 1
        right += any(day == meant and "x" not in taken for taken, day in reader(text, language))
    return right, whole, (time.process_time() - began) / whole * 1e3


def text_without_dates() -> str:
    """A text full of numbers in which nothing is a date."""
    text = Path("README.md").read_text(encoding="utf-8")
    return re.sub(r"\S*20\d\d\S*", "", text)[:8_000]


def main() -> None:
    warnings.simplefilter("ignore")
    text = text_without_dates()
    print("| reader | dates found | of | ms a text | made up in 8,000 characters | ms for them |")
    print("|---|---:|---:|---:|---:|---:|")
    readers: dict[str, tuple[Reader, bool]] = {
        "ours": (ours, False),
        "dateparser": (by_dateparser, False),
        "python-dateutil": (by_dateutil, True),
    }
    for name, (reader, alone) in readers.items():
        right, whole, ms = share(reader, alone=alone)
        began = time.process_time()
        made_up = "–" if alone else str(len(list(reader(text, "en"))))
        spent = "–" if alone else f"{(time.process_time() - began) * 1e3:.0f}"
        print(f"| {name} | {right} | {whole} | {ms:.2f} | {made_up} | {spent} |", flush=True)


if __name__ == "__main__":
    main()
