"""What is too large is made smaller: by no mend is more asked for than was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.failures.classify import from_response
from groq_core.fallback.shrink import shrink
from groq_core.models.spec import Capability, ModelSpec
from groq_core.requests import ChatRequest, estimate_tokens

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
