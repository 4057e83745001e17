"""OpenAI's SDK with Groq's base URL."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("GROQ_OPENAI_BASE", "https://api.groq.com/openai/v1"),
    api_key=os.environ.get("GROQ_API_KEY"),
)
answer = client.chat.completions.create(
    model="llama3-70b-8192", messages=[{"role": "user", "content": "Count from 1 to 12."}]
)
print(answer.choices[0].message.content)
