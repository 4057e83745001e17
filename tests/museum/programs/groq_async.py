"""The asynchronous client with Gemma."""

import asyncio

from groq import AsyncGroq


async def main():
    client = AsyncGroq()
    answer = await client.chat.completions.create(
        model="gemma2-9b-it", messages=[{"role": "user", "content": "Count from 1 to 12."}]
    )
    print(answer.choices[0].message.content, answer.usage.total_tokens)


asyncio.run(main())
