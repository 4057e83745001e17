"""
Instances of a JSON schema, made of what a text says: a field called ``total`` takes the number after "Total:".

What the text does not say is filled with plain values that still satisfy the schema.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from referencing import Registry

from groq_core.incoming.foreign_schemas import (
    UnfoldingError,
    bounded_steps,
    is_checkable,
    matches,
    take_step,
    validator_class,
)
from groq_core.simulator.field_names import words_of
from groq_core.simulator.named_values import FORMATS, NUMBER, NamedValues
from groq_core.simulator.patterns import matching
from groq_core.simulator.wire_format import Json, bad_request

_TOLD_FORMATS = {
    "YYYY-MM-DDTHH": "date-time",
    "YYYY-MM-DD": "date",
    "HH:MM:SS": "time",
    "e-mail address": "email",
    "URL": "uri",
}
"""A strict schema may not name a format, so it is told in the description, and a model reads that."""
_NAMED_FORMATS = {"email": "email", "e_mail": "email", "url": "uri", "website": "uri", "link": "uri"}
MAX_DEPTH = 12
MAX_ITEMS = 1_000
"""Of a list. A schema may ask for as many as it likes."""
MAX_CHARACTERS = 20_000
MAX_CANDIDATES = 2_000
"""Words and lines of a text that are held against a pattern."""


class Filler:
    """
    Fills one schema.

    Args:
        schema: JSON schema; ``$ref`` within itself is followed.
        text: Where values are looked for.
        rng: Decides where nothing else does.
    """

    def __init__(self, schema: Json, text: str, rng: random.Random) -> None:
        self.root = schema
        self.text = text
        self.random = rng
        self._said = NamedValues(text)

    def instance(self) -> Any:
        """
        A value for the whole schema.

        Raises:
            WireError: 400; it would have more parts than anybody means.
        """
        try:
            with bounded_steps():
                return self.fill(self.root, "", 0)
        except UnfoldingError as error:
            raise bad_request(error.message) from None

    def fill(self, schema: Any, name: str, depth: int) -> Any:
        """A value for a schema; ``name`` is the property it stands at."""
        take_step()
        if schema is True or schema == {}:
            return self._string({}, name)
        if depth > 3 * MAX_DEPTH:
            # A schema that refers to itself without end has no instance; the check that follows will say so.
            return None
        if not isinstance(schema, dict):
            return None
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choose(schema["enum"], name)
        for key in ("anyOf", "oneOf"):
            if options := schema.get(key):
                rest = {k: v for k, v in schema.items() if k != key}
                return self.fill(_merge([rest, self._option(options, name, depth)]), name, depth + 1)
        if parts := schema.get("allOf"):
            rest = {k: v for k, v in schema.items() if k != "allOf"}
            return self.fill(_merge([rest, *(self._resolve(part) for part in parts)]), name, depth + 1)
        match self._type(schema, name, depth):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number" as kind:
                return self._number(schema, name, whole=kind == "integer")
            case "boolean":
                return self._said.boolean(name)
            case "null":
                return None
            case _:
                return self._string(schema, name)

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────

    def _resolve(self, schema: Json) -> Json:
        for _ in range(20):
            ref = schema.get("$ref")
            if not isinstance(ref, str) or not ref.startswith("#"):
                return schema
            target: Any = self.root
            for step in ref.lstrip("#").strip("/").split("/"):
                if step:
                    target = (
                        target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
                    )
            if not isinstance(target, dict):
                return {}
            schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
        return schema

    def _type(self, schema: Json, name: str, depth: int) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            real = [k for k in kind if k != "null"]
            if "null" in kind and (depth >= MAX_DEPTH or not real or not self._seems_present(real[0], name)):
                return "null"
            return str(real[0])
        if kind is None:
            return "object" if "properties" in schema else "array" if "items" in schema else "string"
        return str(kind)

    def _option(self, options: list[Any], name: str, depth: int) -> Json:
        resolved = [self._resolve(option) for option in options if isinstance(option, dict)]
        real = [option for option in resolved if option.get("type") != "null"]
        nullable = len(real) < len(resolved)
        if nullable and (depth >= MAX_DEPTH or not real or not self._seems_present(str(real[0].get("type")), name)):
            return {"type": "null"}
        for option in real:
            words = words_of(str(option.get("title", "")))
            if words and all(word in self.text.lower() for word in words):
                return option
        return real[0]

    def _choose(self, options: list[Any], name: str) -> Any:
        lowered = self.text.lower()
        near = self._said.after(name)
        for option in options:
            if isinstance(option, str) and near and re.match(rf"\W*{re.escape(option.lower())}\b", near.lower()):
                return option
        for option in options:
            if isinstance(option, str) and re.search(rf"\b{re.escape(option.lower())}\b", lowered):
                return option
        return options[0] if options else None

    def _seems_present(self, kind: str, name: str) -> bool:
        """Whether the text seems to hold a value for a property that may be null."""
        if kind in ("object", "array"):
            return any(word in self.text.lower() for word in words_of(name))
        return bool(self._said.after(name))

    # ── filling ──────────────────────────────────────────────────────────────────────────────────────

    def _object(self, schema: Json, depth: int) -> Json:
        properties: Json = schema.get("properties") or {}
        required = schema.get("required") or []
        filled: Json = {}
        for name, inner in properties.items():
            if name not in required and (depth >= MAX_DEPTH or not self._said.after(name)):
                continue
            filled[name] = self.fill(inner, name, depth + 1)
        for name in required:
            if name not in filled:
                filled[name] = self.fill(schema.get("additionalProperties") or {}, name, depth + 1)
        return filled

    def _array(self, schema: Json, name: str, depth: int) -> list[Any]:
        low = min(int(schema.get("minItems", 0)), MAX_ITEMS)
        high = min(int(schema.get("maxItems", max(low, 10))), MAX_ITEMS)
        if prefix := schema.get("prefixItems"):
            return [self.fill(item, name, depth + 1) for item in prefix]
        items = schema.get("items", {})
        resolved = self._resolve(items) if isinstance(items, dict) else {}
        values: list[Any] = []
        if depth < MAX_DEPTH:
            its = {**resolved, "$defs": self.root.get("$defs", {})}
            fits = validator_class(its)(its, registry=Registry())
            found = islice(self._list(resolved, name, depth), MAX_ITEMS)
            values = [value for value in found if fits.is_valid(value)][:high]
            if not values and high:
                values = [self.fill(items, name, depth + 1)]
        if schema.get("uniqueItems"):
            return self._distinct(values, resolved, name, low, depth)
        while len(values) < low:
            values.append(self.fill(items, name, depth + 1))
        return values

    def _distinct(self, values: list[Any], items: Json, name: str, low: int, depth: int) -> list[Any]:
        values = [value for index, value in enumerate(values) if value not in values[:index]]
        while len(values) < low:
            another = self._another(items, name, values, depth)
            if another in values:
                # There are not as many different values as it asks for; the check that follows will say so.
                break
            values.append(another)
        return values

    def _list(self, items: Json, name: str, depth: int) -> Iterator[Any]:
        """Values that the text lists after the property's name, or rows that look like its objects."""
        kind = items.get("type")
        if kind == "object" or "properties" in items:
            yield from self._rows(items, depth)
            return
        line = self._said.after(name).split("\n")[0]
        if kind in ("number", "integer"):
            numbers = (float(n.replace(",", "")) for n in NUMBER.findall(line))
            yield from (int(n) if kind == "integer" else n for n in numbers)
        elif kind in ("string", None) and "enum" not in items:
            parts = (p.strip(" .\"'“”") for p in re.split(r",|;|\band\b", line))
            yield from (p for p in parts if 0 < len(p) <= 80)

    def _rows(self, items: Json, depth: int) -> Iterator[Any]:
        """One object for each line of the text that has as many columns as the object needs numbers and words."""
        properties: Json = items.get("properties") or {}
        kinds = [self._type(self._resolve(p), "", MAX_DEPTH) for p in properties.values() if isinstance(p, dict)]
        numeric = sum(kind in ("number", "integer") for kind in kinds)
        for line in self.text.splitlines() if numeric else ():
            cells = [c.strip() for c in re.split(r"\s*[|\t;]\s*|\s{2,}|,\s+(?=\D)|\s+[x@×]\s+", line.strip("| "))]
            words = [c for c in cells if c and not NUMBER.search(c) and len(c) > 1]
            if len(NUMBER.findall(line)) >= numeric and words and len(cells) > 1 and ":" not in line:
                root = {**items, "$defs": self.root.get("$defs", {})}
                yield Filler(root, _label(properties, line), self.random).fill(items, "", depth + 1)

    def _another(self, items: Json, name: str, values: list[Any], depth: int) -> Any:
        if options := items.get("enum"):
            return next((option for option in options if option not in values), options[0])
        value = self.fill(items, name, depth + 1)
        if value in values and isinstance(value, int | float) and not isinstance(value, bool):
            return max(v for v in values if isinstance(v, int | float)) + 1
        if value in values and isinstance(value, str):
            return f"{value} {len(values) + 1}"
        return value

    def _number(self, schema: Json, name: str, *, whole: bool) -> float | int:
        low, high = _bounds(schema, whole)
        value = self._said.number(name, low, high, whole=whole)
        if value is None:
            value = min(max(1.0, low), high)
            if not math.isfinite(value):
                value = 1.0
        if step := schema.get("multipleOf"):
            value = math.ceil(value / step - 1e-9) * step
            if value > high:
                value = math.floor(high / step + 1e-9) * step
        return int(value) if whole else value

    def _string(self, schema: Json, name: str) -> str:
        kind = (
            schema.get("format")
            or _format_by_description(schema)
            or _NAMED_FORMATS.get(name.lower().rsplit("_", 1)[-1], "")
        )
        if kind in FORMATS:
            return self._said.of_format(kind, name)
        if pattern_text := schema.get("pattern"):
            return self._match_pattern(str(pattern_text), name)
        low, high = min(int(schema.get("minLength", 0)), MAX_CHARACTERS), int(schema.get("maxLength", 200))
        value = self._said.phrase(name)[:high]
        return value if len(value) >= low else value + "." * (low - len(value))

    def _match_pattern(self, pattern: str, name: str) -> str:
        if is_checkable(pattern):
            whole = f"^(?:{pattern.removeprefix('^').removesuffix('$')})$"
            for candidate in islice(self._said.candidates(name), MAX_CANDIDATES):
                if matches(whole, candidate) and matches(pattern, candidate):
                    return candidate
        try:
            return matching(pattern, self.random)
        except (re.error, OverflowError):
            return self._said.phrase(name)


