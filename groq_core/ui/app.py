"""The page: its frame, its tabs, and how it is mounted."""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from threading import Lock
from time import monotonic
from typing import Any, Literal, Self, cast

import anyio._backends._asyncio  # noqa: F401 - Gradio imports it when it begins, and would hold the event loop
import brotli
import gradio as gr
import gradio.blocks
import gradio.routes
import starlette.middleware.cors  # noqa: F401 - and this one at its first request
from fastapi import APIRouter, FastAPI
from gradio.queueing import Queue
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groq_core.access.visit import visit_of
from groq_core.encoding import json_bytes
from groq_core.media.audio.container import ENDINGS as RECORDINGS
from groq_core.media.image.format import EXTENSIONS as PICTURES
from groq_core.services.documents.parts import EXTENSIONS as DOCUMENTS
from groq_core.services.vision import TEMPLATES
from groq_core.ui import admin, agent, batch, chat, extract, image, kept, microphone, own_key, summary, talk, title
from groq_core.ui.core import PageCore
from groq_core.ui.endpoints import create_endpoints, prepare_tools, serve_tools, tools_wanted
from groq_core.ui.fault_switch import FAULTS
from groq_core.ui.gradio_door import Admit, GradioDoor
from groq_core.ui.gradio_scripts import gradio_scripts
from groq_core.ui.installable import ORIGIN, links
from groq_core.ui.installable import create_routes as installable_routes
from groq_core.ui.model_picker import choices, models_of, most_images
from groq_core.ui.page_routes import ChatRoute, Page, create_asset_routes, create_routes
from groq_core.ui.page_scripts import page_bundler, preloads
from groq_core.ui.static import Assets
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS
from groq_core.ui.texts_de import GERMAN
from groq_core.ui.texts_de_admin import ADMIN
from groq_core.ui.texts_de_server import SERVER
from groq_core.ui.theme import theme

TABS: tuple[tuple[str, Callable[[PageCore], None]], ...] = (
    ("chat", chat.create_tab),
    ("image", image.create_tab),
    ("microphone", microphone.create_tab),
    ("extract", extract.create_tab),
    ("agent", agent.create_tab),
    ("batch", batch.create_tab),
)
"""Name and layout of each tab, in order. The name is also its id, and ``tab_NAME`` its title in the texts."""

ROUTES: tuple[Callable[[Page], APIRouter], ...] = (
    image.create_routes,
    microphone.create_routes,
    talk.create_routes,
    extract.create_routes,
    agent.create_routes,
    batch.create_routes,
    kept.create_routes,
    admin.create_routes,
    title.create_routes,
    summary.create_routes,
    own_key.create_routes,
    installable_routes,
)
"""Routes of single tabs, beside those that every tab needs."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Scripts that stand in the page carry its nonce. Gradio makes functions of the texts in its events' `js`,
        # which no nonce and no hash can allow: hence 'unsafe-eval'.
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        # Gradio and its components write style attributes, and style elements while they run.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:{connect}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors {ancestors}",
    )
)
"""Content security: whatever a model's answer holds, the page talks to its own server only."""

FOREIGN = re.compile(
    rb"<(?:meta\s+(?:property|name)=\"(?:og|twitter):[^<>]*|link\s[^<>]*rel=\"(?:manifest|icon)\"[^<>]*)>"
)
"""What Gradio's page says of itself, in place of which ours stands: its card, its icon, its manifest."""

HOST = re.compile(r"[\w.:\[\]-]+")
PAGE_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, quality=5),
    "gzip": lambda plain: gzip.compress(plain, 6),
}
"""For the page itself, which is another one for every visitor; in order of preference."""
MAX_THREADS = 200
SESSIONS = 1000


_ENDING = Lock()


class _NoApp:
    @staticmethod
    def create_app(*_: object, **__: object) -> None:
        """What would be thrown away."""


