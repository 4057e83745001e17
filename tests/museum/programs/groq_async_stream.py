"""Several streams at once, and the usage that Groq puts into the last chunk."""

import asyncio

from groq import AsyncGroq


async def ask(client, number):
    text = ""
    stream = await client.chat.completions.create(
        model="llama-3.1-8b-instant",
        messages=[{"role": "user", "content": f"Count from 1 to {number}."}],
        stream=True,
    )
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        if chunk.x_groq and chunk.x_groq.usage:
            print(number, chunk.x_groq.usage.completion_tokens > 0)
    return text


async def main():
    client = AsyncGroq()
    print(*await asyncio.gather(*(ask(client, number) for number in (11, 12))))


asyncio.run(main())
