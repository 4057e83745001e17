"""What only some requests need (the SDKs for uploads, readers of pictures and documents) is no part of a start."""

from __future__ import annotations

import subprocess
import sys

from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from groq_core.providers.openai_compatible import ACCEPTED


def test_a_core_is_assembled_without_what_only_some_need() -> None:
    sdks = ("openai", "groq", "gradio", "aiohttp", "sqlalchemy", "redis")
    readers = ("numpy", "PIL", "lxml", "pydantic", "jsonschema", "soundfile", "uvicorn")
    late = (*sdks, *readers, "click", "rich", "pygments")  # the last three for a command line of httpx's own
    program = f"import sys, groq_core.compose; print([name for name in {late} if name in sys.modules])"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)

    assert said.stdout.strip() == "[]"


def test_openais_parameters_are_those_that_its_sdk_lists() -> None:
    assert set(CompletionCreateParamsBase.__annotations__) == ACCEPTED