class Layout(gr.Blocks):
    """
    Gradio's blocks, without an application around them until they are mounted.

    Gradio makes one of ninety routes when a layout begins, when it ends, when it gets a queue and when it is mounted.
    Only the last answers; the three others took two thirds of the time in which the page is made.
    """

    def __exit__(self, exc_type: type[BaseException] | None = None, *args: Any) -> None:
        with _ENDING:
            made = vars(gradio.blocks)["App"]
            setattr(gradio.blocks, "App", _NoApp)  # noqa: B010 - a type that checkers would not let in there
            try:
                super().__exit__(exc_type, *args)
            finally:
                setattr(gradio.blocks, "App", made)  # noqa: B010

    def queue(
        self,
        status_update_rate: float | Literal["auto"] = "auto",
        api_open: bool | None = None,
        max_size: int | None = None,
        *,
        default_concurrency_limit: int | Literal["not_set"] | None = "not_set",
    ) -> Self:
        live = status_update_rate == "auto"
        self.api_open = self.api_open if api_open is None else api_open
        self._queue = CalmQueue(
            live_updates=live,
            concurrency_count=self.max_threads,
            update_intervals=1 if live else float(status_update_rate),
            max_size=max_size,
            blocks=self,
            default_concurrency_limit=default_concurrency_limit,
        )
        return self


def create_ui(core: PageCore) -> gr.Blocks:
    """Lay the page out. Nothing of a visitor is kept in it: conversations live in the browser."""
    demo = Layout(title=TEXTS["title"], analytics_enabled=False, delete_cache=(600, 3600), fill_width=True)
    with demo:
        with gr.Row(elem_id="gc-header"):
            place("gc-brand")
        with gr.Row(elem_id="gc-layout", equal_height=False):
            with gr.Column(elem_id="gc-main", scale=1, min_width=0), gr.Tabs(elem_id="gc-tabs"):
                for name, create_tab in TABS:
                    with gr.Tab(TEXTS[f"tab_{name}"], id=name, elem_id=f"tab-{name}"):
                        create_tab(core)
            with gr.Column(elem_id="gc-side", scale=0, min_width=0):
                place("status-panel")
        create_endpoints(core)
    # Told that it is on a Space, Gradio lays the hub's badge over our own tools, with fonts from elsewhere.
    demo.space_id = None
    demo.max_threads = MAX_THREADS
    demo.state_session_capacity = SESSIONS
    demo.queue(default_concurrency_limit=None, max_size=500, status_update_rate=5, api_open=False)
    return demo


BUSY_LOOK_S, IDLE_LOOK_S = 0.05, 0.25
"""Seconds between two looks at Gradio's queue, through which only its named endpoints are asked."""

RECENTLY_S = 60.0
"""For so long after somebody has asked through it, it is looked at as of a busy one."""


class CalmQueue(Queue):
    """
    Gradio's queue, which is looked at often only while somebody uses it.

    Gradio looks a thousand times a second, for which an idle process takes 3 % of a core: half of what 800 streamed
    tokens took. And whoever asks on another way just then waits for each look.
    """

    _pushed_at = -RECENTLY_S

    async def push(self, *args: Any, **kwargs: Any) -> Any:
        self._pushed_at = monotonic()
        return await super().push(*args, **kwargs)

    @property
    def _looks_every_s(self) -> float:
        return BUSY_LOOK_S if monotonic() < self._pushed_at + RECENTLY_S else IDLE_LOOK_S

    @property
    def sleep_when_free(self) -> float:
        return self._looks_every_s

    @sleep_when_free.setter
    def sleep_when_free(self, seconds: float) -> None:
        """Gradio's own."""

    @property
    def progress_update_sleep_when_free(self) -> float:
        return 2 * self._looks_every_s

    @progress_update_sleep_when_free.setter
    def progress_update_sleep_when_free(self, seconds: float) -> None:
        """Gradio's own."""


