"""
Answers in the form that a prompt spells out: fields under headings, a JSON object, code between two marks.

Programs that build on plain prompts (DSPy, smolagents, Instructor's older modes) read such forms, so a model that
answered them in prose could not be tried with them.
"""

from __future__ import annotations

import json
import random
import re

from groq_core.simulator import structured, tokens
from groq_core.simulator.schema_instances import Filler
from groq_core.simulator.skills import compute
from groq_core.simulator.wire_format import Json

_FIELD = re.compile(r"`(?:\[\[ ## )?(\w+)(?: ## \]\])?`(?: \(must be formatted as a valid Python (.+?)\)(?=,|\.|$))?")
_HEADED = re.compile(r"Respond with the corresponding output fields, starting with the field (.+)$", re.S)
_LISTED = re.compile(r"Respond with a JSON object in the following order of fields: (.+)$", re.S)
_HEADING = re.compile(r"\[\[ ## \w+ ## \]\]")
_JSON = re.compile(
    r"\b(?:respond|reply|answer|return|output)\b(?:\s+\w+){0,3}?\s+(?:a |an |the |valid |correct |single |raw )*"
    r"JSON(?: object| response)?\b",
    re.I,
)
_FENCE = re.compile(r"```json|json code ?block", re.I)
_CODE = ("<code>", "final_answer(", "</code>")
"""What stands in instructions for answers in code, in this order."""

_TYPES = {"int": "integer", "float": "number", "bool": "boolean"}


def answer(messages: list[Json], rng: random.Random) -> str | None:
    """The answer's text where the newest message, or the instructions, ask for one of these forms, else None."""
    if not messages or messages[-1].get("role") != "user":
        return None
    said = tokens.text_of(messages[-1].get("content"))
    if (found := _HEADED.search(said)) is not None:
        return _under_headings(_fill(found.group(1), said[: found.start()], rng))
    if (found := _LISTED.search(said)) is not None:
        return json.dumps(_fill(found.group(1), said[: found.start()], rng))
    instructions = "\n".join(tokens.text_of(m.get("content")) for m in messages if m.get("role") == "system")
    if _wants_code(instructions):
        return _as_code(said)
    if _JSON.search(said) or _JSON.search(instructions):
        return _as_json(messages, rng, fenced=_FENCE.search(said) is not None)
    return None


def _wants_code(instructions: str) -> bool:
    at = 0
    return all((at := instructions.find(sign, at)) >= 0 for sign in _CODE)


def _fill(listed: str, given: str, rng: random.Random) -> Json:
    """The fields that a prompt lists, filled from what stands before the list."""
    text = _HEADING.sub("", given).strip()
    fields = {name: _schema_of(kind) for name, kind in _FIELD.findall(listed) if name != "completed"}
    computed = compute(text.partition("\n")[0], [])
    if computed is not None and fields:
        # What can be computed is what the last field asks for.
        text += f"\n{[*fields][-1]}: {computed.rpartition('= ')[2].strip('*')}"
    filled: Json = Filler({"type": "object", "properties": fields, "required": [*fields]}, text, rng).instance()
    return filled


def _schema_of(kind: str) -> Json:
    """
    A schema for a type as Python writes it.

    >>> _schema_of("Literal['stay', 'finish']"), _schema_of("list[str]"), _schema_of("")
    ({'enum': ['finish', 'stay']}, {'type': 'array', 'items': {'type': 'string'}}, {'type': 'string'})
    """
    if kind.startswith("Literal["):
        return {"enum": re.findall(r"'([^']*)'", kind)[::-1]}
    if kind.startswith("list["):
        return {"type": "array", "items": _schema_of(kind[5:-1])}
    if kind.startswith("dict"):
        return {"type": "object", "properties": {}}
    return {"type": _TYPES.get(kind, "string")}


def _under_headings(fields: Json) -> str:
    said = [f"[[ ## {name} ## ]]\n{_spell(value)}\n" for name, value in fields.items()]
    return "\n".join([*said, "[[ ## completed ## ]]"])


def _spell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _as_json(messages: list[Json], rng: random.Random, *, fenced: bool) -> str | None:
    written = structured.answer({"messages": messages, "response_format": {"type": "json_object"}}, rng)
    return f"```json\n{written}\n```" if fenced else written


def _as_code(said: str) -> str:
    """Code that ends the work with what the simulator can say of it, or with what was found by a tool before."""
    task = said.removeprefix("New task:").strip()
    found = compute(task, []) or f"simulated: no model was asked about “{' '.join(task.split())[:200]}”"
    return (
        f"Thought: this is the simulator, so nothing is known, only computed.\n<code>\nfinal_answer({found!r})\n</code>"
    )
