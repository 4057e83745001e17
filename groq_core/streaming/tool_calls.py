"""Put the pieces of tool calls together, whatever a server leaves out, repeats or misnumbers."""

from __future__ import annotations

from typing import Final

import msgspec

from groq_core.events import ToolCallDelta
from groq_core.streaming.halves import Halves, whole
from groq_core.streaming.wire_types import WireToolCall

NOTHING: Final = "null"
"""What Groq puts for the arguments of a tool that takes none; an object is what every client expects."""


class ToolCalls:
    """
    Give every piece of a tool call the index of the call it belongs to.

    Servers omit, repeat and misnumber ids and indices, so a piece belongs to the call with its index, else to the
    one with its id, else to the one being written. Of two calls with one id the second gets another.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._sent_ids: list[str] = []
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._held: dict[int, str] = {}
        self._halves: dict[int, Halves] = {}
        self._by_id: dict[str, int] = {}
        self._by_index: dict[int, int] = {}
        self._current = -1

    def read(self, call: WireToolCall) -> ToolCallDelta | None:
        function = call.function
        name = whole((function and function.name) or call.name or "")
        arguments = function.arguments if function and function.arguments is not None else call.arguments
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        place = self._place(call.id or "", call.index, name, bare=not arguments)
        fresh_id = self._unique(call.id, place) if call.id and not self.ids[place] else ""
        fresh_name = self._rest_of_name(place, name)
        self.ids[place] = self.ids[place] or fresh_id
        self._names[place] += fresh_name
        if not arguments.isascii() or place in self._halves:
            arguments = self._halves.setdefault(place, Halves()).join(arguments)
        arguments = self._beyond_nothing(place, arguments)
        self._arguments[place].append(arguments)
        self._current = place
        if not (fresh_id or fresh_name or arguments):
            return None
        return ToolCallDelta(place, fresh_id, fresh_name, arguments)

    def close(self) -> list[ToolCallDelta]:
        """What the calls still lack: an id, since an answer to one must say which it answers, and arguments."""
        lacking = []
        for place, id in enumerate(self.ids):
            arguments = "" if self._has_arguments(place) else "{}"
            if not id or arguments:
                lacking.append(ToolCallDelta(place, "" if id else f"call_{place}", "", arguments))
        return lacking

    def _has_arguments(self, place: int) -> bool:
        return any(one.strip() for one in self._arguments[place])

    def _beyond_nothing(self, place: int, arguments: str) -> str:
        """The arguments, held back as long as they could be the word for none."""
        if not arguments or self._has_arguments(place):
            return arguments
        held = self._held.pop(place, "") + arguments
        if NOTHING.startswith(held.strip()):
            self._held[place] = held
            return ""
        return held

    def _unique(self, id: str, place: int) -> str:
        return f"{id}_{place}" if id in self.ids else id

    def _rest_of_name(self, place: int, name: str) -> str:
        """What of a name is news: all of it at first; then the next piece of it, as long as no arguments have come."""
        known = self._names[place]
        if not known:
            return name
        if not name or known.startswith(name) or any(self._arguments[place]):
            return ""
        return name[len(known) :] if name.startswith(known) else name

    def _place(self, id: str, index: int | None, name: str, *, bare: bool) -> int:
        if index is not None and index in self._by_index:
            place = self._by_index[index]
            # An id that another call has says more than a number that everybody gets.
            if id and self._sent_ids[place] != id and id in self._by_id and not name:
                place = self._by_id[id]
        elif id and id in self._by_id and not (index is not None and name):
            place = self._by_id[id]
        elif not id and (index is None or not self._by_index) and (not name or self._may_go_on(bare=bare)):
            place = self._current
        else:
            place = -1
        if place >= 0 and self._another(place, id, name):
            place = -1
        if place < 0:
            place = len(self.ids)
            self.ids.append("")
            self._sent_ids.append(id)
            self._names.append("")
            self._arguments.append([])
        self._sent_ids[place] = self._sent_ids[place] or id
        if id:
            self._by_id.setdefault(id, place)
        if index is not None:
            self._by_index[index] = place
        return place

    def _may_go_on(self, *, bare: bool) -> bool:
        """Whether a name without id and number is the next piece of one: its server gives ids, and no words yet."""
        current = self._current
        return bare and current >= 0 and bool(self._sent_ids[current]) and not self._has_arguments(current)

    def _another(self, place: int, id: str, name: str) -> bool:
        """Whether a piece with a known index begins a call of its own all the same."""
        known = self._sent_ids[place]
        other = bool(id and known and id != known)
        if not name or not self._names[place]:
            return other and bool(self._names[place]) and self._is_whole(place)
        return other or self._is_whole(place)

    def _is_whole(self, place: int) -> bool:
        try:
            msgspec.json.decode("".join(self._arguments[place]))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True
