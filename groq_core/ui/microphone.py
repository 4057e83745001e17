"""The Microphone tab: its layout, and the routes that take a recording and give back what was said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import gradio as gr
import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import PlainTextResponse, Response

from groq_core.encoding import header_json
from groq_core.errors import RequestError
from groq_core.events import Transcript
from groq_core.media.audio.container import check_head
from groq_core.media.text.subtitles import breaches_in_words, to_json, to_srt, to_txt, to_vtt
from groq_core.ui.asked_ahead import settling
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.judgements import only_if
from groq_core.ui.page_bodies import UNREADABLE
from groq_core.ui.page_routes import Page, body_of
from groq_core.ui.stream import refusal
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS

MAX_RECORDING_BYTES = 400_000_000
"""Three and a half hours of what the page records; more would be held in memory."""

MAX_TRANSCRIPT_BYTES = 20_000_000

FORMATS: dict[str, Callable[[Transcript], str]] = {"txt": to_txt, "srt": to_srt, "vtt": to_vtt, "json": to_json}


def create_tab(core: PageCore) -> None:
    """Lay the tab out; its ids are part of the contract."""
    place("mic-input")
    with gr.Row(elem_classes="gc-mic-row"):
        place("mic-language")
        gr.Textbox(
            elem_id="mic-prompt",
            label=TEXTS["prompt_label"],
            placeholder=TEXTS["prompt_placeholder"],
            lines=1,
            max_lines=1,
            scale=2,
            min_width=180,
        )
        place("gc-mic-options")
        gr.Button(TEXTS["transcribe"], elem_id="mic-transcribe", variant="primary", scale=0, min_width=120)
        gr.Button(TEXTS["stop"], elem_id="mic-stop", variant="stop", scale=0, min_width=120)
    place("gc-mic-result")
    with gr.Column(elem_id="mic-transcript"):
        gr.Textbox(
            label=TEXTS["transcript_label"], show_label=False, lines=3, max_lines=16, interactive=True, container=False
        )
        place("gc-mic-segments")


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/transcribe")
    async def transcribe(
        request: Request,
        name: str = "recording.wav",
        language: str = "",
        task: Literal["transcribe", "translate"] = "transcribe",
        prompt: str = "",
        words: bool = True,
        after: str = "",
        sure: float = 1.0,
        called: str = "",
    ) -> Response:
        """
        A recording's bytes in, the transcript out as it comes; nothing is kept.

        Without ``words`` their times are not asked for, which take longer. ``after`` names a judgement of the turn
        model: nobody is asked before it is known, and nobody where it is not so ``sure``. By what it is ``called`` a
        question that is sent meanwhile refers to its words.
        """
        caller = page.caller(request)
        promised = page.transcripts.begin(caller, called)
        transcription = page.core.transcription
        try:
            audio = await body_of(request, MAX_RECORDING_BYTES, check_head)
            if after:
                judgement = page.judgements.find(caller, after)
                transcription = transcription.through(partial(only_if, judgement, sure))
            events = transcription.stream(
                audio,
                name,
                language=language.strip() or None,
                prompt=prompt.strip() or None,
                task=task,
                granularities=("segment", "word") if words else ("segment",),
                caller=caller,
            )
        except RequestError as error:
            events = refusal(error)
        except HTTPException:
            promised.settle(None)
            raise
        return page.answer(settling(events, promised))

    @router.post("/transcript/{form}")
    async def transcript(request: Request, form: str) -> Response:
        """A transcript as a file in another format."""
        page.caller(request)
        write = FORMATS.get(form)
        if write is None:
            raise HTTPException(404, f"a transcript can be written as {', '.join(FORMATS)}")
        body = await body_of(request, MAX_TRANSCRIPT_BYTES)
        try:
            written = msgspec.json.decode(body, type=Transcript)
            remark = breaches_in_words(written) if form in ("srt", "vtt") else ""
            headers = {"x-groq-core-note-texts": header_json([remark]).decode()} if remark else None
            return PlainTextResponse(write(written), headers=headers)
        except UNREADABLE as error:
            raise HTTPException(422, f"the page sent what cannot be read: {error}") from error

    return router
