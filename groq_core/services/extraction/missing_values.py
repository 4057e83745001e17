"""What a schema asks for and the data does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.strict import Node, resolve_ref


def absent(data: Any, node: object, root: Node, path: Path = ()) -> Iterator[Path]:
    """
    Walk the fields a schema names that are not there, are null, or are an empty list or text.

    >>> list(absent({"a": 1, "c": None}, {"properties": {"a": {}, "b": {}, "c": {}}}, {}))
    [('b',), ('c',)]
    """
    if not isinstance(node, dict) or len(path) > 40:
        return
    node = resolve_ref(node, root)
    if isinstance(data, list):
        for place, item in enumerate(data):
            yield from absent(item, node.get("items"), root, (*path, place))
        return
    if not isinstance(data, dict):
        return
    for name, child in (node.get("properties") or {}).items():
        value = data.get(name)
        if value is None or value in ("", []):
            yield (*path, name)
        else:
            yield from absent(value, child, root, (*path, name))
