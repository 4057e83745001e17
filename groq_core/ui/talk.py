"""Talk, in the Chat tab: the route that gives a sentence of an answer a voice."""

from __future__ import annotations

from math import ceil

import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import ChainError, GroqCoreError, RequestError
from groq_core.redaction import redact
from groq_core.services.speech import PIECE
from groq_core.ui.csrf import page_router
from groq_core.ui.leaving import unless_gone
from groq_core.ui.page_routes import Page, body_of
from groq_core.ui.texts import TEXTS

MAX_BODY_BYTES = 4096


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be spoken: some sentences, as the page has cut them."""

    text: str


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/speak")
    async def speak(request: Request) -> Response:
        """A piece of text in, its sound out as a WAV file; 503 where no voice can be had. Nothing is kept."""
        caller = page.caller(request)
        text = read_piece(await body_of(request, MAX_BODY_BYTES))
        try:
            reply = await unless_gone(request, page.core.speech.say(text, caller=caller))
        except GroqCoreError as error:
            return unspoken(error)
        if reply is None:
            return Response(status_code=499)  # nobody is there to read it
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(reply.audio, headers=headers, media_type="audio/wav")

    return router


def read_piece(body: bytes) -> str:
    """
    Decode and check what is to be spoken.

    Raises:
        HTTPException: 422; it cannot be read, is empty or too long.
    """
    try:
        text = msgspec.json.decode(body, type=Piece).text.strip()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, TEXTS["error_unreadable"]) from error
    if not text or len(text) > PIECE:
        raise HTTPException(422, TEXTS["error_piece"].format(limit=PIECE))
    return text


def unspoken(error: GroqCoreError) -> Response:
    """Why there is no sound, for the page to say in its own words and go on with another voice."""
    status = error.status if isinstance(error, RequestError | ChainError) else 503
    wait = getattr(error, "retry_after", None)
    headers = {"cache-control": "no-store"} | ({"retry-after": str(ceil(wait))} if wait else {})
    kind = error.kind if isinstance(error, ChainError) else None
    body = {"detail": redact(f"{error.message} {error.hint}".strip()), "kind": kind}
    return JSONResponse(body, status, headers=headers)
