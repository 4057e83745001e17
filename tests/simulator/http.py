"""A bare HTTP client for the wire: no SDK between the test and the bytes."""

from __future__ import annotations

from typing import Any

import httpx

from groq_core.simulator import Simulator

OSS = "openai/gpt-oss-20b"
QWEN = "qwen/qwen3.8-27b"
LLAMA = "llama-3.3-70b-versatile"
SCOUT = "meta-llama/llama-4-scout-17b-16e-instruct"
CHAT = "/openai/v1/chat/completions"


def connect(simulator: Simulator, *, key: str = "gsk_test") -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=simulator.groq_url, headers=headers, timeout=20, verify=False, trust_env=False)


def ask(text: Any = "What is 17 * 23?", model: str = OSS, **extra: Any) -> dict[str, Any]:
    """A request with one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **extra}


def tool(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    """A function tool whose properties are all required."""
    parameters = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


async def error(http: httpx.AsyncClient, body: Any, path: str = CHAT) -> tuple[int, dict[str, Any]]:
    """Status and error object of a refused request."""
    answer = await http.post(path, json=body)
    return answer.status_code, answer.json().get("error", {})


async def text_of(http: httpx.AsyncClient, body: Any, path: str = CHAT) -> str:
    """The text of an answer."""
    answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])
