"""The built-in tools by the names people pick them by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from groq_core.services.agent.builtin import calculate, clock_tools, convert_unit
from groq_core.services.agent.tools import Tool

TOOL_SETS: Final[Mapping[str, Callable[[], list[Tool]]]] = {
    "calculator": lambda: [calculate],
    "units": lambda: [convert_unit],
    "clock": clock_tools,
}


def tools_named(names: Iterable[str]) -> list[Tool]:
    """The tools of the sets named, in order; names of other tools are passed over."""
    return [one for name in names if name in TOOL_SETS for one in TOOL_SETS[name]()]
