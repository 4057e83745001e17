"""
Write a transcript as a file: plain text, SubRip (SRT), WebVTT or JSON.

How they are laid out is :mod:`groq_core.media.text.layout`'s; here they are spelled.

Source:
    https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from groq_core.events import Transcript
from groq_core.media.text.layout import LINE, LINES, LONGEST_S, SHORTEST_S, Cue, breaches, cues
from groq_core.media.text.phrases import enumerate_words

__all__ = [
    "LINE",
    "LINES",
    "LONGEST_S",
    "SHORTEST_S",
    "Cue",
    "breaches",
    "breaches_in_words",
    "cues",
    "to_json",
    "to_srt",
    "to_txt",
    "to_vtt",
]


def to_txt(transcript: Transcript) -> str:
    """The words alone, one phrase a line where phrases are known."""
    lines = [segment.text.strip() for segment in transcript.segments] or [transcript.text.strip()]
    return "".join(f"{line}\n" for line in lines if line)


def to_srt(transcript: Transcript) -> str:
    """
    SubRip, numbered from 1.

    >>> from groq_core.events import Segment
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
    """
    WebVTT; ``&``, ``<`` and ``>`` are escaped, since cue text has tags. Where speech breaks a rule of subtitles, a
    comment before each that does says which.
    """
    laid = cues(transcript)
    remarks = dict[int, list[str]]()
    for breach in breaches(laid):
        remarks.setdefault(breach.cue, []).append(breach.what)
    blocks = (
        (f"NOTE Subtitle {number}: {enumerate_words(remarks[number])}.\n\n" if number in remarks else "")
        + f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_body(map(_escape, cue.lines))}\n"
        for number, cue in enumerate(laid, start=1)
    )
    return "\n".join(("WEBVTT\n", *blocks))


def breaches_in_words(transcript: Transcript) -> str:
    """Which subtitles keep which rule not, in a sentence; empty where all keep all."""
    found = breaches(cues(transcript))
    if not found:
        return ""
    named = enumerate_words([f"{breach.cue} ({breach.what})" for breach in found[:_MOST_NAMED]])
    more = f", and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"Faster or longer than is easily read: {named}{more}."


_MOST_NAMED = 10


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


def _body(lines: Iterable[str]) -> str:
    # An arrow in the text would be taken for a time line.
    return "\n".join(line.replace("-->", "→") for line in lines)


def _escape(line: str) -> str:
    return line.replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
