"""The page: its frame, its tabs, and how it is mounted."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr
import orjson
from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groq_core.ui import chat, image, microphone
from groq_core.ui.core import PageCore
from groq_core.ui.faults import FAULTS
from groq_core.ui.layout import shell
from groq_core.ui.models import most_images
from groq_core.ui.routes import Page, create_routes
from groq_core.ui.static import Assets
from groq_core.ui.texts import TEXTS
from groq_core.ui.theme import theme

TABS: tuple[tuple[str, Callable[[PageCore], None]], ...] = (
    ("chat", chat.create_tab),
    ("image", image.create_tab),
    ("microphone", microphone.create_tab),
)
"""Name and layout of each tab, in order. The name is also its id, and ``tab_NAME`` its title in the texts."""

ROUTES: tuple[Callable[[Page], APIRouter], ...] = (
    image.create_routes,
    microphone.create_routes,
)
"""Routes of single tabs, beside those that every tab needs."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's own page needs both
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
"""Content security: whatever a model's answer holds, the page talks to its own server only."""

MAX_THREADS = 200
SESSIONS = 1000


def create_ui(core: PageCore) -> gr.Blocks:
    """Lay the page out. Nothing of a visitor is kept in it: conversations live in the browser."""
    demo = gr.Blocks(title=TEXTS["title"], analytics_enabled=False, delete_cache=(600, 3600), fill_width=True)
    with demo:
        with gr.Row(elem_id="gc-header"):
            gr.HTML(
                header(simulated=core.simulator is not None),
                elem_id="gc-brand",
                js_on_load=None,
                apply_default_css=False,
            )
        with gr.Row(elem_id="gc-layout", equal_height=False):
            with gr.Column(elem_id="gc-main", scale=1, min_width=0), gr.Tabs(elem_id="gc-tabs"):
                for name, create_tab in TABS:
                    with gr.Tab(TEXTS[f"tab_{name}"], id=name, elem_id=f"tab-{name}"):
                        create_tab(core)
            with gr.Column(elem_id="gc-side", scale=0, min_width=0):
                shell("gc-status", "status-panel")
    demo.max_threads = MAX_THREADS
    demo.state_session_capacity = SESSIONS
    demo.queue(default_concurrency_limit=None, max_size=500, status_update_rate=5, api_open=False)
    return demo


def header(*, simulated: bool) -> str:
    """
    The name of the app and, on the simulator only, the banner that says so.

    >>> "mode-banner" in header(simulated=False)
    False
    """
    brand = f'<h1><span class="gc-mark" aria-hidden="true"></span>{TEXTS["title"]}</h1>'
    if not simulated:
        return brand
    return (
        f'{brand}<div id="mode-banner" role="note"><b>{TEXTS["mode_simulator"]}</b>'
        f"<span>{TEXTS['mode_simulator_text']} <em>{TEXTS['mode_simulator_mend']}</em></span></div>"
    )


def mount_options(assets: Assets) -> dict[str, Any]:
    """What :func:`gradio.mount_gradio_app` needs; given to it and not to ``Blocks``, which would ignore it."""
    base = f"ui/assets/{assets.version}"
    return {
        "path": "/",
        "theme": theme(),
        "head": f'<link rel="stylesheet" href="{base}/css/page.css">'
        f'<script type="module" src="{base}/js/main.js"></script>',
        "ssr_mode": False,
        "run_history": False,
        "footer_links": [],
        "show_error": False,
        "enable_monitoring": False,
        "max_file_size": "100mb",
        "allowed_paths": [],
        "pwa": False,
        "mcp_server": False,
    }


def mount(app: FastAPI, core: PageCore) -> FastAPI:
    """
    Put the page at ``/`` of an application whose own routes are declared already.

    Its own routes go under ``/ui``, before Gradio's, which take everything that is left.
    """
    assets = Assets()
    assets.add("texts.js", texts_module({"images": most_images(core)}))
    page = Page(core, assets)
    app.include_router(create_routes(page))
    for create in ROUTES:
        app.include_router(create(page))
    app.add_middleware(SecurityHeaders)
    gr.mount_gradio_app(app, create_ui(core), **mount_options(assets))
    return app


def texts_module(limits: dict[str, int]) -> bytes:
    """The page's words, and the few figures its scripts need, as a script module."""
    exports = {"FAULTS": [*FAULTS], "LIMITS": limits}
    named = b"".join(b"export const %s = %s;\n" % (name.encode(), orjson.dumps(it)) for name, it in exports.items())
    return b"export default " + orjson.dumps(TEXTS) + b";\n" + named


class SecurityHeaders:
    """Tells the browser, on every page, to load nothing from anywhere else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["content-security-policy"] = POLICY
                    headers["referrer-policy"] = "no-referrer"
                    headers["x-content-type-options"] = "nosniff"
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
