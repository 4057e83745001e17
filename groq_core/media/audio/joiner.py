"""
Join the transcripts of overlapping parts into one, without a doubled or a lost word.

Two parts heard the same few seconds. Near a cut, words are wrong: the earlier part has its last one cut off, the
later part its first. So the seam is laid inside the longest run of words both heard at about the same time; up
to there the earlier part is believed, from there on the later one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from groq_core.events import Segment, Transcript
from groq_core.media.audio.word_tokens import (
    SECONDS_PER_TOKEN,
    Token,
    guess_length,
    joins_without_space,
    make_phrases,
    split,
    tokens_of,
)

_SLACK_S = 1.0
"""How far the times of one word may lie apart in two transcripts beyond the overlap: Whisper's are that inexact."""

_SPOILT = 4
"""Words on each side of a cut that may be wrong."""


class _Part:
    """One transcript as tokens; times count from the start of the recording."""

    def __init__(self, offset: float, transcript: Transcript, end: float) -> None:
        self.offset = offset
        self.end = max(end, offset)
        self.tokens = tokens_of(transcript, offset, self.end)
        self.timed = bool(transcript.segments or transcript.words)
        if not transcript.segments:
            self.tokens, segments = make_phrases(self.tokens, offset)
            transcript = msgspec.structs.replace(transcript, segments=segments)
        self.transcript = transcript
        self.since, self.until = 0.0, math.inf

    def clip(self, seconds: float) -> float:
        """A time of the recording, kept out of the neighbours' time."""
        return min(max(seconds, self.since), self.until)


class Joiner:
    """
    Joins parts as they come, in the order of time.

    :meth:`add` hands out what is certain; the last ``overlap_s`` seconds stay back until the next part has told
    what it heard there. :meth:`finish` hands out the rest, :attr:`transcript` is the whole.
    """

    def __init__(self, overlap_s: float) -> None:
        self._overlap_s = overlap_s
        self._held: _Part | None = None
        self._settled: list[Transcript] = []
        self._language: str | None = None
        self._end = 0.0
        self._count = 0

    def add(self, offset_s: float, transcript: Transcript, *, duration_s: float | None = None) -> Transcript:
        """
        Take the next part.

        Args:
            offset_s: Where it begins in the recording, in seconds.
            transcript: Its times count from its own start.
            duration_s: How long it is; by default what the transcript says.

        Returns:
            What has become certain: text (with the space that separates it from what came before), segments and
            words, with times of the whole recording.
        """
        length = duration_s or transcript.duration or guess_length(transcript)
        part = _Part(offset_s, transcript, offset_s + length)
        self._language = self._language or transcript.language
        self._end = max(self._end, part.end)
        held, self._held = self._held, part
        if held is None:
            return self._settle(part, until=part.end - self._overlap_s)
        overlap = min(self._overlap_s, held.end - offset_s)
        # Parts that share no time can say nothing twice, and there is no seam to look for.
        if overlap > 0:
            if held.timed and part.timed:
                kept, dropped = _seam(held.tokens, part.tokens, offset_s, offset_s + overlap)
            else:
                kept, dropped = _seam_without_times(held.tokens, part.tokens)
            held.tokens, part.tokens = held.tokens[:kept], part.tokens[dropped:]
            _part_times(held, part)
        rest = self._take(held, held.tokens)
        sure = self._settle(part, until=part.end - self._overlap_s)
        return _concatenate((rest, sure))

    def finish(self) -> Transcript:
        """Hand out what was held back."""
        held, self._held = self._held, None
        return self._take(held, held.tokens) if held else Transcript(text="")

    @property
    def transcript(self) -> Transcript:
        """Everything handed out so far, as one."""
        whole = _concatenate(self._settled)
        return msgspec.structs.replace(
            whole, text=whole.text.strip(), language=self._language, duration=self._end or None
        )

    def _settle(self, part: _Part, until: float) -> Transcript:
        """Hand out the tokens before ``until`` and keep the others, whole segments at a time."""
        tokens = part.tokens
        # A word's times are right to a fraction of a second: one that may reach into the overlap waits for it.
        count = next((at for at, token in enumerate(tokens) if token.end > until - _SLACK_S), len(tokens))
        if not part.timed:
            # Guessed times drift, so twice as many words stay back as the overlap would hold.
            count = min(count, max(0, len(tokens) - int(2 * self._overlap_s / SECONDS_PER_TOKEN)))
        # A segment goes out whole: half of one could not be taken back when the seam falls inside it.
        while 0 < count < len(tokens) and tokens[count].segment == tokens[count - 1].segment != -1:
            count -= 1
        part.tokens = tokens[count:]
        return self._take(part, tokens[:count])

    def _take(self, part: _Part, tokens: Sequence[Token]) -> Transcript:
        piece = _rebuilt(part, tokens, self._count)
        if piece.text:
            if self._settled and not joins_without_space(self._settled[-1].text, piece.text):
                piece = msgspec.structs.replace(piece, text=" " + piece.text)
            self._settled.append(piece)
            self._count += len(piece.segments)
        return piece


def join(parts: Sequence[tuple[float, Transcript]], overlap_s: float) -> Transcript:
    """
    Join the transcripts of overlapping parts.

    Args:
        parts: Where each begins, in seconds of the recording, and what was heard; in the order of time. A part
            that is missing leaves a gap and nothing else.
        overlap_s: Seconds neighbours share.

    Returns:
        One transcript: times count from the start of the recording, segments are numbered from 0.
    """
    joiner = Joiner(overlap_s)
    for offset_s, transcript in parts:
        joiner.add(offset_s, transcript)
    joiner.finish()
    return joiner.transcript


