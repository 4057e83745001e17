"""A title for a conversation, by the speed tier: the page asks for one after the first answer."""

from __future__ import annotations

import re

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import GroqCoreError, RequestError
from groq_core.reply import Reply
from groq_core.requests import ChatRequest
from groq_core.ui.csrf import page_router
from groq_core.ui.page_bodies import decode_json
from groq_core.ui.page_routes import Page, body_of, http_error
from groq_core.ui.texts import TEXTS

MAX_BYTES = 64 * 1024
MAX_TITLE = 60
MAX_TOKENS = 200
"""A title takes ten; models that think first take more."""


class Beginning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a conversation began."""

    question: str
    answer: str


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/title")
    async def title(request: Request) -> Response:
        """An empty title where no model has one to offer: the page then keeps its own."""
        caller = page.caller(request)
        try:
            beginning = decode_json(await body_of(request, MAX_BYTES), Beginning)
        except RequestError as error:
            raise http_error(error) from error
        asked = ChatRequest(
            messages=(
                {"role": "system", "content": TEXTS["title_prompt"]},
                {"role": "user", "content": f"{beginning.question}\n\n---\n\n{beginning.answer}"},
            ),
            model="speed",
            params={"max_completion_tokens": MAX_TOKENS, "temperature": 0, "reasoning_effort": "low"},
            no_store=True,
            cost_sensitive=True,
            caller=caller,
        )
        reply = Reply()
        try:
            async for event in page.core.handle(asked):
                reply.apply(event)
        except GroqCoreError:
            return JSONResponse({"title": ""})
        finished = reply.receipt.finished
        whole = finished is not None and finished.finish_reason == "stop" and not reply.receipt.degraded
        # The simulator marks its answers, which is no title; the first words of the question are a better one.
        whole &= page.core.simulator is None or "simulated answer" not in reply.text.lower()
        return JSONResponse({"title": title_in(reply.text) if whole else ""})

    return router


def title_in(text: str) -> str:
    """
    What of a model's answer is a title; empty when it is none.

    >>> title_in('Title: "Hash tables in Python."')
    'Hash tables in Python'
    >>> title_in("Certainly! Here is what I would suggest to call this conversation, if you like it:")
    ''
    """
    line = next((line for line in text.splitlines() if line.strip()), "")
    line = re.sub(r"^[\s#*\"'“„]*(?:title:)?[\s*\"'“„]*", "", line, flags=re.IGNORECASE)
    line = re.sub(r"(?<![\s*\"'”“.])[\s*\"'”“.]++$", "", line)
    return line if len(line) <= MAX_TITLE else ""
