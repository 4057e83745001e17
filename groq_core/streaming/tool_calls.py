"""Put the pieces of tool calls together, whatever a server leaves out, repeats or misnumbers."""

from __future__ import annotations

import msgspec

from groq_core.events import ToolCallDelta
from groq_core.streaming.halves import Halves
from groq_core.streaming.wire_types import WireToolCall


class ToolCalls:
    """
    Give every piece of a tool call the index of the call it belongs to.

    Servers omit, repeat and misnumber ids and indices, so a piece belongs to the call with its index, else to the
    one with its id, else to the one being written. Of two calls with one id the second gets another.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._halves: dict[int, Halves] = {}
        self._by_id: dict[str, int] = {}
        self._by_index: dict[int, int] = {}
        self._current = -1

    def read(self, call: WireToolCall) -> ToolCallDelta | None:
        name = (call.function and call.function.name) or ""
        arguments = call.function.arguments if call.function else None
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        place = self._place(call.id or "", call.index, name)
        fresh_id = self._unique(call.id, place) if call.id and not self.ids[place] else ""
        fresh_name = self._rest_of_name(place, name)
        self.ids[place] = self.ids[place] or fresh_id
        self._names[place] += fresh_name
        if not arguments.isascii() or place in self._halves:
            arguments = self._halves.setdefault(place, Halves()).join(arguments)
        self._arguments[place].append(arguments)
        self._current = place
        if not (fresh_id or fresh_name or arguments):
            return None
        return ToolCallDelta(place, fresh_id, fresh_name, arguments)

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

    def _place(self, id: str, index: int | None, name: str) -> int:
        if index is not None and index in self._by_index:
            place = self._by_index[index]
            # An id that another call has says more than a number that everybody gets.
            if id and self._by_id.get(id, place) != place and not name:
                place = self._by_id[id]
        elif id and id in self._by_id and not (index is not None and name):
            place = self._by_id[id]
        else:
            place = -1 if index is not None or id or name else self._current
        if place >= 0 and self._another(place, id, name):
            place = -1
        if place < 0:
            place = len(self.ids)
            self.ids.append("")
            self._names.append("")
            self._arguments.append([])
        if id:
            self._by_id[id] = place
        if index is not None:
            self._by_index[index] = place
        return place

    def _another(self, place: int, id: str, name: str) -> bool:
        """Whether a piece with a known index begins a call of its own all the same."""
        if not name or not self._names[place]:
            return False
        known = self.ids[place]
        return bool(id and known and id != known) or _is_json("".join(self._arguments[place]))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