# ── the seam ─────────────────────────────────────────────────────────────────────────────────────────


def _seam(before: Sequence[Token], after: Sequence[Token], start: float, end: float) -> tuple[int, int]:
    """
    Find where to go from one transcript to the next: how many tokens to keep, how many to drop.

    Both were written of the time from ``start`` to ``end``.
    """
    first = next((at for at, token in enumerate(before) if token.end > start - _SLACK_S), len(before))
    last = next((at for at, token in enumerate(after) if token.start > end + _SLACK_S), len(after))
    run = _longest_common_run(before[first:], after[:last], tolerance=end - start + _SLACK_S)
    if run is not None:
        at, other, length = run
        return _inside(before, first + at, other, length)
    # One of them heard nothing in the shared time: nothing can be doubled, so nothing is dropped.
    if first == len(before) or not last or before[-1].end <= after[0].start:
        return len(before), 0
    # They heard different words. Each is worst near its own cut, where words are torn: it counts for the half
    # that lies further from it.
    middle = (start + end) / 2
    kept = next((at for at, token in enumerate(before) if token.start + token.end > 2 * middle), len(before))
    dropped = next((at for at, token in enumerate(after) if token.start + token.end > 2 * middle), len(after))
    return kept, dropped


def _seam_without_times(before: Sequence[Token], after: Sequence[Token]) -> tuple[int, int]:
    """
    The same where times are guesses: what both heard must end the one and begin the other.

    A few spoilt words may stand at the cut, fewer than agree. If nothing fits, all of both is kept, since the
    overlap may have been a pause.
    """
    # The longest first: a short fit may be chance, as of a word that is said twice.
    for length in range(min(len(before), len(after)), 0, -1):
        for spoilt in range(min(length, 2 * _SPOILT)):
            for lost in range(max(0, spoilt - _SPOILT), min(spoilt, _SPOILT) + 1):
                at, other = len(before) - length - lost, spoilt - lost
                if at < 0 or other + length > len(after):
                    continue
                if all(before[at + step].key == after[other + step].key for step in range(length)):
                    return _inside(before, at, other, length)
    return len(before), 0


def _inside(before: Sequence[Token], at: int, other: int, length: int) -> tuple[int, int]:
    """
    Lay the seam inside a common run.

    The last word of the earlier part may have got a full stop it does not deserve, the first of the later one a
    capital; in the middle of the run both are themselves.
    """
    half = length // 2 if length > 1 or at + 1 == len(before) else 1
    return at + half, other + half


def _part_times(before: _Part, after: _Part) -> None:
    """Where the two still claim the same moment, give each its half of it, so that times never run backwards."""
    if before.tokens and after.tokens and before.tokens[-1].end > after.tokens[0].start:
        before.until = after.since = (before.tokens[-1].end + after.tokens[0].start) / 2


def _longest_common_run(
    before: Sequence[Token], after: Sequence[Token], tolerance: float
) -> tuple[int, int, int] | None:
    """
    The longest run of equal tokens said at about the same time: its place in both, and its length.

    Every token counts for less the further its two times lie apart, so that of several fits in a repetitive
    text ("no, no, no") the one that agrees in time wins.
    """
    best: tuple[float, int, int, int] | None = None
    above: dict[int, tuple[float, int]] = {}
    for at, token in enumerate(before):
        row: dict[int, tuple[float, int]] = {}
        for other, candidate in enumerate(after):
            apart = abs(token.start - candidate.start)
            if token.key != candidate.key or not token.key or apart > tolerance:
                continue
            score, length = above.get(other - 1, (0.0, 0))
            score, length = score + 1 - 0.9 * apart / tolerance, length + 1
            row[other] = score, length
            if best is None or score > best[0]:
                best = score, at - length + 1, other - length + 1, length
        above = row
    return best[1:] if best else None


# ── back to a transcript ─────────────────────────────────────────────────────────────────────────────


def _rebuilt(part: _Part, tokens: Sequence[Token], first_id: int) -> Transcript:
    """A transcript of some tokens of a part; a segment that lost its beginning or end is shortened."""
    transcript, offset = part.transcript, part.offset
    segments: list[Segment] = []
    for at, segment in enumerate(transcript.segments):
        mine = [token for token in tokens if token.segment == at]
        if not mine:
            continue
        # A whole segment keeps the model's own times; of a shortened one only the words still know theirs.
        whole = len(mine) == len(split(segment.text))
        segments.append(
            msgspec.structs.replace(
                segment,
                id=first_id + len(segments),
                start=part.clip(segment.start + offset if whole else mine[0].start),
                end=part.clip(segment.end + offset if whole else mine[-1].end),
                text="".join(token.text for token in mine).strip(),
            )
        )
    chosen = sorted({at for token in tokens for at in range(*token.words)})
    words = tuple(
        msgspec.structs.replace(word, start=part.clip(word.start + offset), end=part.clip(word.end + offset))
        for word in (transcript.words[at] for at in chosen)
    )
    text = "".join(
        token.text
        if not at or token.segment == tokens[at - 1].segment or token.text[:1].isspace()
        else _with_space(tokens[at - 1].text, token.text)
        for at, token in enumerate(tokens)
    )
    return Transcript(text=text.strip(), segments=tuple(segments), words=words)


def _with_space(before: str, text: str) -> str:
    return text if joins_without_space(before, text) else f" {text}"


def _concatenate(pieces: Sequence[Transcript]) -> Transcript:
    return Transcript(
        text="".join(piece.text for piece in pieces),
        segments=tuple(segment for piece in pieces for segment in piece.segments),
        words=tuple(word for piece in pieces for word in piece.words),
    )
