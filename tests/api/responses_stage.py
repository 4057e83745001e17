"""OpenAI's own client of the Responses API on the stage, with a tool and a model that calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai

from groq_core.api.app import create_api
from groq_core.events import Finished, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from tests.api.stage import Stage, begun, plays, serving


@asynccontextmanager
async def client_of(stage: Stage) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        serving(create_api(stage)) as port,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0) as client,
    ):
        yield client


TOOL: Any = {
    "type": "function",
    "name": "add",
    "description": "Add.",
    "parameters": {"type": "object", "properties": {"a": {"type": "number"}}},
    "strict": False,
}

CALLS = plays(
    begun(),
    ReasoningDelta("I must "),
    ReasoningDelta("add."),
    TextDelta("One moment."),
    ToolCallDelta(index=0, id="call_1", name="add", arguments='{"a":'),
    ToolCallDelta(index=0, arguments="1}"),
    ToolCallDelta(index=1, id="call_2", name="add", arguments='{"a":2}'),
    Finished(provider="groq", model="quick", number=1, finish_reason="tool_calls", usage=Usage(prompt_tokens=5)),
)
