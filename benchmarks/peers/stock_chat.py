"""Stock ``gr.ChatInterface`` on the Groq SDK, as its guide has it, with its limit of one at a time lifted."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from groq import AsyncGroq

client = AsyncGroq()


def as_message(turn: dict[str, Any]) -> dict[str, Any]:
    """Gradio gives contents as a list of parts; pictures stay behind, since this model reads none."""
    parts = turn["content"]
    text = parts if isinstance(parts, str) else "".join(part.get("text") or "" for part in parts)
    return {"role": turn["role"], "content": text}


async def answer(message: str, history: list[dict[str, Any]]) -> AsyncIterator[str]:
    messages: Any = [*map(as_message, history), {"role": "user", "content": message}]
    stream = await client.chat.completions.create(model="openai/gpt-oss-20b", messages=messages, stream=True)
    text = ""
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        yield text


demo = gr.ChatInterface(answer, api_name="chat")
demo.queue(default_concurrency_limit=None)
demo.launch(server_port=int(os.environ["GRADIO_SERVER_PORT"]), ssr_mode=False, quiet=True, max_threads=300)
