"""Headers that tell how an answer came about, and what Groq's own API tells of its limits."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from groq_core.api.asgi import ApiExchange, Headers
from groq_core.api.backend import Board
from groq_core.encoding import header_json
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.reply import Receipt

GROQ_BUCKETS: Final = {("requests", 86_400): b"requests", ("tokens", 60): b"tokens"}
"""Groq's headers always mean the day's requests and the minute's tokens (console.groq.com, read 2026-08)."""


class HeaderStory:
    """
    Headers of one answer.

    Args:
        board: Knows what is left of each model's limits.
    """

    def __init__(self, exchange: ApiExchange, board: Board) -> None:
        self._exchange = exchange
        self._board = board

    def __call__(self, receipt: Receipt) -> Headers:
        headers = [*story_headers(receipt), overhead_header(self._exchange, receipt)]
        if self._exchange.groq_wire:
            headers += self._limits(receipt)
        return headers

    def _limits(self, receipt: Receipt) -> Headers:
        """Of the model that answers, as far as the chain knows them."""
        asked = [attempt for attempt in receipt.attempts if attempt.outcome in ("answered", "running")]
        if not asked:
            return []
        name = f"{asked[-1].provider}:{asked[-1].model}"
        limits = self._board.limits(name, self._exchange.caller.credential)
        return [header for limit in limits for header in limit_headers(limit)]


def overhead_header(exchange: ApiExchange, receipt: Receipt) -> tuple[bytes, bytes]:
    """
    Milliseconds from the whole request to the first question upstream, waiting for limits left out; of an answer
    for which nobody was asked, to its first byte.
    """
    if receipt.attempts:
        seconds = exchange.asked - exchange.arrived + (receipt.attempts[0].started_s or 0.0) - receipt.waited_s
    else:
        seconds = perf_counter() - exchange.arrived
    return b"x-groq-core-overhead-ms", b"%.2f" % (1000 * max(0.0, seconds))


def limit_headers(limit: LimitStatus) -> Headers:
    """One bucket in Groq's headers; those it has none for are left out."""
    kind = GROQ_BUCKETS.get((limit.kind, limit.window_s))
    if kind is None:
        return []
    return [
        (b"x-ratelimit-limit-" + kind, b"%d" % limit.limit),
        (b"x-ratelimit-remaining-" + kind, b"%d" % max(0, limit.remaining)),
        (b"x-ratelimit-reset-" + kind, duration(limit.full_in_s).encode()),
    ]


def duration(seconds: float) -> str:
    """
    Seconds as Groq spells them.

    >>> [duration(seconds) for seconds in (0, 0.0072, 2.085, 86.4, 3723.5)]
    ['0s', '7.2ms', '2.085s', '1m26.4s', '1h2m3.5s']
    """
    if 0 < seconds < 1:
        return f"{round(seconds * 1000, 3):g}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    whole = f"{hours}h" if hours else ""
    return f"{whole}{minutes}m{rest:.6g}s" if hours or minutes else f"{rest:.6g}s"


def story_headers(receipt: Receipt) -> Headers:
    """What a client should know of how its answer came about, as far as that is known when the headers go out."""
    headers: Headers = [(b"x-groq-core-cache", b"hit")] if receipt.cache == "hit" else []
    if receipt.notes:
        codes = dict.fromkeys(note.code for note in receipt.notes)
        headers.append((b"x-groq-core-notes", ",".join(codes).encode()))
    return headers


def note_texts(receipt: Receipt) -> Headers:
    """The sentences themselves, as a JSON list in ASCII, for answers that are no JSON: a text, a subtitle file."""
    if not receipt.notes:
        return []
    texts = [note.text if len(note.text) <= LONGEST_NOTE else f"{note.text[:LONGEST_NOTE]}…" for note in receipt.notes]
    kept = texts[:MOST_NOTES] + ([f"{len(texts) - MOST_NOTES} more"] if len(texts) > MOST_NOTES else [])
    return [(b"x-groq-core-note-texts", header_json(kept))]


MOST_NOTES, LONGEST_NOTE = 10, 400
"""Of a header: proxies take eight kilobytes of all together."""
