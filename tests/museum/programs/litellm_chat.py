"""LiteLLM with its groq/ prefix."""

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
from litellm import completion

answer = completion(
    model="groq/llama3-8b-8192",
    messages=[{"role": "user", "content": "Count from 1 to 12."}],
    api_base=os.environ["GROQ_OPENAI_BASE"],
)
print(answer.choices[0].message.content)
