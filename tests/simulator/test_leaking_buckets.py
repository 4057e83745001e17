"""Rate limits: the formula that fits the recordings, headers on every answer, refusals in Groq's words."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.simulator import Simulator
from groq_core.simulator.leaking_buckets import SimulatedBucket
from tests.recordings import recordings
from tests.simulator.http import CHAT, OSS, QWEN, ask, connect, error


class Clock:
    """A clock that moves when told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def free(clock: Clock) -> AsyncIterator[Simulator]:
    async with Simulator(pace=0, limits="free", clock=clock, seed=1) as simulator:
        yield simulator


@pytest.fixture
async def http(free: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(free) as client:
        yield client


def seconds(duration: str) -> float:
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "µs": 1e-6}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)(ms|µs|h|m|s)", duration))


@pytest.mark.parametrize(
    ("limit", "used", "requested", "window", "wait"),
    [
        (8_000, 6_670, 5_883, 60, 34.1475),
        (100_000, 97_050, 3_619, 86_400, 578.016),
        (7_200, 6_619, 1_200, 3_600, 309.5),
        (7_000, 3_911, 4_415, 60, 11.365714),
        (30, 30, 1, 60, 2.0),
    ],
)
def test_wait_is_what_real_refusals_said(limit: int, used: int, requested: int, window: int, wait: float) -> None:
    assert SimulatedBucket(limit, window, used=used).wait(requested, 0) == pytest.approx(wait, abs=1e-6)


@given(
    st.integers(1, 10**6), st.floats(1, 86_400), st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), max_size=40)
)
def test_bucket_never_grants_more_than_its_size_and_what_leaked(
    limit: int, window: float, steps: list[tuple[float, float]]
) -> None:
    bucket = SimulatedBucket(limit, window)
    now = granted = 0.0
    for passed, share in steps:
        now += passed
        wanted = share * limit
        if bucket.wait(wanted, now) == 0:
            bucket.used += wanted
            granted += wanted

    assert granted <= limit + now * limit / window + 1e-6 * limit


async def test_headers_tell_requests_a_day_and_tokens_a_minute(http: httpx.AsyncClient) -> None:
    answer = await http.post(CHAT, json=ask())

    limits = {name: value for name, value in answer.headers.items() if name.startswith("x-ratelimit")}
    assert limits["x-ratelimit-limit-requests"] == "1000"
    assert limits["x-ratelimit-remaining-requests"] == "999"
    assert limits["x-ratelimit-reset-requests"] == "1m26.4s"
    used = 8_000 - int(limits["x-ratelimit-remaining-tokens"])
    assert seconds(limits["x-ratelimit-reset-tokens"]) == pytest.approx(used * 60 / 8_000)


TOLD = [
    recording
    for recording in recordings()
    if recording.headers.get("x-ratelimit-limit-requests", "").isdigit() and not recording.name.startswith("openai")
]


@pytest.mark.parametrize("recording", TOLD, ids=lambda recording: recording.name)
def test_reset_formula_fits_the_recorded_headers(recording: Any) -> None:
    headers = recording.headers
    for kind, window in (("requests", 86_400), ("tokens", 60)):
        limit, left = (int(headers[f"x-ratelimit-{which}-{kind}"]) for which in ("limit", "remaining"))
        bucket = SimulatedBucket(limit, window, used=limit - left)

        told = seconds(headers[f"x-ratelimit-reset-{kind}"])
        # What had leaked before the headers were written may be missing from the reset.
        assert -1e-6 <= bucket.used * window / limit - told <= window / limit + 0.5


async def test_more_than_a_minute_holds_is_413(http: httpx.AsyncClient) -> None:
    status, refused = await error(http, ask("word " * 9_000))

    assert (status, refused["type"], refused["code"]) == (413, "tokens", "rate_limit_exceeded")
    assert "please reduce your message size and try again" in refused["message"]


async def test_a_full_bucket_is_429_until_enough_has_leaked(http: httpx.AsyncClient, clock: Clock) -> None:
    long = ask("Write 3000 tokens of text")
    assert (await http.post(CHAT, json=long)).status_code == 200
    clock.now += 1
    refused = await http.post(CHAT, json=ask("x", max_completion_tokens=7_000))

    said = re.search(r"Limit (\d+), Used (\d+), Requested (\d+)\. Please try again in (\S+)\.", refused.text)
    assert refused.status_code == 429
    assert said is not None
    limit, used, requested = (int(n) for n in said.groups()[:3])
    wait = seconds(said.group(4))
    assert wait == pytest.approx((used + requested - limit) * 60 / limit, abs=0.01)
    assert refused.headers["retry-after"] == str(math.ceil(wait))
    clock.now += wait
    assert (await http.post(CHAT, json=ask("x", max_completion_tokens=7_000))).status_code == 200


async def test_what_was_reserved_and_not_used_comes_back(http: httpx.AsyncClient) -> None:
    for _ in range(5):
        answer = await http.post(CHAT, json=ask(max_completion_tokens=4_000))

        assert answer.status_code == 200


async def test_requests_a_minute_are_limited_and_hidden(http: httpx.AsyncClient) -> None:
    answers = [await http.post(CHAT, json=ask()) for _ in range(31)]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    refused = answers[-1].json()["error"]
    assert "on requests per minute (RPM): Limit 30, Used 30, Requested 1. Please try again in 2s." in refused["message"]
    assert refused["type"] == "requests"
    assert not any("minute" in name for name in answers[-1].headers)


async def test_each_model_and_each_key_has_its_own_buckets(free: Simulator, http: httpx.AsyncClient) -> None:
    for _ in range(30):
        await http.post(CHAT, json=ask())

    assert (await http.post(CHAT, json=ask())).status_code == 429
    assert (await http.post(CHAT, json=ask(model="openai/gpt-oss-120b"))).status_code == 200
    async with connect(free, key="gsk_another") as other:
        assert (await other.post(CHAT, json=ask())).status_code == 200


async def test_output_tokens_of_qwen_are_refused_in_words_of_their_own(http: httpx.AsyncClient) -> None:
    status, refused = await error(http, ask(model=QWEN, max_completion_tokens=1_457))

    assert status == 429
    assert (
        "on output tokens per minute (OTPM): Limit 1000, Requested 1457. The request's expected" in refused["message"]
    )


async def test_audio_seconds_are_counted_with_ten_at_least(http: httpx.AsyncClient) -> None:
    from groq_core.simulator import voice

    data = voice.wav(voice.speak("Hello.", "troy"))
    answer = await http.post(
        "/openai/v1/audio/transcriptions", data={"model": "whisper-large-v3"}, files={"file": ("a.wav", data)}
    )

    assert answer.headers["x-ratelimit-limit-audio-seconds"] == "7200"
    assert answer.headers["x-ratelimit-remaining-audio-seconds"] == "7190"


async def test_scale_multiplies_every_limit() -> None:
    async with Simulator(pace=0, limits="free", limits_scale=0.1) as simulator, connect(simulator) as http:
        answers = [await http.post(CHAT, json=ask()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["x-ratelimit-limit-tokens"] == "800"


async def test_limits_off_refuse_nothing_and_still_show_headers(simulator: Simulator) -> None:
    async with connect(simulator) as http:
        answers = [await http.post(CHAT, json=ask(model=OSS)) for _ in range(40)]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1].headers["x-ratelimit-limit-tokens"] == "250000"
