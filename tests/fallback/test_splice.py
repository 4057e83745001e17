"""The seam between an answer that broke off and the one that goes on."""

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.fallback.splice import Diverged, Splice

ANSWER = "The quick brown fox jumps over the lazy dog, and the dog, being lazy, lets it pass without a word."


def splice_all(sent: str, pieces: list[str], mode: Literal["continue", "repeat"]) -> str:
    splice = Splice(sent, mode)
    return sent + "".join([splice.feed(piece) for piece in pieces]) + splice.close()


def cut(text: str, at: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(i % (len(text) + 1) for i in at)})
    return [text[a:b] for a, b in pairwise(edges)]


@given(st.integers(0, len(ANSWER)), st.lists(st.integers(0, 200), max_size=8))
def test_a_repeated_answer_is_swallowed_up_to_where_it_broke(broke: int, at: list[int]) -> None:
    assert splice_all(ANSWER[:broke], cut(ANSWER, at), "repeat") == ANSWER


@given(st.integers(0, len(ANSWER)), st.lists(st.integers(0, 200), max_size=8))
def test_a_continuation_is_joined_where_it_broke(broke: int, at: list[int]) -> None:
    assert splice_all(ANSWER[:broke], cut(ANSWER[broke:], at), "continue") == ANSWER


@given(st.integers(24, len(ANSWER)), st.lists(st.integers(0, 200), max_size=8))
def test_a_model_that_starts_over_instead_of_continuing_is_recognised(broke: int, at: list[int]) -> None:
    assert splice_all(ANSWER[:broke], cut(ANSWER, at), "continue") == ANSWER


@given(st.integers(20, len(ANSWER) - 20), st.integers(8, 20))
def test_words_repeated_at_the_seam_are_trimmed(broke: int, overlap: int) -> None:
    assert splice_all(ANSWER[:broke], [ANSWER[broke - overlap :]], "continue") == ANSWER


def test_a_letter_that_happens_to_repeat_is_kept() -> None:
    assert splice_all("Hel", ["lo"], "continue") == "Hello"


def test_a_cut_inside_a_code_fence_stays_inside_it() -> None:
    sent, rest = "Use this:\n```python\nprint('he", "llo')\n```\nDone."

    assert splice_all(sent, [rest], "continue") == sent + rest


def test_a_different_answer_is_not_joined() -> None:
    splice = Splice("The capital is Paris.", "repeat")

    with pytest.raises(Diverged) as caught:
        splice.feed("The capital is Lyon")

    assert caught.value.text == "The capital is Lyon"


def test_an_answer_shorter_than_what_was_sent_diverges() -> None:
    splice = Splice("one two three", "repeat")
    splice.feed("one two")

    with pytest.raises(Diverged) as caught:
        splice.close()

    assert caught.value.text == "one two"
