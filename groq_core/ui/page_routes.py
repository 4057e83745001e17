"""
The page's own routes, under ``/ui``: answers and status go here directly, not through a queue.

They keep nothing: a conversation lives in the browser and is sent along with each question.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from math import ceil
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, HTTPException, Request
from msgspec.structs import asdict
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from groq_core.access.kept_secret import kept_secret
from groq_core.connections.bytes import holding_of, size_by_header
from groq_core.errors import RequestError
from groq_core.events import Events, Transcript
from groq_core.requests import SERVER, Caller
from groq_core.status.watch import watch
from groq_core.ui import answer_logs as answers
from groq_core.ui.answer_again import Revive, again, gaps
from groq_core.ui.asked_ahead import WaitingQuestions, is_english, with_words
from groq_core.ui.chat_request import PageQuestion, read_question_with_notes
from groq_core.ui.context import answer_to, with_notes
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import PASS_HEADER, Passes, caller_on_page, page_router, visitor
from groq_core.ui.fault_switch import Switch, flip, in_force, read_switch
from groq_core.ui.leaving import unless_gone
from groq_core.ui.model_picker import choices, models_of
from groq_core.ui.page_bodies import decode_json
from groq_core.ui.promised import PromisedByName
from groq_core.ui.spoken_ahead import SpokenAhead, with_voice
from groq_core.ui.static import PLAIN, Assets
from groq_core.ui.stream import EventStream, Pace, line, refusal
from groq_core.ui.texts import TEXTS
from groq_core.ui.visitor_key import own_caller, own_credential

if TYPE_CHECKING:
    from groq_core.store.shared.shared_state import SharedState
    from groq_core.ui.answers_elsewhere import AnswersElsewhere

MAX_QUESTION_BYTES = 48 * 1024 * 1024
"""A question with five pictures of four megabytes, in base64, and a long conversation."""

STATUS_GATHER_S = 0.2
STATUS_LOOK_S = 0.8
STATUS_HEARTBEAT_S = 1.5
"""A page that hears nothing for three of these says that its server is gone."""


class Page:
    """
    What the routes share: the core, the passes, the pace. One per application; it holds nothing of a visitor.

    Args:
        core: The house; the page reads its board and asks its handler.
        assets: The page's scripts and styles.
    """

    def __init__(self, core: PageCore, assets: Assets) -> None:
        self.core = core
        self.assets = assets
        self.passes = Passes(secret=core.settings.secret or kept_secret(core.settings.state_folder))
        self.pace = Pace()
        self.judgements = PromisedByName[float](TEXTS["error_turn"])
        self.transcripts = PromisedByName[Transcript](TEXTS["error_turn"])
        self.waiting = WaitingQuestions()
        self.spoken = SpokenAhead()
        self.answers = answers.Answers(self.pace)
        shared = getattr(core, "shared", None)
        self.elsewhere = _answers_elsewhere(self.answers, shared) if shared is not None else None

    def caller(self, request: Request) -> Caller:
        return self.scope_caller(own_caller(self.core.own_keys, request, visitor(request, self.passes)))

    @property
    def is_shared(self) -> bool:
        """Visitors of one simulator can disturb each other: others than the one at this machine reach it."""
        return self.core.simulator is not None and not self.core.settings.loopback

    def scope_caller(self, caller: Caller) -> Caller:
        """Give a visitor of a shared simulator faults and health of his own; who brings a key has them anyway."""
        if not self.is_shared or caller.groq_key is not None:
            return caller
        return msgspec.structs.replace(caller, credential=f"simulated:{caller.user}")

    def answer(self, events: Events) -> EventStream:
        return EventStream(events, self.pace)

    def with_voice(self, events: Events, caller: Caller) -> Events:
        """
        An English answer whose first sentence is spoken before the page asks for it; as it is where the page may ask
        another process.
        """
        if self.elsewhere is not None or self.core.settings.workers > 1:
            return events

        def speak(text: str) -> None:
            self.spoken.begin(caller, text, self.core.speech.say(text, model="speech", caller=caller))

        return with_voice(events, speak, lambda text: self.spoken.drop(caller, text))

    def begin(
        self, name: str, owner: str, events: Events, question: bytes, caller: Caller, before: Sequence[bytes] = ()
    ) -> answers.LoggedAnswer:
        """Begin an answer that its page, and every replica, can come back to."""
        answer = self.answers.start(name, owner, events, before)
        if self.elsewhere is not None:
            self.elsewhere.begin(name, owner, answer, _for_others(question, caller))
        return answer

    async def claim(self, name: str, owner: str, question: bytes, caller: Caller) -> answers.PageAnswer | None:
        """An answer that is given already, here or by another replica; None where it is ours to give."""
        if self.elsewhere is None:
            return None
        found = await self.elsewhere.claim(name, owner, self._revive(caller), _for_others(question, caller))
        return self.answers.find(name, owner) or found

    async def look_elsewhere(self, name: str, owner: str, caller: Caller) -> answers.PageAnswer | None:
        """An answer that another replica gives."""
        return await self.elsewhere.find(name, owner, self._revive(caller)) if self.elsewhere is not None else None

    def _revive(self, caller: Caller) -> Revive:
        return lambda body: answer_question(self.core, body, caller)

    async def find(self, name: str, request: Request) -> answers.PageAnswer:
        """
        An answer, wherever it runs.

        Raises:
            HTTPException: 404; there is none of this visitor.
        """
        caller = self.caller(request)
        owner = answers.owner_of(request, caller)
        found: answers.PageAnswer | None = self.answers.find(name, owner)
        if found is None and name:
            found = await self.look_elsewhere(name, owner, caller)
        if found is None:
            raise HTTPException(404, TEXTS["error_answer_gone"])
        return found

    async def close(self) -> None:
        """Let go of what still runs, or stop it: nobody reads it here any more."""
        if self.elsewhere is not None:
            await self.elsewhere.close()
        await self.answers.close()


def _for_others(question: bytes, caller: Caller) -> bytes:
    """What another replica may ask again; nothing with a visitor's own key, which is in this process alone."""
    return question if caller.groq_key is None else b""


