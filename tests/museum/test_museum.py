"""
Programs made the way public demos are, with models that are gone by now: each runs unchanged against this server.

Those whose package is not installed here are skipped; `CLIENTS_PYTHON` may name a Python that has them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from tests.stage import Stage, staged

PROGRAMS = Path(__file__).parent / "programs"
SPEECH = Path(__file__).parents[1] / "data" / "media" / "jfk.wav"

CLIENTS = os.environ.get("CLIENTS_PYTHON")
"""A Python whose environment has every client; None runs what this one can."""

NEEDS = {"langchain_chat": "langchain_groq", "litellm_chat": "litellm", "instructor_extract": "instructor"}

SAYS = {
    "groq_json_mode": "dict",
    "groq_tools": "get_weather True",
    "groq_vision": "red",
    "groq_vision_preview": "red",
    "groq_whisper": "True True",
    "groq_translation": "True",
    "groq_speech": "b'RIFF'",
    "groq_models": "True True",
    "openai_schema": "['age', 'name']",
    "instructor_extract": "Person",
}
"""What stands in a program's output; all others count to twelve."""

NAMES = sorted(path.stem for path in PROGRAMS.glob("*.py"))


@pytest.fixture
async def house() -> AsyncIterator[Stage]:
    env = {"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "8", "GROQ_CORE_IDLE_TIMEOUT": "8", "GROQ_CORE_DEADLINE": "60"}
    async with staged(env) as stage:
        yield stage


@pytest.mark.parametrize("name", NAMES)
async def test_a_program_runs_unchanged(name: str, house: Stage, tmp_path: Path) -> None:
    if CLIENTS is None and name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"needs {NEEDS[name]}, which is not installed")
    # What it asks first fails as on a busy day, and what is asked next as on the day after a model was shut down.
    for preset in ("429_tpm", "404_model"):
        house.fault("status", preset=preset, provider="groq", times=1)
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 48), "red").save(picture)

    process = await asyncio.create_subprocess_exec(
        CLIENTS or sys.executable,
        str(PROGRAMS / f"{name}.py"),
        str(picture),
        str(SPEECH),
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "GROQ_API_KEY": "gsk_museum",
            "GROQ_BASE_URL": house.url,
            "GROQ_OPENAI_BASE": f"{house.url}/openai/v1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, problems = await asyncio.wait_for(process.communicate(), 90)

    assert process.returncode == 0, problems.decode()[-2000:]
    assert SAYS.get(name, "12").lower() in said.decode().lower()


def test_the_museum_has_twenty_programs() -> None:
    assert len(NAMES) >= 20
