"""A saved story, told by the simulator as an upstream, happens once more."""

from __future__ import annotations

import json
import time
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import ChainError
from groq_core.events import AttemptFailed, Event, Finished, TextDelta
from groq_core.requests import ChatRequest
from groq_core.services.story import FORMAT, read_story
from groq_core.simulator.story_upstream import parts_of
from groq_core.ui.fault_switch import FAULTS
from groq_core.ui.stream import encode
from tests.stage import Stage, staged

ASKED = ChatRequest(messages=({"role": "user", "content": "Count from 1 to 60."},))


async def live(stage: Stage) -> list[tuple[float, Event]]:
    """Ask, and note what happens when."""
    heard: list[tuple[float, Event]] = []
    began = time.monotonic()
    with suppress(ChainError):
        async with aclosing(stage.core.handle(ASKED)) as events:
            heard.extend([(time.monotonic() - began, event) async for event in events])
    return heard


def save(heard: list[tuple[float, Event]]) -> bytes:
    """As the page saves it."""
    lines = [(at, encode(event)) for at, event in heard]
    events = [[at, json.loads(line.removeprefix(b"data: "))] for at, line in lines if line]
    return json.dumps({"format": FORMAT, "texts": True, "events": events}).encode()


def gist(heard: list[tuple[float, Event]]) -> tuple[list[Any], str]:
    """Who failed how, who finished, and the words."""
    steps = [
        (event.provider, event.model, getattr(event, "kind", "finished"))
        for _, event in heard
        if isinstance(event, AttemptFailed | Finished)
    ]
    return steps, "".join(event.text for _, event in heard if isinstance(event, TextDelta))


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize("word", sorted(FAULTS))
async def test_every_fault_of_the_panel_happens_again_from_its_story(word: str, times: int | None) -> None:
    async with staged() as stage:
        stage.fault(provider="groq", model="openai/gpt-oss-20b", times=times, **FAULTS[word])
        heard = await live(stage)
    story = read_story(save(heard))
    async with staged() as stage:
        stage.simulator.tell(story.events)
        again = await live(stage)
        assert len(stage.simulator.world.stories) == 0

    assert gist(again) == gist(heard)


async def test_words_come_at_the_pace_they_came() -> None:
    events: list[tuple[float, dict[str, Any]]] = [
        (0.0, {"e": "attempt_started", "number": 1, "provider": "groq", "model": "openai/gpt-oss-20b"}),
        (0.1, {"t": "One "}),
        (0.5, {"t": "two"}),
        (0.5, {"e": "finished", "finish_reason": "stop"}),
    ]
    async with staged(env={"GROQ_CORE_IDLE_TIMEOUT": "10", "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "10"}) as stage:
        stage.simulator.world.pace = 1.0
        stage.simulator.tell(events)
        words = [(at, event.text) for at, event in await live(stage) if isinstance(event, TextDelta)]

    assert "".join(text for _, text in words) == "One two"
    assert words[-1][0] - words[0][0] >= 0.35


async def test_story_is_told_over_http_and_taken_back() -> None:
    started = {"e": "attempt_started", "number": 1, "provider": "groq", "model": "openai/gpt-oss-20b"}
    story = {"format": FORMAT, "texts": True, "events": [[0.0, started], [0.1, {"t": "As it was."}]]}
    async with staged() as stage:
        url = f"{stage.simulator.groq_url}/_simulator/story"
        told = await stage.http.post(url, json=story)
        assert told.json() == {"requests": 1}
        assert (await stage.chat()).json()["choices"][0]["message"]["content"] == "As it was."
        await stage.http.post(url, json=story)
        assert (await stage.http.delete(url)).json() == {"requests": 0}
        wrong = await stage.http.post(url, json={"events": [[0.0, {"e": "attempt_started"}]]})

    assert wrong.status_code == 400
    assert "no saved story" in wrong.json()["error"]["message"]


def test_words_belong_to_whom_was_not_hung_up_on() -> None:
    events: list[tuple[float, dict[str, Any]]] = [
        (0.0, {"e": "attempt_started", "number": 1, "provider": "groq", "model": "a"}),
        (1.0, {"e": "attempt_started", "number": 2, "provider": "groq", "model": "b", "hedge": True}),
        (1.1, {"t": "Mine"}),
        (1.1, {"e": "attempt_failed", "number": 1, "kind": "deadline", "cancelled": True}),
    ]
    first, second = parts_of(events)

    assert first.fault is not None
    assert first.fault.kind == "never"
    assert second.content == ["Mine"]


def test_simulate_takes_a_story(tmp_path: Path) -> None:
    from groq_core.cli import main

    assert main(["simulate", "--story", str(tmp_path / "none.json"), "--port", "0"]) == 2
