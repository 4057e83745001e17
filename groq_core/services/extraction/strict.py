"""
JSON Schema as Groq decodes by it: every property required, no others allowed, nothing it does not know.

What the decoder cannot keep (a minimum, a pattern, a format) moves into the description, where the model reads
it; it is checked afterwards all the same. See https://console.groq.com/docs/structured-outputs (read 2026-08).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from groq_core.errors import RequestError
from groq_core.incoming.foreign_schemas import bounded_steps, take_step

Node: TypeAlias = dict[str, Any]

_SAID: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
"""Keywords the decoder does not know, in the words the model is told."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "a date, YYYY-MM-DD",
    "time": "a time, HH:MM:SS",
    "date-time": "date and time, YYYY-MM-DDTHH:MM:SS",
    "email": "an e-mail address",
    "uri": "a whole URL",
}

_LONGEST_SAID = 80
"""Characters of one such remark; a longer pattern costs tokens and tells a model nothing."""

_BY_NAME = ("properties", "$defs", "definitions", "dependentSchemas", "patternProperties")
_BY_PLACE = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def subschemas(node: object, path: str = "#") -> Iterator[tuple[str, Node]]:
    """Walk a schema and everything in it that is a schema itself, with its place (``#/properties/a``)."""
    if not isinstance(node, dict):
        return
    yield path, node
    for key in _BY_NAME:
        if isinstance(named := node.get(key), dict):
            for name, child in named.items():
                yield from subschemas(child, f"{path}/{key}/{name}")
    for key in _BY_PLACE:
        if isinstance(listed := node.get(key), list):
            for place, child in enumerate(listed):
                yield from subschemas(child, f"{path}/{key}/{place}")
    for key in _SINGLE:
        yield from subschemas(node.get(key), f"{path}/{key}")


def resolve_ref(node: Node, root: Node) -> Node:
    """
    Follow ``$ref`` to the schema it names.

    Raises:
        RequestError: It points outside the schema, to nothing, or in a circle.
    """
    seen = set[str]()
    while isinstance(reference := node.get("$ref"), str):
        if reference in seen or not reference.startswith("#"):
            raise RequestError(
                f"$ref {reference!r} does not lead to a schema",
                param="schema",
                hint="Only references into the schema itself work, such as #/$defs/Address.",
            )
        seen.add(reference)
        node = _point(reference, root)
    return node


def _point(reference: str, root: Node) -> Node:
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise RequestError(f"$ref {reference!r} points to nothing", param="schema")
    return found


def allows_null(node: object, root: Node, depth: int = 0) -> bool:
    """
    Tell whether null fits a schema.

    >>> allows_null({"type": ["string", "null"]}, {}), allows_null({"type": "string"}, {})
    (True, False)
    """
    take_step()
    if not isinstance(node, dict) or depth > 16:
        return node is True
    node = resolve_ref(node, root)
    if "const" in node:
        return node["const"] is None
    if "enum" in node:
        return None in node["enum"]
    kinds = node.get("type", "null")
    if kinds != "null" and not (isinstance(kinds, list) and "null" in kinds):
        return False
    for key in ("anyOf", "oneOf"):
        if key in node and not any(allows_null(branch, root, depth + 1) for branch in node[key]):
            return False
    return all(allows_null(part, root, depth + 1) for part in node.get("allOf", ()))


def relax(schema: Node) -> Node:
    """
    Let every value be missing that a part of a document may not hold, for when the parts are asked one by one.

    Items of lists keep their requirements: a row that a cut divides is whole in one of the two parts.
    """
    node = {key: value for key, value in schema.items() if key not in ("required", "minItems", "minProperties")}
    if isinstance(properties := node.get("properties"), dict):
        node["properties"] = {
            name: relax(child) if isinstance(child, dict) else child for name, child in properties.items()
        }
    return node


