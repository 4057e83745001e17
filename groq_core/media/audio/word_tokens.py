"""
A transcript as single words, each with the time it was said: what two transcripts are compared by.

Times come from the words where the model told them, else from its phrases, else from the pace of speech.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from groq_core.events import Segment, Transcript, Word

SECONDS_PER_TOKEN = 0.4
_PACED_TOKENS = 30
_PHRASE_TOKENS = 30
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)]*$")

# Scripts written without spaces: every sign is a token of its own.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"(?<!\s)\s*+(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)")
_ENDS_UNSPACED = re.compile(rf"(?:[{_UNSPACED}\u3001-\u303f\uff00-\uffef]\s*|\u3000[^\S\u3000]*)\Z")
_STARTS_UNSPACED = re.compile(rf"\s*[{_UNSPACED}\u3000-\u303f\uff00-\uffef]")


class Token(msgspec.Struct, frozen=True):
    """
    A word of a text, with the space before it, and when it was said (seconds of the whole recording).

    ``key`` is the word without case, accents of width, and punctuation: what is compared. ``segment`` and
    ``words`` say where it belongs in its transcript: a position, and a range of positions.
    """

    text: str
    key: str
    start: float
    end: float
    segment: int = -1
    words: tuple[int, int] = (0, 0)


def tokens_of(transcript: Transcript, offset: float, end: float) -> list[Token]:
    """Split a transcript into timed tokens: by its words' times, else its segments', else by the pace of speech."""
    tokens = [
        token
        for at, segment in enumerate(transcript.segments)
        for token in _spread(at, segment.text, segment.start + offset, segment.end + offset)
    ]
    if not transcript.segments:
        tokens = _spread_evenly(split(transcript.text), offset, end)
    return _take_times(tokens, transcript.words, offset) if transcript.words else tokens


def _spread_evenly(pieces: Sequence[str], start: float, end: float) -> list[Token]:
    """
    Time a text of which nothing is known but where it begins and ends: OpenAI's newer models tell no more.

    Near both ends words come at the pace of speech, so that they lie right where seams are sought; what is left
    of the time is shared out in the middle, where the pauses may be.
    """
    count = len(pieces)
    length = end - start
    fast = min(SECONDS_PER_TOKEN, length / max(1, count))
    edge = min(_PACED_TOKENS, count // 2)
    slow = (length - 2 * edge * fast) / max(1, count - 2 * edge)

    def begins(place: int) -> float:
        if place < edge:
            return start + place * fast
        if place > count - edge or count == 2 * edge:
            return end - (count - place) * fast
        return start + edge * fast + (place - edge) * slow

    return [
        Token(piece, key_of(piece), begins(place), min(begins(place) + fast, end)) for place, piece in enumerate(pieces)
    ]


def make_phrases(tokens: Sequence[Token], offset: float) -> tuple[list[Token], tuple[Segment, ...]]:
    """Make phrases of tokens that came without: sentences, or as many words as fit on a screen."""
    phrases: list[list[Token]] = []
    for token in tokens:
        if not phrases or _SENTENCE_END.search(phrases[-1][-1].text) or len(phrases[-1]) >= _PHRASE_TOKENS:
            phrases.append([])
        phrases[-1].append(msgspec.structs.replace(token, segment=len(phrases) - 1))
    segments = tuple(
        Segment(
            id=at,
            start=phrase[0].start - offset,
            end=phrase[-1].end - offset,
            text="".join(token.text for token in phrase).strip(),
        )
        for at, phrase in enumerate(phrases)
    )
    return [token for phrase in phrases for token in phrase], segments


def _spread(segment: int, text: str, start: float, end: float) -> Iterator[Token]:
    """Tokens of a text, their times in proportion to their letters."""
    pieces = split(text)
    total = sum(map(len, pieces)) or 1
    passed = 0
    for piece in pieces:
        begin = start + (end - start) * passed / total
        passed += len(piece)
        yield Token(piece, key_of(piece), begin, start + (end - start) * passed / total, segment)


def _take_times(tokens: list[Token], words: Sequence[Word], offset: float) -> list[Token]:
    """
    Give tokens the times of the words they are made of.

    Words and text are two spellings of the same sounds, so both are walked letter by letter; where they don't
    have the same number of letters, in proportion.
    """
    owner = [at for at, word in enumerate(words) for _ in key_of(word.word)]
    letters = sum(len(token.key) for token in tokens)
    if not owner or not letters:
        return tokens
    scale = len(owner) / letters
    timed: list[Token] = []
    passed = 0
    for token in tokens:
        first = owner[min(int(passed * scale), len(owner) - 1)]
        passed += len(token.key)
        last = owner[min(max(int(passed * scale) - 1, 0), len(owner) - 1)] if token.key else first
        last = max(first, last)
        start, end = words[first].start + offset, words[last].end + offset
        timed.append(
            msgspec.structs.replace(
                token, start=start, end=end, words=(first, last + 1) if token.key else (first, first)
            )
        )
    return timed


def key_of(text: str) -> str:
    """
    What is compared of a word: letters and digits, without case.

    >>> key_of(" Don’t,")
    'dont'
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def guess_length(transcript: Transcript) -> float:
    ends = [segment.end for segment in transcript.segments] + [word.end for word in transcript.words]
    return max(ends) if ends else SECONDS_PER_TOKEN * len(split(transcript.text))


def split(text: str) -> list[str]:
    """
    Words with the space before them; together they are the text.

    >>> split("One two 三四")
    ['One', ' two', ' 三', '四']
    """
    return _TOKEN.findall(text)


def joins_without_space(before: str, after: str) -> bool:
    """Whether two texts stand together without a space, as Chinese does and English does not."""
    return bool(_ENDS_UNSPACED.search(before)) and bool(_STARTS_UNSPACED.match(after))
