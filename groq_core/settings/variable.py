"""One variable of the environment: its name, how it is parsed, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from groq_core.redaction import redact

OUR_PREFIX: Final = "GROQ_CORE_"

UNFILLED: Final = re.compile(
    r".*\$\{[A-Za-z_]\w*(:?[-+?=][^{}]*)?\}.*|\$[A-Z_][A-Z0-9_]*(/.*)?|\$\(.*\)|%[A-Z_][A-Z0-9_]*%|<[^<>]+>", re.DOTALL
)
"""A reference to another variable, or a placeholder, that systemd, Docker's `--env-file` and others pass on as it is: a
secret of that spelling would be known to everybody, and a folder would get that name."""

SHOWN: Final = 80
"""Signs of a wrong value that are shown."""


@dataclass(frozen=True, slots=True)
class Env:
    """
    Where a setting comes from.

    Attributes:
        name: The variable.
        meaning: One line for the README.
        parse: Text to value; raises ValueError with what is allowed.
        shown: The default in words, where the value itself would say nothing to a reader.
        hidden: The value is a secret and never appears in an error.
    """

    name: str
    meaning: str
    parse: Callable[[str], Any] = str
    shown: str = ""
    hidden: bool = False

    def read(self, text: str) -> Any:
        """
        Raises:
            ValueError: It says what is allowed.
        """
        if UNFILLED.fullmatch(text):
            raise ValueError("a value; this names another variable, and nobody has put that one's value in its place")
        return self.parse(text)

    def fault(self, text: str, *, allowed: str) -> str:
        """Say in a line that the text is wrong, and what is allowed."""
        shown = "(hidden)" if self.hidden else repr(_shortened(redact(text)))
        return f"  {self.name}={shown}: allowed is {allowed}"


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def ours(name: str, meaning: str, parse: Callable[[str], Any] = str, shown: str = "", hidden: bool = False) -> Env:
    """Name a variable of our own, ``GROQ_CORE_<NAME>``."""
    return Env(OUR_PREFIX + name, meaning, parse, shown, hidden)
