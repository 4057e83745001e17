"""Any document made of pieces that are shown and pieces that are not is read as exactly the words that are shown."""

from __future__ import annotations

import random

import pytest

from groq_core.services.documents.readers import read
from tests.services.visible_words import KINDS, document_of, words_in


@pytest.mark.parametrize("name", KINDS)
def test_any_document_is_read_as_exactly_its_visible_words(name: str) -> None:
    kind = KINDS[name]
    for seed in range(4):
        data, wanted = document_of(kind, random.Random(seed))

        found, foreign = words_in(read(data, f"a.{kind.ending}").text, kind.furniture)

        assert sorted(found) == sorted(wanted), seed
        assert foreign == [], seed
        if name not in ("pptx", "msg"):  # pieces lie on two slides, and files behind the body
            assert found == wanted, seed
