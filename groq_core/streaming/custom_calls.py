"""
Calls of custom tools, out of those of the functions that stand for them: a text in place of JSON, as it comes.

`groq_core.incoming.custom_tools` makes the functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import aclosing
from typing import Final

import msgspec

from groq_core.events import Events, Finished, Restarted, ToolCallDelta
from groq_core.incoming.custom_tools import INPUT
from groq_core.streaming.halves import Halves

_OPENING: Final = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
_LONGEST_OPENING: Final = 100
"""Characters within which the text begins; nobody puts so many blanks before it."""

_WRITTEN: Final = re.compile(r'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*', re.DOTALL)
"""Letters and whole escapes: up to a quotation mark, or to an escape that is not whole."""
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([^u]))", re.DOTALL)
_BEGUN_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}


class InputReader:
    """
    Reads arguments such as `{"input": "ls"}` piece by piece; how they are cut makes no difference.

    What begins so is read as far as it goes, and a model is forgiven what it forgot to escape. An object that has
    such a text further on is that text. Others are given as they are, since a model may have written the text itself.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._held = ""
        self._after: list[str] = []
        self._halves = Halves()
        self._begun = False

    def take(self, piece: str) -> str:
        """What a further piece adds to the text."""
        self._pieces.append(piece)
        if self._after:
            self._after.append(piece)
            return ""
        if self._begun:
            return self._read(self._held + piece)
        if len(self._held) > _LONGEST_OPENING:
            return ""
        self._held += piece
        opening = _OPENING.match(self._held)
        if opening is None or opening.end() > _LONGEST_OPENING:
            return ""
        self._begun = True
        return self._read(self._held[opening.end() :])

    def rest(self) -> str:
        """What the end of the arguments adds to it."""
        if not self._begun:
            return _text_of("".join(self._pieces))
        if not self._after:
            return self._halves.rest() + self._held
        after = "".join(self._after)
        end = after.rstrip(" \t\r\n}")
        if end == '"' or _is_object("".join(self._pieces)):
            return self._halves.rest()
        # A quotation mark within the text was taken for its end.
        return self._halves.join(_unescape(end[:-1] if end.endswith('"') else after)) + self._halves.rest()

    def _read(self, written: str) -> str:
        """Take in what is whole of a text, and hold the rest."""
        found, at = [], 0
        while True:
            end = _WRITTEN.match(written, at).end()  # type: ignore[union-attr]
            found.append(written[at:end])
            at = end
            if not written.startswith("\\", at) or _BEGUN_ESCAPE.fullmatch(written, at):
                break
            found.append("\\\\")  # it is none, whatever follows
            at += 1
        self._held = written[at:]
        if self._held.startswith('"'):
            self._after.append(self._held)
        return self._halves.join(_unescape("".join(found))) if at else ""


def _unescape(written: str) -> str:
    return _ESCAPE.sub(_letter, written) if "\\" in written else written


def _letter(escape: re.Match[str]) -> str:
    number, letter = escape.groups()
    return chr(int(number, 16)) if number else _SHORT.get(letter, escape[0])


def _text_of(arguments: str) -> str:
    """Of arguments that do not begin as they should."""
    try:
        given = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return arguments
    if given is None or given == {}:
        return ""  # called with nothing; Groq writes so, and so do we where a server leaves it out
    text = given.get(INPUT) if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False


def text_given(arguments: str) -> str:
    """
    What a custom tool is given, of the whole arguments of the function that stands for it.

    >>> text_given('{"input": "ls"}'), text_given("ls")
    ('ls', 'ls')
    """
    reader = InputReader()
    return reader.take(arguments) + reader.rest()


async def give_custom_calls(events: Events, custom: frozenset[str]) -> Events:
    """
    The events, with the calls of custom tools as such.

    Args:
        custom: The names of the custom tools.
    """
    calls = _Calls(custom)
    async with aclosing(events):
        async for event in events:
            if type(event) is ToolCallDelta:
                for delta in calls.read(event):
                    yield delta
                continue
            if type(event) is Restarted:
                calls = _Calls(custom)
            elif type(event) is Finished:
                for delta in calls.close():
                    yield delta
            yield event


class _Calls:
    """All calls of an answer, by their index."""

    def __init__(self, custom: frozenset[str]) -> None:
        self._custom = custom
        self._held: dict[int, ToolCallDelta] = {}
        self._inputs: dict[int, InputReader] = {}
        self._functions: set[int] = set()

    def read(self, delta: ToolCallDelta) -> Iterator[ToolCallDelta]:
        place = delta.index
        if place in self._functions:
            yield delta
        elif place in self._inputs:
            text = self._inputs[place].take(delta.arguments)
            if text or delta.id:
                yield msgspec.structs.replace(delta, name="", arguments=text, custom=True)
        else:
            delta = _join(self._held.pop(place, None), delta)
            if not any(name.startswith(delta.name) for name in self._custom):
                self._functions.add(place)
                yield delta
            elif delta.name and delta.arguments:
                yield from self._begin(delta)
            else:
                self._held[place] = delta  # its name may go on

    def close(self) -> Iterator[ToolCallDelta]:
        """What is still held of them."""
        for _, delta in sorted(self._held.items()):
            yield from self._begin(delta)
        for place, reader in sorted(self._inputs.items()):
            if text := reader.rest():
                yield ToolCallDelta(place, arguments=text, custom=True)

    def _begin(self, delta: ToolCallDelta) -> Iterator[ToolCallDelta]:
        """Tell of a call whose name is whole."""
        if delta.name not in self._custom:
            self._functions.add(delta.index)
            yield delta
            return
        reader = self._inputs[delta.index] = InputReader()
        yield msgspec.structs.replace(delta, arguments=reader.take(delta.arguments), custom=True)


def _join(held: ToolCallDelta | None, delta: ToolCallDelta) -> ToolCallDelta:
    if held is None:
        return delta
    return ToolCallDelta(delta.index, held.id or delta.id, held.name + delta.name, held.arguments + delta.arguments)
