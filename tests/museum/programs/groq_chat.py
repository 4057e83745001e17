"""Groq's quick start, with the model of early 2024."""

import os

from groq import Groq

client = Groq(api_key=os.environ.get("GROQ_API_KEY"))
chat_completion = client.chat.completions.create(
    messages=[
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Count from 1 to 12."},
    ],
    model="llama3-70b-8192",
    temperature=0.5,
    max_tokens=1024,
    top_p=1,
    stop=None,
    stream=False,
)
print(chat_completion.choices[0].message.content)
