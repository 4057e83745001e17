"""One process, one event loop, one port: the page, the HTTP API and everything behind them."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from groq_core.access.ended_file import EndedFile
from groq_core.access.passwords import UserFile
from groq_core.access.refused_sign_ins import RefusedSignIns
from groq_core.access.sessions import Revoked, Sessions
from groq_core.api.app import Api, create_api
from groq_core.api.late_page import LatePage
from groq_core.compose import Core, assemble
from groq_core.connections.event_loop import hand_over_early, list_no_generators, new_event_loop
from groq_core.connections.guard import Guard, bounds_for, protocol_for, raise_descriptors
from groq_core.connections.large_blocks import give_back_large_blocks
from groq_core.connections.workers import own_socket, supervise, watch_parent, worker_number
from groq_core.errors import SettingsError
from groq_core.settings.ports import listening_fault
from groq_core.settings.settings import Settings
from groq_core.settings.state_folder import state_folder_fault
from groq_core.settings.team_extra import require_team
from groq_core.telemetry import logs, span_export

if TYPE_CHECKING:
    from groq_core.models.catalogue import Catalogue
    from groq_core.services.batch.places import BatchPlace
    from groq_core.store.team import Team
    from groq_core.ui.gradio_door import Admit

logger = logging.getLogger("groq_core.serve")

OPEN_ID = "open id"
"""What the session of somebody without a password here holds good for."""

YOUNG = 10_000
"""New objects after which garbage is looked for. A hundred requests under way hold more than Python's 700, all of which
would be looked through again for each few more."""

LOOK_S = 1.0
"""Seconds between two looks at the clock, for the date in the headers. A signal to stop wakes uvloop at once; without
it, it is heard with whatever wakes the process next."""

GRACE_S = 10
"""Seconds that running answers get to finish after SIGTERM."""


def run(settings: Settings) -> int:
    """
    Serve until SIGTERM or SIGINT; returns the exit status.

    Raises:
        SettingsError: The user file cannot be used, or somebody else listens on the port.
    """
    logs.configure(settings.log, settings.log_level)
    give_back_large_blocks()
    people = UserFile(settings.auth_file) if settings.auth_file else None
    worker = worker_number()
    if worker is None:
        check_port(settings)
        for warning in filter(None, (*settings.warnings, state_folder_fault(settings.state_folder))):
            logger.warning(warning)
        if settings.workers > 1:
            return supervise(settings, lambda port: announce(settings, port))
    # Looking for garbage among the quarter of a million objects that a start makes costs a seventh of it.
    gc.disable()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(serve(settings, people))


def check_port(settings: Settings) -> None:
    """
    Raises:
        SettingsError: The port is taken or the address not ours; names the setting and what it can be instead.
    """
    if fault := listening_fault(settings.server_name, settings.server_port):
        what, mend = fault
        raise SettingsError(what, hint=mend)


def create_app(core: Core, people: UserFile | None = None) -> FastAPI:
    """
    The HTTP API with the page mounted below it; the API's routes come first, so the page cannot swallow them.

    Args:
        people: Who may see the page; None reads the file of the settings, where there is one.
    """
    api, load = _prepare(core, people)
    load()
    return api


def _prepare(core: Core, people: UserFile | None) -> tuple[Api, Callable[[], None]]:
    """The HTTP API, and what mounts the page on it."""
    if people is None and core.settings.auth_file is not None:
        people = UserFile(core.settings.auth_file)
    users = _users(people, core.team, core.settings)
    api = create_api(
        core,
        holders=[core.team.keys] if core.team is not None else [],
        sign_in=users.must_sign_in if isinstance(users, Everybody) else None,
        shelf=core.team.shelf if core.team is not None else core.shared.shelf if core.shared is not None else None,
        batches=_batches(core),
    )
    api.state.refused_sign_ins = core.team.sign_ins if core.team is not None else RefusedSignIns()

    def load() -> None:
        from groq_core.ui.app import mount

        mount(api, core, api.access.admit_scope)
        if users is not None:
            _sign_in(api, core, users, api.access.admit_scope)
        elif core.settings.hf_oauth:
            from groq_core.ui.hugging_face import HuggingFaceSignIn

            api.add_middleware(HuggingFaceSignIn)

    return api, load


def _batches(core: Core) -> BatchPlace | None:
    """Where batches are found from every machine; None where this one's folder has to do."""
    if core.team is None:
        return None
    from groq_core.services.batch.database_batches import DatabaseBatches

    return DatabaseBatches(core.team.database, core.settings.state_folder / "database")


def _sign_in(app: FastAPI, core: Core, users: UserFile | Everybody, admit: Admit) -> None:
    """Put the doors for people in front of the page."""
    from groq_core.ui.basic_auth import SignIn

    settings, shared = core.settings, core.shared
    sessions = Sessions(
        settings.secret,
        lambda name: users.hash_of(name) or (OPEN_ID if settings.open_id else None),
        _ended_sessions(core),
    )
    throttle = shared.throttle if shared is not None else None
    refused = app.state.refused_sign_ins
    app.add_middleware(
        SignIn,
        users=users,
        sessions=sessions,
        throttle=throttle,
        admit=admit,
        elsewhere=settings.open_id,
        refused=refused,
        look=core.team.look_for_people if core.team is not None else None,
        needed=users.must_sign_in if isinstance(users, Everybody) else lambda: True,
    )
    if settings.open_id:
        require_team(open_id=True)
        from groq_core.ui.open_id import OpenIdSignIn

        app.add_middleware(
            OpenIdSignIn,
            issuer=str(settings.oidc_issuer),
            client_id=str(settings.oidc_client_id),
            client_secret=settings.oidc_client_secret,
            sessions=sessions,
            secret=settings.secret,
            refused=refused,
        )


