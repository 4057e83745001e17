"""
Sign-in with Hugging Face on a Space whose header asks for ``hf_oauth``: Gradio's own routes and session, in front of
the whole application instead of Gradio's part of it alone.

Nobody has to sign in; whoever does is known by the name of the account, and limits and conversations are the account's.
A browser keeps no cookies of a frame of another site, so the page opens the sign-in in a tab of its own.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from gradio import oauth
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.ui.basic_auth import PERSON

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


async def _recognise(scope: Scope, receive: Receive, send: Send) -> None:
    """Write into the scope who signed in, and say nothing: the session is read, never renewed."""
    found = oauth._get_valid_oauth_info_from_session(scope["session"])
    name = found.get("userinfo", {}).get("preferred_username") if isinstance(found, dict) else None
    if isinstance(name, str) and name.isprintable() and name:
        scope[PERSON] = name