MOUNT_OPTIONS: dict[str, Any] = {
    "path": "/",
    "ssr_mode": False,
    "run_history": False,
    "footer_links": [],
    "show_error": False,
    "enable_monitoring": False,
    "max_file_size": "100mb",
    "allowed_paths": [],
    "pwa": False,
}
"""What :func:`gradio.mount_gradio_app` needs; given to it and not to ``Blocks``, which would ignore it."""


def mount(app: FastAPI, core: PageCore, admit: Admit) -> FastAPI:
    """
    Put the page at ``/`` of an application whose own routes are declared already.

    Its own routes go under ``/ui``, before Gradio's, which take everything that is left.

    Args:
        admit: Decides who may call the named endpoints; see :class:`groq_core.ui.gradio_door.GradioDoor`.
    """
    assets = Assets(bundler=page_bundler())
    assets.add("texts.js", texts_module(core))
    assets.add(
        "texts-de.js", b"export default %s;\nexport const SERVER = %s;\n" % (json_bytes(GERMAN), json_bytes(SERVER))
    )
    assets.add("texts-admin-de.js", b"export default %s;\n" % json_bytes(ADMIN))
    base = f"ui/assets/{assets.version}"
    page = Page(core, assets)
    app.include_router(create_routes(page))
    app.include_router(create_asset_routes(page))
    app.include_router(gradio_scripts())
    for create in ROUTES:
        app.include_router(create(page))
    # Gradio's page asks there for the name of the Space it finds itself on.
    connect = " https://huggingface.co" if core.settings.on_spaces else ""
    ancestors = core.settings.frame_ancestors
    demo = create_ui(core)
    tools = tools_wanted()
    if tools:
        prepare_tools()
    gr.mount_gradio_app(app, demo, theme=theme(), **MOUNT_OPTIONS, mcp_server=tools)
    if tools:
        serve_tools(demo)
    first = head(assets, base, demo.theme_hash)
    app.add_middleware(PageFrame, head=first, ancestors=ancestors, connect=connect)
    app.add_middleware(ChatRoute, page=page)
    mounted = app.routes[-1]
    assert isinstance(mounted, Mount)  # Gradio's own application, the last that is asked
    demo.app = cast("gradio.routes.App", mounted.app)
    mounted.app = GradioDoor(mounted.app, demo, admit, page.passes, page.scope_caller)
    close_with(app, page)
    for whole in (app, demo.app):
        resolve_routes(whole)
    return app


def resolve_routes(app: FastAPI) -> None:
    """
    Work out what each route takes, here where nobody waits: FastAPI does it when it first looks for a route, which held
    the event loop, and every token under way, for 20 ms.
    """
    scope = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": [], "path_params": {}}
    for route in app.routes:
        route.matches({**scope, "app": app})


