"""Every month there was and a thousand to come: every tier answers or says why, and no dead id is asked twice."""

from __future__ import annotations

import random
from contextlib import aclosing
from datetime import date

import pytest

from groq_core.compose import Core
from groq_core.errors import ChainError, RequestError
from groq_core.models.spec import TIER_NAMES, Tier
from groq_core.reply import Reply
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from tests.models.worlds import MONTHS, Upstream, future, house, list_of_day

PICTURE = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
]


def question(tier: Tier) -> Request:
    match tier:
        case "audio":
            return TranscriptionRequest(audio=b"RIFF", filename="a.wav", duration_s=3.0)
        case "speech":
            return SpeechRequest(text="Good day.")
        case "vision":
            return ChatRequest(messages=({"role": "user", "content": PICTURE},), stream=False)
        case _:
            return ChatRequest(messages=({"role": "user", "content": "Good day."},), model=tier, stream=False)


async def ask(core: Core, tier: Tier) -> str:
    """Who answered, as ``provider:id``; empty where nobody did, and then somebody said why."""
    reply, why = Reply(), ""
    try:
        async with aclosing(core.handle(question(tier))) as events:
            async for event in events:
                reply.apply(event)
    except (ChainError, RequestError) as error:
        why = str(error).strip()
    if reply.finished is None:
        assert why
        return ""
    return f"{reply.finished.provider}:{reply.finished.model}"


def ids(entries: list[dict[str, object]]) -> set[str]:
    return {str(entry["id"]) for entry in entries}


def answerers_in(month: date) -> dict[Tier, str]:
    """Who answers: always Groq, by the model of the reference while it lives, then by its successor."""
    old = month < date(2026, 8, 16)
    eyes = "meta-llama/llama-4-scout-17b-16e-instruct" if month < date(2026, 7, 17) else "qwen/qwen3.6-27b"
    return {
        "speed": "groq:llama-3.1-8b-instant" if old else "groq:openai/gpt-oss-20b",
        "quality": "groq:llama-3.3-70b-versatile" if old else "groq:openai/gpt-oss-120b",
        "vision": f"groq:{eyes}" if month < date(2026, 8, 17) else "groq:qwen/qwen3.8-27b",
        "audio": "groq:whisper-large-v3-turbo",
        "speech": "groq:playai-tts" if month < date(2025, 12, 19) else "groq:canopylabs/orpheus-v1-english",
    }


@pytest.mark.parametrize("month", MONTHS, ids=str)
async def test_every_tier_answers_in_every_month_there_was(month: date) -> None:
    entries = list_of_day(month)
    upstream = Upstream(entries, ids(entries))

    async with house(upstream, backup=True) as core:
        answered = {tier: await ask(core, tier) for tier in TIER_NAMES}

    assert answered == answerers_in(month)
    assert upstream.asked == list(answered.values())


async def test_a_process_lives_through_every_month_and_wastes_one_call_on_each_id_that_goes() -> None:
    """Each month begins with the list of the one before."""
    upstream = Upstream(list_of_day(MONTHS[0]), set())

    async with house(upstream, backup=True) as core:
        for month in MONTHS:
            upstream.alive = ids(list_of_day(month))
            assert all([await ask(core, tier) for tier in TIER_NAMES for _ in range(2)])
            upstream.entries = list_of_day(month)
            await core.catalogue.refresh()
            assert {tier: await ask(core, tier) for tier in TIER_NAMES} == answerers_in(month)

    assert upstream.wasted == dict.fromkeys(
        (
            "llama-3.1-8b-instant",
            "llama-3.3-70b-versatile",
            "meta-llama/llama-4-scout-17b-16e-instruct",
            "playai-tts",
            "playai-tts-arabic",
        ),
        1,
    )


async def test_a_dead_id_that_stays_listed_costs_one_call_however_often_the_list_is_read() -> None:
    upstream = Upstream(list_of_day(MONTHS[-1]), set())

    async with house(upstream, backup=True) as core:
        for _ in range(30):
            assert all([await ask(core, tier) for tier in TIER_NAMES])
            await core.catalogue.refresh()

    assert len(upstream.wasted) > 5
    assert set(upstream.wasted.values()) == {1}


class Story:
    """
    One process on the day a future comes.

    The list it has read is of some month, of that day, empty or was not to be had; of what is listed from then on
    a part does not answer; it has a backup or none.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.backup = self.dice.random() < 0.5
        self.after = future(self.dice)
        self.alive = {id for id in ids(self.after) if self.dice.random() < 0.85}
        known = self.dice.choice([list_of_day(self.dice.choice(MONTHS)), self.after, None, []])
        self.upstream = Upstream(known, self.alive, self.dice.choice([404, 400]))
        self.unanswered = 0

    async def run(self) -> None:
        async with house(self.upstream, backup=self.backup) as core:
            self.upstream.entries = self.dice.choice([self.after, self.after, None])
            asking = [tier for tier in TIER_NAMES for _ in range(3)]
            self.dice.shuffle(asking)
            for tier in asking:
                if self.dice.random() < 0.3:
                    await core.catalogue.refresh()
                answered = await ask(core, tier)
                assert answered or not self.backup, tier
                self.unanswered += not answered
            for tier, status in zip(TIER_NAMES, core.board.snapshot().tiers, strict=True):
                assert status.tier == tier
                assert status.why
                if status.target is not None and status.target.removeprefix("groq:") in self.alive:
                    assert await ask(core, tier) == status.target
        assert all(calls == 1 for calls in self.upstream.wasted.values()), self.upstream.wasted


@pytest.mark.parametrize("block", range(10))
async def test_a_thousand_futures(block: int) -> None:
    stories = [Story(seed) for seed in range(block * 100, block * 100 + 100)]
    for story in stories:
        await story.run()

    # Of each kind there is enough: calls that were wasted, and questions nobody could answer.
    assert sum(bool(story.upstream.wasted) for story in stories) > 20
    assert 5 < sum(bool(story.unanswered) for story in stories) < 80
