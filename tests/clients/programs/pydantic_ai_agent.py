"""Pydantic AI's agents, by Chat Completions, by the Responses API and by Groq's own client."""

import asyncio
import os
from importlib.metadata import version

from groq import AsyncGroq
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.groq import GroqModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.groq import GroqProvider
from pydantic_ai.providers.openai import OpenAIProvider

BASE = os.environ["BASE_URL"]


class Person(BaseModel):
    name: str
    age: int


openai = OpenAIProvider(base_url=f"{BASE}/v1", api_key="none")
models = [
    OpenAIChatModel("quality", provider=openai),
    OpenAIResponsesModel("quality", provider=openai),
    GroqModel("llama-3.3-70b-versatile", provider=GroqProvider(groq_client=AsyncGroq(base_url=BASE, api_key="none"))),
]


async def main() -> None:
    for model in models:
        agent = Agent(model)

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Get the weather of a city."""
            return f"hail in {city}"

        answer = await agent.run("What is the weather in Paris?")
        assert "hail" in answer.output, answer.output
        further = await agent.run("Count from 1 to 12.", message_history=answer.all_messages())
        assert further.output
        plain = Agent(model)
        async with plain.run_stream("Count from 1 to 12.") as stream:
            assert "12" in [text async for text in stream.stream_text()][-1]
        data = await Agent(model, output_type=Person).run("Ada is 36 years old.")
        assert isinstance(data.output, Person)


asyncio.run(main())
print("ok", version("pydantic-ai-slim"))
