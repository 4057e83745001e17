"""Cut a long text where it pauses, each part a little into the one before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from groq_core.errors import RequestError
from groq_core.requests import BYTES_PER_TOKEN

PAUSES: Final = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?;])\s"), re.compile(r"\s"))
"""Where a text may be cut, best first: between paragraphs, lines, sentences, words."""

SMALLEST: Final = 500
"""Characters of the shortest part worth asking about."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A part of a text: ``number`` counts from 0, ``start`` and ``end`` are character offsets."""

    number: int
    start: int
    end: int
    text: str


def cut(text: str, size: int, overlap: int = 0) -> list[TextChunk]:
    """
    Cut a text into parts that overlap.

    Args:
        size: Characters of the longest part; at least :data:`SMALLEST`.
        overlap: Characters a part goes back into the one before it, rounded to a pause.

    Returns:
        The parts in order. They cover the text; a short text is one part.

    >>> [chunk.text for chunk in cut("one two", 500)]
    ['one two']
    """
    if size < SMALLEST:
        raise RequestError(f"parts of {size} characters are too small; {SMALLEST} is the least", param="chunk_chars")
    if not 0 <= overlap <= size // 2:
        raise RequestError(f"an overlap of {overlap} characters does not go with parts of {size}", param="overlap")
    chunks: list[TextChunk] = []
    start = end = 0
    while end < len(text):
        end = len(text) if len(text) - start <= size else _pause_before(text, start + size, at_least=end + 1)
        chunks.append(TextChunk(len(chunks), start, end, text[start:end]))
        start = _pause_after(text, max(start + 1, end - overlap), end) if overlap else end
    return chunks or [TextChunk(0, 0, 0, "")]


def _pause_before(text: str, limit: int, *, at_least: int) -> int:
    """Find the last good place to cut at or before ``limit``, preferring better pauses in the last half."""
    earliest = max(at_least, limit - (limit - at_least) // 2)
    for pause in PAUSES:
        if ends := [match.end() for match in pause.finditer(text, earliest, limit)]:
            return ends[-1]
    return limit


def _pause_after(text: str, earliest: int, limit: int) -> int:
    """Find the first pause from ``earliest`` on, so that a part does not begin within a word."""
    for pause in PAUSES[1:]:
        if (match := pause.search(text, earliest, limit)) and match.end() < limit:
            return match.end()
    return earliest


def chunk_chars(*, window: int = 0, tokens_per_minute: float | None = None, reserved: int) -> int:
    """
    Choose the size of a part from what one request may hold.

    Args:
        window: The model's context window in tokens; 0 when unknown.
        tokens_per_minute: The limit of the model; a request of more than that is refused outright.
        reserved: Tokens kept for the answer, the schema and what is said around the text.

    Returns:
        Characters, two thirds of what would just fit: tokens are estimated, and other scripts need more of them.

    >>> chunk_chars(window=131072, tokens_per_minute=8000, reserved=3000)
    13333
    """
    rooms = [room for room in (float(window), tokens_per_minute or 0.0) if room > 0]
    tokens = min(rooms, default=8000.0) - reserved
    return max(SMALLEST, int(tokens * BYTES_PER_TOKEN * 2 / 3))