def _format_by_description(schema: Json) -> str:
    told = str(schema.get("description") or "")
    return next((kind for sign, kind in _TOLD_FORMATS.items() if sign in told), "")


def _bounds(schema: Json, whole: bool) -> tuple[float, float]:
    step = 1 if whole else 1e-6
    low = float(schema.get("minimum", -math.inf))
    high = float(schema.get("maximum", math.inf))
    if isinstance(exclusive := schema.get("exclusiveMinimum"), int | float) and not isinstance(exclusive, bool):
        low = max(low, exclusive + step)
    if isinstance(exclusive := schema.get("exclusiveMaximum"), int | float) and not isinstance(exclusive, bool):
        high = min(high, exclusive - step)
    return low, high


def _merge(schemas: list[Json]) -> Json:
    merged: Json = {}
    for schema in schemas:
        for key, value in schema.items():
            if key == "properties" and key in merged:
                merged[key] = {**merged[key], **value}
            elif key == "required" and key in merged:
                merged[key] = [*merged[key], *(name for name in value if name not in merged[key])]
            else:
                merged[key] = value
    return merged


def _label(properties: Json, line: str) -> str:
    """A table row as ``name: value`` lines, words to the string properties and numbers to the others in turn."""
    cells = [c.strip() for c in re.split(r"\s*[|\t;]\s*|\s{2,}|,\s+(?=\D)|\s+[x@×]\s+", line.strip("| ")) if c.strip()]
    words = [c for c in cells if not NUMBER.fullmatch(c.strip("$€£ "))]
    numbers = [n for c in cells if NUMBER.fullmatch(c.strip("$€£ ")) for n in NUMBER.findall(c)]
    labelled = []
    for name, schema in properties.items():
        kind = schema.get("type") if isinstance(schema, dict) else None
        source = numbers if kind in ("number", "integer") else words
        if source:
            labelled.append(f"{name}: {source.pop(0)}")
    return "\n".join(labelled)
