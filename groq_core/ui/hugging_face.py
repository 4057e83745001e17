"""
Sign-in with Hugging Face on a Space whose header asks for ``hf_oauth``: Gradio's own routes and session, in front of
the whole application instead of Gradio's part of it alone.

Nobody has to sign in; whoever does is known by the name of the account, and limits and conversations are the account's.
A browser keeps no cookies of a frame of another site, so the page opens the sign-in in a tab of its own.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from gradio import oauth
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.ui.basic_auth import PAGE_HEADERS, PERSON
from groq_core.ui.failed_sign_in import FAILURES
from groq_core.ui.sign_in_page import failed_page
from groq_core.ui.texts import TEXTS

logger = logging.getLogger(__name__)

START: Final = "/login/huggingface"
PATHS: Final = (START, "/login/callback", "/logout")


class HuggingFaceSignIn:
    """
    Args:
        app: Everything else.

    Raises:
        ImportError: Authlib or itsdangerous is missing; a Space's builder installs both with ``gradio[oauth]``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._routes = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        for kind in FAILURES:
            self._routes.add_exception_handler(kind, _tell_failure)
        oauth.attach_oauth(self._routes)
        (layer,) = self._routes.user_middleware
        options: dict[str, Any] = layer.kwargs
        self._session = SessionMiddleware(_recognise, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].removeprefix(scope.get("root_path", "")) in PATHS:
            # The page signs out by POST, as with a password; Gradio's route takes GET.
            await self._routes({**scope, "method": "GET"}, receive, send)
            return
        known = dict(scope)
        await self._session(known, receive, send)
        if person := known.get(PERSON):
            scope[PERSON] = person
        await self._app(scope, receive, send)


async def _tell_failure(request: Request, error: Exception) -> Response:
    """Who declined at the hub, or found it away, is told so and goes on without; nothing of it is a fault here."""
    declined = getattr(error, "error", "") == "access_denied"
    logger.warning("sign-in with Hugging Face failed: %s", "declined" if declined else type(error).__name__)
    text = TEXTS["sign_in_hub_declined" if declined else "sign_in_hub_failed"]
    page = failed_page(text, request.scope.get("root_path", "") + "/")
    return HTMLResponse(page, 401 if declined else 503, PAGE_HEADERS)


async def _recognise(scope: Scope, receive: Receive, send: Send) -> None:
    """Write into the scope who signed in, and say nothing: the session is read, never renewed."""
    found = oauth._get_valid_oauth_info_from_session(scope["session"])
    name = found.get("userinfo", {}).get("preferred_username") if isinstance(found, dict) else None
    if isinstance(name, str) and name.isprintable() and name:
        scope[PERSON] = name
