"""A picture asked of the vision preview of autumn 2024."""

import base64
import sys

from groq import Groq

with open(sys.argv[1], "rb") as file:
    url = "data:image/png;base64," + base64.b64encode(file.read()).decode()
answer = Groq().chat.completions.create(
    model="llama-3.2-90b-vision-preview",
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": url}},
                {"type": "text", "text": "Which colour is this picture?"},
            ],
        }
    ],
    temperature=1,
    max_tokens=1024,
    top_p=1,
    stream=False,
    stop=None,
)
print(answer.choices[0].message.content)
