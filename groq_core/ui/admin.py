"""The admin page: people, keys, spend, who is asking, targets, limits and the audit log, as a page and as JSON."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from groq_core.access.passwords import LEAST_PASSWORD, MOST_PASSWORD, hash_password
from groq_core.access.refused_sign_ins import RefusedSignIns
from groq_core.encoding import json_bytes
from groq_core.errors import RequestError
from groq_core.ui.admin_page import ADMIN_HEADERS, admin_page, refusal_page
from groq_core.ui.basic_auth import PERSON
from groq_core.ui.csrf import page_router
from groq_core.ui.kept import http_errors, team_of
from groq_core.ui.page_bodies import UNREADABLE
from groq_core.ui.page_routes import Page, body_of
from groq_core.ui.static import PLAIN

if TYPE_CHECKING:
    from groq_core.store.team import Team

SPEND_DAYS = 31
MAX_BYTES = 64 * 1024


class AdminCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Something to be done.

    Attributes:
        action: The command's words, such as ``keys revoke``.
        name: Of the person, ``@GROUP`` or key.
        value: The role, the limits, the group or the text.
        password: A new one, of at least eight characters; whoever signs in elsewhere needs none.
    """

    action: str
    name: str = ""
    value: str = ""
    person: str = ""
    expires: str = ""
    password: str = ""


def create_routes(page: Page) -> APIRouter:
    """``/admin`` for people, ``/ui/admin`` for programs."""
    router = APIRouter(include_in_schema=False)

    async def admin(person: str) -> bool:
        team = team_of(page)
        named: tuple[str, ...] = getattr(page.core.settings, "admins", ())
        return bool(person) and (person in named or (team is not None and await team.admin(person)))

    async def check(person: str) -> str:
        if not await admin(person):
            raise HTTPException(403, "this is for admins")
        return person

    @router.get("/admin")
    async def whole_page(request: Request) -> Response:
        person: str = request.scope.get(PERSON) or ""
        if not await admin(person):
            return HTMLResponse(refusal_page(person), 403, ADMIN_HEADERS)
        return HTMLResponse(admin_page(person, f"ui/assets/{page.assets.version}{PLAIN}/"), headers=ADMIN_HEADERS)

    data_router = page_router()

    @data_router.get("/admin")
    async def data(request: Request) -> Response:
        # Who only reads needs no page's pass: no other origin is let in, and a program signs in with a password.
        await check(request.scope.get(PERSON) or "")
        return _json(await overview(page, request.app.state.refused_sign_ins))

    @data_router.post("/admin")
    async def change(request: Request) -> Response:
        who = await check(page.caller(request).person)
        team = team_of(page)
        if team is None:
            raise HTTPException(404, "there is no database: GROQ_CORE_DATABASE is not set")
        try:
            wanted = msgspec.json.decode(await body_of(request, MAX_BYTES), type=AdminCommand)
        except UNREADABLE as error:
            raise HTTPException(422, str(error)) from None
        with http_errors():
            return _json(await carry_out(team, wanted, who))

    router.include_router(data_router)
    return router


async def overview(page: Page, refused: RefusedSignIns) -> dict[str, Any]:
    """Everything an admin sees."""
    core, team = page.core, team_of(page)
    snapshot = core.board.snapshot()
    found: dict[str, Any] = {
        "mode": snapshot.mode,
        "ready": snapshot.ready,
        "inflight": snapshot.inflight,
        "requests": snapshot.requests,
        "degraded": snapshot.degraded,
        "fallbacks": snapshot.fallbacks,
        "targets": snapshot.targets,
        "limits": ", ".join(map(str, core.settings.limits)),
        "database": team is not None,
        "sign_ins": await refused.newest(),
        "asking": await team.asking.everywhere() if team is not None else core.log.asking(),
    }
    if team is not None:
        since = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=SPEND_DAYS)).date().isoformat()
        keys = [{**msgspec.to_builtins(key), "state": key.state} for key in await team.keys.all()]
        found |= {
            "people": await team.people.all(),
            "groups": await team.people.groups(),
            "keys": keys,
            "spend": await team.limits.books.read(since=since),
            "audit": await team.audit.newest(),
            "announcement": await team.announcements.current(),
            "admins": sorted(team.admins),
        }
    return found


async def carry_out(team: Team, wanted: AdminCommand, who: str) -> dict[str, Any]:
    """
    Do what the commands of the same words do.

    Raises:
        RequestError: It cannot be done; says why.
        HTTPException: There is no such action.
    """
    from groq_core.store.keys import age

    name, value = wanted.name, wanted.value
    match wanted.action:
        case "people add":
            hashed = await _hash(wanted.password) if wanted.password else None
            await team.people.add(name, who=who, role="admin" if value == "admin" else "user", password=hashed)
        case "people password":
            await team.people.set_password(name, await _hash(wanted.password), who=who)
        case "people role" if value in ("user", "admin"):
            await team.people.set_role(name, "admin" if value == "admin" else "user", who=who)
        case "people limit":
            await team.people.set_limits(name, value, who=who)
        case "people group":
            await team.people.set_team(name, value, who=who)
        case "people remove":
            await team.people.remove(name, who=who)
        case "keys create":
            expires_s = age(wanted.expires) if wanted.expires else None
            key = await team.keys.create(name, who=who, person=wanted.person, limit=value or None, expires_s=expires_s)
            return {"done": True, "key": key.reveal()}
        case "keys limit":
            await team.keys.set_limits(name, value, who=who)
        case "keys revoke":
            await team.keys.revoke(name, who=who)
        case "announce":
            await team.announcements.announce(value, who=who)
        case _:
            raise HTTPException(422, f"there is no action {wanted.action[:50]!r} with this value")
    return {"done": True}


async def _hash(password: str) -> str:
    """
    Raises:
        RequestError: It is too short or too long.
    """
    if len(password) < LEAST_PASSWORD:
        raise RequestError(f"a password has at least {LEAST_PASSWORD} characters", param="password")
    if len(password) > MOST_PASSWORD:
        raise RequestError(f"a password has at most {MOST_PASSWORD} characters", param="password")
    return await asyncio.to_thread(hash_password, password)


def _json(value: object) -> Response:
    body = json_bytes(value)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})
