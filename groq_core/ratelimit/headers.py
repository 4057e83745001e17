"""
What a provider says about its limits: Go durations, Retry-After, rate-limit headers, the numbers in a refusal.

Groq's limits are buckets that refill evenly. A refusal asks to wait
``(used + requested - limit) / limit * window``; the ``reset`` headers tell when the bucket is *full* again, which
is no waiting time: one request of a thousand a day shows ``1m26.4s`` although 999 are left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec
from ulid import ULID

from groq_core.errors import LimitText

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d++(?:\.\d*+)?|\.\d++)(ns|us|µs|μs|ms|h|m|s)")
_DURATION = rf"(?:{_PART.pattern})+"

MINUTE, HOUR, DAY = 60, 3600, 86400

LONGEST_WAIT_S = float(DAY)
"""No limit has a longer window than a day: who asks for a longer wait has named no time that can be believed."""


def parse_duration(text: str) -> float:
    """
    Read a duration as Go prints it.

    Raises:
        ValueError: The text is not one.

    >>> parse_duration("2m59.56s"), parse_duration("7.5ms"), parse_duration("2h3m")
    (179.56, 0.0075, 7380.0)
    """
    text = text.strip()
    seconds, position = 0.0, 0
    while part := _PART.match(text, position):
        seconds += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    if position == 0 or position < len(text):
        if text == "0":
            return 0.0
        raise ValueError(f"not a duration: {text!r}")
    return round(seconds, 9)


_TRY_AGAIN = re.compile(rf"(?:try again|retry) (?:in|after) (?P<duration>{_DURATION})(?![\w])", re.IGNORECASE)
_TRY_AGAIN_SECONDS = re.compile(r"(?:try again|retry) (?:in|after) (\d+(?:\.\d+)?) ?sec", re.IGNORECASE)


def wait_in_text(text: str) -> float | None:
    """
    Find the "try again in …" of an error message.

    >>> wait_in_text("Please try again in 9m38.016s. Need more tokens?")
    578.016
    """
    if found := _TRY_AGAIN.search(text):
        return parse_duration(found["duration"])
    if found := _TRY_AGAIN_SECONDS.search(text):
        return float(found[1])
    return None


def retry_after(headers: Mapping[str, str], text: str, now: float) -> float | None:
    """
    Seconds the provider asks us to wait, or None where it does not say.

    The text is more exact than the header, which is rounded up to whole seconds, so the text wins where the
    two agree on the second. More than a day is what nobody can mean, and counts as not said.

    Args:
        headers: Of the response; names in any case.
        text: Message of the error body.
        now: Unix time, against which an HTTP date is measured.
    """
    stated = _believable(_retry_after_header({name.lower(): value for name, value in headers.items()}, now))
    said = _believable(wait_in_text(text))
    if stated is None or (said is not None and stated - 1.0 <= said <= stated):
        return said
    return stated


def _believable(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds <= LONGEST_WAIT_S else None


def _retry_after_header(headers: Mapping[str, str], now: float) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds >= 0:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if (seconds := _number(value)) is not None:
        return seconds if seconds >= 0 else None
    try:
        return parse_duration(value)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


class HeaderLimit(msgspec.Struct, frozen=True):
    """
    One bucket as the headers of a response describe it.

    Attributes:
        kind: ``requests``, ``tokens`` or ``audio_seconds``.
        window_s: Seconds in which an empty bucket refills: with Groq a day for requests, a minute for tokens, an
            hour for audio.
        full_in_s: Seconds until the bucket is full, not a waiting time.
    """

    kind: str
    window_s: int
    limit: float
    remaining: float
    full_in_s: float


def _names(kind: str) -> tuple[str, str, str]:
    name = kind.replace("_", "-")
    return f"x-ratelimit-limit-{name}", f"x-ratelimit-remaining-{name}", f"x-ratelimit-reset-{name}"


_HEADERS = [
    (kind, window, *_names(kind)) for kind, window in (("requests", DAY), ("tokens", MINUTE), ("audio_seconds", HOUR))
]


_LIMITS = frozenset(limit_name for _, _, limit_name, _, _ in _HEADERS)


def read_headers(headers: Mapping[str, str], *, groqs: bool = True) -> tuple[HeaderLimit, ...]:
    """
    Read the ``x-ratelimit-*`` headers; a bucket without a limit, or with nonsense in it, is left out.

    What is missing follows from the rest: ``remaining`` from ``reset`` and the other way round.

    Args:
        headers: Of the response; httpx's are case-insensitive, a plain mapping needs lower-case names.
        groqs: They are Groq's, whose windows are known. Others count their requests by the minute, or by the day
            (OpenAI either, as the account is): their numbers tell which.

    >>> openais = {
    ...     "x-ratelimit-limit-requests": "60",
    ...     "x-ratelimit-remaining-requests": "59",
    ...     "x-ratelimit-reset-requests": "1s",
    ... }
    >>> read_headers(openais, groqs=False)[0].window_s
    60
    """
    if _LIMITS.isdisjoint(headers):
        return ()
    found = []
    for kind, window, limit_name, remaining_name, reset_name in _HEADERS:
        if not (text := headers.get(limit_name)) or (limit := _number(text)) is None or limit <= 0:
            continue
        remaining = _number(headers.get(remaining_name))
        reset = _duration(headers.get(reset_name))
        if not groqs:
            window = _window_of(limit, remaining, reset)
        if remaining is None:
            remaining = limit if reset is None else max(0.0, limit - reset * limit / window)
        if reset is None:
            reset = max(0.0, (limit - remaining) * window / limit)
        found.append(HeaderLimit(kind, window, limit, max(0.0, remaining), reset))
    return tuple(found)


def _window_of(limit: float, remaining: float | None, reset: float | None) -> int:
    """
    Find the window of a limit by what it tells.

    Of a bucket that refills evenly ``reset`` is the same part of the window as what was used is of the limit. Others
    open their whole window anew, which is at least as long as what is left of it.
    """
    if reset is None or not 0 < reset <= DAY:  # some tell the moment, in Unix time
        return MINUTE
    if remaining is not None and remaining < limit:
        evenly = reset * limit / (limit - remaining)
        for window in (MINUTE, HOUR, DAY):
            if 0.9 * window <= evenly <= 1.1 * window:
                return window
    return next(window for window in (MINUTE, HOUR, DAY) if reset <= window)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    # "nan" and "inf" are floats to Python and nonsense to everybody else.
    return value if value is not None and abs(value) < 1e15 else None


def _duration(text: str | None) -> float | None:
    """OpenAI and Groq send Go durations; some gateways plain seconds."""
    if not text:
        return None
    try:
        return parse_duration(text)
    except ValueError:
        return _number(text)


_NUMBERS = re.compile(
    r"\bon (?:(?P<words>(?:(?!\bon )[a-z ])*?) )?(?:\((?P<dimension>[A-Z]{2,6})\))?\s?: "
    r"Limit (?P<limit>[\d.]+)"
    r"(?:, Used (?P<used>[\d.]+))?"
    r"(?:, Requested ~?(?P<requested>\d+(?:\.\d+)?))?"
)
_WINDOWS = {"minute": MINUTE, "hour": HOUR, "day": DAY, "M": MINUTE, "H": HOUR, "D": DAY}
_KINDS = {"R": "requests", "T": "tokens", "IT": "input_tokens", "OT": "output_tokens", "AS": "audio_seconds"}


def read_limit_text(message: str) -> LimitText | None:
    """
    Read the numbers in the message of a 429 or 413; None when it has none.

    >>> found = read_limit_text("… on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please "
    ...                         "try again in 9m38.016s.")
    >>> found.dimension, found.window_s, found.wait_s
    ('TPD', 86400, 578.016)
    """
    if not (found := _NUMBERS.search(message)) or (limit := _number(found["limit"].rstrip("."))) is None:
        return None
    dimension, words = found["dimension"] or "", found["words"] or ""
    return LimitText(
        dimension=dimension,
        # "ASPH" and "ASH" both mean audio seconds per hour.
        kind=_KINDS.get(dimension[:-1].removesuffix("P"), ""),
        window_s=_WINDOWS.get(dimension[-1:]) or _WINDOWS.get(words.rsplit(" ", 1)[-1], 0),
        limit=limit,
        used=_number(found["used"] and found["used"].rstrip(".")),
        requested=_number(found["requested"]),
        wait_s=wait_in_text(message),
        too_large="too large" in message.lower(),
    )


def received_at_ms(headers: Mapping[str, str]) -> int | None:
    """
    When Groq took in the request that these headers answer, in Unix milliseconds by its own clock.

    Its request ids are ULIDs, whose first ten characters are the time. Answers are not read in the order in which
    they were sent, so this tells whose word on what remains is newer.

    >>> received_at_ms({"x-request-id": "req_01ks9k0gj5ekes3289ct3pzzpz"})
    1779512132165
    >>> received_at_ms({"x-request-id": "req-of-somebody-else"})
    """
    prefix, _, ulid = headers.get("x-request-id", "").partition("_")
    if prefix != "req":
        return None
    try:
        return ULID.from_str(ulid).milliseconds
    except ValueError:
        return None
