"""What the page sends becomes a request, or a refusal that names the field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.errors import RequestError
from groq_core.requests import Caller
from groq_core.ui.chat_request import chat_request, read_question

CALLER = Caller(user="page:x")


def question(**fields: Any) -> bytes:
    return json.dumps({"turns": [{"role": "user", "text": "hi"}]} | fields).encode()


def test_conversation_becomes_messages() -> None:
    turns = [
        {"role": "system", "text": "be short"},
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "hello"},
        {"role": "user", "text": "what is this?", "images": ["data:image/png;base64,AAAA"]},
    ]

    request = chat_request(read_question(question(turns=turns, model="quality")), CALLER)

    assert request.model == "quality"
    assert request.caller == CALLER
    assert request.revisable
    assert [message["role"] for message in request.messages] == ["system", "user", "assistant", "user"]
    assert request.messages[3]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]


def test_only_what_was_chosen_is_sent() -> None:
    assert chat_request(read_question(question()), CALLER).params == {}

    chosen = chat_request(read_question(question(temperature=0.0, max_tokens=50, effort="low", fresh=True)), CALLER)
    assert chosen.params == {"temperature": 0.0, "max_completion_tokens": 50, "reasoning_effort": "low"}
    assert chosen.no_store


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "cannot be read", id="nothing"),
        pytest.param(b"\xff\xfe", "cannot be read", id="no text"),
        pytest.param(question(turns=[]), "no question", id="no turns"),
        pytest.param(question(turns=[{"role": "assistant", "text": "x"}]), "no question", id="answer last"),
        pytest.param(question(turns=[{"role": "user", "text": " \n"}]), "empty", id="blank"),
        pytest.param(question(turns=[{"role": "tool", "text": "x"}]), "cannot be read", id="odd role"),
        pytest.param(question(turns=[{"role": "user", "text": "x"}] * 5001), "5001 messages", id="too many"),
        pytest.param(question(temperature=3), "temperature", id="too hot"),
        pytest.param(question(max_tokens=0), "at least 1", id="no room"),
        pytest.param(
            question(turns=[{"role": "user", "text": "x", "images": ["http://10.0.0.1/x.png"]}]),
            "picture",
            id="remote picture",
        ),
        pytest.param(
            question(turns=[{"role": "user", "text": "x", "images": ["data:image/svg+xml;base64,AA"]}]),
            "picture",
            id="svg",
        ),
    ],
)
def test_bad_question_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        read_question(body)


def test_fields_to_be_read_make_a_question_with_json_for_an_answer() -> None:
    picture = {"role": "user", "text": "Read: total", "images": ["data:image/png;base64,AA=="]}
    fields = [{"name": "total", "description": "in euros"}]
    request = chat_request(read_question(question(turns=[picture], fields=fields)), CALLER)

    assert request.params == {"response_format": {"type": "json_object"}, "temperature": 0}
    assert '- "total": in euros' in request.messages[-1]["content"][0]["text"]
    with pytest.raises(RequestError) as caught:
        read_question(question(turns=[picture], fields=fields * 51))
    assert caught.value.param == "fields"
