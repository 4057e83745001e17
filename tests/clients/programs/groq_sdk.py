"""Groq's own client by its base URL alone."""

import asyncio
import os
from pathlib import Path

import groq

os.environ.setdefault("GROQ_BASE_URL", os.environ["BASE_URL"])
client = groq.Groq(api_key="none", max_retries=0)
COUNT = [{"role": "user", "content": "Count from 1 to 12."}]

raw = client.chat.completions.with_raw_response.create(model="llama-3.1-8b-instant", messages=COUNT)
assert int(raw.headers["x-ratelimit-remaining-requests"]) >= 0
answer = raw.parse()
assert "12" in answer.choices[0].message.content
assert answer.x_groq.id.startswith("req_")
chunks = list(client.chat.completions.create(model="llama-3.3-70b-versatile", messages=COUNT, stream=True))
assert "12" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert any(chunk.x_groq and chunk.x_groq.usage for chunk in chunks)

parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
tools = [{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}]
asked = [{"role": "user", "content": "What is the weather in Paris?"}]
message = client.chat.completions.create(model="openai/gpt-oss-120b", messages=asked, tools=tools).choices[0].message
asked += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "hail"}]
final = client.chat.completions.create(model="openai/gpt-oss-120b", messages=asked, tools=tools)
assert "hail" in final.choices[0].message.content

heard = client.audio.transcriptions.create(model="whisper-large-v3-turbo", file=Path(os.environ["SPEECH"]))
assert heard.text
spoken = client.audio.speech.create(
    model="canopylabs/orpheus-v1-english", voice="hannah", input="Hello.", response_format="wav"
)
assert spoken.read()[:4] == b"RIFF"
assert client.models.list().data


async def several() -> None:
    async with groq.AsyncGroq(api_key="none") as many:
        await asyncio.gather(*(many.chat.completions.create(model="auto", messages=COUNT) for _ in range(3)))


asyncio.run(several())
try:
    client.chat.completions.create(model="auto", messages=[])
except groq.BadRequestError as error:
    assert error.body["error"]["param"] == "messages"
else:
    raise AssertionError("no messages, and an answer")
print("ok", groq.__version__)
