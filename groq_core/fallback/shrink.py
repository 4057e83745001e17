"""Make a request fit: shorten the answer asked for, then leave out old pictures, then old turns, and say so."""

from __future__ import annotations

from typing import Any

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import Note
from groq_core.models.spec import ModelSpec
from groq_core.requests import ChatRequest, Message, Request, estimate_tokens

LEAST_ANSWER = 256
"""Tokens below which an answer is not worth asking for; the conversation is shortened instead."""

ROOM = 0.9
"""Part of a limit that is used: estimates of tokens are off by a tenth."""


SMALLEST_WINDOW = 8192
"""Tokens assumed of a model nobody knows."""


def shrink(request: Request, error: ProviderError, spec: ModelSpec) -> tuple[Request, Note] | None:
    """
    Shorten a request that was too large, once.

    Args:
        error: Of kind ``too_large`` or ``context_length``; the numbers in it are used where it has some.

    Returns:
        The shorter request and what to tell its author, or None when nothing may be left out.
    """
    if not isinstance(request, ChatRequest):
        return None
    needs = request.needs
    prompt, wanted = _prompt_tokens(request, error), needs.max_tokens
    limit = _limit(error, spec)
    fits = limit is None or prompt <= limit - LEAST_ANSWER
    if fits and (bound := _answer_bound(error, limit, prompt, wanted)) is not None:
        note = Note(
            code="answer_shortened", text=f"The answer may have {bound} tokens, so that the request fits the limit."
        )
        return msgspec.structs.replace(request, params=_with_bound(request, bound)), note
    if request.keep_all:
        return None
    # By our count it fits, but the provider says it does not: our count is off, so halve.
    target = prompt // 2 if fits or limit is None else limit - LEAST_ANSWER
    messages, left_out = _trim(request.messages, target * estimate_tokens(request.messages) // max(1, prompt))
    if not left_out:
        return None
    params = request.params
    if wanted is not None and not fits:
        params = _with_bound(request, min(wanted, LEAST_ANSWER))
    note = Note(code="conversation_trimmed", text=f"Left out of what was sent, to fit the model's limit: {left_out}.")
    return msgspec.structs.replace(request, messages=messages, params=params), note


def _with_bound(request: ChatRequest, tokens: int) -> dict[str, Any]:
    params = {**request.params, "max_completion_tokens": tokens}
    params.pop("max_tokens", None)
    return params


def _answer_bound(error: ProviderError, limit: int | None, prompt: int, wanted: int | None) -> int | None:
    """
    The longest answer that makes it fit; None where a shorter one would not help.

    Never more than was asked for: what nobody wanted is no mend, and counts against every limit further on.
    """
    if limit is None:
        return wanted // 2 if wanted is not None and wanted >= 2 * LEAST_ANSWER else None
    room = limit - prompt
    if wanted is None:
        return room if error.kind is Kind.TOO_LARGE else None
    return room if room < wanted else None


def _limit(error: ProviderError, spec: ModelSpec) -> int | None:
    """Tokens that prompt and answer may have together; None where a limit was met that nobody has put a number to."""
    if error.kind is Kind.TOO_LARGE:
        return int(error.limit.limit * ROOM) if error.limit is not None and error.limit.limit else None
    return int((spec.context_window or SMALLEST_WINDOW) * ROOM)


def _prompt_tokens(request: ChatRequest, error: ProviderError) -> int:
    """The provider's own count where it gave one, less the answer that it may include."""
    needs = request.needs
    if error.limit is not None and error.limit.requested and not needs.max_tokens:
        return max(needs.prompt_tokens, int(error.limit.requested))
    return needs.prompt_tokens


def _trim(messages: tuple[Message, ...], target: int) -> tuple[tuple[Message, ...], str]:
    """
    Leave out the oldest pictures, then the oldest turns, until ``target`` estimated tokens remain.

    System messages and the newest user message with all that follows it stay: they are the question.
    """
    kept = list(messages)
    newest = _newest(kept)
    size = estimate_tokens(messages)
    pictures = turns = 0
    for i in range(newest):
        if size <= target:
            break
        without = _without_pictures(kept[i])
        if without is not kept[i]:
            size -= estimate_tokens(kept[i]) - estimate_tokens(without)
            kept[i] = without
            pictures += 1
    i = 0
    begins = True
    while i < newest and (size > target or not begins):
        if kept[i].get("role") in ("system", "developer"):
            i += 1
            continue
        # A tool's result without its call is refused, so a turn goes with all that answers it.
        if not begins and kept[i].get("role") == "user":
            begins = True
            continue
        size -= estimate_tokens(kept.pop(i))
        newest -= 1
        turns += 1
        begins = False
    parts = []
    if pictures:
        parts.append(f"the pictures of {pictures} older {'message' if pictures == 1 else 'messages'}")
    if turns:
        parts.append(f"the {turns} oldest {'message' if turns == 1 else 'messages'}")
    return tuple(kept), " and ".join(parts)


def _newest(messages: list[Message]) -> int:
    """Where the question begins: the newest user message, or the last one, with the call that a result answers."""
    found = max((i for i, message in enumerate(messages) if message.get("role") == "user"), default=len(messages) - 1)
    while found > 0 and messages[found].get("role") == "tool":
        found -= 1
    return found


def _without_pictures(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list) or not any(_is_picture(part) for part in content):
        return message
    parts = [{"type": "text", "text": "[picture left out]"} if _is_picture(part) else part for part in content]
    return {**message, "content": parts}


def _is_picture(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "image_url"
