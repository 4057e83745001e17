"""
Faults on demand: what goes wrong, for whom, how often.

One store serves the tests (`simulator.faults.add`), the status panel and `POST /_simulator/faults`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from groq_core.simulator.presets import PRESETS, PresetContext
from groq_core.simulator.wire_format import WireError

FaultKind: TypeAlias = Literal[
    "status",  # answer with this status, headers and body instead
    "slow_first_token",  # `seconds` of silence before the first event
    "stall",  # silence after `after` chunks, for `seconds` or for ever
    "cut",  # close the connection after `after` chunks
    "clean_end",  # end properly after `after` chunks, without finish chunk and [DONE]
    "no_done",  # finish chunk, but no [DONE]
    "malformed",  # one bad line after `after` chunks, then go on
    "error_event",  # `event: error` after `after` chunks, then end
    "x_groq_error",  # a chunk with x_groq.error after `after` chunks, then end
    "empty",  # 200 with nothing in it
    "content_filter",  # finish_reason content_filter after `after` chunks
    "reset",  # TCP reset before any header
    "never",  # accept and never answer
    "refuse_prefill",  # 400 when an assistant message stands last
]
Provider: TypeAlias = Literal["groq", "openai", "*"]
Operation: TypeAlias = Literal["chat", "audio", "speech", "models", "files", "batches", "*"]

MOST = 2000
"""Faults at once; one more switches the oldest off."""

KINDS: tuple[str, ...] = get_args(FaultKind)
_CHOICES = {"kind": KINDS, "provider": get_args(Provider), "operation": get_args(Operation)}


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    One thing that goes wrong.

    Attributes:
        kind: What, see :data:`FaultKind`.
        provider, model, operation: For whom; ``*`` matches all.
        visitor: Whose requests it hits, by what they send as ``x-simulated-visitor``; ``*`` hits everybody's.
        status: HTTP status of a ``status`` fault without preset.
        headers: Further response headers.
        body: Of a ``status``, ``empty`` or ``error_event`` fault: any JSON value, or raw text.
        preset: A realistic status, body and headers by name, see :data:`~groq_core.simulator.presets.PRESETS`.
        retry_after: Seconds a 429 or 503 preset asks for.
        after: Content chunks that still come.
        seconds: How long a silence lasts; None is for ever.
        mid: Where within the next chunk a ``cut`` falls.
        times: How many requests it hits; None is no end.
        probability: Chance that a matching request is hit.
        until_s: Seconds from now after which it is over.
        id: Given by the store.
    """

    kind: FaultKind
    provider: Provider = "*"
    model: str = "*"
    operation: Operation = "*"
    visitor: str = "*"
    status: int = 500
    headers: dict[str, str] = {}
    body: Any = None
    preset: str | None = None
    retry_after: float | None = None
    after: int = 0
    seconds: float | None = None
    mid: Literal["event", "json", "utf8"] | None = None
    times: int | None = None
    probability: float = 1.0
    until_s: float | None = None
    id: str = ""

    def check(self) -> None:
        """
        Raises:
            ValueError: A value is out of range; the message names the field.
        """
        for name, allowed in _CHOICES.items():
            if (chosen := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}; not {chosen!r}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be between 0 and 1, not {self.probability:g}")
        if not 200 <= self.status <= 599:
            raise ValueError(f"status must be between 200 and 599, not {self.status}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, not {self.times}")
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}; not {self.preset!r}")
        for name in ("after", "seconds", "until_s", "retry_after"):
            if (value := getattr(self, name)) is not None and value < 0:
                raise ValueError(f"{name} must not be negative, but is {value:g}")

    @property
    def early_end(self) -> str:
        """What ``x_groq.error`` says."""
        return self.body if isinstance(self.body, str) else "over capacity: the request was stopped early"

    def refusal(self, model: str) -> WireError:
        """The error that an answer ends in: the preset, the fault's own body, or Groq's plain 500."""
        if self.preset is not None:
            error = PRESETS[self.preset](PresetContext(model, "org_simulated", self.retry_after))
            if isinstance(error, WireError):
                return error
        if not isinstance(self.body, dict):
            message = self.body if isinstance(self.body, str) else "Internal Server Error"
            return WireError(self.status, message, type="internal_server_error")
        inner = self.body.get("error", self.body)
        known = {"message", "type", "param", "code", "status_code"}
        return WireError(
            int(inner.get("status_code", self.status)),
            str(inner.get("message", "")),
            type=str(inner.get("type", "internal_server_error")),
            param=inner.get("param"),
            code=inner.get("code"),
            extra={name: value for name, value in inner.items() if name not in known},
        )

    def matches(self, provider: str, model: str, operation: str, visitor: str = "") -> bool:
        return (
            self.provider in ("*", provider)
            and self.model in ("*", model)
            and self.operation in ("*", operation)
            and self.visitor in ("*", visitor)
        )


class Faults:
    """
    The faults that are switched on, in the order they were added; the first that matches hits.

    Args:
        clock: Seconds, monotonic; for ``until_s``.
        rng: For ``probability``.
    """

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._random = rng
        self._faults: list[Fault] = []
        self._ends: dict[str, float] = {}
        self._count = 0

    def add(self, fault: Fault) -> Fault:
        """
        Switch a fault on and give it an id.

        Raises:
            ValueError: A field is out of range, or the preset is unknown.
        """
        fault.check()
        self._count += 1
        fault.id = f"fault-{self._count}"
        if fault.until_s is not None:
            self._ends[fault.id] = self._clock() + fault.until_s
        self._faults.append(fault)
        while len(self._faults) > MOST:
            self.remove(self._faults[0].id)
        return fault

    def take(
        self, provider: str, model: str, operation: str, *, prefilled: bool = False, visitor: str = ""
    ) -> Fault | None:
        """The fault that hits this request, if any; one of its ``times`` is used up."""
        self._forget_what_is_over()
        for fault in self._faults:
            if not fault.matches(provider, model, operation, visitor):
                continue
            if fault.kind == "refuse_prefill" and not prefilled:
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self.remove(fault.id)
            return fault
        return None

    def list(self) -> list[Fault]:
        self._forget_what_is_over()
        return [*self._faults]

    def remove(self, id: str) -> bool:
        """Switch one off; False when there is none of that id."""
        kept = [fault for fault in self._faults if fault.id != id]
        found = len(kept) < len(self._faults)
        self._faults = kept
        self._ends.pop(id, None)
        return found

    def clear(self) -> None:
        self._faults.clear()
        self._ends.clear()

    def _forget_what_is_over(self) -> None:
        if self._ends:
            now = self._clock()
            for id in [id for id, end in self._ends.items() if now >= end]:
                self.remove(id)
