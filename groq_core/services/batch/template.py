"""Fill a prompt from the columns of a row: ``Summarise {title}: {text}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from groq_core.errors import RequestError

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class LineTemplate:
    """
    A text with columns in braces; a doubled brace is a brace.

    It is no `str.format`: a column is a name and nothing else, so a template from a stranger reaches no
    attribute and no index.

    Raises:
        RequestError: A brace stands alone, or a pair of braces holds no name.

    >>> LineTemplate("Is {{this}} {kind}?").fill({"kind": "JSON"})
    'Is {this} JSON?'
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces: list[tuple[str, str | None]] = []
        at = 0
        for match in _PIECE.finditer(text):
            before, found, at = text[at : match.start()], match[0], match.end()
            if found in ("{{", "}}"):
                self._pieces.append((before + found[0], None))
            elif match[1] is not None and match[1].strip():
                self._pieces.append((before, match[1].strip()))
            else:
                raise RequestError(
                    f"the template has a stray brace at character {match.start() + 1}",
                    param="template",
                    hint="Write a column as {name}, and a brace of the text itself twice: {{ or }}.",
                )
        self._pieces.append((text[at:], None))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names, each once, in order."""
        return tuple(dict.fromkeys(name for _, name in self._pieces if name is not None))

    def check(self, columns: Iterable[str]) -> None:
        """
        Make sure that a table has what the template names, before anything is asked.

        Raises:
            RequestError: Names the columns that are missing, and those there are.
        """
        there = list(columns)
        for name in there:
            if f"{{{{{name}}}}}" in self.text and name not in self.columns:
                raise RequestError(
                    f"the template writes {{{{{name}}}}}, which is the text {{{name}}} and not the column",
                    param="template",
                    hint=f"Write {{{name}}} for the column; a doubled brace is a brace of the text itself.",
                )
        missing = [name for name in self.columns if name not in there]
        if missing:
            near = get_close_matches(missing[0], there, n=1)
            raise RequestError(
                "the template names " + ", ".join(f"{{{name}}}" for name in missing) + ", which is no column",
                param="template",
                hint=(f"Did you mean {{{near[0]}}}? " if near else "") + "There are: " + ", ".join(there) + ".",
            )

    def fill(self, row: Mapping[str, str]) -> str:
        """
        Put a row's cells in.

        Raises:
            RequestError: The row has no such column.
        """
        try:
            return "".join(text if name is None else text + row[name] for text, name in self._pieces)
        except KeyError:
            self.check(row)
            raise
