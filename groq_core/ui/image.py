"""The Image tab: its layout, and the route that prepares a picture without ever writing it to disk."""

from __future__ import annotations

from typing import Any

import gradio as gr
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import RequestError
from groq_core.media.image.format import check_head
from groq_core.media.image.preparation import MAX_INPUT_BYTES, PreparedImage, prepare_all
from groq_core.media.text.phrases import enumerate_words, size_in_words
from groq_core.services.vision import least_images
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.model_picker import models_of
from groq_core.ui.page_routes import Page, body_of, http_error
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS


def create_tab(core: PageCore) -> None:
    """Lay the tab out; its ids are part of the contract."""
    place("image-input")
    place("image-answer")
    place("gc-image-templates")
    with gr.Row(elem_id="gc-image-composer", elem_classes="gc-composer"):
        gr.Textbox(
            elem_id="image-question",
            label=TEXTS["question_label"],
            show_label=False,
            placeholder=TEXTS["question_placeholder"],
            lines=1,
            max_lines=6,
            container=False,
            scale=1,
        )
        gr.Button(TEXTS["send"], elem_id="image-send", variant="primary", scale=0, min_width=88)
        gr.Button(TEXTS["stop"], elem_id="image-stop", variant="stop", scale=0, min_width=88)


def create_routes(page: Page) -> APIRouter:
    router = page_router()

    @router.post("/image")
    async def image(request: Request, name: str = "", room: int = 1) -> Response:
        """A picture's bytes in, what is sent of it out, in as many pieces as there is room for; nothing is kept."""
        page.caller(request)
        body = await body_of(request, MAX_INPUT_BYTES, check_head)
        try:
            at_most = max(1, min(room, least_images(models_of(page.core))))
            prepared = await to_thread.run_sync(lambda: prepare_all(body, filename=name, at_most=at_most))
        except RequestError as error:
            raise http_error(error) from error
        first, *more = map(to_page, prepared)
        return JSONResponse(first | {"more": more}, headers={"cache-control": "no-store"})

    return router


def to_page(picture: PreparedImage) -> dict[str, Any]:
    """What the page shows of a prepared picture, and the picture itself as it will be sent."""
    size = f"{size_in_words(picture.original_bytes)} → {size_in_words(len(picture.data))}"
    if (picture.width, picture.height) != (picture.original_width, picture.original_height):
        size += f", {picture.original_width}×{picture.original_height} → {picture.width}×{picture.height}"
    return {
        "url": picture.data_url,
        "size": size,
        "tokens": picture.tokens,
        "removed": TEXTS["picture_removed"].format(what=enumerate_words(picture.removed)) if picture.removed else "",
        "notes": picture.notes,
    }
