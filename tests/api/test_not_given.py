"""What a chat is asked for and cannot give is told, or refused by name: never paid for and dropped."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from groq_core.events import ReasoningDelta, TextDelta
from tests.api.stage import Stage, ask, begun, done, events_of, plays
from tests.stage import staged

URL = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"logprobs": True}, ["logprobs"]),
        ({"logprobs": True, "top_logprobs": 3}, ["logprobs", "top_logprobs"]),
        ({"audio": {"voice": "alloy", "format": "wav"}}, ["audio"]),
        ({"logprobs": False, "top_logprobs": 0, "audio": None}, []),
        ({"modalities": ["text"]}, []),
        ({"modalities": None, "reasoning_format": None}, []),
    ],
)
async def test_what_nobody_here_hands_on_is_not_asked_for(asked: dict[str, Any], told: list[str]) -> None:
    stage = Stage()
    async with stage.served() as client:
        answer = await client.post(URL, json=ask(**asked))

    assert answer.status_code == 200
    assert stage.chat.params == {}
    notes = answer.json().get("notes", [])
    assert {note["code"] for note in notes} <= {"parameter_passed_over"}
    assert [note["text"].split("`")[1] for note in notes] == told


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"modalities": "text"}, "modalities"),
        ({"modalities": [1]}, "modalities"),
        ({"logprobs": "yes"}, "logprobs"),
        ({"top_logprobs": 50}, "top_logprobs"),
        ({"reasoning_format": "weird"}, "reasoning_format"),
        ({"tools": [{"type": "custom", "custom": {"name": ""}}]}, "tools[0].custom.name"),
        (
            {
                "tools": [{"type": "custom", "custom": {"name": "run"}}],
                "tool_choice": {"type": "custom", "custom": {"name": "walk"}},
            },
            "tool_choice.custom.name",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]},
            "messages[0].content[0].type",
        ),
    ],
)
async def test_what_would_be_another_answer_is_refused_before_anybody_is_asked(asked: Any, param: str) -> None:
    stage = Stage()
    async with stage.served() as client:
        answer = await client.post(URL, json=ask() | asked)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert not stage.asked


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("asked", [{"include_reasoning": False}, {"reasoning_format": "hidden"}])
async def test_thoughts_that_are_not_wanted_do_not_go_out_whoever_tells_them(
    asked: dict[str, Any], stream: bool
) -> None:
    """Only Groq knows the parameters; another server thinks aloud all the same, and so does Qwen without its format."""
    script = plays(begun(), ReasoningDelta("hm"), TextDelta("a"), ReasoningDelta("hm"), TextDelta("b"), done())
    async with Stage(script).served() as client:
        answer = await client.post(URL, json=ask(stream=stream, **asked))
        told = await client.post(URL, json=ask(stream=stream))

    assert "hm" not in answer.text
    assert "hm" in told.text
    if stream:
        chunks = [chunk for chunk in events_of(answer.text) if isinstance(chunk, dict)]
        words = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]  # type: ignore[index]
        assert "".join(words) == "ab"
    else:
        assert answer.json()["choices"][0]["message"] == {"role": "assistant", "content": "ab"}


@pytest.mark.parametrize("stream", [True, False])
async def test_nor_past_the_layers_and_from_the_backup(stream: bool) -> None:
    async with staged() as stage:
        stage.fault("reset", provider="groq")
        wanted: dict[str, Any] = {"stream": stream, "include_reasoning": False}
        answer = await stage.http.post(URL, json=ask(**wanted))

    assert answer.status_code == 200
    assert '"reasoning"' not in answer.text


async def test_an_effort_that_nobody_knows_is_told() -> None:
    async with staged() as stage:
        odd = await stage.chat(model="openai/gpt-oss-20b", reasoning_effort="ultra")
        known = await stage.chat(model="openai/gpt-oss-20b", reasoning_effort="low")

    assert ["ultra" in note["text"] for note in odd.json()["notes"]] == [True]
    assert "notes" not in known.json()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("asked", "left_out"),
    [({"max_tokens": 70_000}, "65536"), ({"verbosity": "low"}, "verbosity")],
)
async def test_what_was_changed_for_who_did_not_answer_is_not_told(
    asked: dict[str, Any], left_out: str, stream: bool
) -> None:
    """The backup takes what Groq does not; a note about Groq would say of its answer what is not true."""
    async with staged() as stage:
        by_groq = await stage.chat(stream=stream, **asked)
        stage.fault("status", preset="503_over_capacity", provider="groq")
        by_backup = await stage.chat(stream=stream, **asked)

    assert left_out in read_notes(by_groq, stream)
    assert left_out not in read_notes(by_backup, stream)


def read_notes(answer: httpx.Response, stream: bool) -> str:
    last: Any = [event for event in events_of(answer.text) if event != "[DONE]"][-1] if stream else answer.json()
    assert ("notes" in last) is ("x-groq-core-notes" in answer.headers)
    return str(last.get("notes"))


async def test_an_answer_to_the_whole_is_not_told_as_shortened() -> None:
    """Groq's model found the question too large, and smaller still; the backup then read all of it."""
    async with staged() as stage:
        stage.fault("status", preset="413_tpm", provider="groq")
        answer = await stage.chat("word " * 3000, max_tokens=5000)

    assert answer.json()["x_groq_core"]["served_by"]["provider"] == "openai"
    assert "notes" not in answer.json()
