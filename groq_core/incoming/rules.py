"""
The rules for the fields of a body: each checks a value, and says the same as a schema for the API's description.

A route declares the fields it takes once, as :class:`BodyFields`; with that table it reads what it is sent, and of the
same table its part of the description is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from groq_core.incoming.field_errors import bad, kind_of, mapping
from groq_core.incoming.json_bodies import json_object
from groq_core.incoming.schema_parts import (
    MODEL,
    NUMBER,
    OBJECT,
    STREAM,
    SWITCH,
    TEXT,
    WHOLE,
    WORDS,
    Schema,
    list_of,
    object_of,
    or_null,
)

Check: TypeAlias = Callable[[Any, str], None]
"""Takes a value and the path of its field; raises RequestError naming the field and the mend."""


class Rule(NamedTuple):
    """What a field may be: how that is checked, and the same said as a schema in the API's description."""

    check: Check
    schema: Schema

    def with_note(self, note: str, **others: Any) -> Rule:
        """The same rule with a description in words; ``others`` are further keywords, such as a default."""
        return Rule(self.check, {**self.schema, **others, "description": note})


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFields:
    """
    The fields of a body.

    Attributes:
        rules: What each of them may be; null is as good as leaving one out.
        required: Names of those that must be there.
        closed: No other may be there, since a typing error would be passed over in silence.
        extra: Further keywords of the schema.
    """

    rules: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    closed: bool = False
    extra: Mapping[str, Any] | None = None

    @property
    def schema(self) -> Schema:
        """The whole body, in the API's description."""
        fields = {
            name: rule.schema if name in self.required else or_null(rule.schema) for name, rule in self.rules.items()
        }
        return (
            object_of(fields, *self.required)
            | ({"additionalProperties": False} if self.closed else {})
            | dict(self.extra or {})
        )

    def read(self, raw: bytes) -> dict[str, Any]:
        """
        The fields of a JSON object that are there and not null.

        Raises:
            RequestError: 400; it is no JSON object, or names the field that is wrong, missing or unknown.
        """
        return self.check(json_object(raw))

    def check(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """As :meth:`read`, of what is decoded already; fields without a rule go on as they came."""
        if self.closed:
            self.refuse_others(body)
        fields = {name: value for name, value in body.items() if value is not None}
        for name in self.required:
            if name not in fields:
                raise bad(name, f"`{name}` is missing", code="missing_field")
        for name, rule in self.rules.items():
            if name in fields:
                rule.check(fields[name], name)
        return fields

    def refuse_others(self, names: Collection[str]) -> None:
        """
        Raises:
            RequestError: 400 naming a field that nobody here knows.
        """
        for name in names:
            if name not in self.rules:
                known = f"There are: {', '.join(self.rules)}."
                raise bad(name, f"`{name}` is no field here", known, code="unknown_field")


class Form(Protocol):
    """A form as it was read: name to values, and of each name the last that is not blank."""

    @property
    def fields(self) -> Mapping[str, list[str]]: ...

    def text(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFields(BodyFields):
    """
    The fields of a form, where every value is a text: one of a number or a switch is read as such, then checked.

    A field `name[]` holds a list; `file` is the upload, which its reader looks at.
    """

    @property
    def schema(self) -> Schema:
        """The whole form, in the API's description; there is no null in a form."""
        fields = {name: rule.schema for name, rule in self.rules.items()}
        return object_of(fields, *self.required) | dict(self.extra or {})

    def read_form(self, form: Form) -> dict[str, Any]:
        """
        The fields that are there and not blank, as what they are.

        Raises:
            RequestError: 400 naming the field that is wrong.
        """
        found: dict[str, Any] = {}
        for name, rule in self.rules.items():
            plain = name.removesuffix("[]")
            if name != plain and plain in form.fields:
                found[plain] = split_words(form.fields[plain])
            elif name == plain and (text := form.text(name)) is not None:
                found[plain] = _from_text(text, rule.schema, name)
            if plain in found:
                rule.check(found[plain], plain)
            elif name in self.required and name != "file":
                raise bad(plain, f"`{plain}` is missing", code="missing_field")
        return found


def split_words(values: list[str]) -> list[str]:
    """
    Read a list however a form holds it: a field each, one field with commas between, or one that is JSON.

    >>> split_words(["word", "segment"]), split_words(['["word", "segment"]'])
    (['word', 'segment'], ['word', 'segment'])
    """
    bare = (value.strip().removeprefix("[").removesuffix("]") for value in values)
    return [word for value in bare for part in value.split(",") if (word := part.strip().strip("\"'").lower())]


SWITCHES: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}


def _from_text(text: str, schema: Schema, name: str) -> Any:
    match schema.get("type"):
        case "boolean":
            if text.lower() not in SWITCHES:
                raise bad(name, f"`{name}` must be true or false")
            return SWITCHES[text.lower()]
        case "number":
            try:
                return float(text)
            except ValueError:
                raise bad(name, f"`{name}` must be a number") from None
        case "integer":
            if not re.fullmatch("-?[0-9]{1,18}", text, re.ASCII):
                raise bad(name, f"`{name}` must be a whole number")
            return int(text)
        case _:
            return text.lower() if "enum" in schema else text


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────


def anything(note: str) -> Rule:
    return Rule(lambda _, __: None, {"description": note})


def text() -> Rule:
    return Rule(check_text, TEXT)


def check_text(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise bad(name, f"`{name}` must be text, not {kind_of(value)}")


def words() -> Rule:
    """A text that is not empty."""

    def check(value: Any, name: str) -> None:
        check_text(value, name)
        if not value.strip():
            raise bad(name, f"`{name}` is empty")

    return Rule(check, WORDS)


def switch() -> Rule:
    return Rule(check_switch, SWITCH)


def check_list(value: Any, name: str) -> None:
    if not isinstance(value, list):
        raise bad(name, f"`{name}` must be a list, not {kind_of(value)}")


def check_switch(value: Any, name: str) -> None:
    if not isinstance(value, bool):
        raise bad(name, f"`{name}` must be true or false, not {kind_of(value)}")


def number(low: float, high: float) -> Rule:
    def check(value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad(name, f"`{name}` must be a number, not {kind_of(value)}")
        if not low <= value <= high:
            raise bad(name, f"`{name}` must be between {low:g} and {high:g}")

    return Rule(check, {**NUMBER, "minimum": low, "maximum": high})


def above(low: float, unit: str) -> Rule:
    """A number greater than ``low``."""

    def check(value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= low:
            what = "a positive number" if low == 0 else f"a number above {low:g}"
            raise bad(name, f"`{name}` must be {what} of {unit}")

    return Rule(check, {**NUMBER, "exclusiveMinimum": low})


def whole(low: int, high: int) -> Rule:
    def check(value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad(name, f"`{name}` must be a whole number")
        if not low <= value <= high:
            raise bad(name, f"`{name}` must be between {low} and {high}")

    return Rule(check, {**WHOLE, "minimum": low, "maximum": high})


def one_of(*known: str, hint: str = "") -> Rule:
    def check(value: Any, name: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise bad(name, f"`{name}` must be {'one of ' if len(known) > 1 else ''}{', '.join(known)}", hint)

    return Rule(check, {"enum": list(known)})


def some_of(*known: str) -> Rule:
    """A list of words, each one of these."""

    def check(value: Any, name: str) -> None:
        if not isinstance(value, list) or not set(value) <= set(known):
            raise bad(name, f"`{name}` takes {' and '.join(known)}")

    return Rule(check, list_of({"enum": list(known)}))


def object_with(**rules: Rule) -> Rule:
    """An object; of the fields named each keeps its rule, where it is there and not null."""

    def check(value: Any, name: str) -> None:
        fields = mapping(value, name)
        for field, rule in rules.items():
            if fields.get(field) is not None:
                rule.check(fields[field], f"{name}.{field}")

    return Rule(check, object_of({field: or_null(rule.schema) for field, rule in rules.items()}) if rules else OBJECT)


def texts_by_name(most: int | None = None, *, longest_name: int = 64, longest_text: int = 512) -> Rule:
    """An object of texts; with ``most`` it is bounded as OpenAI bounds `metadata`."""

    def check(value: Any, name: str) -> None:
        fields = mapping(value, name)
        if not all(isinstance(one, str) for one in fields.values()):
            raise bad(name, f"`{name}` takes texts")
        if most is None:
            return
        if len(fields) > most:
            raise bad(name, f"`{name}` has {len(fields)} entries; at most {most} are possible")
        if any(len(key) > longest_name or len(one) > longest_text for key, one in fields.items()):
            raise bad(
                name, f"`{name}` takes names of at most {longest_name} and texts of at most {longest_text} characters"
            )

    schema: Schema = {**OBJECT, "additionalProperties": TEXT}
    if most is not None:
        schema = {
            **OBJECT,
            "additionalProperties": {**TEXT, "maxLength": longest_text},
            "propertyNames": {"maxLength": longest_name},
            "maxProperties": most,
        }
    return Rule(check, schema)


def check_model(value: Any, name: str = "model") -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise bad(
            name, f"`{name}` must be a name of at most 200 characters", "Send `auto`, or an id of GET /v1/models."
        )


MODEL_NAME: Final = Rule(check_model, MODEL)
"""A tier alias, a model id or `provider:id`."""

STREAMED: Final = Rule(check_switch, STREAM)
UPLOAD: Final = Rule(lambda _, __: None, {"type": "string", "format": "binary"})
"""The field `file` of a form, which its reader looks at."""
