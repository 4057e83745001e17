"""Whatever a key can call, every tier answers and says what it came to: the whole application on each catalogue."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from groq_core.models.spec import Tier
from groq_core.simulator import Simulator
from tests.stage import Stage, staged

MEDIA = Path(__file__).parent / "data/media"
KIWI = "data:image/jpeg;base64," + base64.b64encode((MEDIA / "kiwi.jpg").read_bytes()).decode()
PICTURE = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": KIWI}}]

ANSWERS: dict[str, dict[Tier, str]] = {
    "reference": {
        "speed": "groq:llama-3.1-8b-instant",
        "quality": "groq:llama-3.3-70b-versatile",
        "vision": "groq:meta-llama/llama-4-scout-17b-16e-instruct",
        "audio": "groq:whisper-large-v3-turbo",
        "speech": "openai:gpt-4o-mini-tts",
    },
    "2026-11": {
        "speed": "groq:openai/gpt-oss-20b",
        "quality": "groq:openai/gpt-oss-120b",
        "vision": "groq:qwen/qwen3.8-27b",
        "audio": "groq:whisper-large-v3-turbo",
        "speech": "groq:canopylabs/orpheus-v1-english",
    },
}
"""Who answers each tier where a key has the four models of 2025, and where it has those of today."""

CASES = [pytest.param(profile, tier, id=f"{tier} in {profile}") for profile in ANSWERS for tier in ANSWERS[profile]]


@pytest.fixture
async def stages() -> AsyncIterator[dict[str, Stage]]:
    """One application for each catalogue."""
    old, new = Simulator(pace=0, limits="off", catalogue="reference"), Simulator(pace=0, limits="off")
    await old.start()
    await new.start()
    async with staged(simulator=old) as reference, staged(simulator=new) as current:
        yield {"reference": reference, "2026-11": current}
    await old.stop()
    await new.stop()


async def ask(stage: Stage, tier: Tier) -> dict[str, Any]:
    """Ask a tier for what it is there for; returns its receipt where the answer has one."""
    match tier:
        case "speed" | "quality":
            answer = await stage.chat(model=tier)
        case "vision":
            body = {"messages": [{"role": "user", "content": PICTURE}]}
            answer = await stage.http.post("/v1/chat/completions", json=body)
        case "audio":
            sound = {"file": ("jfk.wav", (MEDIA / "jfk.wav").read_bytes())}
            answer = await stage.http.post("/v1/audio/transcriptions", data={"model": "audio"}, files=sound)
        case "speech":
            answer = await stage.http.post("/v1/audio/speech", json={"model": "speech", "input": "Good day."})
            assert answer.content[:4] == b"RIFF"
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()["x_groq_core"] if tier != "speech" else {}
    return receipt


@pytest.mark.parametrize(("profile", "tier"), CASES)
async def test_every_tier_answers_in_every_catalogue(profile: str, tier: Tier, stages: dict[str, Stage]) -> None:
    stage = stages[profile]
    provider, _, model = ANSWERS[profile][tier].partition(":")

    receipt = await ask(stage, tier)

    asked = [f"{seen.provider}:{seen.model}" for seen in stage.simulator.requests if seen.model]
    assert asked == [f"{provider}:{model}"]
    if receipt:
        assert receipt["served_by"] == {"provider": provider, "model": model}
        assert receipt["tier"] == tier
        assert receipt["reason"].startswith(f"{tier}: ")


@pytest.mark.parametrize("profile", ANSWERS)
async def test_the_status_says_what_every_tier_comes_to(profile: str, stages: dict[str, Stage]) -> None:
    status = (await stages[profile].http.get("/v1/status")).json()

    assert {tier["tier"]: tier["target"] for tier in status["tiers"]} == ANSWERS[profile]
    assert all(tier["why"] for tier in status["tiers"])
    assert status["catalogue"]["source"] == "live"


async def test_a_retired_id_of_an_old_program_is_answered_by_its_tier(stages: dict[str, Stage]) -> None:
    stage = stages["2026-11"]

    answer = (await stage.chat(model="llama-3.3-70b-versatile")).json()

    assert answer["model"] == "openai/gpt-oss-120b"
    assert "is not offered to this key" in answer["x_groq_core"]["reason"]
    assert stage.asked() == ["groq:openai/gpt-oss-120b"]


async def test_when_a_catalogue_changes_the_tiers_follow(stages: dict[str, Stage]) -> None:
    stage = stages["reference"]
    assert (await stage.chat()).json()["model"] == "llama-3.1-8b-instant"

    arrived = asyncio.Event()
    stage.core.catalogue.subscribe(lambda catalogue: arrived.set() if catalogue.source == "live" else None)
    stage.simulator.use("2026-11")
    gone = (await stage.chat("And now?")).json()
    assert gone["model"] == "gpt-6-luna"
    assert gone["x_groq_core"]["attempts"][0]["error"] == "model_gone"

    # A model that is gone makes the list be read at once.
    async with asyncio.timeout(10):
        while "groq:openai/gpt-oss-20b" not in (stage.core.catalogue.current.listed or ()):
            arrived.clear()
            await arrived.wait()
    assert (await stage.chat("And then?")).json()["model"] == "openai/gpt-oss-20b"
