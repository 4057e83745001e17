"""
Conversations of people who signed in, kept on the server: the page's store, over HTTP.

Each route is one method of the store in the browser, so that the page need not know which one it has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response

from groq_core.connections.scarcity import scarcity
from groq_core.encoding import json_bytes
from groq_core.errors import RequestError
from groq_core.store.shapes import Whole, check_id
from groq_core.ui.csrf import page_router
from groq_core.ui.page_bodies import decode_json
from groq_core.ui.page_routes import Page, body_of, http_error
from groq_core.ui.shared_page import NOT_SHARED, PAGE_HEADERS, page_of_shared
from groq_core.ui.texts import TEXTS

if TYPE_CHECKING:
    from groq_core.store.conversations import Conversations
    from groq_core.store.team import Team

DELETED_HEADER = "x-groq-core-deleted-ago"
"""How many seconds ago the conversation was deleted that a page wants to write: clocks of devices differ."""

MAX_BYTES = 64 * 2**20
"""A whole conversation with its pictures."""


def team_of(page: Page) -> Team | None:
    """The team's database, where there is one."""
    found: Team | None = getattr(page.core, "team", None)
    return found


def create_routes(page: Page) -> APIRouter:
    """The store's routes, and the page of a shared conversation."""
    router = page_router(prefix="")
    router.route_class = _StoreRoute
    base = "/ui/conversations"

    def store(request: Request) -> tuple[Conversations, str]:
        """
        The store, and whose conversations.

        Raises:
            HTTPException: 404 where conversations are kept in the browser alone, 403 for whoever is not signed in.
        """
        team, caller = team_of(page), page.caller(request)
        if team is None:
            raise HTTPException(404, "conversations are kept in the browser alone; there is no database")
        if not caller.person:
            raise HTTPException(403, "sign in, and your conversations are kept here")
        return team.conversations, caller.person

    @router.get(base)
    async def heads(request: Request) -> Response:
        kept, owner = store(request)
        return _json({"heads": await kept.heads(owner)})

    @router.delete(base)
    async def clear(request: Request) -> Response:
        kept, owner = store(request)
        await kept.clear(owner)
        return Response(status_code=204)

    @router.get(base + "/search")
    async def search(request: Request, q: str = "") -> Response:
        kept, owner = store(request)
        return _json({"found": await kept.search(owner, q[:500])})

    @router.get(base + "/export")
    async def export(request: Request) -> Response:
        kept, owner = store(request)
        headers = {"content-disposition": 'attachment; filename="conversations.json"'}
        return _json({"conversations": await kept.export(owner)}, headers)

    @router.get(base + "/{id}")
    async def read(id: str, request: Request) -> Response:
        kept, owner = store(request)
        whole = await kept.read(owner, id)
        if whole is None:
            raise HTTPException(404, "there is no such conversation")
        return _json(whole)

    @router.put(base + "/{id}")
    async def put(id: str, request: Request) -> Response:
        kept, owner = store(request)
        whole = await _read_body(request, Whole)
        with http_errors():
            await kept.put(owner, Whole({**whole.head, "id": check_id(id)}, whole.messages))
        return Response(status_code=204)

    @router.delete(base + "/{id}")
    async def remove(id: str, request: Request) -> Response:
        kept, owner = store(request)
        return _json(await kept.remove(owner, id))

    @router.put(base + "/{id}/head")
    async def put_head(id: str, request: Request, changed: str | None = None) -> Response:
        kept, owner = store(request)
        head = await _read_body(request, dict[str, Any])
        with http_errors():
            names = None if changed is None else changed.split(",")
            await kept.put_head(owner, {**head, "id": check_id(id)}, names)
        return Response(status_code=204)

    @router.put(base + "/{id}/messages/{message}")
    async def put_message(id: str, message: str, request: Request) -> Response:
        kept, owner = store(request)
        body = await _read_body(request, dict[str, Any])
        with http_errors():
            await kept.put_message(owner, id, {**body, "id": check_id(message)})
        return Response(status_code=204)

    @router.post(base + "/remove-messages")
    async def remove_messages(request: Request) -> Response:
        kept, owner = store(request)
        await kept.remove_messages(owner, await _read_body(request, list[str]))
        return Response(status_code=204)

    @router.post(base + "/{id}/share")
    async def share(id: str, request: Request) -> Response:
        kept, owner = store(request)
        with http_errors():
            word = await kept.share(owner, id)
        return _json({"share": word, "path": f"s/{word}"})

    @router.delete(base + "/{id}/share")
    async def unshare(id: str, request: Request) -> Response:
        kept, owner = store(request)
        await kept.unshare(owner, id)
        return Response(status_code=204)

    # A shared conversation is for whoever follows its link, from wherever.
    linked = APIRouter(include_in_schema=False, route_class=_StoreRoute)

    @linked.get("/s/{word}")
    async def serve_shared(word: str) -> Response:
        team = team_of(page)
        whole = await team.conversations.find_shared(word) if team is not None else None
        if whole is None:
            return HTMLResponse(NOT_SHARED, 404, PAGE_HEADERS)
        return HTMLResponse(page_of_shared(whole), headers=PAGE_HEADERS)

    linked.include_router(router)
    return linked


class _StoreRoute(APIRoute):
    """Tells the page that the database is away, so that it comes again; nothing is lost by a moment's absence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                presence = sys.modules.get("groq_core.store.presence")  # only where there is a database
                if presence is None or not isinstance(error, presence.UNAVAILABLE) or scarcity(error) is not None:
                    raise  # a disk that is full is told as such, here and in the log
                if isinstance(error, presence.UNFIT):  # coming again with the same is in vain
                    raise HTTPException(422, "the database cannot keep this") from None
                raise HTTPException(503, TEXTS["database_away"], {"retry-after": "1"}) from None

        return answer


def _json(value: object, headers: dict[str, str] | None = None) -> Response:
    body = json_bytes(value)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store", **(headers or {})})


async def _read_body(request: Request, form: Any) -> Any:
    body = await body_of(request, MAX_BYTES)
    try:
        return decode_json(body, form)
    except RequestError as error:
        if isinstance(error.__cause__, msgspec.ValidationError):
            raise HTTPException(422, str(error.__cause__)) from None
        raise HTTPException(400, f"the body is not JSON: {error.__cause__ or error.message}") from None


@contextmanager
def http_errors() -> Iterator[None]:
    """Tell what was wrong with a request in the page's own way."""
    try:
        yield
    except RequestError as error:
        told = http_error(error)
        if (ago_s := getattr(error, "ago_s", None)) is not None:
            told.headers = {DELETED_HEADER: f"{ago_s:.3f}"}
        raise told from None
