"""
Groq's own tools on gpt-oss: the code interpreter really computes, the browser says that it is offline.

Names and fields as seen on the wire: ``executed_tools`` with ``index``, ``type``, ``name``, ``arguments``, ``output``.
"""

from __future__ import annotations

import re

import msgspec

from groq_core.simulator import tokens
from groq_core.simulator.skills import evaluate, number
from groq_core.simulator.wire_format import Json

TYPES = ("browser_search", "code_interpreter")
OFFLINE = "The simulator is offline: it searched nothing and found nothing."
_SUM = re.compile(r"[(\d][\d\s.()*/+%-]{0,200}[\d)]")


def run_tools(body: Json) -> list[Json]:
    """What the built-in tools of a request did before the answer, in order."""
    if body.get("tool_choice") == "none":
        return []
    offered = [tool["type"] for tool in body.get("tools") or ()]
    question = next((tokens.text_of(m.get("content")) for m in reversed(body["messages"]) if m["role"] == "user"), "")
    done: list[Json] = []
    if "browser_search" in offered:
        query = {"query": " ".join(question.split())[:200]}
        found: Json = {"output": OFFLINE, "search_results": {"results": []}}
        done.append(_call(len(done), "browser.search", query) | found)
    if "code_interpreter" in offered:
        code, output = _compute(question)
        done.append(_call(len(done), "python", {"code": code}) | {"output": output, "code_results": [{"text": output}]})
    return done


def without_result(call: Json) -> Json:
    """The same call before it had a result, as a stream shows it first."""
    return {key: call[key] for key in ("index", "type", "name", "arguments")}


def _call(index: int, name: str, arguments: Json) -> Json:
    return {"index": index, "type": "function", "name": name, "arguments": msgspec.json.encode(arguments).decode()}


def _compute(question: str) -> tuple[str, str]:
    """A line of Python for a question, and what it prints."""
    for found in sorted(_SUM.findall(question), key=len, reverse=True):
        if (value := evaluate(found)) is not None and not found.strip().isdigit():
            return f"print({found.strip()})", f"{number(value)}\n"
    return f"print(len({question!r}.split()))", f"{len(question.split())}\n"
