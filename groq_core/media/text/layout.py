"""
Lay a transcript out as subtitles: where one ends, where its line breaks, and when it is seen.

The words are never changed, parted or moved away from each other: what is laid out are whole words with their times.
Of all ways to part them the cheapest is taken: it ends at sentences and phrases, and keeps the limits that
broadcasters ask for.

Source:
    https://partnerhelp.netflixstudios.com (timed text style guide: general, Chinese, Japanese, Korean).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from groq_core.events import Segment, Transcript
from groq_core.media.audio.word_tokens import Token, tokens_of
from groq_core.media.text.thai import word_starts

LINES: Final = 2
LINE: Final = 42
WIDE_LINE: Final = 32
"""Columns of a line with Chinese, Japanese or Korean: 16 signs of two columns."""

LONGEST_S: Final = 7.0
SHORTEST_S: Final = 5 / 6
APART_S: Final = 2 / 24
"""Between two subtitles: two frames of a film."""

SPEED: Final = 17.0
"""Characters a second."""

WIDE_SPEED: Final = 11.0
_MOST_SPOKEN_S: Final = 10.0
"""In one subtitle, which is gone by then: better than to part a phrase that is said slowly."""

_PAUSE_S: Final = 0.6
_LONG_PAUSE_S: Final = 2.0
_LEAD_S: Final = 0.5
"""How much earlier than its first word a subtitle may be seen, where time to read it is short."""

_SENTENCE: Final = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_CLAUSE: Final = re.compile(r"[,;:،、，；：—–][\"'”’»)\]]*$")
_WHOLE: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese, Khmer: words stand together, and only a model could part them; for Thai there is a light one."""
_WIDE: Final = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60]")
_NOT_FIRST: Final = frozenset(
    "、。，．・：；？！ー）」』】〉》〕］｝’”…‥々〜%,.!?:;)]}ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
)
_NOT_LAST: Final = frozenset("（「『【〈《〔［｛‘“([{")
_WEAK: Final = frozenset(
    (
        *("a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "with", "from", "and", "or", "but", "as", "is"),
        *("are", "was", "were", "my", "your", "his", "her", "its", "our", "their", "der", "die", "das", "ein", "eine"),
        *("den", "dem", "des", "und", "oder", "zu", "von", "mit", "le", "la", "les", "un", "une", "de", "du", "et"),
        *("ou", "à", "el", "los", "las", "y", "o", "il", "lo", "e", "di"),
    )
)
"""Words a line should not end with: they belong to the next."""


class Cue(msgspec.Struct, frozen=True):
    """One subtitle: seconds from the start of the recording, and its lines."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is read, a line break being a space."""
        return " ".join(self.lines)


class Breach(msgspec.Struct, frozen=True):
    """A rule that a subtitle could not keep: the number of the subtitle, counted from 1, and what is wrong."""

    cue: int
    what: str


class _Unit(msgspec.Struct):
    """
    What is never parted: a word, or one sign of Chinese or Japanese.

    Attributes:
        marks: Of several words that stand together, the place of each in the text and when it begins.
    """

    text: str
    spaced: bool
    start: float
    end: float
    width: int
    marks: tuple[tuple[int, float], ...] = ()


def cues(transcript: Transcript) -> list[Cue]:
    """
    Lay a transcript out: monotonic, without overlap, each short enough to be read.

    Times are the words' own where they are known, else in proportion to letters within their phrase; a transcript
    without phrases is spread over its duration, or over a reading speed of 15 characters a second.
    """
    units = _units(transcript)
    groups = _part(units)
    return _with_times([(units[first:last], _lines(units[first:last])) for first, last in groups])


def breaches(laid: Sequence[Cue]) -> list[Breach]:
    """Every rule that a subtitle breaks; of a layout made here only those that speech itself breaks."""
    found: list[Breach] = []
    for number, cue in enumerate(laid, start=1):
        wide = is_wide(cue.text)
        limit, speed = (WIDE_LINE, WIDE_SPEED) if wide else (LINE, SPEED)
        length = cue.end - cue.start
        if len(cue.lines) > LINES or any(width(line) > limit for line in cue.lines):
            found.append(Breach(number, "a line is too long, since a word in it is"))
        if length > LONGEST_S + 0.002:
            found.append(Breach(number, f"it is seen for {length:.1f} s"))
        if length < SHORTEST_S - 0.002:
            found.append(Breach(number, f"it is seen for {length:.1f} s only"))
        if len(cue.text) > speed * (length + 0.002):
            found.append(Breach(number, f"{len(cue.text) / max(length, 0.001):.0f} characters a second are spoken"))
        if number > 1 and cue.start - laid[number - 2].end < APART_S - 0.002:
            found.append(Breach(number, "it comes less than two frames after the one before"))
    return found


def width(text: str) -> int:
    """
    Columns a text takes: two for Chinese, Japanese and Korean, none for marks on other letters.

    >>> width("abc"), width("日本"), width("e\\u0301")
    (3, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _room(text: str) -> int:
    """What a text is reckoned at: its columns or its letters, whichever are more, since players differ on marks."""
    return max(width(text), len(text))


def is_wide(text: str) -> bool:
    return bool(_WIDE.search(text))


# ── words with times ─────────────────────────────────────────────────────────────────────────────────


def _units(transcript: Transcript) -> list[_Unit]:
    tokens = _tokens(transcript)
    units: list[_Unit] = []
    latest = 0.0
    for place, token in enumerate(tokens):
        text = token.text.strip()
        if not text:
            continue
        spaced = token.text[:1].isspace() or _begins_phrase(tokens, place)
        start = max(token.start, latest)
        end = max(token.end, start)
        latest = start
        if units and not spaced and _belongs(units[-1].text, text):
            last = units[-1]
            marks = (*(last.marks or ((0, last.start),)), (len(last.text), start))
            joined = _Unit(last.text + text, last.spaced, last.start, max(last.end, end), last.width + _room(text))
            units[-1:] = _without_monsters(msgspec.structs.replace(joined, marks=marks))
        else:
            units += _without_monsters(_Unit(text, spaced and bool(units), start, end, _room(text)))
    units = [piece for unit in units for piece in _words_of(unit)]
    for unit, after in pairwise(units):
        unit.end = min(unit.end, max(after.start, unit.start))
    return units


def _without_monsters(unit: _Unit) -> list[_Unit]:
    """A run of signs longer than any word and no address, cut so that it fits the screen."""
    whole = 2 * len(_WHOLE.findall(unit.text)) > len(unit.text)
    if len(unit.text) <= LINE or whole or _ADDRESS.search(unit.text):
        return [unit]
    size = LINE if not is_wide(unit.text) else WIDE_LINE // 2
    pieces = [unit.text[at : at + size] for at in range(0, len(unit.text), size)]
    step = (unit.end - unit.start) / len(pieces)
    return [
        _Unit(piece, unit.spaced and not at, unit.start + step * at, unit.start + step * (at + 1), _room(piece))
        for at, piece in enumerate(pieces)
    ]


def _words_of(unit: _Unit) -> list[_Unit]:
    """Words that stand together, parted where they do not fit a line or are not said in one breath; most do."""
    if unit.width <= LINE and unit.end - unit.start <= LONGEST_S:
        return [unit]
    starts = word_starts(unit.text)
    if len(starts) == 1:
        return [unit]
    places, times = zip(*(unit.marks or ((0, unit.start),)), (len(unit.text), unit.end), strict=True)
    begins = [float(time) for time in np.interp([*starts, len(unit.text)], places, times)]
    pieces = [unit.text[at:end] for at, end in pairwise([*starts, len(unit.text)])]
    return [
        _Unit(piece, unit.spaced and not number, begins[number], begins[number + 1], _room(piece))
        for number, piece in enumerate(pieces)
    ]


_ADDRESS: Final = re.compile(r"\w://\w|\w@\w|www\.\w", re.IGNORECASE)


def _tokens(transcript: Transcript) -> list[Token]:
    if not transcript.segments:
        length = transcript.duration or max(1.0, len(transcript.text) / 15)
        whole = Segment(id=0, start=0.0, end=length, text=transcript.text)
        transcript = msgspec.structs.replace(transcript, segments=(whole,))
    ordered = tuple(sorted(transcript.segments, key=lambda segment: segment.start))
    return tokens_of(msgspec.structs.replace(transcript, segments=ordered), 0.0, transcript.duration or 0.0)


def _begins_phrase(tokens: Sequence[Token], place: int) -> bool:
    """Phrases are parted by a space, unless their script knows none."""
    if not place or tokens[place].segment == tokens[place - 1].segment:
        return False
    return not (is_wide(tokens[place].text[:1]) or is_wide(tokens[place - 1].text[-1:]))


def _belongs(before: str, after: str) -> bool:
    """Whether nothing may come between two pieces that stand together."""
    first, last = after[0], before[-1]
    if first in _NOT_FIRST or last in _NOT_LAST or unicodedata.combining(first):
        return True
    return not (_WIDE.match(first) or _WIDE.match(last)) or bool(_WHOLE.match(first) and _WHOLE.match(last))


# ── where one ends ───────────────────────────────────────────────────────────────────────────────────


def _part(units: Sequence[_Unit]) -> list[tuple[int, int]]:
    """First and last (exclusive) unit of every subtitle: the cheapest way to part them all."""
    count = len(units)
    best: list[float] = [0.0] + [float("inf")] * count
    origin = [0] * (count + 1)
    ends = [_end_cost(units, last) for last in range(1, count + 1)]
    for first in range(count):
        columns = 0
        wide = False
        letters = 0
        for last in range(first + 1, count + 1):
            unit = units[last - 1]
            gap = int(unit.spaced and last - 1 > first)
            columns += unit.width + gap
            letters += len(unit.text) + gap
            wide = wide or is_wide(unit.text)
            limit = WIDE_LINE if wide else LINE
            alone = last == first + 1
            if not alone and (columns > LINES * limit + 1 or unit.end - units[first].start > _MOST_SPOKEN_S):
                break
            if not alone and columns > limit and _break_place(units[first:last], limit) is None:
                continue
            cost = best[first] + ends[last - 1] + _span_cost(units, first, last, letters, wide)
            if cost < best[last]:
                best[last], origin[last] = cost, first
    groups: list[tuple[int, int]] = []
    at = count
    while at:
        groups.append((origin[at], at))
        at = origin[at]
    return groups[::-1]


def _end_cost(units: Sequence[_Unit], last: int) -> float:
    """What it costs to end after a word: nothing at the end of a sentence, most in the middle of a phrase."""
    if last == len(units):
        return 2.0
    text = units[last - 1].text
    pause = units[last].start - units[last - 1].end
    if _SENTENCE.search(text) and units[last].spaced | is_wide(text):
        return 2.0
    if pause > _PAUSE_S:
        return 2.5
    if _CLAUSE.search(text):
        return 4.0
    return 11.0 if text.casefold() in _WEAK else 7.0


def _span_cost(units: Sequence[_Unit], first: int, last: int, letters: int, wide: bool) -> float:
    start, spoken = units[first].start, units[last - 1].end
    room = min(LONGEST_S, (units[last].start - APART_S if last < len(units) else spoken + LONGEST_S) - start)
    needed = letters / (WIDE_SPEED if wide else SPEED)
    cost = 0.0
    if room < SHORTEST_S:
        cost += 60 * (SHORTEST_S - room)
    if room < needed:
        cost += 10 + 40 * (needed - room)
    cost += 3 * max(0.0, spoken - start - LONGEST_S)
    within = max((units[at].start - units[at - 1].end for at in range(first + 1, last)), default=0.0)
    return cost + (12.0 if within > _LONG_PAUSE_S else 5.0 if within > _PAUSE_S else 0.0)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────


def _lines(units: Sequence[_Unit]) -> tuple[str, ...]:
    text = _text(units)
    limit = WIDE_LINE if is_wide(text) else LINE
    if _room(text) <= limit:
        return (text,)
    at = _break_place(units, limit)
    return (text,) if at is None else (_text(units[:at]), _text(units[at:]))


def _break_place(units: Sequence[_Unit], limit: int) -> int | None:
    """Where two lines fit: after a clause if there is one, not behind an article, and about in the middle."""
    total = _columns(units)
    best: tuple[float, int] | None = None
    columns = 0
    for at in range(1, len(units)):
        columns += units[at - 1].width + int(units[at - 1].spaced and at > 1)
        rest = total - columns - int(units[at].spaced)
        if columns > limit or rest > limit:
            continue
        before = units[at - 1].text
        cost = abs(columns - rest) / 2 + (0 if _SENTENCE.search(before) else 4 if _CLAUSE.search(before) else 10)
        cost += 8 if before.casefold() in _WEAK else 0
        if best is None or cost < best[0]:
            best = cost, at
    return best[1] if best else None


def _columns(units: Sequence[_Unit]) -> int:
    return sum(unit.width + int(unit.spaced and at > 0) for at, unit in enumerate(units))


def _text(units: Sequence[_Unit]) -> str:
    return "".join((" " if unit.spaced and at else "") + unit.text for at, unit in enumerate(units))


# ── times ────────────────────────────────────────────────────────────────────────────────────────────


def _with_times(groups: Sequence[tuple[Sequence[_Unit], tuple[str, ...]]]) -> list[Cue]:
    """
    When each is seen: from its first word on, or a little before, until it can have been read, as far as there is
    silence after its last one.
    """
    laid: list[Cue] = []
    for at, (units, lines) in enumerate(groups):
        text = " ".join(lines)
        needed = min(LONGEST_S, max(SHORTEST_S, len(text) / (WIDE_SPEED if is_wide(text) else SPEED)))
        earliest = laid[-1].end + APART_S if laid else 0.0
        start = max(units[0].start, earliest)
        limit = groups[at + 1][0][0].start - APART_S if at + 1 < len(groups) else start + LONGEST_S
        end = min(max(units[-1].end, start + needed), limit, start + LONGEST_S)
        if end - start < needed:
            start = max(earliest, start - _LEAD_S, end - needed)
        start = round(start, 3)
        end = min(round(max(end, start + SHORTEST_S), 3), round(start + LONGEST_S, 3))
        laid.append(Cue(start, end, lines))
    return laid
