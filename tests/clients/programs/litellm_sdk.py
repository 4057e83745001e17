"""LiteLLM with its openai/ and groq/ prefixes, and its own Responses API."""

import asyncio
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
from importlib.metadata import version

import litellm

BASE = os.environ["BASE_URL"]
OPENAI = {"model": "openai/auto", "api_base": f"{BASE}/v1", "api_key": "none"}
GROQ = {"model": "groq/openai/gpt-oss-120b", "api_base": f"{BASE}/openai/v1", "api_key": "none"}
COUNT = [{"role": "user", "content": "Count from 1 to 12."}]
parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}]

for where in (OPENAI, GROQ):
    assert "12" in litellm.completion(**where, messages=COUNT).choices[0].message.content
    pieces = [
        chunk.choices[0].delta.content or "" for chunk in litellm.completion(**where, messages=COUNT, stream=True)
    ]
    assert "12" in "".join(pieces)
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = litellm.completion(**where, messages=asked, tools=TOOLS).choices[0].message
    asked += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "hail"}]
    assert "hail" in litellm.completion(**where, messages=asked, tools=TOOLS).choices[0].message.content

whole = litellm.responses(**OPENAI, input="Count from 1 to 12.")
assert "12" in whole.output[-1].content[0].text
kinds = [event.type for event in litellm.responses(**OPENAI, input="Count from 1 to 12.", stream=True)]
assert kinds[-1] == "response.completed"


async def several() -> None:
    answers = await asyncio.gather(*(litellm.acompletion(**OPENAI, messages=COUNT) for _ in range(3)))
    assert len(answers) == 3


asyncio.run(several())
with open(os.environ["SPEECH"], "rb") as speech:
    heard = litellm.transcription(model="openai/audio", file=speech, api_base=f"{BASE}/v1", api_key="none")
assert heard.text
print("ok", version("litellm"))