def close_with(app: FastAPI, page: Page) -> None:
    """Stop answers that still run for nobody when the server ends, before what they ask with is closed."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with inner(app) as state:
            yield state
            await page.close()

    app.router.lifespan_context = lifespan


def head(assets: Assets, base: str, theme_hash: str) -> str:
    """
    What stands in the page's head, so that our scripts run before Gradio's, which are four times as large.

    Gradio's own ``head`` option is carried out by its scripts, and its theme asked for by them.

    Args:
        base: Where the page's scripts and styles are, relative to the page.
        theme_hash: By which Gradio's scripts ask for the theme again; under this address they have it already.
    """
    names = (f"theme.css?v={theme_hash}", *own_styles(base))
    styles = "".join(f'<link rel="stylesheet" href="{name}">' for name in names)
    return (
        f'{links(base)}{styles}{preloads(assets, base)}<script type="module" async src="{base}/js/first.js"></script>'
    )


def own_styles(base: str) -> list[str]:
    return [f"{base}/css/{name}.css" for name in ("page", "conversations")]


def texts_module(core: PageCore) -> bytes:
    """The page's words, and the few facts its scripts need, as a script module."""
    exports = {
        "FAULTS": [*FAULTS],
        "SERVERS": [name for name, _ in core.settings.mcp_servers],
        "OWN_SERVERS": bool(core.settings.mcp_visitors),
        "LIMITS": {"images": most_images(core)},
        "ENDINGS": {
            "recordings": [f".{ending}" for ending in RECORDINGS],
            "pictures": [f".{ending}" for ending in PICTURES],
            "documents": list(DOCUMENTS),
        },
        "MODELS": choices(models_of(core), targets=core.board.snapshot().targets),
        "SHARED": core.simulator is not None and not core.settings.loopback,
        "KEEPS": getattr(core, "team", None) is not None,
        "LIMITED": core.people.has_limits or core.settings.sign_in or core.settings.hf_oauth,
        "SIGN_IN": "login/huggingface" if core.settings.hf_oauth and not core.settings.sign_in else "",
        "SPACE": f"https://huggingface.co/spaces/{core.settings.space}" if core.settings.space else "",
        "SIMULATED": core.simulator is not None,
        "OWN_KEYS": core.own_keys is not None,
        "OWN_KEYS_ARE_REAL": core.own_keys is not None and not core.settings.offline,
        "TEMPLATES": [{"name": one.name, "pictures": one.pictures} for one in TEMPLATES],
        "TABS": [name for name, _ in TABS],
    }
    named = b"".join(b"export const %s = %s;\n" % (name.encode(), json_bytes(it)) for name, it in exports.items())
    return b"export default " + json_bytes(TEXTS) + b";\n" + named


class PageFrame:
    """
    What goes along with the page itself: our head, the content policy and compression, which Gradio leaves out.
    """

    def __init__(self, app: ASGIApp, head: str, ancestors: Sequence[str] = ("'self'",), connect: str = "") -> None:
        self._app = app
        self._head = head.encode()
        self._ancestors = " ".join(ancestors)
        self._connect = connect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = Headers(scope=scope).get("accept-encoding", "")
        coding = next((name for name in PAGE_CODINGS if name in accepted), None)
        held: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                # A page with a stricter policy of its own keeps it.
                own_policy = "content-security-policy" in headers
                if headers.get("content-type", "").startswith("text/html") and not own_policy:
                    held = message
                    return
                if scope["path"].endswith("/theme.css") and b"v=" in scope["query_string"]:
                    MutableHeaders(scope=message)["cache-control"] = "private, max-age=31536000, immutable"
            elif held is not None:
                start, held = held, None
                begun = MutableHeaders(raw=start["headers"])
                nonce = secrets.token_urlsafe(16)
                begun.update(self._headers(nonce))
                body, whole = message["body"], not message.get("more_body")
                if scope["path"].endswith("/"):
                    body = FOREIGN.sub(b"", body).replace(b"</head>", self._head_for(scope) + b"</head>", 1)
                body = body.replace(b"<script", b'<script nonce="%s"' % nonce.encode())
                if coding and whole and "content-encoding" not in begun:
                    body = PAGE_CODINGS[coding](body)
                    begun["content-encoding"] = coding
                    begun.add_vary_header("accept-encoding")
                if whole:
                    begun["content-length"] = str(len(body))
                message = {**message, "body": body}
                await send(start)
            await send(message)

        await self._app(scope, receive, send_page)

    def _head_for(self, scope: Scope) -> bytes:
        """A shared card's picture is asked for by others, who need its whole address."""
        host = Headers(scope=scope).get("host", "")
        below = f"{visit_of(scope).prefix}{scope.get('root_path', '')}"
        origin = f"{scope['scheme']}://{host}{below}/" if HOST.fullmatch(host) else ""
        return self._head.replace(ORIGIN, origin.encode())

    def _headers(self, nonce: str) -> dict[str, str]:
        return {
            "content-security-policy": POLICY.format(nonce=nonce, ancestors=self._ancestors, connect=self._connect),
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }
