"""The pages a question is about are found, within a plan of 8,000 tokens a minute."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.services.documents.index import MOST_TOKENS, Index, count_tokens
from groq_core.services.documents.parts import PAGE_BREAK, Document, pages_of

NOUNS = ["pump", "valve", "gasket", "rotor", "boiler", "ladder", "engine", "filter", "sensor", "cable", "bracket"]
THINGS = ["price", "weight", "length", "pressure", "warranty", "colour", "supplier", "voltage", "capacity"]
FILLER = [
    *("the", "committee", "reviewed", "progress", "of", "maintenance", "and", "noted", "that", "further"),
    *("inspection", "is", "planned", "while", "staff", "were", "informed", "about", "the", "schedule"),
    *("general", "safety", "rules", "which", "apply", "to", "every", "department", "in", "the", "building"),
]


def book(pages: int, facts: int, seed: int = 3) -> tuple[Document, list[tuple[str, str, int]]]:
    """A dull report of many pages with facts planted into it: a question, the words of its answer, its page."""
    rng = random.Random(seed)
    texts = [" ".join(rng.choices([*FILLER, *NOUNS, *THINGS], k=450)) + "." for _ in range(pages)]
    planted = []
    for number in range(facts):
        page = rng.randrange(pages)
        noun, thing = rng.choice(NOUNS), rng.choice(THINGS)
        model, value = f"{rng.choice('ABCDEFGH')}{rng.randrange(100, 999)}", f"{rng.randrange(1000, 99999)}"
        fact = f" The {thing} of {noun} {model} from line {number} is {value}. "
        at = rng.randrange(len(texts[page]))
        at = texts[page].find(" ", at) if texts[page].find(" ", at) >= 0 else 0
        texts[page] = texts[page][:at] + fact + texts[page][at:]
        planted.append((f"What is the {thing} of the {noun} {model}?", value, page + 1))
    return Document(name="report.pdf", kind="pdf", text=PAGE_BREAK.join(texts), pages=pages_of(texts)), planted


def test_two_hundred_facts_in_three_hundred_pages_are_found_within_a_plan() -> None:
    document, facts = book(300, 200)
    index = Index(document)

    found = 0
    for question, value, page in facts:
        quotes = index.quotes(question)
        found += any(quote.page == page and value in quote.text for quote in quotes)
        assert count_tokens(index.prompt(question)) <= MOST_TOKENS

    assert found >= 190


def test_the_best_passage_is_on_the_right_page() -> None:
    document, facts = book(300, 200, seed=8)
    index = Index(document)

    assert sum(index.search(question)[0].page == page for question, _, page in facts) >= 190


def test_a_quote_stands_where_it_says() -> None:
    document, facts = book(20, 10)

    for quote in Index(document).search(facts[0][0]):
        assert document.text[quote.start : quote.end].strip() == quote.text
        page = document.pages[quote.page - 1]
        assert page.start <= quote.start < quote.end <= page.end


@pytest.mark.parametrize(
    ("text", "question"),
    [
        pytest.param("Die Pumpe kostet 4.711 Euro.", "Was kostet die Pumpe?", id="German"),
        pytest.param("請求書番号は12345です。合計は9800円です。", "合計はいくらですか", id="Japanese"),
        pytest.param("Счёт на оплату № 17", "Какой счёт?", id="Russian"),
        pytest.param("Réference A-17/4, acier", "reference a-17/4", id="codes and accents"),
    ],
)
def test_any_language_is_found(text: str, question: str) -> None:
    texts = ["nothing of interest here", text, "nor here"]
    document = Document(name="a", kind="pdf", text=PAGE_BREAK.join(texts), pages=pages_of(texts))

    assert Index(document).search(question)[0].page == 2


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(max_size=3000), min_size=1, max_size=6),
    question=st.text(max_size=60),
    tokens=st.integers(700, 7000),
)
def test_any_document_and_any_question_stay_within_their_tokens(texts: list[str], question: str, tokens: int) -> None:
    texts = [text.replace(PAGE_BREAK, " ") for text in texts]
    index = Index(Document(name="a", kind="pdf", text=PAGE_BREAK.join(texts), pages=pages_of(texts)))

    assert count_tokens(index.prompt(question, tokens=tokens)) <= tokens


def test_a_short_document_beside_a_long_one_is_found_in() -> None:
    long, _ = book(50, 0)
    short = Document(name="note.txt", kind="text", text="The caretaker keeps the spare key in the blue cupboard.")
    index = Index(long, short)

    best = index.search("Where is the spare key?")[0]

    assert (index.documents[best.document].name, best.page) == ("note.txt", 0)


def test_a_further_question_is_understood_by_the_one_before() -> None:
    texts = [
        "The boiler weighs 900 kg. Its price is 40.",
        "The pump was bought in May. Its price is 70.",
        "None of it.",
    ]
    index = Index(Document(name="a", kind="pdf", text=PAGE_BREAK.join(texts), pages=pages_of(texts)))

    assert index.search("And its price?", before="When was the pump bought?")[0].page == 2
    assert index.search("And its price?", before="How heavy is the boiler?")[0].page == 1


def tokens_by_letter(text: str) -> int:
    words = sum(letter.isascii() and (letter.isalpha() or letter in " \n\f") for letter in text)
    others = sum(letter.isascii() for letter in text) - words
    far = sum(ord(letter) >= 0x800 for letter in text)
    return math.ceil(words / 3.2 + others / 2 + (len(text) - words - others - far) / 1.8 + far)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_categories=())) | st.text(st.sampled_from("a \f\x0b1.é߿ࠀ\ud800\uffff𐀀🙂")))
def test_tokens_are_counted_letter_by_letter(text: str) -> None:
    assert count_tokens(text) == tokens_by_letter(text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=400), more=st.text(max_size=40))
def test_tokens_are_never_fewer_than_bytes_over_four_or_than_of_a_part(text: str, more: str) -> None:
    assert count_tokens(text) >= len(text.encode("utf-8", "surrogatepass")) // 4
    assert count_tokens(text + more) >= count_tokens(text)
    assert count_tokens(text + more) <= count_tokens(text) + count_tokens(more)


def test_what_is_nowhere_gives_no_quote() -> None:
    index = Index(Document(name="a", kind="text", text="apples and pears"))

    assert index.search("zeppelin") == []
    assert "no passage" in index.prompt("zeppelin")


def test_a_document_without_words_is_no_error() -> None:
    assert Index(Document(name="a", kind="text", text="… — !")).search("anything") == []
