"""A conversation that is found to be nothing but texts is what mending and checking it would have made of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.incoming.chat_fields import are_plain
from groq_core.incoming.clients import mend_messages
from groq_core.incoming.message_checks import ROLES, check_messages

TEXTS = st.text(max_size=3) | st.sampled_from(["Hi", "", " ", "\u3000"])
PARTS = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}), max_size=2)
ROLE = st.sampled_from([*ROLES, "User", "ASSISTANT", "nobody"]) | st.none() | st.integers()
OTHERS: dict[str, Any] = {
    "name": TEXTS,
    "refusal": st.none() | TEXTS,
    "tool_calls": st.none() | st.just([]),
    "tool_call_id": TEXTS,
    "function_call": st.none() | st.just({"name": "f", "arguments": "{}"}),
}
MESSAGE = st.fixed_dictionaries({"role": ROLE, "content": TEXTS | PARTS | st.none() | st.integers()}, optional=OTHERS)
PLAIN = st.fixed_dictionaries({"role": st.sampled_from(ROLES), "content": TEXTS})
ODD = st.none() | st.integers() | TEXTS | st.dictionaries(TEXTS, TEXTS, max_size=2)


@settings(max_examples=400, deadline=None)
@given(st.lists(PLAIN, max_size=5) | st.lists(MESSAGE | PLAIN | ODD, max_size=4) | ODD)
def test_what_is_plain_would_neither_have_been_mended_nor_refused(messages: Any) -> None:
    if are_plain(messages):
        assert check_messages(mend_messages(messages)) == tuple(messages)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXTS})))
def test_texts_are_plain_unless_the_newest_question_is_blank(messages: list[dict[str, str]]) -> None:
    asked = [one["content"] for one in messages if one["role"] == "user"]

    assert are_plain(messages) == (bool(messages) and (not asked or bool(asked[-1].strip())))
