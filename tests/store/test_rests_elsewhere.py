"""What one process was told of a target's rest, as the others take it up."""

from __future__ import annotations

import msgspec
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.fallback.health import Health, LocalHealth
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.store.shared.adapters import ProcessState
from tests.speakers import Clock

A = ("server", "groq", "groq:a")


class Process:
    """One of several, on the common clock."""

    def __init__(self, clock: Clock) -> None:
        self.store = LocalHealth()
        self.health = Health(self.store, cooldown=15, clock=clock)
        self.state = ProcessState(LocalBudgets(clock=clock), self.store, self.health, clock=clock)

    def fail(self, wait: float | None, failures: int = 0) -> None:
        self.store.of("server", "groq:a").failures = failures
        error = ProviderError(Kind.RATE_LIMITED, "no", retry_after=wait)
        self.health.record_failure("server", error, "groq", "groq:a")


@pytest.mark.parametrize(
    ("guessed", "told", "rests", "asked_for"),
    [(0, None, 15, 0), (0, 40, 40, 40), (3, 40, 300, 40), (3, None, 300, 0)],
)
def test_others_wait_as_long_as_was_asked_for_and_guess_as_it_guessed(
    guessed: int, told: float | None, rests: float, asked_for: float
) -> None:
    clock = Clock()
    first, second = Process(clock), Process(clock)
    if guessed:
        first.fail(None, failures=guessed)
    if told is not None or not guessed:
        first.fail(told)

    second.state.resting(first.state.news())

    assert second.health.cooldown_left(*A) == pytest.approx(rests)
    assert second.health.retry_after_left(*A) == pytest.approx(asked_for)


def test_who_guesses_at_a_longer_rest_asks_no_earlier_than_another_was_told() -> None:
    clock = Clock()
    first, second = Process(clock), Process(clock)
    second.fail(None, failures=3)
    first.fail(40)
    clock.now += 5

    second.state.resting(first.state.news())

    assert second.health.retry_after_left(*A) == pytest.approx(35)
    assert second.health.cooldown_left(*A) == pytest.approx(295)


def test_a_rest_in_the_words_of_an_older_version_is_understood() -> None:
    clock = Clock()
    first, second = Process(clock), Process(clock)
    first.fail(40)
    (rest,) = first.state.news()
    older = msgspec.json.encode(["rate_limited", 1, True, "no", False]).decode()

    second.state.resting([msgspec.structs.replace(rest, note=older)])

    assert second.health.retry_after_left(*A) == pytest.approx(40)
