"""Documents beside a question: whole while they fit, else the passages it is about, and what was chosen is told."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.services.documents.attached import Attachment, Shelf, choose, quote_of, split_attachments
from groq_core.services.documents.index import MOST_TOKENS, Passage, count_tokens, words_of
from groq_core.services.documents.parts import PAGE_BREAK
from tests.services.test_document_index import book


def attach(question: str, *documents: tuple[str, str]) -> str:
    """As the page's script writes it, see ``assets/js/shared/user-text.js``."""
    safe = [(name, text.replace("</attachment>", "<\\/attachment>")) for name, text in documents]
    parts = [f'<attachment name="{name}">\n{text}\n</attachment>' for name, text in safe]
    return "\n\n".join(filter(None, (question, *parts)))


@settings(max_examples=200, deadline=None)
@given(
    question=st.text(max_size=80).map(str.strip).filter(lambda text: "<attachment" not in text),
    documents=st.lists(
        st.tuples(st.text("abc .pdf'", min_size=1, max_size=20), st.text(max_size=200)), min_size=1, max_size=4
    ),
)
def test_what_was_attached_is_taken_apart_again(question: str, documents: list[tuple[str, str]]) -> None:
    documents = [(name, text.replace("<\\/", "</")) for name, text in documents if "<attachment" not in text]
    found, parts = split_attachments(attach(question, *documents))

    assert found == question
    assert list(parts) == [Attachment(name, text) for name, text in documents]


@pytest.mark.parametrize(
    "text",
    [
        "no document",
        '<attachment name="a.txt">\nnever closed',
        '<attachment name="a\nb">\nwords\n</attachment>',
        'the tag <attachment name=" is written like this',
    ],
)
def test_what_is_no_attachment_is_what_was_typed(text: str) -> None:
    assert split_attachments(text) == (text, ())


def test_a_text_of_nothing_but_beginnings_is_read_in_a_moment() -> None:
    for piece in ('<attachment name="', '<attachment name="a">\n', '<attachment name="\n'):
        text = piece * (2_000_000 // len(piece))
        began = time.process_time()
        split_attachments(text)
        assert time.process_time() - began < 5


def test_short_documents_are_left_as_they_are() -> None:
    assert choose([attach("What?", ("a.txt", "words " * 100))], Shelf(), whole=6_000, tokens=6_000) is None
    assert choose(["no document at all " * 9_000], Shelf(), whole=6_000, tokens=6_000) is None


def test_the_question_keeps_its_words_and_the_documents_their_pages() -> None:
    document, facts = book(60, 30)
    shelf = Shelf()
    for question, value, page in facts:
        choice = choose([attach(question, ("r.pdf", document.text))], shelf, whole=6_000, tokens=6_500)
        assert choice is not None
        (text,) = choice.texts
        assert text.endswith(f"Question: {question}")
        assert f"[p. {page}]" in text
        assert value in text
        assert count_tokens(text) <= 6_500
        assert any(quote.page == page and quote.document == "r.pdf" for quote in choice.quotes)


def test_an_older_turn_keeps_only_the_name_of_its_document() -> None:
    document, facts = book(60, 3)
    question = facts[0][0]
    texts = [attach("Read this.", ("r.pdf", document.text)), question]

    choice = choose(texts, Shelf(), whole=6_000, tokens=6_500)

    assert choice is not None
    assert choice.texts[0] == "Read this.\n\n[with r.pdf]"
    assert facts[0][1] in choice.texts[1]


@pytest.mark.parametrize("question", ["Summarise this.", "Fasse das bitte zusammen", "xyzzy?", ""])
def test_a_question_about_all_of_it_gets_the_beginning_and_samples(question: str) -> None:
    document, _ = book(60, 0)

    choice = choose([attach(question, ("r.pdf", document.text))], Shelf(), whole=6_000, tokens=6_500)

    assert choice is not None
    assert choice.whole
    assert choice.quotes[0].page == 1
    assert len({quote.page for quote in choice.quotes}) >= 8


@settings(max_examples=30, deadline=None)
@given(
    pieces=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=8),
    question=st.text(max_size=60),
    tokens=st.integers(1_500, MOST_TOKENS),
)
def test_whatever_is_attached_stays_within_its_tokens(pieces: list[str], question: str, tokens: int) -> None:
    text = PAGE_BREAK.join(piece * 400 for piece in pieces)

    choice = choose([attach(question, ("any", text))], Shelf(), whole=100, tokens=tokens)

    if choice is not None:
        assert count_tokens(choice.texts[-1]) <= tokens + count_tokens(question)


def test_an_index_is_kept_for_the_next_question_and_the_oldest_makes_room() -> None:
    document, _ = book(3, 0)
    other, _ = book(3, 0, seed=9)
    shelf = Shelf(characters=int(len(document.text) * 1.5))

    first = shelf.index_of([document])
    assert shelf.index_of([document]) is first
    shelf.index_of([other])
    assert shelf.index_of([document]) is not first


def test_a_quote_is_what_the_question_is_about() -> None:
    text = "The staff met. Rain fell all day. The pump P-17 costs 4711 euros. Nobody left. "
    question = "What does the pump P-17 cost?"
    passage = Passage(3, 0, len(text), text + "x " * 400)
    weights = {"what": 0.1, "doe": 0.1, "the": 0.1, "pump": 2.0, "p-17": 4.0, "cost": 1.0}

    assert set(weights) <= set(words_of(question))
    assert quote_of(passage, weights).startswith("The pump P-17 costs 4711 euros.")
    assert "needle" in quote_of(
        Passage(1, 0, 0, "word " * 300 + "needle " + "word " * 300), {"needle": 1.0, "word": 0.1}
    )


def test_nearly_every_quote_of_a_book_without_a_full_stop_holds_the_fact() -> None:
    document, facts = book(300, 200)
    shelf, shown = Shelf(), 0
    for question, value, page in facts:
        choice = choose([attach(question, ("r.pdf", document.text))], shelf, whole=6_000, tokens=6_500)
        assert choice is not None
        shown += any(quote.page == page and value in quote.text for quote in choice.quotes)

    assert shown >= 190
