"""
Write a transcript as a file: plain text, SubRip (SRT), WebVTT or JSON.

Subtitles follow what broadcasters ask for: at most two lines of 42 characters, at most seven seconds, no two at
once. Long phrases are split at sentences and clauses first, at words if need be.

Source:
    https://www.w3.org/TR/webvtt1/, https://partnerhelp.netflixstudios.com (timed text style guide)
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

import msgspec

from groq_core.events import Segment, Transcript

LINE = 42
LINES = 2
LONGEST_S = 7.0
SHORTEST_S = 0.3
_MILLISECOND = 0.001

_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s*(?=\S)")
_CLAUSE = re.compile(r"(?<=[,;:،、，；：—])\s*(?=\S)")


class Cue(msgspec.Struct, frozen=True):
    """One subtitle: seconds from the start of the recording, and its lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def to_txt(transcript: Transcript) -> str:
    """The words alone, one phrase a line where phrases are known."""
    lines = [segment.text.strip() for segment in transcript.segments] or [transcript.text.strip()]
    return "".join(f"{line}\n" for line in lines if line)


def to_srt(transcript: Transcript) -> str:
    """
    SubRip, numbered from 1.

    >>> print(to_srt(Transcript(text="Hello.", segments=(Segment(id=0, start=0, end=1.5, text=" Hello."),))))
    1
    00:00:00,000 --> 00:00:01,500
    Hello.
    <BLANKLINE>
    """
    blocks = (
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_body(cue.lines)}\n"
        for number, cue in enumerate(cues(transcript), 1)
    )
    return "\n".join(blocks)


def to_vtt(transcript: Transcript) -> str:
    """WebVTT; ``&``, ``<`` and ``>`` are escaped, since cue text has tags."""
    blocks = (
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_body(map(_escaped, cue.lines))}\n"
        for cue in cues(transcript)
    )
    return "\n".join(("WEBVTT\n", *blocks))


def to_json(transcript: Transcript) -> str:
    """The transcript in the wire's field names (``verbose_json``), indented; what is not known is left out."""
    fields = {
        "task": "transcribe",
        "language": transcript.language,
        "duration": transcript.duration,
        "text": transcript.text,
        "segments": [
            {key: value for key, value in msgspec.structs.asdict(segment).items() if value is not None}
            for segment in transcript.segments
        ],
        "words": [msgspec.structs.asdict(word) for word in transcript.words] or None,
    }
    encoded = msgspec.json.encode({key: value for key, value in fields.items() if value is not None})
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def cues(transcript: Transcript) -> list[Cue]:
    """
    Lay a transcript out as subtitles: monotonic, without overlap, each short enough to be read.

    A transcript without phrases becomes one, spread over its duration (or over a reading speed of 15 characters
    a second, where that is not known either).
    """
    laid: list[Cue] = []
    for segment in _segments(transcript):
        for start, end, lines in _split(segment):
            begin = max(start, laid[-1].end if laid else 0.0)
            laid.append(Cue(begin, max(end, begin + _MILLISECOND), lines))
    return laid


def _segments(transcript: Transcript) -> Sequence[Segment]:
    if transcript.segments:
        return sorted(transcript.segments, key=lambda segment: segment.start)
    length = transcript.duration or max(1.0, len(transcript.text) / 15)
    return (Segment(id=0, start=0.0, end=length, text=transcript.text),)


def _split(segment: Segment) -> Iterator[tuple[float, float, tuple[str, ...]]]:
    """Share the time of a phrase among its pieces by their letters; a piece that would stay too long ends earlier."""
    text = " ".join(segment.text.split())
    pieces = _pieces(text)
    total = sum(map(len, pieces))
    length = max(segment.end - segment.start, SHORTEST_S * len(pieces))
    passed = 0
    for piece in pieces:
        start = segment.start + length * passed / total
        passed += len(piece)
        end = segment.start + length * passed / total
        yield start, min(end, start + LONGEST_S), _lines(piece)


def _pieces(text: str) -> list[str]:
    """Pieces that fit on the screen, split at the strongest boundary there is."""
    if not text:
        return []
    if _fits(text):
        return [text]
    for boundary in (_SENTENCE, _CLAUSE):
        parts = [part for part in boundary.split(text) if part]
        if len(parts) > 1:
            return _packed([piece for part in parts for piece in _pieces(part)])
    lines = textwrap.wrap(text, LINE)
    return [" ".join(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]


def _packed(pieces: Sequence[str]) -> list[str]:
    """Put short neighbours together again as long as they fit."""
    packed: list[str] = []
    for piece in pieces:
        if packed and _fits(f"{packed[-1]} {piece}"):
            packed[-1] = f"{packed[-1]} {piece}"
        else:
            packed.append(piece)
    return packed


def _fits(text: str) -> bool:
    return len(textwrap.wrap(text, LINE)) <= LINES


def _lines(text: str) -> tuple[str, ...]:
    """One line if it fits, else two: broken after a clause, or else so that they are about equally long."""
    if len(text) <= LINE:
        return (text,)
    breaks = [
        (text[at - 1] not in ".!?,;:…", abs(len(text) - 2 * at), at)
        for at in range(1, len(text))
        if text[at] == " " and at <= LINE and len(text) - at - 1 <= LINE
    ]
    if not breaks:
        return tuple(textwrap.wrap(text, LINE))
    *_, at = min(breaks)
    return text[:at], text[at + 1 :]


def _body(lines: Iterator[str] | Sequence[str]) -> str:
    # An arrow in the text would be taken for a time line.
    return "\n".join(line.replace("-->", "→") for line in lines)


def _escaped(line: str) -> str:
    return line.replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
