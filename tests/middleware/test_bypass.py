"""What went past the layers, and the layers that have to know of it all the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import Events, TextDelta
from groq_core.middleware.observe import Observe
from groq_core.middleware.spending import Spending
from groq_core.pipeline import Attempt, Bypass
from groq_core.reply import collect
from groq_core.telemetry.metrics import Metrics
from tests.speakers import attempt


async def breaks_off(asked: Attempt) -> Events:
    """Eight letters by an event, eight and as many of thinking past it; then no more."""
    yield TextDelta("12345678")
    assert asked.bypass is not None
    assert asked.bypass("äöüß", False)
    assert asked.bypass("12345678", True)
    raise ProviderError(Kind.STREAM_CUT, "cut")


def make_attempt() -> Attempt:
    return attempt(clock=time.monotonic, bypass=Bypass(lambda words, thought: True))


class Account:
    """Keeps the line it is given at the end."""

    settled: Any = None

    async def reserve(self, caller: object, tokens: float, usd: float) -> Sequence[Any]:
        return ()

    async def settle(self, caller: object, held: object, model: str, line: Any) -> None:
        self.settled = line

    def line(self, caller: object, model: str) -> Any:
        return SimpleNamespace(requests=0, tokens_in=0, tokens_out=0, usd=0.0)


async def read_to_its_end(events: Events) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await collect(events)
    return caught.value


async def test_an_answer_that_broke_off_is_billed_by_all_that_was_heard() -> None:
    account = Account()
    await read_to_its_end(Spending(account)(breaks_off, make_attempt()))

    assert account.settled.requests == 1
    # Twenty-four bytes, of which eight came as an event.
    assert account.settled.tokens_out == 6


async def test_its_tokens_are_guessed_from_all_the_text_that_was_heard() -> None:
    error = await read_to_its_end(Observe(Metrics(), price=lambda spec, usage: None)(breaks_off, make_attempt()))

    assert error.attempt is not None
    assert error.attempt.tokens_out == 3


async def test_what_its_reader_does_not_take_has_not_been_heard() -> None:
    bypass = Bypass(lambda words, thought: False)

    assert not bypass("a", False)
    assert (bypass.words, bypass.thought, bypass.last_at) == ([], 0, 0.0)
