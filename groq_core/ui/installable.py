"""What makes an application of the page: its icon, its manifest, and the card shown where its link is shared."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from groq_core.ui.page_routes import Page
from groq_core.ui.texts import TEXTS

DARK = "#1b1817"

ORIGIN = b"{origin}"
"""Stands in the head for the address of the page, until somebody asks for it."""


def manifest(base: str) -> dict[str, Any]:
    """
    The web application manifest. Its addresses are relative to it, so that it holds behind any proxy's prefix.

    Args:
        base: Where the page's files are, relative to the page.
    """
    icons = [
        {"src": f"../{base}/icons/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        {"src": f"../{base}/icons/icon-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": f"../{base}/icons/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
    ]
    return {
        "name": TEXTS["title"],
        "short_name": TEXTS["title"],
        "description": TEXTS["tagline"],
        "start_url": "../",
        "scope": "../",
        "display": "standalone",
        "background_color": DARK,
        "theme_color": DARK,
        "icons": icons,
    }


def links(base: str) -> str:
    """What of it stands in the page's head."""
    title, tagline = escape(TEXTS["title"]), escape(TEXTS["tagline"])
    return "".join(
        (
            f'<link rel="icon" type="image/svg+xml" href="{base}/icons/icon.svg">',
            f'<link rel="apple-touch-icon" href="{base}/icons/icon-192.png">',
            '<link rel="manifest" href="ui/manifest.json" crossorigin="use-credentials">',
            f'<meta name="description" content="{tagline}">',
            f'<meta property="og:title" content="{title}">',
            f'<meta property="og:description" content="{tagline}">',
            '<meta property="og:type" content="website">',
            f'<meta property="og:image" content="{ORIGIN.decode()}{base}/icons/card.png">',
            '<meta name="twitter:card" content="summary_large_image">',
        )
    )


def create_routes(page: Page) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/ui/manifest.json")
    async def web_manifest() -> Response:
        base = f"ui/assets/{page.assets.version}"
        return JSONResponse(manifest(base), media_type="application/manifest+json")

    @router.get("/favicon.ico")
    async def favicon(request: Request) -> Response:
        return page.assets.response("icons/icon.svg", request.headers.get("accept-encoding", ""))

    return router
