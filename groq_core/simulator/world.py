"""What all endpoints share: the catalogue, the limits, the faults, the pace, and one request with its context."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Any, get_args

import msgspec

from groq_core.simulator.dialect import Dialect
from groq_core.simulator.exchange import SimulatedExchange
from groq_core.simulator.faults import Fault, Faults
from groq_core.simulator.groq_wire import GroqWire
from groq_core.simulator.ids import Ids, organisation
from groq_core.simulator.leaking_buckets import RateLimits, Setting
from groq_core.simulator.model_profiles import DECOMMISSIONED, PROFILES, SimModel
from groq_core.simulator.openai_catalogue import OPENAI
from groq_core.simulator.openai_wire import OpenAIWire
from groq_core.simulator.story_upstream import Stories, StoryPart
from groq_core.simulator.wire_format import Json, WireError

REMEMBERED = 1_000
"""Requests kept for tests and curious people."""


class SeenRequest(msgspec.Struct, kw_only=True):
    """
    What was asked, for tests; never a key, and no recording or picture.

    Attributes:
        at: Unix time.
    """

    provider: str
    path: str
    model: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float


@dataclass(slots=True, kw_only=True)
class RequestInPlay:
    """One request on its way: who asks, in which dialect, and what is to go wrong."""

    exchange: SimulatedExchange
    wire: Dialect
    organisation: str
    model: str = ""
    fault: Fault | None = None
    part: StoryPart | None = None


class World:
    """
    The state of one simulator.

    Args:
        catalogue: A profile's name.
        pace: Multiplies every model's speed; 0 is as fast as it goes.
        limits, limits_scale: See :class:`~groq_core.simulator.leaking_buckets.RateLimits`.
        keys: Accepted keys; None accepts all that are not empty and do not contain ``invalid``.
        clock: Seconds, monotonic, for limits and faults.
        seed: Makes ids and chances repeat.

    Raises:
        ValueError: A setting is out of range.
    """

    def __init__(
        self,
        *,
        catalogue: str,
        pace: float,
        limits: Setting,
        limits_scale: float,
        keys: Collection[str] | None,
        clock: Callable[[], float],
        seed: int | None,
    ) -> None:
        if not 0 <= pace < inf:
            raise ValueError(f"pace must be a number from 0 on, but is {pace:g}")
        if limits not in get_args(Setting):
            raise ValueError(f"limits must be one of {', '.join(get_args(Setting))}; not {limits!r}")
        if not 0 < limits_scale < inf:
            raise ValueError(f"limits_scale must be a number above 0, but is {limits_scale:g}")
        self.ids = Ids(seed)
        self.groq = GroqWire(self.ids)
        self.openai = OpenAIWire(self.ids)
        self.pace = pace
        self.keys = keys
        self.limits = RateLimits(limits, limits_scale, clock)
        self.faults = Faults(clock, self.ids.random)
        self.stories = Stories()
        self.requests: deque[SeenRequest] = deque(maxlen=REMEMBERED)
        self.open_streams = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.catalogue = ""
        self._models: dict[str, dict[str, SimModel]] = {"openai": {model.id: model for model in OPENAI}}
        self.use(catalogue)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request as open while it is answered."""
        self.open_streams += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.open_streams -= 1
            if not self.open_streams:
                self.idle.set()

    def use(self, catalogue: str) -> None:
        """
        Switch to another catalogue profile.

        Raises:
            ValueError: There is none of that name.
        """
        if catalogue not in PROFILES:
            raise ValueError(f"catalogue must be one of {', '.join(PROFILES)}; not {catalogue!r}")
        self.catalogue = catalogue
        self._models["groq"] = {model.id: model for model in PROFILES[catalogue]}

    def models(self, provider: str) -> tuple[SimModel, ...]:
        return tuple(self._models[provider].values())

    def model(self, wire: Dialect, body: Mapping[str, Any]) -> SimModel:
        """
        The model a body names.

        Raises:
            WireError: 400 without a model or with a retired one, 404 with one that is not in the catalogue.
        """
        name = body.get("model")
        if not isinstance(name, str) or not name:
            missing = "you must provide a model parameter"
            raise WireError(400, missing if wire.name == "openai" else "property 'model' is missing")
        return self.find_model(wire, name)

    def find_model(self, wire: Dialect, name: str) -> SimModel:
        if (model := self._models[wire.name].get(name)) is not None:
            return model
        if wire.name == "groq" and name in DECOMMISSIONED:
            raise WireError(
                400,
                f"The model `{name}` has been decommissioned and is no longer supported. Please refer to "
                "https://console.groq.com/docs/deprecations for a recommendation on which model to use instead.",
                code="model_decommissioned",
            )
        raise wire.model_not_found(name)

    def authorize(self, exchange: SimulatedExchange, wire: Dialect) -> RequestInPlay:
        """
        Raises:
            WireError: 401.
        """
        scheme, _, key = exchange.headers.get("authorization", "").partition(" ")
        key = key.strip()
        accepted = bool(key) and (key in self.keys if self.keys is not None else "invalid" not in key.lower())
        if scheme.lower() != "bearer" or not accepted:
            raise wire.invalid_key(key)
        return RequestInPlay(exchange=exchange, wire=wire, organisation=organisation(key))

    def saw(self, call: RequestInPlay, path: str, body: Json) -> None:
        headers = {k: v for k, v in call.exchange.headers.items() if k not in ("authorization", "cookie", "x-api-key")}
        self.requests.append(
            SeenRequest(
                provider=call.wire.name,
                path=path,
                model=call.model,
                body=_without_data(body),
                headers=headers,
                at=time.time(),
            )
        )

    def rate(self, model: SimModel) -> float:
        """Chunks a second; 0 is as fast as it goes."""
        return model.speed * self.pace

    async def wait(self, exchange: SimulatedExchange, seconds: float) -> None:
        """
        Let simulated time pass, at the simulator's pace.

        Raises:
            HungUp: The client left meanwhile.
        """
        if self.pace and seconds > 0:
            await exchange.pause(seconds / self.pace)


def _without_data(value: Any) -> Any:
    """A copy of a body in which pictures and recordings are replaced by their size."""
    match value:
        case str() if value.startswith("data:") and len(value) > 200:
            head, _, data = value.partition(",")
            return f"{head},({len(data)} characters)"
        case dict():
            return {key: _without_data(inner) for key, inner in value.items()}
        case list():
            return [_without_data(inner) for inner in value]
        case bytes():
            return f"({len(value)} bytes)"
    return value
