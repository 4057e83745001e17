"""How a program of the museum is run, and what it says when it works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from tests.museum.forks import Forks
from tests.programs import run_program

PROGRAMS: Final = Path(__file__).parent / "programs"
SPEECH: Final = Path(__file__).parents[1] / "data" / "media" / "jfk.wav"

NEEDS: Final = {"langchain_chat": "langchain_groq", "litellm_chat": "litellm", "instructor_extract": "instructor"}
"""What a program imports beside the two SDKs."""

SAYS: Final = {
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

NAMES: Final = sorted(path.stem for path in PROGRAMS.glob("*.py"))
PATIENCE_S: Final = 90


class Outcome(NamedTuple):
    """``problem`` is empty where a program did what it was made for; else the end of what it complained of."""

    name: str
    problem: str


async def run(
    name: str, python: Path, url: str, picture: Path, wire: str = "/openai/v1", forked: Forks | None = None
) -> Outcome:
    """
    Run a program unchanged.

    Args:
        url: The server.
        picture: A red one.
        wire: Where OpenAI's wire is on it; Groq's SDK has its own idea of that.
        forked: Runs it in a fork instead of a Python of its own; of this Python.
    """
    command = [str(PROGRAMS / f"{name}.py"), str(picture), str(SPEECH)]
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GROQ_API_KEY": "gsk_museum",
        "GROQ_BASE_URL": url,
        "GROQ_OPENAI_BASE": f"{url}{wire}",
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    try:
        if forked is not None:
            status, said, problems = await forked.run(command, env, PATIENCE_S)
        else:
            status, said, problems = await run_program(str(python), *command, environ=env, seconds=PATIENCE_S)
    except TimeoutError:
        return Outcome(name, f"not done after {PATIENCE_S} s")
    if status != 0:
        return Outcome(name, problems[-2000:] or f"status {status}")
    wanted = SAYS.get(name, "12")
    return Outcome(name, "" if wanted.lower() in said.lower() else f"said {said[-300:]!r}")
