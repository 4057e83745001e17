"""The fault switch of the status panel: the words a visitor picks, and what they mean to the simulator."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from groq_core.errors import RequestError
from groq_core.ui.page_bodies import decode_json

SPEAKING = 12
"""Chunks of an answer that come before a fault in the middle: enough to see that it had begun."""

FAULTS: dict[str, dict[str, Any]] = {
    "rate_limited": {"kind": "status", "preset": "429_rpm", "retry_after": 12.0},
    "unavailable": {"kind": "status", "preset": "503_over_capacity"},
    "server_error": {"kind": "status", "preset": "500"},
    "unauthorized": {"kind": "status", "preset": "401"},
    "not_found": {"kind": "status", "preset": "404_model"},
    "slow": {"kind": "slow_first_token", "seconds": 3.0},
    "silent": {"kind": "never"},
    "reset": {"kind": "reset"},
    "stall": {"kind": "stall", "after": SPEAKING},
    "cut": {"kind": "cut", "after": SPEAKING},
    "no_finish": {"kind": "clean_end", "after": SPEAKING},
    "malformed": {"kind": "malformed", "after": SPEAKING},
    "error_event": {"kind": "error_event", "after": SPEAKING},
    "empty": {"kind": "empty"},
}


class FaultStore(Protocol):
    """What the panel needs of the simulator's store of faults; the newest stand last."""

    def add(self, fault: Any) -> Any: ...
    def list(self) -> list[Any]: ...
    def remove(self, id: str) -> bool: ...


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the panel sends.

    Attributes:
        target: ``provider:model``; None means all of them.
        fault: A word of :data:`FAULTS`; None mends.
        once: Only the next request is hit.
    """

    target: str | None = None
    fault: str | None = None
    once: bool = False


def read_switch(body: bytes) -> Switch:
    """
    Decode and check what the panel sent.

    Raises:
        RequestError: It names the field.
    """
    switch = decode_json(body, Switch)
    if switch.fault is not None and switch.fault not in FAULTS:
        raise RequestError(f"there is no fault called {switch.fault!r}", param="fault")
    if switch.target is not None and ":" not in switch.target:
        raise RequestError("a target is written provider:model", param="target")
    return switch


def flip(store: FaultStore, switch: Switch, visitor: str = "*") -> list[str]:
    """
    Mend a target (or all), then break it as the panel says.

    Args:
        visitor: For whom alone; ``*`` for everybody.

    Returns:
        The targets that were broken and are not any more.
    """
    mended = [fault for fault in in_force(store, visitor) if switch.target in (None, fault["target"])]
    for fault in mended:
        store.remove(fault["id"])
    if switch.target is None or switch.fault is None:
        return [fault["target"] for fault in mended]
    from groq_core.simulator.faults import Fault  # only a page on the simulator needs it

    provider, _, model = switch.target.partition(":")
    fields = FAULTS[switch.fault] | {"provider": provider, "model": model, "times": 1 if switch.once else None}
    fields |= {"visitor": visitor}
    store.add(msgspec.convert(fields, Fault))
    return []


def in_force(store: FaultStore, visitor: str = "*") -> list[dict[str, Any]]:
    """
    The faults that are on, in the panel's words: ``target``, ``fault``, ``once``, ``id``.

    Args:
        visitor: Whose; ``*`` for those of everybody.
    """
    return [
        {
            "target": f"{fault.provider}:{fault.model}",
            "fault": word_for(fault.kind, fault.preset),
            "once": fault.times is not None,
            "id": fault.id,
        }
        for fault in store.list()
        if fault.visitor == visitor
    ]


def word_for(kind: str, preset: str | None) -> str:
    """
    The panel's word for a fault; its kind where somebody else switched on what the panel does not offer.

    >>> word_for("status", "429_rpm"), word_for("stall", None), word_for("no_done", None)
    ('rate_limited', 'stall', 'no_done')
    """
    for word, fields in FAULTS.items():
        if fields["kind"] == kind and fields.get("preset") == preset:
            return word
    return preset or kind
