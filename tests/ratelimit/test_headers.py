"""Durations, waits, headers and numbers as providers write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.ratelimit.headers import HeaderLimit, parse_duration, read_headers, read_limit_text, retry_after
from tests.recordings import Recording, recordings

LIMITED = [found for found in recordings("error-429", "errors-from-issues") if found.status in {413, 429}]
WITH_HEADERS = [found for found in recordings() if found.headers.get("x-ratelimit-limit-tokens", "").isdigit()]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("26ms", 0.026),
        ("172.799999ms", 0.172799999),
        ("7m11.568999999s", 431.568999999),
        ("1m26.4s", 86.4),
        ("2h3m", 7380.0),
        ("2h30m0.5s", 9000.5),
        ("15µs", 15e-6),
        ("15us", 15e-6),
        ("100ns", 1e-7),
        (" 1.s ", 1.0),
        (".5s", 0.5),
        ("0", 0.0),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_read_as_go_prints_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize("text", ["", "7", "s", "7.66", "7.66 s", "-1s", "1s2x", "1d", "1e3s", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59_999))
def test_every_duration_go_can_print_is_read(hours: int, minutes: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{milliseconds / 1000:g}s"

    assert parse_duration(text) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        pytest.param({"retry-after": "7"}, "", 7.0, id="seconds"),
        pytest.param({"Retry-After": "7"}, "", 7.0, id="name in another case"),
        pytest.param({"retry-after-ms": "250", "retry-after": "1"}, "", 0.25, id="milliseconds"),
        pytest.param({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 60.0, id="date"),
        pytest.param({"retry-after": "Wed, 21 Oct 2020 07:28:00 GMT"}, "", 0.0, id="date in the past"),
        pytest.param({"retry-after": "1m30s"}, "", 90.0, id="duration"),
        pytest.param({"retry-after": "soon"}, "", None, id="nonsense"),
        pytest.param({"retry-after": "nan"}, "", None, id="not a number"),
        pytest.param({"retry-after": "0"}, "", 0.0, id="now"),
        pytest.param({"retry-after": "-3"}, "", None, id="negative"),
        pytest.param({"retry-after-ms": "-700", "retry-after": "2"}, "", 2.0, id="negative milliseconds"),
        pytest.param({"retry-after": "86400"}, "", 86400.0, id="a day"),
        pytest.param({"retry-after": "999999999"}, "", None, id="decades"),
        pytest.param({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "", None, id="date nobody lives to see"),
        pytest.param({"retry-after": "999999999"}, "Please try again in 8s.", 8.0, id="decades, and a text"),
        pytest.param({}, "Please try again in 7.66s. Need more?", 7.66, id="text only"),
        pytest.param({}, "Please try again in 20 seconds.", 20.0, id="text in words"),
        pytest.param({"retry-after": "7"}, "Please try again in 6.239999999s.", 6.239999999, id="text is more exact"),
        pytest.param({"retry-after": "30"}, "Please try again in 2s.", 30.0, id="header and text disagree"),
        pytest.param({}, "no hint", None, id="nothing"),
    ],
)
def test_the_wait_is_found_wherever_it_stands(headers: dict[str, str], text: str, seconds: float | None) -> None:
    now = 1792567620.0  # a minute before the date above

    assert retry_after(headers, text, now) == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


@pytest.mark.parametrize("found", LIMITED, ids=lambda found: found.name)
def test_every_recorded_refusal_tells_its_limit(found: Recording) -> None:
    message = json.loads(found.body)["error"]["message"]

    limit = read_limit_text(message)

    assert limit is not None
    assert limit.dimension in {"TPM", "TPD", "RPD", "ASPH"}
    assert limit.kind in {"tokens", "requests", "audio_seconds"}
    assert limit.too_large == (found.status == 413)
    assert (limit.wait_s is None) == limit.too_large
    if limit.wait_s is not None and limit.used is not None and limit.requested is not None:
        expected = (limit.used + limit.requested - limit.limit) / limit.limit * limit.window_s
        # "Used" is rounded, so one unit of it is the best one can know.
        assert limit.wait_s == pytest.approx(expected, abs=limit.window_s / limit.limit)


@pytest.mark.parametrize(
    ("message", "dimension", "kind", "window_s", "limit", "requested"),
    [
        (
            "on output tokens per minute (OTPM): Limit 1000, Requested 1457. The",
            "OTPM",
            "output_tokens",
            60,
            1000,
            1457,
        ),
        ("on input tokens per minute (ITPM): Limit 7000, Used 1, Requested 9", "ITPM", "input_tokens", 60, 7000, 9),
        ("on requests per minute (RPM): Limit 30, Used 30, Requested 1.", "RPM", "requests", 60, 30, 1),
        (
            "on seconds of audio per day (ASPD): Limit 28800, Used 1, Requested 2",
            "ASPD",
            "audio_seconds",
            86400,
            28800,
            2,
        ),
        ("on seconds of audio per hour (ASH): Limit 7200, Used 1, Requested 2", "ASH", "audio_seconds", 3600, 7200, 2),
        ("on : Limit 5, Used 3, Requested ~3. Please", "", "", 0, 5, 3),
        (
            "for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000, Used 1, Requested 2",
            "TPM",
            "tokens",
            60,
            30000,
            2,
        ),
    ],
)
def test_a_dimension_is_recognised(
    message: str, dimension: str, kind: str, window_s: int, limit: float, requested: float
) -> None:
    found = read_limit_text(message)

    assert found is not None
    assert (found.dimension, found.kind, found.window_s) == (dimension, kind, window_s)
    assert (found.limit, found.requested) == (limit, requested)


def test_a_message_without_numbers_has_no_limit() -> None:
    assert read_limit_text("The model `x` does not exist") is None


@pytest.mark.parametrize("found", WITH_HEADERS, ids=lambda found: found.name)
def test_recorded_buckets_fill_evenly(found: Recording) -> None:
    limits = read_headers(found.headers)

    assert [limit.kind for limit in limits] == ["requests", "tokens"]
    assert [limit.window_s for limit in limits] == [86400, 60]
    for limit in limits:
        full = (limit.limit - limit.remaining) * limit.window_s / limit.limit
        # The reset falls while the answer is made; a unit may have dripped back in between.
        assert limit.full_in_s <= full + 0.001
        assert limit.full_in_s >= full - limit.window_s / limit.limit - 0.001


def test_what_a_header_leaves_out_follows_from_the_others() -> None:
    headers = {
        "x-ratelimit-limit-tokens": "8000",
        "x-ratelimit-remaining-tokens": "4000",
        "x-ratelimit-limit-audio-seconds": "7200",
        "x-ratelimit-reset-audio-seconds": "30m",
    }

    assert read_headers(headers) == (
        HeaderLimit("tokens", 60, 8000, 4000, 30.0),
        HeaderLimit("audio_seconds", 3600, 7200, 3600, 1800.0),
    )


@pytest.mark.parametrize("limit", ["", "0", "many", "nan", "inf", "-5"])
def test_a_bucket_of_nonsense_is_left_out(limit: str) -> None:
    assert read_headers({"x-ratelimit-limit-tokens": limit, "x-ratelimit-remaining-tokens": "1"}) == ()


@given(
    limit=st.integers(1, 10**7),
    part=st.floats(0, 1),
    window=st.sampled_from([60, 3600, 86400]),
    kind=st.sampled_from(["requests", "tokens"]),
)
def test_the_window_of_another_provider_is_found_from_its_numbers(
    limit: int, part: float, window: int, kind: str
) -> None:
    used = max(1, int(limit * part))
    headers = {
        f"x-ratelimit-limit-{kind}": str(limit),
        f"x-ratelimit-remaining-{kind}": str(limit - used),
        f"x-ratelimit-reset-{kind}": f"{used / limit * window:.6f}s",
    }

    (found,) = read_headers(headers, groqs=False)

    assert found.window_s == window or used / limit * window < 1e-5, "closer to nothing than is told"


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "window"),
    [
        pytest.param("60", "59", "1s", 60, id="OpenAI, by the minute"),
        pytest.param("200", "199", "7m12s", 86400, id="OpenAI, by the day"),
        pytest.param("60", "60", "0s", 60, id="nothing used"),
        pytest.param("60", "10", None, 60, id="no reset"),
        pytest.param("600", "599", "31", 60, id="a window that opens anew, in seconds"),
        pytest.param("600", "0", "1732800000", 60, id="a moment"),
        pytest.param("600", "-1", "0", 60, id="Azure, at times"),
        pytest.param("5000", "4000", "11h", 86400, id="the rest of a day"),
    ],
)
def test_windows_as_others_tell_them(limit: str, remaining: str, reset: str | None, window: int) -> None:
    headers = {"x-ratelimit-limit-requests": limit, "x-ratelimit-remaining-requests": remaining}
    if reset is not None:
        headers["x-ratelimit-reset-requests"] = reset

    (found,) = read_headers(headers, groqs=False)

    assert (found.window_s, found.limit) == (window, float(limit))
