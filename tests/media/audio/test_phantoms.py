"""Short words stay and what models make up goes, in eight languages: the table of the README."""

from __future__ import annotations

import pytest

from benchmarks.phantoms import PHANTOMS, WORDS, grounds, keeps, speak
from tests.requires import needs


@needs("espeak-ng")
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("around_s", [0.2, 1.0, 3.0])
def test_a_short_word_stays(language: str, around_s: float) -> None:
    for word in WORDS[language]:
        assert keeps(speak(language, word, around_s), word), word


@pytest.mark.parametrize("ground", grounds())
def test_what_is_made_up_goes(ground: str) -> None:
    data = grounds()[ground]
    for phrases in PHANTOMS.values():
        for phrase in phrases:
            assert not keeps(data, phrase), phrase
