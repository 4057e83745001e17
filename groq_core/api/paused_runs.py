"""Runs of the agent that wait for somebody's word, for whichever process hears it: each goes on once."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from groq_core.api.agent_asked import AgentQuery
from groq_core.encoding import json_bytes
from groq_core.errors import ChainError, RequestError
from groq_core.requests import Caller
from groq_core.services.agent import RunState
from groq_core.store.shelf import SharedPlace, ShelfAway

PAUSED_S: Final = 3600.0
MOST_PAUSED: Final = 500
"""That many runs wait in a process's memory, each that long."""

MOST_SHARED_BYTES: Final = 8 * 2**20
"""A larger run is found only where it paused."""


@dataclass(frozen=True, slots=True)
class Paused:
    """
    A run that waits.

    Attributes:
        body: What it was begun with, as it came.
        wanted: The same, read.
    """

    body: Mapping[str, Any]
    wanted: AgentQuery
    state: RunState


class _Written(msgspec.Struct):
    """The same as it stands on the shelf; the state has a form of its own, in which half a letter is kept."""

    body: dict[str, Any]
    state: str


class PausedRuns:
    """
    Where runs wait; each caller finds their own.

    What every process finds stands on the shelf alone, so that of several that hear the word one goes on. In memory
    are those with a caller's own servers, whose credentials are written nowhere, and those for which there is no
    shelf, or none at that moment.

    Args:
        read: Makes a query of what a run was begun with.
        shelf: What all processes share; None where there is nothing of the kind.
        clock: Seconds.
    """

    def __init__(
        self,
        read: Callable[[Mapping[str, Any]], AgentQuery],
        shelf: SharedPlace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._shelf = shelf
        self._clock = clock
        self._here: OrderedDict[str, tuple[float, Paused]] = OrderedDict()

    async def keep(self, caller: Caller, paused: Paused) -> None:
        """Let a run wait."""
        place = _place(caller, paused.state.run)
        if self._shelf is not None and _holds_no_secrets(paused.body):
            written = json_bytes(_Written(body=dict(paused.body), state=paused.state.encode().decode()))
            if len(written) <= MOST_SHARED_BYTES:
                with suppress(ShelfAway):
                    await self._shelf.put(place, written, PAUSED_S)
                    return
        now = self._clock()
        while self._here and (len(self._here) >= MOST_PAUSED or next(iter(self._here.values()))[0] < now):
            self._here.popitem(last=False)
        self._here[place] = now + PAUSED_S, paused

    async def take(self, caller: Caller, run: str, words: Iterable[str]) -> Paused:
        """
        Take up a run. Whoever says the same word again finds nothing.

        Raises:
            RequestError: No run of this caller's waits under that id, a word is for no call of it, or what it was
                begun with cannot be had any more; then it waits on.
            ChainError: Nobody can say now whether it waits.
        """
        place = _place(caller, run)
        until, here = self._here.get(place, (0.0, None))
        if here is not None and until >= self._clock():
            _check_words(here.state, words)
            del self._here[place]
            return here
        try:
            paused = await self._look(place)
            if paused is None:
                raise _no_run(run)
            _check_words(paused.state, words)
            assert self._shelf is not None
            if await self._shelf.take(place) is None:
                raise _no_run(run)  # another process was told at the same time
        except ShelfAway:
            raise ChainError("nobody can say now whether this run waits", retry_after=5.0, hint="Try again.") from None
        return paused

    async def _look(self, place: str) -> Paused | None:
        written = await self._shelf.get(place) if self._shelf is not None else None
        if written is None:
            return None
        kept = msgspec.json.decode(written, type=_Written)
        return Paused(kept.body, self._read(kept.body), RunState.decode(kept.state))


def _holds_no_secrets(body: Mapping[str, Any]) -> bool:
    """A server by address may have a token in it."""
    return all(isinstance(one, str) or set(one) <= {"name"} for one in body.get("mcp_servers", ()))


def _check_words(state: RunState, words: Iterable[str]) -> None:
    waiting = {one.approval for one in state.pending}
    if unknown := [word for word in words if word not in waiting]:
        raise RequestError(
            f"no call of this run waits for the approval {unknown[0][:80]!r}",
            status=404,
            param="resume.approvals",
            code="approval_not_found",
            hint="An approval is good for one call of one run, once.",
        )


def _no_run(run: str) -> RequestError:
    return RequestError(
        f"no run {run[:80]!r} waits here",
        status=404,
        param="resume.run",
        code="run_not_found",
        hint="A paused run is kept for an hour and goes on once.",
    )


def _place(caller: Caller, run: str) -> str:
    """Where it stands; who does not know whose it is finds nothing."""
    return hashlib.sha256("\0".join(("run", caller.credential, caller.user, run)).encode()).hexdigest()
