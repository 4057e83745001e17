"""Talk, in the Chat tab: the routes that give a sentence a voice, and that hear whether somebody has finished."""

from __future__ import annotations

import asyncio
from math import ceil

import msgspec
import numpy as np
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import BrokenAnswerError, ChainError, GroqCoreError, RequestError
from groq_core.media.audio import turn
from groq_core.media.audio.decode import RATE
from groq_core.media.audio.resample import Samples
from groq_core.redaction import redact
from groq_core.services.speech import PIECE, has_words, model_for
from groq_core.ui.csrf import page_router
from groq_core.ui.leaving import unless_gone
from groq_core.ui.page_bodies import UNREADABLE
from groq_core.ui.page_routes import Page, body_of
from groq_core.ui.texts import TEXTS

MAX_BODY_BYTES = 4096

MAX_TURN_BYTES = int(turn.HEARD_S * RATE) * 2

JUDGES = 2
"""Judgements at once; each takes a core for 50 ms."""

MAX_WAITING = 8
"""Beyond it an answer would come too late to be of use, and the page has a rule of its own."""


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be spoken: some sentences, as the page has cut them, and their language (ISO 639-1)."""

    text: str
    language: str = "en"


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/speak")
    async def speak(request: Request) -> Response:
        """A piece of text in, its sound out as a WAV file; 503 where no voice can be had. Nothing is kept."""
        caller = page.caller(request)
        piece = read_piece(await body_of(request, MAX_BODY_BYTES))
        begun = page.spoken.take(caller, piece.text) if piece.language == "en" else None
        saying = begun or page.core.speech.say(piece.text, model=model_for(piece.language), caller=caller)
        try:
            reply = await unless_gone(request, saying)
        except GroqCoreError as error:
            return unspoken(error)
        if reply is None:
            return Response(status_code=499)  # nobody is there to read it
        if piece.language != "en" and reply.finished is not None and reply.finished.model.endswith("-english"):
            return unspoken(BrokenAnswerError(TEXTS["error_language"]))  # the chain went on to who cannot read it
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(reply.audio, headers=headers, media_type="audio/wav")

    judges = asyncio.Semaphore(JUDGES)
    waiting: set[object] = set()

    @router.post("/turn")
    async def judge_turn(request: Request, quiet: float = 0.0, name: str = "") -> Response:
        """
        The end of what was said in, 16-bit samples at 16 kHz; whether it was the end of a turn, from 0 to 1, out.

        ``quiet`` tells for how many seconds nothing was said since; by ``name`` the recording that is sent meanwhile
        refers to it. Nothing in: the model is loaded, to be at hand. 503 where there is none, 429 where too many ask.
        """
        judgement = page.judgements.begin(page.caller(request), name)
        chance: float | None = None
        try:
            samples = read_samples(await body_of(request, MAX_TURN_BYTES))
            status, chance = await judge(request, samples, quiet)
        finally:
            judgement.settle(chance)
        if chance is not None:
            return JSONResponse({"finished": chance}, headers={"cache-control": "no-store"})
        if status < 400:
            return Response(status_code=status)
        return JSONResponse({"detail": TEXTS["error_turn"]}, status, headers={"cache-control": "no-store"})

    async def judge(request: Request, samples: Samples, quiet: float) -> tuple[int, float | None]:
        """How likely it is the end, and the status to tell it with; 499 where nobody waits for it any more."""
        if len(waiting) >= MAX_WAITING:
            return 429, None
        waiting.add(mine := object())
        try:
            async with judges:
                if not len(samples):
                    return (204 if await asyncio.to_thread(turn.available) else 503), None
                if await request.is_disconnected():
                    return 499, None
                chance = await asyncio.to_thread(turn.chance_of_end, samples, min(max(quiet, 0.0), 10.0))
                return (503 if chance is None else 200), chance
        finally:
            waiting.discard(mine)

    return router


def read_samples(body: bytes) -> Samples:
    """
    Samples from -1 to 1.

    Raises:
        HTTPException: 422; half a sample is left over.
    """
    if len(body) % 2:
        raise HTTPException(422, TEXTS["error_unreadable"])
    return np.asarray(np.frombuffer(body, "<i2").astype(np.float32) / 32768, np.float32)


def read_piece(body: bytes) -> Piece:
    """
    Decode and check what is to be spoken.

    Raises:
        HTTPException: 422; it cannot be read, is empty or too long.
    """
    try:
        piece = msgspec.json.decode(body, type=Piece)
    except UNREADABLE as error:
        raise HTTPException(422, TEXTS["error_unreadable"]) from error
    if not has_words(piece.text) or len(piece.text) > PIECE:
        raise HTTPException(422, TEXTS["error_piece"].format(limit=PIECE))
    return piece


def unspoken(error: GroqCoreError) -> Response:
    """Why there is no sound, for the page to say in its own words and go on with another voice."""
    status = error.status if isinstance(error, RequestError | ChainError) else 503
    wait = getattr(error, "retry_after", None)
    headers = {"cache-control": "no-store"} | ({"retry-after": str(ceil(wait))} if wait else {})
    kind = error.kind if isinstance(error, ChainError) else None
    body = {"detail": redact(f"{error.message} {error.hint}".strip()), "kind": kind}
    return JSONResponse(body, status, headers=headers)
