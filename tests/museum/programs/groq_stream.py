"""A streamed answer from Mixtral."""

from groq import Groq

client = Groq()
stream = client.chat.completions.create(
    model="mixtral-8x7b-32768",
    messages=[{"role": "user", "content": "Count from 1 to 12."}],
    temperature=0.5,
    max_tokens=1024,
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="")
print()
