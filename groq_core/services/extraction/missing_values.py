"""What a schema asks for and the data does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from groq_core.incoming.foreign_schemas import UnfoldingError, bounded_steps, take_step
from groq_core.services.extraction.fitting import fitting_branch
from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.strict import Node, resolve_ref


def absent(data: Any, node: object, root: Node) -> list[Path]:
    """
    Walk the fields a schema names that are not there, are null, or are an empty list or text. Of a choice the first
    branch counts that the data fits.

    >>> absent({"a": 1, "c": None}, {"properties": {"a": {}, "b": {}, "c": {}}}, {})
    [('b',), ('c',)]
    >>> absent({"a": {}}, {"properties": {"a": {"anyOf": [{"properties": {"b": {}}}, {"type": "null"}]}}}, {})
    [('a', 'b')]
    """
    found: dict[Path, None] = {}
    # The data is there, and paid for: where its schema unfolds to too many parts, what was seen of it is told.
    with suppress(UnfoldingError), bounded_steps(data):
        for path in _absent(data, node, root, ()):
            found[path] = None
    return [*found]


def _absent(data: Any, node: object, root: Node, path: Path) -> Iterator[Path]:
    take_step()
    if not isinstance(node, dict) or len(path) > 40:
        return
    node = resolve_ref(node, root)
    for part in node.get("allOf", ()):
        yield from _absent(data, part, root, path)
    for choice in ("anyOf", "oneOf"):
        if isinstance(data, dict | list) and (branches := node.get(choice)):
            yield from _absent(data, fitting_branch(data, branches, root), root, path)
    if isinstance(data, list):
        first = node.get("prefixItems") or ()
        for place, item in enumerate(data):
            child = first[place] if place < len(first) else node.get("items")
            yield from _absent(item, child, root, (*path, place))
        return
    if not isinstance(data, dict):
        return
    named = node.get("properties") or {}
    for name, child in named.items():
        value = data.get(name)
        if value is None or value in ("", []):
            yield (*path, name)
        else:
            yield from _absent(value, child, root, (*path, name))
    for name, value in data.items():
        if name not in named:
            yield from _absent(value, node.get("additionalProperties"), root, (*path, name))
