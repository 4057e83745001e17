"""Make room in a conversation: old results of tools are shortened, the newest last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from groq_core.requests import Message, estimate_tokens

KEPT: Final = 240
"""Characters that are kept of a result that is shortened."""

PICTURES: Final = "[pictures from the tool "
"""How a message begins that shows a model what a tool gave to look at."""

_MARK: Final = "\n[shortened to make room: "


def shorten(
    messages: Sequence[Message], most_tokens: int, *, count: Callable[[Any], int] = estimate_tokens
) -> tuple[list[Message], int]:
    """
    Shorten results of tools, the oldest first, until a conversation fits.

    Args:
        most_tokens: Tokens it should have at most, as ``count`` estimates them.

    Returns:
        The conversation, and how many results were shortened; where nothing is left to shorten it may still be
        too long.
    """
    found = list(messages)
    tokens, number = count(found), 0
    for place, message in enumerate(found):
        if tokens <= most_tokens:
            break
        smaller = _shorter(message)
        if smaller is not None:
            tokens += count(smaller) - count(message)
            found[place] = smaller
            number += 1
    return found, number


def _shorter(message: Message) -> Message | None:
    content = message.get("content")
    if isinstance(content, list):
        # Pictures that tools showed; a conversation of the user's own keeps its pictures.
        first = content[0].get("text", "") if content and isinstance(content[0], dict) else ""
        shown = message.get("role") == "user" and isinstance(first, str) and first.startswith(PICTURES)
        return {"role": "user", "content": f"{first} [left out to make room]"} if shown else None
    if message.get("role") != "tool" or not isinstance(content, str) or _MARK in content or len(content) < 2 * KEPT:
        return None
    return {**message, "content": f"{content[:KEPT]}{_MARK}{len(content):,} characters]"}
