"""Which tools a simulated model calls: those that share words with what was asked, with arguments from the text."""

from __future__ import annotations

import random
import re
from typing import Any

import jsonschema
import msgspec
import referencing.exceptions
from referencing import Registry

from groq_core.incoming.foreign_schemas import UnfoldingError, bounded_steps, validator_class
from groq_core.simulator import tokens
from groq_core.simulator.answer import SimulatedCall
from groq_core.simulator.ids import Ids
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.named_dates import dates_in
from groq_core.simulator.schema_instances import Filler
from groq_core.simulator.skills import STOPWORDS, evaluate
from groq_core.simulator.wire_format import Json, bad_request

# Words that say little of a text may well be what a tool is for.
_STOPWORDS = STOPWORDS - {"time", "list", "word", "words", "answer", "write", "like", "show"}
_SUM = re.compile(r"\d\s*(?:[-+*/×÷^%]|plus|minus|times|divided by)\s*\(?\d", re.I)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_ENDINGS = frozenset({"final_answer", "final_result", "finish", "submit"})
"""Tools by which an agent that must always call one hands its answer in."""
_CALCULATES = re.compile(r"calc|math|arithmetic|expression|evaluat|comput|\badd\b|multipl|sum", re.I)


def functions(body: Json) -> list[Json]:
    """The function tools of a request that may be called."""
    if body.get("tool_choice") == "none":
        return []
    return [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]


def choose(body: Json, model: SimModel, ids: Ids, rng: random.Random) -> list[SimulatedCall]:
    """
    The calls of this turn; empty when an answer in words is due.

    A tool is called once in a turn of conversation. Models that call one tool at a time call the next one when
    the first result is back.

    Raises:
        WireError: 400 ``tool_use_failed``, a call was required and none made sense any more.
    """
    offered = functions(body)
    if not offered:
        return []
    text, called = _state_of_play(body["messages"])
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        wanted = [f for f in offered if f["name"] == choice["function"]["name"]]
    else:
        wanted = [f for f in _rank(offered, text) if f["name"] not in called]
        if choice == "required" and not wanted:
            ending = [f for f in offered if f["name"] in _ENDINGS]
            wanted = (ending or [f for f in offered if f["name"] not in called] or offered)[:1]
    if not wanted:
        return []
    if not model.parallel or body.get("parallel_tool_calls") is False or isinstance(choice, dict):
        wanted = wanted[:1]
    return [_call(function, text, model, ids, rng) for function in wanted]


def call_id(model: SimModel, ids: Ids) -> str:
    """The forms seen on the wire: ``fc_`` and a UUID for gpt-oss, nine characters for the others."""
    match model.call_id:
        case "fc":
            return f"fc_{ids.uuid()}"
        case "call":
            return f"call_{ids.base62(24)}"
        case _:
            return ids.word(9)


def _state_of_play(messages: list[Json]) -> tuple[str, set[str]]:
    """The last user text, and the tools already called since."""
    text, called = "", set[str]()
    for message in messages:
        if message.get("role") == "user":
            text, called = tokens.text_of(message.get("content")), set()
        for call in message.get("tool_calls") or ():
            called.add(str((call.get("function") or {}).get("name")))
    return text, called


def _rank(offered: list[Json], text: str) -> list[Json]:
    """Tools that the text seems to ask for, best first; ties in the order they were offered."""
    scored = [(score, function) for function in offered if (score := _score(function, text)) >= 2]
    if not scored:
        return []
    best = max(score for score, _ in scored)
    return [f for score, f in sorted(scored, key=lambda pair: -pair[0]) if score >= max(2, best / 3)]


def _score(function: Json, text: str) -> float:
    name = str(function.get("name", ""))
    if re.search(rf"\b{re.escape(name)}\b", text):
        return 10
    asked = _stems(text)
    named = _stems(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " "))
    described = _stems(str(function.get("description") or ""))
    score = 3.0 * len(asked & named) + 1.0 * len((asked & described) - named)
    if _SUM.search(_DATE.sub("", text)) and _CALCULATES.search(f"{name} {function.get('description', '')}"):
        score += 4
    return score


def _stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]{3,}", text.lower())
    return {_stem(word) for word in words if word not in _STOPWORDS} - {"tool", "use", "call", "get", "the", "function"}


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ers", "ors", "er", "or", "ate", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _call(function: Json, text: str, model: SimModel, ids: Ids, rng: random.Random) -> SimulatedCall:
    schema: Any = function.get("parameters") or {"type": "object", "properties": {}}
    arguments = Filler(schema, text, rng).instance() if isinstance(schema, dict) else {}
    if not isinstance(arguments, dict):
        arguments = {}
    if function["name"] in _ENDINGS:
        arguments = {
            n: text.removeprefix("Observation:").strip() if v == "" or isinstance(v, str) else v
            for n, v in arguments.items()
        }
    arguments = {name: _sum_of(name, value, text) for name, value in _in_turn(arguments, dates_in(text)).items()}
    encoded = msgspec.json.encode(arguments).decode()
    if (fault := mismatch(arguments, schema)) is not None:
        raise bad_request(
            f"Tool call validation failed: tool call validation failed: parameters for tool {function['name']} did "
            f"not match schema: errors: [{fault}]",
            code="tool_use_failed",
            failed_generation=msgspec.json.encode({"name": function["name"], "arguments": arguments}).decode(),
        )
    return SimulatedCall(call_id(model, ids), str(function["name"]), encoded)


def mismatch(value: Any, schema: Json) -> str | None:
    """
    What is wrong with a value by a schema, in Groq's words; None when nothing is.

    Raises:
        WireError: 400; the schema unfolds to too many parts.
    """
    try:
        with bounded_steps(value):
            validator = validator_class(schema)(schema, registry=Registry())
            errors = sorted(validator.iter_errors(value), key=lambda e: list(e.path))
    except (jsonschema.SchemaError, referencing.exceptions.Unresolvable):
        return None
    except UnfoldingError as error:
        raise bad_request(error.message) from None
    if not errors:
        return None
    return ", ".join(f"`/{'/'.join(str(step) for step in error.path)}`: {error.message}" for error in errors[:3])


def _in_turn(arguments: Json, dates: list[str]) -> Json:
    """Where a text names several dates, the arguments that would all say the first one say them in turn."""
    following = iter(dates)
    return {name: next(following, value) if value in dates[:1] else value for name, value in arguments.items()}


def _sum_of(name: str, value: Any, text: str) -> Any:
    """A calculator's expression is the sum in the text, not the first number near it."""
    if name.lower() in ("expression", "expr", "formula", "calculation") and isinstance(value, str):
        found = max(re.findall(r"[(\d][\d\s.()*/+^%×÷-]{0,200}[\d)]", text), key=len, default="").strip()
        if found and evaluate(found) is not None:
            return found
    return value
