"""
Answer what was answered before, and let the same question asked twice at once be asked once.

Only what would come out the same is kept: an explicit temperature of 0, no tools, finished with ``stop``, written
by one model from start to end. The key is the whole request less a short list of what cannot change the
answer, since lists of what to include have always missed something. It is scoped to the credential and,
unless the operator says otherwise, to the person.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, MutableMapping
from contextlib import aclosing
from functools import partial
from math import inf
from typing import Any, Literal

import msgspec
from cachetools import TTLCache

from groq_core.errors import LIMIT_REACHED, ChainError, GroqCoreError, Kind, RequestError
from groq_core.events import (
    CONTENT,
    AttemptFailed,
    CacheChecked,
    Continued,
    Degraded,
    Event,
    Events,
    Finished,
    Note,
    Restarted,
    Routed,
)
from groq_core.pipeline import Handler
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from groq_core.telemetry.metrics import Metrics

IGNORED_PARAMS = frozenset({"stream", "stream_options", "user", "metadata", "store", "service_tier"})
"""What cannot change the text of an answer."""

IGNORED_FIELDS = frozenset(
    {"stream", "revisable", "no_store", "hedge", "background", "outlet", "waited_s", "caller", "request_id", "params"}
)
"""Fields of a request that are about this call and not about what is asked; params are looked at on their own."""

LATER_S = 1.0
"""Who has so much more time than whoever asked first is not done when that one's time is up."""

MOMENT_S = 0.01
"""Less than that was not waited for anybody."""

_encoder = msgspec.json.Encoder(order="sorted")


class CacheEntry(msgspec.Struct, frozen=True):
    """A whole answer, as it came: what it was routed as, its content, its end; and when."""

    routed: Routed
    answer: tuple[Event, ...]
    finished: Finished
    stored_at: float


def all_by_events(request: Request) -> Request:
    """The same request, all of whose answer comes as events."""
    if isinstance(request, ChatRequest) and request.outlet is not None:
        return msgspec.structs.replace(request, outlet=None)
    return request


def reproducible(request: Request) -> bool:
    """Whether asking again would give the same answer. A temperature that is not sent is 1, not 0."""
    match request:
        case ChatRequest():
            params = request.params
            return (
                not request.no_store
                and params.get("temperature") == 0
                and not isinstance(params.get("temperature"), bool)
                and not params.get("tools")
                and params.get("n") in (None, 1)
            )
        case TranscriptionRequest():
            return not request.no_store and request.temperature == 0
        case SpeechRequest():
            return False


def key_of(request: Request, scope: Literal["person", "server"] = "person") -> str:
    """Name a request by everything that could change its answer, by whose key pays for it, and by who shares it."""
    fields: dict[str, Any] = {
        name: getattr(request, name) for name in request.__struct_fields__ if name not in IGNORED_FIELDS
    }
    if isinstance(request, ChatRequest):
        fields["params"] = {name: value for name, value in request.params.items() if name not in IGNORED_PARAMS}
    sharers = request.caller.user if scope == "person" else ""
    body = _encoder.encode([type(request).__name__, request.caller.credential, sharers, fields])
    return hashlib.sha256(body).hexdigest()


def open_store(
    size: int, ttl_s: float, clock: Callable[[], float] = time.monotonic
) -> MutableMapping[str, CacheEntry] | None:
    """Room for so many answers, each kept for so long; None where ``size`` is 0."""
    return TTLCache(size, ttl_s, timer=clock) if size else None


