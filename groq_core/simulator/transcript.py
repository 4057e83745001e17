"""
The words that stand for what was said: what was measured, timed over the stretches that have sound.

A long recording is introduced in its first stretch and then told stretch by stretch, in words that depend on that
stretch alone. So two overlapping cuttings of one recording have the same words where they overlap, as real
transcripts do.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

import msgspec

from groq_core.simulator.sound import Sound, SoundStretch
from groq_core.simulator.wire_format import Json

LONG_S = 20.0
"""A shorter recording is described as a whole."""

_BETWEEN = re.compile(r"(?<=[.!?])\s+")
_END_OF_TEXT = 50364


class Phrase(msgspec.Struct, frozen=True):
    """A sentence and its time, in seconds from the start."""

    start: float
    end: float
    text: str


def write(heard: Sound, filename: str = "", *, translate: bool = False) -> list[Phrase]:
    """The transcript of a recording, plainly marked as simulated."""
    sentences = _describe(heard, filename, translate)
    start = heard.active[0].start if heard.active else 0.0
    if heard.duration < LONG_S or len(heard.active) < 2 or heard.peak is None:
        return _spread(sentences, start, heard.duration)
    first, *rest = heard.active
    introduction = _spread(sentences, first.start, first.end)
    return [*introduction, *(Phrase(stretch.start, stretch.end, _in_words(stretch)) for stretch in rest)]


def text(phrases: list[Phrase]) -> str:
    """The transcript in one line, without the space that Groq puts before it."""
    return " ".join(phrase.text for phrase in phrases)


def segments(phrases: list[Phrase], heard: Sound) -> list[Json]:
    """Segments in Whisper's shape."""
    return [
        {
            "id": index,
            "seek": round(phrase.start * 100),
            "start": phrase.start,
            "end": phrase.end,
            "text": f" {phrase.text}",
            "tokens": [
                _END_OF_TEXT,
                *(300 + sum(word.encode()) % 40_000 for word in phrase.text.split()),
                _END_OF_TEXT + round(50 * (phrase.end - phrase.start)),
            ],
            "temperature": 0,
            "avg_logprob": -0.21,
            "compression_ratio": 1.4,
            "no_speech_prob": round(heard.silence or 0.0, 6),
        }
        for index, phrase in enumerate(phrases)
    ]


def words_with_times(phrases: list[Phrase]) -> list[Json]:
    """Every word with its share of its sentence's time."""
    timed = []
    for phrase in phrases:
        words = phrase.text.split()
        for word, (start, end) in zip(words, _shares(words, phrase.start, phrase.end), strict=True):
            timed.append({"word": word, "start": start, "end": end})
    return timed


def subtitles(phrases: list[Phrase], shape: str) -> str:
    """``srt`` or ``vtt``, which OpenAI writes and Groq does not."""
    mark = "," if shape == "srt" else "."
    blocks = [
        (f"{number}\n" if shape == "srt" else "")
        + f"{_stamp(phrase.start, mark)} --> {_stamp(phrase.end, mark)}\n{phrase.text}\n"
        for number, phrase in enumerate(phrases, 1)
    ]
    return ("WEBVTT\n\n" if shape == "vtt" else "") + "\n".join(blocks)


def _describe(heard: Sound, filename: str, translate: bool) -> list[str]:
    """Sentences on the recording as a whole."""
    task = "translation" if translate else "transcript"
    name = " ".join(filename.split())
    where = f" of {name}" if name else ""
    kind = f"{heard.rate / 1000:g} kHz " if heard.rate else ""
    channels = {0: "", 1: "mono ", 2: "stereo "}.get(heard.channels, f"{heard.channels} channels ")
    told = (
        f"This is a simulated {task}{where}; no model has heard it. The recording lasts {heard.duration:.2f} seconds, "
        f"{kind}{channels}{heard.format}. "
    )
    if heard.peak is None or heard.loudness is None or heard.silence is None:
        told += "Its loudness could not be measured without a decoder for its format."
    elif heard.peak <= -80:
        told += "It is silent from beginning to end."
    else:
        number = len(heard.active)
        told += (
            f"Its peak is {heard.peak:.1f} dBFS, its loudness {heard.loudness:.1f} dBFS. {heard.silence:.0%} of it is "
            f"silent, and there is sound in {number} stretch{'es' * (number != 1)}."
        )
    return _BETWEEN.split(told.strip())


def _in_words(stretch: SoundStretch) -> str:
    """A stretch in words; rounded so that another cutting of the recording mostly tells the same."""
    seconds = round(2 * (stretch.end - stretch.start)) / 2
    return f"Sound for {seconds:g} seconds at {stretch.level:.0f} dBFS, near {round(stretch.pitch, -2):.0f} hertz."


def _spread(sentences: list[str], start: float, end: float) -> list[Phrase]:
    spans = _shares(sentences, start, end)
    return [Phrase(a, b, sentence) for sentence, (a, b) in zip(sentences, spans, strict=True)]


def _shares(pieces: list[str], start: float, end: float) -> list[tuple[float, float]]:
    """Time for each piece by its length; the last ends where the whole does."""
    total = sum(len(piece) + 1 for piece in pieces)
    ends = accumulate((len(piece) + 1 for piece in pieces), initial=0)
    return list(pairwise(round(start + (end - start) * done / total, 2) for done in ends))


def _stamp(seconds: float, mark: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{milliseconds:03}"
