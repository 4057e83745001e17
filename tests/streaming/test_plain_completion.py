"""A whole answer that is read in short says what the decoder would have read in it."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import ProviderError
from groq_core.events import Event
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.plain_completion import read_plain
from groq_core.streaming.wire_types import decode_chunk
from tests.wire_server import USAGE

WORDS = st.sampled_from(
    ["Hello", "", " ", "<think>a</think>b", " <Think>", "</think>\n\nYes", "[x]", "◁think▷", "\n\nYes", "İ", "a\x00b"]
) | st.text(max_size=6)
NOTHING: Any = st.sampled_from([None, [], {}, "", 0])
USAGES = st.sampled_from([None, USAGE, {}, {"prompt_tokens": "3"}, {**USAGE, "total_tokens": -1}, {"prompt_tokens": 1}])
MESSAGE = st.fixed_dictionaries(
    {"content": WORDS},
    optional={
        "role": st.just("assistant"),
        "reasoning": st.none() | WORDS,
        "reasoning_content": st.none() | WORDS,
        "refusal": st.none() | WORDS,
        "annotations": st.none() | st.just([]) | st.just([{"a": 1}]),
        "tool_calls": st.none() | st.just([]) | st.just([{"id": "c", "function": {"name": "f", "arguments": "{}"}}]),
        "extra": NOTHING,
    },
)
CHOICE = st.fixed_dictionaries(
    {"message": MESSAGE, "finish_reason": st.sampled_from(["stop", "length", "STOP", "eos", "tool_calls", "", None])},
    optional={
        "index": st.none() | st.integers(0, 2),
        "logprobs": st.none(),
        "text": st.none() | WORDS,
        "delta": st.none() | st.fixed_dictionaries({"content": WORDS}),
        "error": st.none() | st.just({}) | st.just({"message": "no"}),
    },
)
BODY = st.fixed_dictionaries(
    {"choices": st.lists(CHOICE, min_size=1, max_size=2)},
    optional={
        "model": st.none() | WORDS,
        "usage": USAGES,
        "system_fingerprint": st.none() | WORDS,
        "service_tier": st.none() | WORDS,
        "x_groq": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "id": st.none() | WORDS,
                "seed": st.none() | st.integers(0, 9),
                "usage": USAGES,
                "error": st.none() | st.just("no"),
            },
        ),
        "error": st.none() | st.just({}) | st.just({"message": "no"}),
    },
)


def read_by_decoder(body: bytes) -> list[Event] | str:
    """What the decoder reads in it; the kind of failure where that is none."""
    decoder = StreamDecoder()
    try:
        decoder.take(decode_chunk(body))
        decoder.look_elsewhere(body)
        return decoder.close()
    except ProviderError as error:
        return error.kind


@settings(max_examples=600, deadline=None)
@given(BODY)
def test_what_is_read_in_short_is_what_the_decoder_reads(found: dict[str, Any]) -> None:
    body = msgspec.json.encode(found)
    plain = read_plain(decode_chunk(body))

    assert plain is None or plain == read_by_decoder(body)


def test_an_answer_of_one_text_is_read_in_short() -> None:
    message = {"role": "assistant", "content": "Hello", "reasoning": "Hm."}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = msgspec.json.encode({"model": "m", "choices": [choice], "usage": USAGE, "x_groq": {"id": "req_1"}})

    assert read_plain(decode_chunk(body)) is not None
    assert read_completion(body) == read_by_decoder(body)
