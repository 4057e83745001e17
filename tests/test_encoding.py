"""The one encoder writes whatever the application has to tell."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from typing import Any

import pytest

from groq_core.encoding import event_bytes, header_json, json_bytes, json_line
from groq_core.errors import Kind


class Quoted(str):
    """A text of a library's own kind, as a database's names are."""

    __slots__ = ()


HALF = chr(0xD83D)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Quoted("a"), "a"),
        ({Quoted("k"): [Quoted("v")]}, {"k": ["v"]}),
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aa"), {"a": 2}),
        (Kind.AUTH, "auth"),
        ({"text": f"a{HALF}b"}, {"text": "a�b"}),
        ({"a": Quoted(HALF)}, {"a": "�"}),
        (2**70, 2**70),
    ],
)
def test_what_there_is_to_tell_is_encoded(value: Any, told: Any) -> None:
    assert json.loads(json_bytes(value)) == told
    assert json_line(value) == json_bytes(value) + b"\n"
    assert event_bytes(value) == b"data: " + json_bytes(value) + b"\n\n"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="a object is no JSON"):
        json_bytes({"a": object()})


def test_a_header_holds_ascii_alone() -> None:
    assert header_json(["ü", HALF]) == b'["\\u00fc", "\\ud83d"]'
