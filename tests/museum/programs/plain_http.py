"""No SDK at all: an address, a key and JSON."""

import json
import os
import urllib.request

request = urllib.request.Request(
    os.environ["GROQ_OPENAI_BASE"] + "/chat/completions",
    data=json.dumps(
        {"model": "gemma-7b-it", "messages": [{"role": "user", "content": "Count from 1 to 12."}]}
    ).encode(),
    headers={"Authorization": "Bearer " + os.environ["GROQ_API_KEY"], "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["choices"][0]["message"]["content"])