@dataclass(slots=True)
class StrictSchema:
    """
    A schema on its way to the decoder.

    Attributes:
        schema: What is sent.
        exact: The decoder can keep it; else it is sent with ``strict: false`` and followed as well as may be.
    """

    original: Node
    schema: Node = field(init=False)
    exact: bool = True

    def __post_init__(self) -> None:
        root = self.original
        if "$ref" in root:
            # The decoder wants an object at the root, not a name for one.
            root = {**resolve_ref(root, root), **{key: root[key] for key in ("$defs", "definitions") if key in root}}
        with bounded_steps():
            self._build(root)

    def _build(self, root: Node) -> None:
        defs = {**root.get("definitions", {}), **root.get("$defs", {})}
        self.schema = self._node({key: value for key, value in root.items() if key not in ("$defs", "definitions")})
        if defs:
            self.schema["$defs"] = {name: self._node(child) for name, child in defs.items()}

    def _node(self, node: object) -> Node:
        take_step()
        if not isinstance(node, dict) or not node:
            self.exact = False
            return {}
        if merged := self._merge(node):
            return self._node(merged)
        told = _description(node)
        if "$ref" in node:
            reference = {"$ref": node["$ref"].replace("#/definitions/", "#/$defs/", 1)}
            # A reference takes nothing beside it.
            return {"anyOf": [reference], "description": told} if told else reference
        sent = self._value(node)
        if told:
            sent["description"] = told
        return sent

    def _value(self, node: Node) -> Node:
        if branches := node.get("anyOf") or node.get("oneOf"):
            return {"anyOf": [self._node(branch) for branch in branches]}
        if "const" in node or "enum" in node:
            return _choice(node)
        kinds = node.get("type") or _imply(node)
        if not kinds:
            self.exact = False
            return {}
        sent: Node = {"type": kinds}
        if "object" in kinds:
            sent |= self._object(node)
        if "array" in kinds:
            sent |= self._array(node)
        return sent

    def _object(self, node: Node) -> Node:
        properties = node.get("properties") or {}
        extra = node.get("additionalProperties")
        if not properties or isinstance(extra, dict):
            # Names that are not known beforehand are beyond a strict schema.
            self.exact = False
            free = self._node(extra) if isinstance(extra, dict) else extra is not False
            return {"additionalProperties": free}
        required = set(node.get("required", ()))
        sent = {}
        for name, child in properties.items():
            described = self._node(child)
            optional = name not in required and not allows_null(child, self.original)
            # A list that is not there is an empty one, which is one thing less to get wrong.
            empty = described.get("type") == "array" and not child.get("minItems")
            sent[name] = nullable(described) if optional and not empty else described
        return {"properties": sent, "required": list(sent), "additionalProperties": False}

    def _array(self, node: Node) -> Node:
        if "items" not in node or "prefixItems" in node:
            self.exact = False
            return {key: node[key] for key in ("items", "prefixItems") if key in node}
        return {"items": self._node(node["items"])}

    def _merge(self, node: Node) -> Node | None:
        """Fold ``allOf`` into the schema it stands in; None where there is none."""
        parts = node.get("allOf")
        if not parts:
            return None
        whole: Node = {key: value for key, value in node.items() if key != "allOf"}
        if len(parts) == 1 and "$ref" in parts[0] and "properties" not in whole:
            return {**whole, **parts[0]}
        own = {key: whole.pop(key) for key in ("properties", "required") if key in whole}
        for part in [*parts, own]:
            found = resolve_ref(part, self.original)
            whole = {
                **found,
                **whole,
                "properties": {**whole.get("properties", {}), **found.get("properties", {})},
                "required": [*whole.get("required", ()), *found.get("required", ())],
            }
        return {key: value for key, value in whole.items() if value or key not in ("properties", "required")}


def nullable(node: Node) -> Node:
    """
    Let null stand for a value that is not there.

    >>> nullable({"type": "string"})
    {'type': ['string', 'null']}
    """
    told = {"description": node["description"]} if "description" in node else {}
    if "anyOf" in node:
        return {"anyOf": [*node["anyOf"], {"type": "null"}], **told}
    kinds = node.get("type")
    if kinds is None or "object" in kinds or "array" in kinds:
        bare = {key: value for key, value in node.items() if key != "description"}
        return {"anyOf": [bare, {"type": "null"}], **told} if bare else node
    listed = kinds if isinstance(kinds, list) else [kinds]
    widened = {**node, "type": listed if "null" in listed else [*listed, "null"]}
    if "enum" in node and None not in node["enum"]:
        widened["enum"] = [*node["enum"], None]
    return widened


def _choice(node: Node) -> Node:
    values = node["enum"] if "enum" in node else [node["const"]]
    kinds = sorted({_kind(value) for value in values})
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": values}


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "string"


def _imply(node: Node) -> str:
    """Tell the type a schema leaves to be understood."""
    if "properties" in node or "additionalProperties" in node:
        return "object"
    if "items" in node or "prefixItems" in node:
        return "array"
    if "pattern" in node or "minLength" in node or "maxLength" in node or "format" in node:
        return "string"
    return "number" if "minimum" in node or "maximum" in node or "multipleOf" in node else ""


def _description(node: Node) -> str:
    said = [_SAID[key].format(node[key]) for key in _SAID if key in node]
    if isinstance(written := node.get("format"), str):
        said.append(_FORMATS.get(written, f"in the format {written}"))
    remarks = "; ".join(remark for remark in said if len(remark) <= _LONGEST_SAID)
    told = str(node.get("description") or "").strip()
    if told and remarks:
        return f"{told.rstrip('.')} ({remarks})."
    return told or remarks
