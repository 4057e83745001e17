"""The Responses API, streamed, then gone on from."""

import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["GROQ_OPENAI_BASE"], api_key=os.environ["GROQ_API_KEY"])
with client.responses.stream(model="llama-3.3-70b-versatile", input="My name is Ada.") as stream:
    first = stream.get_final_response()
second = client.responses.create(
    model="llama-3.3-70b-versatile", input="Count from 1 to 12.", previous_response_id=first.id
)
print(second.output_text)
