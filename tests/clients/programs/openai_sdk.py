"""OpenAI's own client: chats, responses, tools, data, recordings, files and batches."""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import openai
from pydantic import BaseModel

BASE = os.environ["BASE_URL"] + "/v1"
client = openai.OpenAI(base_url=BASE, api_key="none", max_retries=0)


class Person(BaseModel):
    name: str
    age: int


def weather(arguments: str) -> str:
    return json.dumps({"city": json.loads(arguments)["city"], "weather": "hail"})


CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
COUNT = "Count from 1 to 12."
WEATHER = "What is the weather in Paris?"

# ── chats ──
answer = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": COUNT}])
assert "12" in answer.choices[0].message.content
assert answer.x_groq_core["served_by"]

with client.chat.completions.stream(model="auto", messages=[{"role": "user", "content": COUNT}]) as stream:
    assert "12" in "".join(event.delta for event in stream if event.type == "content.delta")
    assert "12" in stream.get_final_completion().choices[0].message.content

parsed = client.chat.completions.parse(
    model="auto", messages=[{"role": "user", "content": "Ada is 36 years old."}], response_format=Person
)
assert isinstance(parsed.choices[0].message.parsed, Person)

raw = client.chat.completions.with_raw_response.create(model="auto", messages=[{"role": "user", "content": COUNT}])
assert raw.headers["x-request-id"]

# ── a custom tool of a chat ──
grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "ls.*"}}
shell = {"type": "custom", "custom": {"name": "shell", "description": "Run a command.", "format": grammar}}
asked = {
    "model": "auto",
    "tools": [shell, {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}],
    "tool_choice": {"type": "custom", "custom": {"name": "shell"}},
}
said = [{"role": "user", "content": "ls -l"}]
message = client.chat.completions.create(messages=said, **asked).choices[0].message
(call,) = message.tool_calls
assert (call.type, call.custom.name, call.custom.input) == ("custom", "shell", "ls -l")
chunks = list(client.chat.completions.create(messages=said, stream=True, **asked))
pieces = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or []]
assert pieces[0].custom["name"] == "shell"
assert "".join(piece.custom["input"] for piece in pieces) == "ls -l"
assert chunks[-1].choices[0].finish_reason == "tool_calls"
result = {"role": "tool", "tool_call_id": call.id, "content": "hail.txt"}
then = client.chat.completions.create(model="auto", messages=[*said, message, result], tools=[shell])
assert "hail.txt" in then.choices[0].message.content

# ── responses ──
tools = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": True}]
first = client.responses.create(model="auto", input=WEATHER, tools=tools, reasoning={"effort": "low"})
call = next(item for item in first.output if item.type == "function_call")
second = client.responses.create(
    model="auto",
    previous_response_id=first.id,
    input=[{"type": "function_call_output", "call_id": call.call_id, "output": weather(call.arguments)}],
)
assert "hail" in second.output_text
items = [{"role": "user", "content": WEATHER}, *first.output]
items.append({"type": "function_call_output", "call_id": call.call_id, "output": weather(call.arguments)})
assert "hail" in client.responses.create(model="auto", input=items, tools=tools, store=False).output_text

with client.responses.stream(model="auto", input=COUNT) as events:
    kinds = [event.type for event in events]
    assert events.get_final_response().output_text.find("12") > 0
assert kinds[0] == "response.created"
assert kinds[-1] == "response.completed"
assert isinstance(
    client.responses.parse(model="auto", input="Ada is 36 years old.", text_format=Person).output_parsed, Person
)
assert client.responses.retrieve(second.id).output_text == second.output_text
client.responses.delete(second.id)


async def several() -> None:
    async with openai.AsyncOpenAI(base_url=BASE, api_key="none") as several_at_once:
        answers = await asyncio.gather(
            *(several_at_once.responses.create(model="auto", input=f"Count from 1 to {n}.") for n in (11, 12, 13))
        )
        assert [str(n) in answer.output_text for n, answer in zip((11, 12, 13), answers, strict=True)] == [True] * 3


asyncio.run(several())

# ── sound ──
with client.audio.speech.with_streaming_response.create(
    model="speech", voice="alloy", input="Hello.", response_format="wav"
) as spoken:
    wav = b"".join(spoken.iter_bytes())
assert wav[:4] == b"RIFF"
assert client.audio.transcriptions.create(model="audio", file=Path(os.environ["SPEECH"])).text
timed = client.audio.transcriptions.create(
    model="audio", file=Path(os.environ["SPEECH"]), response_format="verbose_json", timestamp_granularities=["word"]
)
assert timed.words

# ── files and batches ──
lines = [
    {"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions",
     "body": {"model": "auto", "messages": [{"role": "user", "content": f"Count from 1 to {n}."}]}}
    for n in (3, 4)
]  # fmt: skip
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "lines.jsonl")
    path.write_text("\n".join(map(json.dumps, lines)))
    file = client.files.create(file=path.open("rb"), purpose="batch")
batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
ends = time.monotonic() + 30
while batch.status not in ("completed", "failed", "expired") and time.monotonic() < ends:
    time.sleep(0.1)
    batch = client.batches.retrieve(batch.id)
assert batch.status == "completed", batch
results = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
assert {one["custom_id"] for one in results} == {"3", "4"}

assert "auto" in [model.id for model in client.models.list()]
try:
    client.embeddings.create(model="text-embedding-3-small", input="x")
except openai.NotFoundError as error:
    assert "embedding" in str(error)
else:
    raise AssertionError("an embedding")
print("ok", openai.__version__)
