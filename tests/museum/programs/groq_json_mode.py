"""JSON mode."""

import json

from groq import Groq

answer = Groq().chat.completions.create(
    model="llama-3.1-70b-versatile",
    messages=[
        {"role": "system", "content": "You output recipes in JSON with the keys name and ingredients."},
        {"role": "user", "content": "Give me a recipe for an apple pie as JSON."},
    ],
    temperature=0,
    response_format={"type": "json_object"},
)
print(type(json.loads(answer.choices[0].message.content)).__name__)
