"""Text in token-sized pieces: close to what a byte-pair encoding makes of English, and exactly reversible."""

from __future__ import annotations

import re
from typing import Any

# A word of up to nine letters with the space before it, up to three digits, one or two signs, white space.
_PIECE = re.compile(r" ?[^\W\d_]{1,9}|\d{1,3}| ?[^\w\s]{1,2}|_+|\s+?(?= \S)|\s+|\w")

MESSAGE_OVERHEAD = 4
"""Tokens a message costs beside its text: role and separators."""


def split(text: str) -> list[str]:
    """
    Cut a text into tokens; joined together they are the text again.

    >>> split("Hello, wonderful world!")
    ['Hello', ',', ' wonderful', ' world', '!']
    """
    return _PIECE.findall(text)


def count(text: str) -> int:
    """Number of tokens in a text; long texts are estimated from a sample."""
    if len(text) > 20_000:
        return round(count(text[:20_000]) * len(text) / 20_000)
    return len(_PIECE.findall(text))


def prompt_tokens(messages: list[dict[str, Any]], tools: list[Any] | None = None) -> int:
    """Tokens of a conversation without its pictures."""
    total = 3
    for message in messages:
        total += MESSAGE_OVERHEAD + count(text_of(message.get("content")))
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            total += count(str(function.get("name", ""))) + count(str(function.get("arguments", ""))) + 8
    for tool in tools or ():
        total += count(str(tool.get("function", tool) if isinstance(tool, dict) else tool))
    return total


def text_of(content: object) -> str:
    """
    The text of a message's content, whether it is a string, parts or missing.

    >>> text_of([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "b"}])
    'a\\nb'
    """
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(p.get("text", "")) for p in content if isinstance(p, dict) and p.get("type") == "text")
    return ""
