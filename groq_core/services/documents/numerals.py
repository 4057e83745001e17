"""Numbers of lists as they are written: digits, letters, Roman, and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LATIN: Final = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC: Final = "абвгдежзиклмнопрстуфхцчшщэюя"
_GREEK: Final = "αβγδεζηθικλμνξοπρστυφχψω"
_CHINESE: Final = "〇一二三四五六七八九"
_IDEOGRAPHS: Final = str.maketrans("0123456789", _CHINESE)
_FULL_WIDTH: Final = str.maketrans("0123456789", "０１２３４５６７８９")
_SMALL: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINAL: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip

LARGEST: Final = 32_767
"""What Word counts to; more is written in digits."""


def roman(number: int) -> str:
    """
    >>> roman(4), roman(1999)
    ('iv', 'mcmxcix')
    """
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def repeated(alphabet: str) -> Callable[[int], str]:
    """
    Word's letters: a to z, then aa to zz, then aaa.

    >>> repeated("abc")(2), repeated("abc")(5)
    ('b', 'bb')
    """

    def write(number: int) -> str:
        if not 0 < number <= LARGEST:
            return str(number)
        times, at = divmod(number - 1, len(alphabet))
        return alphabet[at] * (times + 1)

    return write


def spreadsheet(number: int) -> str:
    """
    Letters as columns have them: a to z, then aa, ab.

    >>> spreadsheet(27), spreadsheet(28)
    ('aa', 'ab')
    """
    text = ""
    while number > 0:
        number, at = divmod(number - 1, 26)
        text = _LATIN[at] + text
    return text or "0"


def cardinal(number: int) -> str:
    """
    >>> cardinal(21), cardinal(115)
    ('twenty-one', 'one hundred fifteen')
    """
    if not 0 <= number < 1000:
        return str(number)
    if number < 20:
        return _SMALL[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")
    return f"{_SMALL[number // 100]} hundred" + (f" {cardinal(number % 100)}" if number % 100 else "")


def ordinal_word(number: int) -> str:
    """
    >>> ordinal_word(3), ordinal_word(20), ordinal_word(21)
    ('third', 'twentieth', 'twenty-first')
    """
    word = cardinal(number)
    cut = max(word.rfind("-"), word.rfind(" ")) + 1
    head, last = word[:cut], word[cut:]
    return head + _ORDINAL.get(last, f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def ordinal(number: int) -> str:
    """
    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def chinese(number: int) -> str:
    """
    >>> chinese(7), chinese(10), chinese(23)
    ('七', '十', '二十三')
    """
    if not 0 < number < 100:
        return str(number).translate(_IDEOGRAPHS) if number >= 0 else str(number)
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _CHINESE[tens]) + ("十" if tens else "") + (_CHINESE[ones] if ones else "")


def circled(number: int) -> str:
    """
    >>> circled(1), circled(20), circled(21)
    ('①', '⑳', '21')
    """
    return chr(0x2460 + number - 1) if 0 < number <= 20 else str(number)


def _capital(write: Callable[[int], str]) -> Callable[[int], str]:
    return lambda number: write(number).upper()


def _title(write: Callable[[int], str]) -> Callable[[int], str]:
    return lambda number: write(number).capitalize()


WORD: Final[dict[str, Callable[[int], str]]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02}",
    "decimalHalfWidth": str,
    "numberInDash": lambda number: f"- {number} -",
    "upperRoman": _capital(roman),
    "lowerRoman": roman,
    "upperLetter": _capital(repeated(_LATIN)),
    "lowerLetter": repeated(_LATIN),
    "ordinal": ordinal,
    "cardinalText": _title(cardinal),
    "ordinalText": _title(ordinal_word),
    "hex": lambda number: f"{number:X}",
    "russianLower": repeated(_CYRILLIC),
    "russianUpper": _capital(repeated(_CYRILLIC)),
    "decimalEnclosedCircle": circled,
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "decimalFullWidth": lambda number: str(number).translate(_FULL_WIDTH),
    "chineseCounting": chinese,
    "chineseCountingThousand": chinese,
    "japaneseCounting": chinese,
    "ideographDigital": lambda number: str(number).translate(_IDEOGRAPHS),
    "taiwaneseCounting": chinese,
    "none": lambda number: "",
}
"""By the names of WordprocessingML; any other is written in digits."""

OPEN_DOCUMENT: Final[dict[str, Callable[[int], str]]] = {
    "1": str, "a": spreadsheet, "A": _capital(spreadsheet), "i": roman, "I": _capital(roman), "": lambda number: "",
    "α": repeated(_GREEK), "①": circled, "一, 二, 三, ...": chinese,
}  # fmt: skip
"""By ``style:num-format``, which HTML's ``type`` is a part of."""
