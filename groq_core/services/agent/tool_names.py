"""Names for the tools of strangers, as Groq takes them and each there once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

from groq_core.services.agent.tools import Tool


def unique_names(tools: Iterable[Tool], taken: Iterable[str] = ()) -> list[Tool]:
    """Give every tool a name of its own, as Groq takes it; the first keeps its name."""
    names = set(taken)
    found = []
    for one in tools:
        name = one.name
        if name in names:
            number = next(number for number in range(2, 10_000) if f"{name[:60]}_{number}" not in names)
            name = f"{name[:60]}_{number}"
        names.add(name)
        found.append(one if name == one.name else replace(one, name=name))
    return found


def tool_name(label: str, name: str) -> str:
    """
    Make a name that Groq takes of whatever a server calls its tool; two odd names stay two.

    >>> tool_name("lab", "measure"), tool_name("", "日本"), tool_name("", "")
    ('lab_measure', 'tool_4cb764', 'tool')
    """
    whole = f"{label}_{name}" if label else name
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", whole)
    if not plain.strip("_-"):
        plain = "tool"
    if (plain == whole and len(plain) <= 64) or not name:
        return plain[:64]
    # What was lost tells two names apart that would be one without it.
    mark = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{plain[:57].rstrip('_')}_{mark}"
