"""A seam at every byte, thinned out: `python -m benchmarks.seams` goes through all of them."""

from __future__ import annotations

import pytest

from benchmarks import seams
from benchmarks.virtual import run
from groq_core.fallback import run as runs
from groq_core.fallback.splice import Diverged, Splice, Unclear


def test_five_thousand_seams_double_and_lose_nothing_and_end_nothing_falsely() -> None:
    ended, wrong = run(seams.enumerate_seams(5_000))

    assert wrong == []
    assert ended.total() == 5_000
    assert min(ended["whole"], ended["restarted"], ended["error"]) > 100


def test_all_of_them_are_a_quarter_of_a_million() -> None:
    assert sum(1 for _ in seams.cases()) >= 250_000
    assert len(seams.answers()) == 60


def test_a_splice_that_guesses_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The enumeration would notice: a repeated row taken for one that was said again is a row lost."""
    monkeypatch.setattr(runs, "Splice", lambda sent, mode, guess=True: Splice(sent, mode))

    _, wrong = run(seams.enumerate_seams(1_500))

    assert "doubled or lost" in {why for _, why in wrong}


@pytest.mark.parametrize("row", ["| a    | 1    |\n", "--------"])
def test_what_may_be_repeated_or_not_is_unclear(row: str) -> None:
    splice = Splice("| name | age |\n" + row, "continue", guess=False)

    with pytest.raises(Unclear):
        splice.feed(row * 9)


def test_the_last_request_guesses_since_it_cannot_ask_again() -> None:
    splice = Splice("The capital of France is Paris", "continue")

    assert splice.feed("The capital of France is Paris, on the Seine, as it has been for long.") == (
        ", on the Seine, as it has been for long."
    )
    with pytest.raises(Diverged):
        Splice("abc", "repeat").feed("abd")
