"""A prompt that spells out the form of its answer gets an answer in that form."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest

from groq_core.simulator import outlines
from tests.simulator.http import OSS, ask, text_of, tool

HEADED = (
    "[[ ## question ## ]]\nWhat is 17 * 23?\n\nRespond with the corresponding output fields, starting with the field "
    "`[[ ## reasoning ## ]]`, then `[[ ## answer ## ]]` (must be formatted as a valid Python int), and then ending "
    "with the marker for `[[ ## completed ## ]]`."
)
LISTED = (
    "[[ ## text ## ]]\nAda is 36 years old.\n\nRespond with a JSON object in the following order of fields: `name`, "
    "then `age` (must be formatted as a valid Python int), then `tags` (must be formatted as a valid Python list[str])."
)


def answer_of(*messages: tuple[str, str]) -> str | None:
    return outlines.answer([{"role": role, "content": text} for role, text in messages], random.Random(1))


def test_fields_stand_under_their_headings_and_a_sum_is_worked_out() -> None:
    text = answer_of(("user", HEADED))

    assert text is not None
    assert "[[ ## answer ## ]]\n391\n" in text
    assert text.index("reasoning") < text.index("answer")
    assert text.endswith("[[ ## completed ## ]]")


def test_fields_of_an_object_have_their_types() -> None:
    fields = json.loads(answer_of(("user", LISTED)) or "")

    assert [*fields] == ["name", "age", "tags"]
    assert (fields["age"], type(fields["tags"])) == (36, list)


@pytest.mark.parametrize("asked", ["Reply in JSON with the keys name and age.", "Return a valid JSON object."])
def test_json_asked_for_in_words_is_json(asked: str) -> None:
    assert isinstance(json.loads(answer_of(("user", f"Ada is 36. {asked}")) or ""), dict)


def test_a_fence_is_put_around_json_where_one_is_asked_for() -> None:
    text = answer_of(("user", "Ada is 36. Return the correct JSON response within a ```json codeblock."))

    assert text is not None
    assert text.startswith("```json\n{")
    assert text.endswith("}\n```")


def test_code_ends_the_work() -> None:
    rules = "Write code between <code> and </code>:\n<code>\nfinal_answer(x)\n</code>"
    text = answer_of(("system", rules), ("user", "New task:\nWhat is 17 * 23?"))

    assert text is not None
    assert "<code>\nfinal_answer('17 * 23 = **391**')\n</code>" in text


@pytest.mark.parametrize("asked", ["What is JSON?", "Explain how a server answers.", "Parse this JSON: {}"])
def test_prose_stays_prose(asked: str) -> None:
    assert answer_of(("user", asked)) is None


async def test_an_agent_that_must_call_a_tool_hands_in_what_it_found(http: httpx.AsyncClient) -> None:
    tools = [
        tool("get_weather", "Weather of a city", city={"type": "string"}),
        tool("final_answer", "Hands in the answer", answer={"type": "string"}),
    ]
    body: Any = ask("Observation:\nhail in Paris", OSS, tools=tools, tool_choice="required")
    answer = (await http.post("/openai/v1/chat/completions", json=body)).json()
    (call,) = answer["choices"][0]["message"]["tool_calls"]

    assert call["function"]["name"] == "final_answer"
    assert json.loads(call["function"]["arguments"]) == {"answer": "hail in Paris"}
    assert await text_of(http, ask(LISTED, OSS))
