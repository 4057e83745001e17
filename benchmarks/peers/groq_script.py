"""A question to Groq's SDK as its documentation shows it, from the command line to the last word."""

from __future__ import annotations

import sys

from groq import Groq

stream = Groq().chat.completions.create(
    model="openai/gpt-oss-20b", messages=[{"role": "user", "content": sys.argv[1]}], stream=True
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="")
