"""What is too large is made smaller: by no mend is more asked for than was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.failures.classify import from_response
from groq_core.fallback.shrink import shrink
from groq_core.models.spec import Capability, ModelSpec
from groq_core.requests import ChatRequest, Message, estimate_tokens

SPEC = ModelSpec(id="m", provider="groq", capabilities=frozenset({Capability.CHAT}), context_window=131_072)
REFUSALS = st.sampled_from(
    [
        (413, "Request too large"),
        (413, "Request too large on tokens per minute (TPM): Limit 6000, Requested 32979"),
        (413, "Request too large on tokens per minute (TPM): Limit 10, Requested 7000"),
        (413, "Request too large on tokens per minute (TPM): Limit 9999999, Requested 5"),
        (413, "Request too large on output tokens per minute (OTPM): Limit 0, Requested 5"),
        (400, "Please reduce the length of the messages or completion."),
    ]
)


@settings(max_examples=150, deadline=None)
@given(REFUSALS, st.none() | st.integers(1, 200_000), st.lists(st.integers(0, 3000), max_size=4))
def test_a_mend_never_asks_for_more_than_was_asked(
    refusal: tuple[int, str], wanted: int | None, words: list[int]
) -> None:
    history = [{"role": ("user", "assistant")[place % 2], "content": "word " * n} for place, n in enumerate(words)]
    asked = ChatRequest(
        messages=(*history, {"role": "user", "content": "Hi"}),
        params={} if wanted is None else {"max_completion_tokens": wanted},
    )

    found = shrink(asked, from_response(refusal[0], {}, refusal[1]), SPEC)

    if found is None:
        return
    sent = found[0]
    assert isinstance(sent, ChatRequest)
    bound = sent.params.get("max_completion_tokens")
    assert wanted is None or (bound is not None and 0 < bound <= wanted)
    assert estimate_tokens(sent.messages) <= estimate_tokens(asked.messages)
    assert sent.messages[-1] == asked.messages[-1]
    assert bound != wanted or len(sent.messages) < len(asked.messages), "something is smaller"


def _turn(kind: str, size: int, number: int) -> list[Message]:
    """What one turn adds to a conversation; a call goes with its results."""
    said = "word " * size
    if kind == "pictures":
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
        return [{"role": "user", "content": [{"type": "text", "text": said}, picture]}]
    if kind != "calls":
        return [{"role": kind, "content": said}]
    ids = [f"{number}_{place}" for place in range(1 + size % 3)]
    calls = [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}} for id in ids]
    results = [{"role": "tool", "tool_call_id": id, "content": said} for id in ids]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *results]


TURNS = st.tuples(
    st.sampled_from(["user", "user", "assistant", "calls", "calls", "pictures", "system", "developer"]),
    st.integers(1, 600),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TURNS, min_size=1, max_size=9), st.integers(300, 4000))
def test_what_is_left_of_a_conversation_can_be_sent_and_keeps_its_rules_and_its_question(
    turns: list[tuple[str, int]], limit: int
) -> None:
    messages = [one for number, (kind, size) in enumerate(turns) for one in _turn(kind, size, number)]
    refusal = f"Request too large on tokens per minute (TPM): Limit {limit}, Requested 9999"

    found = shrink(ChatRequest(messages=tuple(messages)), from_response(413, {}, refusal), SPEC)

    if found is None:
        return
    sent = found[0]
    assert isinstance(sent, ChatRequest)
    rules = ("system", "developer")
    assert [m for m in sent.messages if m["role"] in rules] == [m for m in messages if m["role"] in rules]
    called = {call["id"] for m in sent.messages for call in m.get("tool_calls", ())}
    assert called == {m["tool_call_id"] for m in sent.messages if m["role"] == "tool"}, "a result without its call"
    questions = [place for place, m in enumerate(messages) if m["role"] == "user"]
    assert list(sent.messages[-len(messages) + questions[-1] :]) == messages[questions[-1] :] if questions else True
