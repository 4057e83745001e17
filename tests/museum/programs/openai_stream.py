"""The same, streamed, with DeepSeek's distilled model."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("GROQ_OPENAI_BASE", "https://api.groq.com/openai/v1"),
    api_key=os.environ["GROQ_API_KEY"],
)
for chunk in client.chat.completions.create(
    model="deepseek-r1-distill-llama-70b",
    messages=[{"role": "user", "content": "Count from 1 to 12."}],
    stream=True,
):
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
print()
