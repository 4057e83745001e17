"""Put the pieces of tool calls together, whatever a server leaves out, repeats or misnumbers."""

from __future__ import annotations

import msgspec

from groq_core.events import ToolCallDelta
from groq_core.streaming.wire_types import Call


class ToolCalls:
    """
    Give every piece of a tool call the index of the call it belongs to.

    Servers omit, repeat and misnumber ids and indices, so a piece belongs to the call with its id, else to the
    one with its index, else to the one being written.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._by_id: dict[str, int] = {}
        self._by_index: dict[int, int] = {}
        self._current = -1

    def read(self, call: Call) -> ToolCallDelta | None:
        name = (call.function and call.function.name) or ""
        arguments = call.function.arguments if call.function else None
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        place = self._place(call.id or "", call.index, name)
        fresh_id = call.id if call.id and not self.ids[place] else ""
        fresh_name = name if not self._names[place] else ""
        self.ids[place] = self.ids[place] or fresh_id
        self._names[place] = self._names[place] or fresh_name
        self._arguments[place].append(arguments)
        self._current = place
        if not (fresh_id or fresh_name or arguments):
            return None
        return ToolCallDelta(place, fresh_id, fresh_name, arguments)

    def _place(self, id: str, index: int | None, name: str) -> int:
        if id and id in self._by_id:
            return self._by_id[id]
        place = self._by_index.get(index, -1) if index is not None else (-1 if id or name else self._current)
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
        return bool(id and self.ids[place]) or _is_json("".join(self._arguments[place]))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True