def _answers_elsewhere(here: answers.Answers, shared: SharedState) -> AnswersElsewhere:
    """Only who has Redis waits for its client."""
    from groq_core.ui.answers_elsewhere import AnswerMirror, AnswersElsewhere

    return AnswersElsewhere(here, AnswerMirror(shared.runs))


def answer_question(core: PageCore, body: bytes, caller: Caller) -> Events:
    """A page's question, once more; one that cannot be asked is an answer that is only a refusal."""
    try:
        question, notes = read_question_with_notes(body)
        events = answer_to(core, question, caller)
        return with_notes(notes, events) if notes else events
    except RequestError as error:
        return refusal(error)


FIRST_BYTES = 64 * 1024
"""What is enough to see that the rest need not come."""


async def body_of(request: Request, limit: int, check: Callable[[bytes], object] | None = None) -> bytes:
    """
    Read a body into memory, at most ``limit`` bytes of it.

    Args:
        check: Looks at the first :data:`FIRST_BYTES` as soon as they are here; raises RequestError for what the rest
            cannot mend.

    Raises:
        HTTPException: 413 as soon as it is too much, 503 when all requests together hold as much as they may, 499
            where the page hung up, and whatever ``check`` says.
    """
    body = bytearray()
    holding = holding_of(request.scope)
    try:
        if (declared := size_by_header(request.scope)) > limit:
            raise HTTPException(413, TEXTS["error_too_large"].format(limit=limit // 2**20))
        holding.reach(declared)
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise HTTPException(413, TEXTS["error_too_large"].format(limit=limit // 2**20))
            holding.reach(len(body))
            if check is not None and len(body) >= FIRST_BYTES:
                check(bytes(body[:FIRST_BYTES]))
                check = None
    except RequestError as error:
        raise http_error(error) from error
    except ClientDisconnect:
        raise HTTPException(499) from None  # who speaks on calls off what was just sent: nobody reads it, nothing broke
    return bytes(body)


def http_error(error: RequestError) -> HTTPException:
    """
    An error in the page's own way, with when to try again where that is known.

    >>> http_error(RequestError("it is full", status=503, hint="Wait.", retry_after=1.5)).detail
    'it is full. Wait.'
    """
    wait = {"retry-after": str(ceil(error.retry_after))} if error.retry_after else None
    return HTTPException(error.status, error.told, wait)


class ChatRoute:
    """
    ``POST /ui/chat``, in front of all other routes and their layers.

    Finding a route, resolving its dependencies and passing every message on through eight layers costs a question
    half as much as its answer; when a hundred people ask at once, that is what they wait for.
    """

    def __init__(self, app: ASGIApp, page: Page) -> None:
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["method"] == "POST"
        if not ours or scope["path"].removeprefix(scope.get("root_path", "")) != "/ui/chat":
            await self._app(scope, receive, send)
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        except HTTPException as error:
            response = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        caller = self._page.caller(request)
        body = await body_of(request, MAX_QUESTION_BYTES)
        log, name, owner = self._page.answers, answers.name_of(request), answers.owner_of(request, caller)
        if words := request.query_params.get("words", ""):
            return await self._ask_ahead(request, caller, body, words)
        # The page asks again when it cannot know whether its question came through, or when its answer was lost.
        try:
            before = gaps(request.query_params.get("at", ""))
        except RequestError as error:
            raise http_error(error) from None
        await self._page.waiting.over(name, owner)
        if (known := await self._known(name, owner, body, caller)) is not None:
            return answers.AnswerStream(known, len(before))

        def ask(body: bytes) -> Events:
            return answer_question(self._page.core, body, caller)

        events = again(before, body, ask) if before else ask(body)
        if name and log.has_room(name, owner):
            return answers.AnswerStream(self._page.begin(name, owner, events, body, caller, before), len(before))
        return self._page.answer(events)

    async def _known(self, name: str, owner: str, body: bytes, caller: Caller) -> answers.PageAnswer | None:
        """An answer of that name, wherever it is given; None where it is ours to give."""
        log = self._page.answers
        known: answers.PageAnswer | None = log.find(name, owner)
        if known is not None or not name:
            return known
        # What is not logged nobody else can read, so it is not claimed either.
        if log.has_room(name, owner):
            return await self._page.claim(name, owner, body, caller)
        return await self._page.look_elsewhere(name, owner, caller)

    async def _ask_ahead(self, request: Request, caller: Caller, body: bytes, words: str) -> Response:
        """
        Ask a question in the moment in which its words are known, see :mod:`groq_core.ui.asked_ahead`.

        204 once its answer is under way; 409 where it is not asked so, and the page asks in its own way.
        """
        page, name, owner = self._page, answers.name_of(request), answers.owner_of(request, caller)
        likely = request.query_params.get("likely") == "true"
        with page.waiting.wait(name, owner):
            try:
                question = decode_json(body, PageQuestion)
                promised = await page.transcripts.find_soon(caller, words)
            except RequestError as error:
                raise http_error(error) from None
            transcript = await unless_gone(request, promised.value())
            filled = with_words(question, transcript, likely=likely)
            if filled is None or not name or not page.answers.has_room(name, owner):
                return Response(status_code=409)
            if await self._known(name, owner, filled, caller) is None:
                events = answer_question(page.core, filled, caller)
                if transcript is not None and is_english(transcript):
                    events = page.with_voice(events, caller)
                page.begin(name, owner, events, filled, caller)
        return Response(status_code=204)


def create_routes(page: Page) -> APIRouter:
    """The routes every tab needs; a tab adds its own with a function like this one."""
    router = page_router()
    router.include_router(answers.create_routes(page.find))

    @router.get("/pass")
    async def new_pass(request: Request) -> Response:
        return JSONResponse(
            {"pass": page.passes.issue(request.headers.get(PASS_HEADER, ""))}, headers={"cache-control": "no-store"}
        )

    @router.get("/models")
    async def models(request: Request) -> Response:
        targets = page.core.board.snapshot(own_credential(page.core.own_keys, request)).targets
        return JSONResponse(choices(models_of(page.core), targets=targets), headers={"cache-control": "no-store"})

    @router.get("/limits")
    async def limits(request: Request) -> Response:
        """Who is signed in, what this visitor or person may use, and has used; empty where nothing is limited."""
        caller = page.caller(request)
        allowances = [asdict(one) for one in await page.core.people.allowances(caller)]
        return JSONResponse({"person": caller.person, "limits": allowances})

    @router.get("/status/events")
    async def status(request: Request, visitor: str = "") -> Response:
        found = page.passes.page_id(request.headers.get(PASS_HEADER) or visitor)
        caller = page.scope_caller(caller_on_page(request, found)) if found is not None else Caller()
        own = own_credential(page.core.own_keys, request)
        return StreamingResponse(
            snapshots(page.core, caller if own == SERVER else msgspec.structs.replace(caller, credential=own)),
            media_type="text/event-stream",
        )

    @router.post("/faults")
    async def faults(request: Request) -> Response:
        caller = page.caller(request)
        if page.core.simulator is None:
            raise HTTPException(404, TEXTS["error_no_simulator"])
        try:
            switch = read_switch(await body_of(request, 4096))
            mended = flip(page.core.simulator.faults, switch, caller.visitor or "*")
            await wake(page.core, mended, everything=switch == Switch(), credential=caller.credential)
        except RequestError as error:
            raise http_error(error) from error
        return Response(status_code=204)

    return router


def create_asset_routes(page: Page) -> APIRouter:
    """Scripts and styles, for whoever asks: nothing in them is anybody's."""
    router = APIRouter(prefix="/ui/assets", include_in_schema=False)

    @router.get("/{version}/{name:path}")
    async def asset(version: str, name: str, request: Request) -> Response:
        accepted = request.headers.get("accept-encoding", "")
        return page.assets.response(name, accepted, plain=version.endswith(PLAIN))

    return router


async def wake(core: PageCore, targets: list[str], *, everything: bool, credential: str = SERVER) -> None:
    """Let what was broken on purpose, and is mended, be asked at once: nobody waits for a rest that has no reason."""
    for name in [target.name for target in core.board.snapshot().targets] if everything else targets:
        core.health.forgive_gone(credential, name)
        core.health.record_success(credential, name.partition(":")[0], name)
    if targets or everything:
        await core.catalogue.refresh()


def lives(core: PageCore) -> dict[str, dict[str, object]]:
    """What the panel tells of models beside their state: what people call them, and until when they are there."""
    return {
        spec.name: {"label": spec.label, "status": spec.status, "shutdown": spec.shutdown}
        for spec in core.catalogue.current.specs.values()
    }


async def snapshots(core: PageCore, caller: Caller = Caller()) -> AsyncGenerator[bytes, None]:  # noqa: B008 - frozen
    """
    The state of the house as server-sent events: now, on every change, and a heartbeat when nothing happens.

    Some changes come with time alone (a rest that ends) or from elsewhere (a fault switched on over HTTP), so it
    also looks by itself every second.
    """
    told: object = None
    told_at = 0.0
    known: object = None
    whose = caller.visitor or "*"
    states = watch(core.board, caller.credential, gather_s=STATUS_GATHER_S, look_s=STATUS_LOOK_S)
    async with aclosing(states):
        async for snapshot in states:
            faults = in_force(core.simulator.faults, whose) if core.simulator else []
            seen = (snapshot.version, [target.state for target in snapshot.targets], faults)
            if seen != told:
                news: dict[str, object] = {"snapshot": snapshot, "faults": faults}
                if known is not core.catalogue.current:
                    known = core.catalogue.current
                    news |= {"models": lives(core), "lists": core.tiers}
                yield line(news)
                told, told_at = seen, time.monotonic()
            elif time.monotonic() - told_at > STATUS_HEARTBEAT_S:
                yield b": still here\n\n"
                told_at = time.monotonic()
