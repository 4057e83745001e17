"""Long texts are cut without loss, answers merged without doubles, and values found as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.services.extraction.merge import merge
from groq_core.services.extraction.spans import SourceText
from groq_core.services.extraction.text_parts import chunk_chars, cut

# ── cutting ──────────────────────────────────────────────────────────────────────────────────────────

_texts = st.text(st.sampled_from("ab. \n"), max_size=6000)


@given(_texts, st.integers(500, 1500), st.integers(0, 250))
def test_parts_cover_the_text_and_none_is_too_long(text: str, size: int, overlap: int) -> None:
    chunks = cut(text, size, overlap)

    covered = 0
    for number, chunk in enumerate(chunks):
        assert chunk.number == number
        assert chunk.text == text[chunk.start : chunk.end]
        assert len(chunk.text) <= size
        assert chunk.start <= covered
        assert covered - chunk.start <= overlap
        assert chunk.end > covered or text == ""
        covered = chunk.end
    assert covered == len(text)


def test_a_text_is_cut_between_paragraphs_before_lines_before_words() -> None:
    paragraphs = "word word\nword\n\n" * 100

    assert all(chunk.text.endswith("\n\n") for chunk in cut(paragraphs, 600))
    assert all(chunk.text.endswith(" ") for chunk in cut("word " * 1000, 600))


def test_a_part_goes_back_a_little_into_the_one_before() -> None:
    first, second, *_ = cut("\n".join(f"line {number}" for number in range(500)), 600, 100)

    assert 0 < first.end - second.start <= 100
    assert second.text.startswith("line")


@pytest.mark.parametrize(("size", "overlap"), [(10, 0), (600, 400), (600, -1)])
def test_sizes_that_make_no_sense_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(RequestError):
        cut("text", size, overlap)


def test_a_part_is_as_large_as_the_tightest_limit_allows() -> None:
    assert chunk_chars(window=8192, tokens_per_minute=250_000, reserved=2192) == 16_000
    assert chunk_chars(window=131_072, tokens_per_minute=1000, reserved=2000) == 500


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────


def merge_all(*answers: Any, prefer: Any = "majority") -> Any:
    return merge(list(enumerate(answers)), prefer).data


def test_a_value_only_one_part_states_is_taken() -> None:
    assert merge_all({"a": None, "b": ""}, {"a": 1, "b": "x"}) == {"a": 1, "b": "x"}


def test_nested_objects_are_put_together() -> None:
    assert merge_all({"who": {"name": "Ada"}}, {"who": {"name": None, "age": 36}}) == {
        "who": {"name": "Ada", "age": 36}
    }


def test_lists_are_joined_in_order_without_doubles() -> None:
    assert merge_all({"l": ["a", "B "]}, {"l": ["b", "c"]}, {"l": ["A"]}) == {"l": ["a", "B ", "c"]}


def test_an_item_one_part_has_twice_stays_twice() -> None:
    coffee = {"what": "coffee", "price": 3.5}

    assert merge_all({"l": [coffee, coffee]}, {"l": [coffee]}) == {"l": [coffee, coffee]}


def test_an_item_divided_by_a_cut_gives_way_to_the_whole_one() -> None:
    part, whole = {"what": "coffee", "price": None}, {"what": "Coffee", "price": 3.5}

    assert merge_all({"l": [part]}, {"l": [whole]}) == {"l": [whole]}
    assert merge_all({"l": [whole]}, {"l": [part]}) == {"l": [whole]}
    assert merge_all({"l": [part]}, {"l": []}, {"l": [whole]}) == {"l": [part, whole]}


def test_most_parts_decide_else_the_first() -> None:
    assert merge_all({"a": 1}, {"a": 2}, {"a": 2.0}) == {"a": 2}
    assert merge_all({"a": 1}, {"a": 2}, {"a": 2}, prefer="first") == {"a": 1}
    assert merge_all({"a": 1}, {"a": 2}) == {"a": 1}


def test_a_contradiction_is_kept_with_who_said_what() -> None:
    (conflict,) = merge([(0, {"a": {"b": "x"}}), (2, {"a": {"b": "y"}}), (3, {"a": {"b": "X"}})]).conflicts

    assert conflict.path == ("a", "b")
    assert [(said.chunk, said.value) for said in conflict.said] == [(0, "x"), (2, "y"), (3, "X")]
    assert conflict.chosen == "x"


def test_a_text_and_a_list_in_the_same_place_contradict_each_other() -> None:
    found = merge([(0, {"a": "x"}), (1, {"a": ["x"]})])

    assert found.data == {"a": "x"}
    assert len(found.conflicts) == 1


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
    )
)
def test_merging_an_answer_with_itself_or_nothing_changes_nothing(answer: Any) -> None:
    assert merge([(0, {"v": answer})]).data == {"v": answer}
    assert merge([(0, {"v": answer}), (1, {"v": answer})]).conflicts == ()
    assert merge([(0, {"v": answer}), (1, {"v": None})]).data == {"v": answer}


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "value", "quote"),
    [
        pytest.param("to Ada  King,\nLondon", "Ada King, London", "Ada  King,\nLondon", id="white space"),
        pytest.param("ACME corp.", "Acme Corp.", "ACME corp.", id="case"),
        pytest.param("the “big” one – now", 'the "big" one - now', "the “big” one – now", id="typography"),
        pytest.param("co\u00adoperate", "cooperate", "co\u00adoperate", id="soft hyphen"),
        pytest.param("a | b", "a b", "a | b", id="cells"),
        pytest.param("sum 1,234.50 USD", 1234.5, "1,234.50", id="English number"),
        pytest.param("Summe 1.234,50 EUR", 1234.5, "1.234,50", id="German number"),
        pytest.param("Total CHF 1'234.50", 1234.5, "1'234.50", id="Swiss number"),
        pytest.param("total 1 234,50 €", 1234.5, "1 234,50", id="French number"),
        pytest.param("12.000 people", 12000, "12.000", id="grouped"),
        pytest.param("0.125 kg", 0.125, "0.125", id="no group"),
        pytest.param("VAT 19 %", 0.19, "19 %", id="per cent"),
        pytest.param("balance −40", -40, "−40", id="minus"),
        pytest.param("refund 40.00", -40, "40.00", id="minus by meaning"),
        pytest.param("it costs 99 now", "99.00", "99", id="number as text"),
        pytest.param("due March 5, 2026.", "2026-03-05", "March 5, 2026", id="American date"),
        pytest.param("le 5 février 2026", "2026-02-05", "5 février 2026", id="French date"),
        pytest.param("am 5. März 2026", "2026-03-05", "5. März 2026", id="German date"),
        pytest.param("5/3/26", "2026-03-05", "5/3/26", id="short date"),
        pytest.param("03/05/2026", "2026-03-05", "03/05/2026", id="month first"),
        pytest.param("el 1 de mayo de 2026", "2026-05-01", "1 de mayo de 2026", id="Spanish date"),
        pytest.param("on 2026/03/05 at 9", "2026-03-05T09:00:00", "2026/03/05", id="time of day"),
    ],
)
def test_a_value_is_found_however_it_is_written(text: str, value: object, quote: str) -> None:
    (place,) = SourceText(text).places(value)

    assert text[slice(*place)] == quote


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Adams", "Ada"),
        ("1234567", 1234),
        ("1.5", 15),
        ("12 May 2026", "2026-12-05"),
        ("yes", True),
        ("null", None),
        ("x", ""),
        ("31/31/2026", "2026-01-31"),
    ],
)
def test_what_is_not_there_is_not_found(text: str, value: object) -> None:
    assert SourceText(text).places(value) == []


def test_of_many_places_the_one_near_its_neighbours_is_taken() -> None:
    text = "1 nails 3.50\n" * 3 + "1 rope 9.00\n1 nails 3.50\n"

    spans = SourceText(text).spans({"rows": [{"count": 1, "what": "rope", "price": 9}]})

    start = text.index("1 rope")
    assert [span and span.start for span in spans.values()] == [start, start + 2, start + 7]


def test_a_value_is_looked_for_where_it_was_said_first() -> None:
    text = "Ada ... Ada"

    spans = SourceText(text).spans({"who": "Ada"}, within={(): (4, 11)})

    assert spans[("who",)] is not None
    assert spans[("who",)].start == 8


@given(st.text(max_size=80), st.text(min_size=1, max_size=20), st.text(max_size=80))
def test_any_text_that_stands_alone_is_found(before: str, value: str, after: str) -> None:
    if not value.strip() or not value.isprintable():
        return
    text = f"{before}\n{value}\n{after}"

    assert any(text[start:end].split() == value.split() for start, end in SourceText(text).places(value))
