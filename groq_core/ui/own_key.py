"""The routes that take a visitor's own Groq key, and forget it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import RequestError
from groq_core.ui.csrf import page_router, visitor
from groq_core.ui.page_routes import Page
from groq_core.ui.texts import TEXTS
from groq_core.ui.visitor_key import HANDLE_HEADER

KEY_HEADER = "x-groq-core-key"
"""Carries the key itself, to one route and once. A header, since addresses and bodies end up in logs."""


def create_routes(page: Page) -> APIRouter:
    router = page_router()
    no_store = {"cache-control": "no-store"}

    @router.post("/own-key")
    async def add(request: Request) -> Response:
        """A key in its header, checked with Groq; what stands for it from now on comes back."""
        visitor(request, page.passes)
        keys = page.core.own_keys
        if keys is None:
            raise HTTPException(404, TEXTS["error_own_keys_off"])
        try:
            own = await keys.add(request.headers.get(KEY_HEADER, ""))
        except RequestError as error:
            detail = {"detail": error.told}
            return JSONResponse(detail, error.status, headers=no_store)
        return JSONResponse({"handle": own.handle, "ending": own.ending}, headers=no_store)

    @router.post("/own-key/forget")
    async def forget(request: Request) -> Response:
        visitor(request, page.passes)
        if page.core.own_keys is not None:
            page.core.own_keys.remove(request.headers.get(HANDLE_HEADER, ""))
        return Response(status_code=204)

    return router
