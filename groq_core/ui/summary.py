"""Older messages of a conversation as a summary, for whoever would rather shorten than leave out."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import GroqCoreError, RequestError
from groq_core.reply import Reply
from groq_core.requests import BYTES_PER_TOKEN, Caller, ChatRequest
from groq_core.ui.chat_request import PageTurn
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.page_bodies import decode_json
from groq_core.ui.page_routes import MAX_QUESTION_BYTES, Page, body_of
from groq_core.ui.texts import TEXTS

PART_TOKENS = 12_000
"""Tokens of the conversation read at once: every model's window takes them, and a fast one reads them in a moment."""

MAX_PARTS = 40
MAX_TOKENS = 1500
"""Length of a summary."""


class Older(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages to be summarised, the oldest first."""

    turns: tuple[PageTurn, ...]


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/summary")
    async def summary(request: Request) -> Response:
        caller = page.caller(request)
        try:
            older = decode_json(await body_of(request, MAX_QUESTION_BYTES), Older)
            text = await summarise(page.core, older.turns, caller)
        except GroqCoreError as error:
            status = error.status if isinstance(error, RequestError) else 503
            raise HTTPException(status, error.told) from error
        return JSONResponse({"summary": text})

    return router


async def summarise(core: PageCore, turns: tuple[PageTurn, ...], caller: Caller) -> str:
    """
    Fold a conversation into one text, part by part, each together with the summary of those before.

    Raises:
        GroqCoreError: Nobody could do it, or it is longer than :data:`MAX_PARTS` parts.
    """
    parts = [*in_parts(turns)]
    if len(parts) > MAX_PARTS:
        raise RequestError("the conversation is too long to be summarised", hint="Begin a new one", status=413)
    so_far = ""
    for part in parts:
        before = f"{TEXTS['summary_so_far_prompt']}\n{so_far}\n\n" if so_far else ""
        asked = ChatRequest(
            messages=(
                {"role": "system", "content": TEXTS["summary_prompt"]},
                {"role": "user", "content": before + part},
            ),
            model="speed",
            params={"max_completion_tokens": MAX_TOKENS, "temperature": 0},
            no_store=True,
            cost_sensitive=True,
            revisable=True,
            caller=caller,
        )
        reply = Reply()
        async for event in core.handle(asked):
            reply.apply(event)
        so_far = reply.text.strip()
    return so_far


def in_parts(turns: tuple[PageTurn, ...], tokens: int = PART_TOKENS) -> Iterator[str]:
    """
    The conversation as texts of at most so many estimated tokens; a longer message falls into several.

    >>> [len(part) for part in in_parts((PageTurn(role="user", text="x" * 50),), tokens=10)]
    [40, 16]
    """
    whole = "\n\n".join(f"{turn.role}: {turn.text}" for turn in turns if turn.text)
    size = tokens * BYTES_PER_TOKEN
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
