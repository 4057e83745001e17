"""Structured output with Kimi's id."""

import json
import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["GROQ_OPENAI_BASE"], api_key=os.environ["GROQ_API_KEY"])
answer = client.chat.completions.create(
    model="moonshotai/kimi-k2-instruct",
    messages=[{"role": "user", "content": "Extract: Ada is 36 years old."}],
    response_format={
        "type": "json_schema",
        "json_schema": {
            "name": "person",
            "schema": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                "required": ["name", "age"],
                "additionalProperties": False,
            },
        },
    },
)
print(sorted(json.loads(answer.choices[0].message.content)))
