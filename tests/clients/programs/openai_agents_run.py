"""OpenAI's Agents SDK as it comes, which is over the Responses API; and over Chat Completions."""

import asyncio
import os
from importlib.metadata import version

from agents import (
    Agent,
    CustomTool,
    OpenAIChatCompletionsModel,
    Runner,
    SQLiteSession,
    function_tool,
    set_default_openai_client,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel

client = AsyncOpenAI(base_url=os.environ["BASE_URL"] + "/v1", api_key="none", max_retries=0)
set_default_openai_client(client)
set_tracing_disabled(True)


class Person(BaseModel):
    name: str
    age: int


@function_tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"hail in {city}"


async def look_up(_: object, text: str) -> str:
    return f"hail, said {text}"


get_forecast = CustomTool(name="get_weather", description="Get the weather of a city.", on_invoke_tool=look_up)


async def main() -> None:
    for model in ("quality", OpenAIChatCompletionsModel("quality", client)):
        agent = Agent(name="Weatherman", instructions="Be short.", tools=[get_weather], model=model)
        answer = await Runner.run(agent, "What is the weather in Paris?")
        assert "hail" in answer.final_output
        streamed = Runner.run_streamed(agent, "What is the weather in Rome?")
        kinds = [event.type async for event in streamed.stream_events()]
        assert "raw_response_event" in kinds
        assert "run_item_stream_event" in kinds
        assert "hail" in streamed.final_output
        data = await Runner.run(Agent(name="Reader", output_type=Person, model=model), "Ada is 36 years old.")
        assert isinstance(data.final_output, Person)
        plain = Agent(name="Counter", model=model)
        session = SQLiteSession("one")
        await Runner.run(plain, "Count from 1 to 12.", session=session)
        assert (await Runner.run(plain, "And to 13, count from 1 to 13.", session=session)).final_output
        other = Agent(name="Other", instructions="Count.", model=model, handoff_description="Counts")
        triage = Agent(name="Triage", handoffs=[other], model=model)
        assert (await Runner.run(triage, "Count from 1 to 12.")).final_output
    forecaster = Agent(name="Forecaster", tools=[get_forecast], model="quality")
    assert "hail" in (await Runner.run(forecaster, "What is the weather in Paris?")).final_output
    forecast = Runner.run_streamed(forecaster, "What is the weather in Rome?")
    _ = [event async for event in forecast.stream_events()]
    assert "hail" in forecast.final_output
    linked = await Runner.run(Agent(name="Counter", model="quality"), "Count from 1 to 5.")
    again = await Runner.run(
        Agent(name="Counter", model="quality"), "Go on.", previous_response_id=linked.last_response_id
    )
    assert again.final_output


asyncio.run(main())
print("ok", version("openai-agents"))
