"""Tools that Groq runs itself while the model writes: browser search and the code interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from groq_core.events import Event, ToolFinished, ToolStarted
from groq_core.services.agent.calling import clip
from groq_core.services.agent.tools import MAX_RESULT

Hosted: TypeAlias = Literal["browser_search", "code_interpreter"]

_KNOWN: Final[Mapping[str, Hosted]] = {
    "browser": "browser_search",
    "search": "browser_search",
    "visit": "browser_search",
    "python": "code_interpreter",
}
"""
Beginnings of the names that come back in ``executed_tools``: ``browser.open`` and ``python`` of gpt-oss,
``search`` and ``visit`` in the recordings of 2025 and 2026.
"""


def events_of_hosted_tools(executed: object, step: int) -> Iterator[Event]:
    """
    Tell of the tools a provider ran.

    Args:
        executed: ``executed_tools`` as the provider sent it: entries with ``type`` or ``name``, ``arguments`` and
            ``output``, or results of a search or of code instead. Every field may be missing.
    """
    if not isinstance(executed, Sequence) or isinstance(executed, str):
        return
    for place, entry in enumerate(executed):
        if not isinstance(entry, Mapping):
            continue
        name = str(entry.get("name") or entry.get("type") or "tool")
        name = _KNOWN.get(name.split(".")[0], name)
        call = f"hosted_{step}_{place}"
        arguments = clip(str(entry.get("arguments") or "{}"), MAX_RESULT)
        yield ToolStarted(step=step, call=call, name=name, arguments=arguments, hosted=True)
        yield ToolFinished(step=step, call=call, name=name, result=clip(_output(entry), MAX_RESULT))


def _output(entry: Mapping[str, Any]) -> str:
    if isinstance(output := entry.get("output"), str) and output:
        return output
    search = entry.get("search_results")
    found = search.get("results") if isinstance(search, Mapping) else search
    if isinstance(found, list):
        return "\n\n".join(_source(one) for one in found if isinstance(one, Mapping))
    code = entry.get("code_results")
    if isinstance(code, list):
        return "\n".join(_describe(one) for one in code if isinstance(one, Mapping))
    return ""


def _source(result: Mapping[str, Any]) -> str:
    return "\n".join(str(result[key]) for key in ("title", "url", "content") if result.get(key))


def _describe(result: Mapping[str, Any]) -> str:
    if text := result.get("text"):
        return str(text)
    return "[a picture]" if result.get("png") else "[a chart]" if result.get("chart") else ""
