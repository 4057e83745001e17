"""A picture as a data URL, asked of Scout."""

import base64
import sys

from groq import Groq

with open(sys.argv[1], "rb") as file:
    picture = base64.b64encode(file.read()).decode("utf-8")
answer = Groq().chat.completions.create(
    model="meta-llama/llama-4-scout-17b-16e-instruct",
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Which colour is this picture?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
            ],
        }
    ],
)
print(answer.choices[0].message.content)
