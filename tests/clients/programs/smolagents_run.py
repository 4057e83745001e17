"""Hugging Face's smolagents with a tool-calling and a code agent, and its model streamed."""

import os
from importlib.metadata import version

from smolagents import ChatMessage, CodeAgent, MessageRole, OpenAIServerModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city.

    Args:
        city: The city.
    """
    return f"hail in {city}"


model = OpenAIServerModel("quality", api_base=os.environ["BASE_URL"] + "/v1", api_key="none")
asked = [ChatMessage(role=MessageRole.USER, content=[{"type": "text", "text": "Count from 1 to 12."}])]
assert "12" in model.generate(asked).content
assert "12" in "".join(piece.content or "" for piece in model.generate_stream(asked))
agent = ToolCallingAgent(tools=[get_weather], model=model, max_steps=4, verbosity_level=0)
assert "hail" in str(agent.run("What is the weather in Paris?"))
assert "391" in str(CodeAgent(tools=[], model=model, max_steps=2, verbosity_level=0).run("What is 17 * 23?"))
print("ok", version("smolagents"))