class Cache:
    """
    Args:
        store: Any mapping; ``cachetools.TTLCache`` in the app. None turns the cache off.
        scope: Who shares answers: each person (or visitor, or token) with himself, or everybody of the server.
        ttl_s: How long an answer may be old, where it came from another replica; the store forgets its own.
        deadline_s: How long one request may take.
    """

    def __init__(
        self,
        store: MutableMapping[str, CacheEntry] | None,
        metrics: Metrics,
        *,
        scope: Literal["person", "server"] = "person",
        ttl_s: float = inf,
        deadline_s: float = inf,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self._scope = scope
        self._ttl_s = ttl_s
        self._deadline_s = deadline_s
        self._metrics = metrics
        self._clock = clock
        self._changed = changed
        self._under_way: dict[str, _Shared] = {}

    def __call__(self, handle: Handler[Request], request: Request) -> Events:
        if self.store is None or not reproducible(request):
            return handle(request)  # nobody has to be told that nothing was looked for
        return self._look_up(handle, request)

    async def _look_up(self, handle: Handler[Request], request: Request) -> Events:
        assert self.store is not None
        key = key_of(request, self._scope)
        entry = self.store.get(key)
        if entry is not None and self._clock() - entry.stored_at < self._ttl_s:
            self._count(hit=True)
            for event in replay(entry, request, self._clock() - entry.stored_at):
                yield event
            return
        began = self._clock()
        ends = began + self._deadline_s - request.waited_s
        while (shared := self._under_way.get(key)) is not None:
            # A reader who can take text back must not share with one who cannot, nor the other way round.
            if shared.request.revisable != request.revisable:
                break
            self._count(hit=True)
            told = False
            try:
                async with aclosing(shared.read(request)) as events:
                    async for event in events:
                        told = told or isinstance(event, CONTENT)
                        yield event
            except GroqCoreError as error:
                if told or not self._is_the_first_s_alone(error, shared, request, ends):
                    raise
                self._close_flight(key, shared, None)
            else:
                return
        yield CacheChecked(result="miss")
        # Registered where it is read: who leaves before that has asked nobody, and leaves nothing to share.
        if (waited := self._clock() - began) > MOMENT_S:
            request = msgspec.structs.replace(request, waited_s=request.waited_s + waited)
        shared = _Shared(handle, request, partial(self._close_flight, key), ends)
        self._under_way[key] = shared
        hit = False
        try:
            async with aclosing(shared.read(None)) as events:
                async for event in events:
                    if type(event) is CacheChecked:  # another replica's answer
                        hit = event.result == "hit"
                    yield event
        finally:
            self._count(hit=hit)

    def _is_the_first_s_alone(self, error: GroqCoreError, flight: _Shared, follower: Request, ends: float) -> bool:
        """Whether it was the limit, or the time, of whoever asked first that was used up; this reader has his own."""
        if isinstance(error, RequestError):
            return error.code == LIMIT_REACHED and flight.request.caller != follower.caller
        if not isinstance(error, ChainError) or ends < flight.ends + LATER_S:
            return False
        late = self._clock() > flight.ends - LATER_S
        return late or any(one.kind is Kind.DEADLINE for one in error.failures)

    def _count(self, *, hit: bool) -> None:
        if hit:
            self._metrics.cache_hits += 1
        else:
            self._metrics.cache_misses += 1
        self._metrics.cache.labels("hit" if hit else "miss").inc()
        self._changed()

    def _close_flight(self, key: str, flight: _Shared, heard: list[Event] | None) -> None:
        """An upstream answer ended; None when it failed or was given up."""
        if self._under_way.get(key) is flight:
            del self._under_way[key]
        if heard is not None and self.store is not None and (entry := entry_of(heard, self._clock())) is not None:
            self.store[key] = entry


def entry_of(heard: list[Event], now: float) -> CacheEntry | None:
    """What of an answer is kept, or None where it is not one that would come out the same again."""
    routed = next((event for event in heard if isinstance(event, Routed)), None)
    finished = heard[-1] if heard else None
    if routed is None or not isinstance(finished, Finished) or finished.finish_reason != "stop":
        return None
    if any(isinstance(event, Restarted | Continued | Degraded | Note) for event in heard):
        return None
    answer = tuple(event for event in heard if isinstance(event, CONTENT))
    hit = next((event for event in heard if isinstance(event, CacheChecked) and event.result == "hit"), None)
    if hit is not None:
        # Another replica's, which is no younger for having come here, and saves what it cost there.
        now -= hit.age_s or 0.0
        finished = msgspec.structs.replace(finished, cost_usd=hit.saved_usd)
    return CacheEntry(routed, answer, finished, now)


def replay(entry: CacheEntry, request: Request, age: float) -> list[Event]:
    """A kept answer as a stream: nobody was asked, nothing is billed, and it says so."""
    finished = entry.finished
    return [
        msgspec.structs.replace(entry.routed, request_id=request.request_id),
        CacheChecked(result="hit", age_s=age, saved_usd=finished.cost_usd),
        *entry.answer,
        msgspec.structs.replace(finished, number=0, cost_usd=0.0, ttft_s=0.0, elapsed_s=0.0),
    ]


class _Shared:
    """
    One upstream answer with any number of readers.

    A task reads it, since the reader who came first may leave before the others; it is cancelled when the last
    one has left.

    Attributes:
        ends: When the time of the request is up.
    """

    def __init__(
        self,
        handle: Handler[Request],
        request: Request,
        ended: Callable[[_Shared, list[Event] | None], None],
        ends: float,
    ) -> None:
        self.request = request
        self.ends = ends
        # Whatever is said is kept, and told to whoever else listens.
        self._events = handle(all_by_events(request))
        self._ended = ended
        self._heard: list[Event] = []
        self._readers = 0
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        self._done = False
        self._task: asyncio.Task[None] | None = None

    async def _pump(self) -> None:
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    self._heard.append(event)
                    self._wake()
        except Exception as error:  # whoever reads it is told
            self._error = error
        finally:
            self._done = True
            self._ended(self, self._heard if self._error is None and self._whole() else None)
            self._wake()

    def _whole(self) -> bool:
        return bool(self._heard) and isinstance(self._heard[-1], Finished)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def read(self, follower: Request | None) -> Events:
        """The events from the start; a follower's are marked as shared."""
        if self._task is None:
            self._task = asyncio.create_task(self._pump())
        self._readers += 1
        position = 0
        try:
            while True:
                while position < len(self._heard):
                    event = self._heard[position]
                    position += 1
                    if follower is not None:
                        if isinstance(event, Routed):
                            yield msgspec.structs.replace(event, request_id=follower.request_id)
                            yield CacheChecked(result="hit", age_s=0.0, shared=True)
                            continue
                        if isinstance(event, Finished | AttemptFailed):
                            # It tells which attempts were made for both; only one of them pays.
                            event = msgspec.structs.replace(event, cost_usd=0.0)
                    yield event
                if self._done:
                    if self._error is not None:
                        raise self._error
                    return
                await self._changed.wait()
        finally:
            self._readers -= 1
            if self._readers == 0 and not self._done:
                self._ended(self, None)  # nobody joins what is being given up
                self._task.cancel()
                # `wait` and not `await`: the task's own cancellation is not ours.
                await asyncio.wait([self._task])