def _ended_sessions(core: Core) -> list[Revoked]:
    """
    Where it is known who signed out: Redis, of which all hear at once, and the database, which survives restarts, or
    without one a file.
    """
    places: list[Revoked] = []
    if core.shared is not None:
        places.append(core.shared.revoked)
    if core.team is not None:
        places.append(core.team.ended_sessions)
    elif core.settings.secret is not None:  # else no session outlives its process
        places.append(EndedFile(core.settings.state_folder))
    return places


class Everybody:
    """People of the user file, then those of the database; neither where all sign in with a provider."""

    def __init__(self, people: UserFile | None, team: Team | None, *, elsewhere: bool) -> None:
        self._people = people
        self._team = team
        self._needed = elsewhere or people is not None

    def must_sign_in(self) -> bool:
        """
        Whether the page is for those who sign in: from the moment at which the first person is in the database, and
        from then on, though the last one is taken away again.
        """
        self._needed = self._needed or (self._team is not None and self._team.directory.anybody)
        return self._needed

    def hash_of(self, name: str) -> str | None:
        found = self._people.hash_of(name) if self._people is not None else None
        return found or (self._team.directory.hash_of(name) if self._team is not None else None)


def _users(people: UserFile | None, team: Team | None, settings: Settings) -> UserFile | Everybody | None:
    """Who may sign in; None where nobody ever has to."""
    if settings.hf_oauth and not settings.sign_in and team is not None and not team.directory.anybody:
        return None  # visitors of a Space may sign in with the hub, and need not
    if settings.open_id or team is not None:
        return Everybody(people, team, elsewhere=settings.open_id)
    return people


async def serve(settings: Settings, people: UserFile | None = None) -> int:
    """
    Assemble and serve; running answers get up to ten seconds to finish, then upstream connections close.

    Args:
        people: Who may see the page; None for everybody.
    """
    list_no_generators()
    hand_over_early()
    worker = worker_number()
    finish_spans = span_export.configure()
    try:
        return await _serve(settings, people, worker)
    finally:
        await asyncio.to_thread(finish_spans)


async def _serve(settings: Settings, people: UserFile | None, worker: int | None) -> int:
    async with assemble(settings) as core:
        core.catalogue.subscribe(tell_list)
        if core.team is not None:
            await core.team.secret_mark.leave()
        app, load = _prepare(core, people)

        def loaded(error: Exception | None) -> None:
            # What is there now stays; looking through it for garbage again would halt all answers for 150 ms.
            gc.freeze()
            gc.set_threshold(YOUNG)
            gc.enable()
            server.should_exit = server.should_exit or error is not None
            server.failed = error is not None

        app.late = LatePage(app, load, loaded, afterwards=core.clients.prepare_uploads)
        server = PageServer(
            uvicorn.Config(
                app,
                host=settings.server_name,
                port=settings.server_port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the door reads them
                http=protocol_for(Guard(bounds_for(raise_descriptors()))),
                ws="none",
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=75,
            ),
            stopping=app.state.stopping,
            busy=lambda: core.log.under_way > 0,
            announce=lambda port: announce(settings, port) if worker is None else None,
        )
        if worker is None:
            await server.serve()
        else:
            watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
            await server.serve([own_socket(settings.server_name, settings.server_port)])
        if not server.started or server.failed:
            return 1
    return 0


def tell_list(catalogue: Catalogue) -> None:
    """Say at the terminal that Groq's models could not be read: a refused key or a dead network shows there first."""
    if catalogue.source != "live" and catalogue.note:
        logger.warning(catalogue.note)


class PageServer(uvicorn.Server):
    """
    uvicorn, with an end of our own: it waits for running answers, and for nothing else.

    An open page holds connections that never end by themselves (its heartbeat, the status panel), so the
    server would always wait its full grace; and it would end by the signal instead of with status 0.

    Args:
        stopping: Set when it begins to stop.
        busy: Whether an answer is being given.
        announce: Called with the port once it listens.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        stopping: asyncio.Event,
        busy: Callable[[], bool],
        announce: Callable[[int], None],
    ) -> None:
        self._told_to_stop = asyncio.Event()
        super().__init__(config)
        self._stopping = stopping
        self._busy = busy
        self._announce = announce
        self.failed = False
        """It stopped since the page could not be loaded."""

    @property
    def should_exit(self) -> bool:
        return self._told_to_stop.is_set()

    @should_exit.setter
    def should_exit(self, stops: bool) -> None:
        if stops:
            self._told_to_stop.set()

    async def main_loop(self) -> None:
        # uvicorn looks ten times a second whether it is to stop; whoever asks just then waits for that look.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._told_to_stop.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce(self.servers[0].sockets[0].getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # SIGINT and SIGTERM, on Windows Ctrl-Break too.
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)

    async def _wait_tasks_to_complete(self) -> None:
        while self._busy() and not self.force_exit:  # noqa: ASYNC110 - a second signal sets a plain flag
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)  # the last words are on their way to the socket
        for task in list(self.server_state.tasks):
            task.cancel()


def announce(settings: Settings, port: int) -> None:
    """Tell the person at the terminal where to look, and what answers there; as log lines where those are JSON."""
    host = "localhost" if settings.loopback else settings.server_name
    lines = [f"groq-core is at http://{host}:{port}", f"settings come from {settings.source}"]
    if settings.is_simulated:
        lines.append(
            "No key is set, so the built-in simulator answers, and every screen says so. "
            "Set GROQ_API_KEY for real answers."
        )
    for line in lines:
        if settings.log == "json":
            logger.info(line)
        else:
            print(line, file=sys.stderr)
