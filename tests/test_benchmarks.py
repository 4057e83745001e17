"""The benchmarks' own parts: what decides whether a row counts must be right."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.limited import Counts, limits_of
from benchmarks.load import Connection, openai_text, page_text
from benchmarks.results import HEAD, merge, section, table
from benchmarks.rows import Row, WrongTextError, check
from benchmarks.text import letters, tokens
from benchmarks.upstream import Upstream, order
from tests.serving import listening


def test_a_row_with_a_mark_tells_whether_it_is_reached() -> None:
    assert Row("a", 0.1, "×", "b", 0.15).met is True
    assert Row("a", 0.2, "×", "b", 0.15).met is False
    assert Row("a", 30, "×", "b", 20, at_most=False).met is True
    assert Row("a", None, "×", "b", 20).verdict == "not measured"


def test_one_wrong_letter_fails_a_row_and_is_named() -> None:
    with pytest.raises(WrongTextError, match="first difference at 2"):
        check("abX", "abc", "somebody")


def test_a_section_is_one_table() -> None:
    page = merge({"cpu": [Row("one", 1, "×", "x")]}, ["cpu"])
    assert table([Row("one", 1, "×", "x")]) in page
    assert section("page", [Row("two", 2, "×", "y")]).count(HEAD) == 1


async def test_the_model_sends_what_was_ordered_byte_for_byte() -> None:
    upstream = Upstream()
    async with listening(upstream.serve) as port:
        connection = Connection(f"http://127.0.0.1:{port}")
        for rate in (0, 5000):
            body = {"messages": [{"role": "user", "content": order(100, rate, f"r{rate}")}], "stream": True}
            stream, first, last = await connection.stream("/v1/chat/completions", body)
            assert openai_text(stream) == "".join(tokens(100))
            assert 0 < first <= last
            assert upstream.played[f"r{rate}"]["first"] <= upstream.played[f"r{rate}"]["last"]
        connection.close()


def test_text_is_read_from_the_pages_wire_in_order() -> None:
    assert page_text(b'data: {"e":"open"}\n\ndata: {"t":"a "}\n\ndata: {"t":"b"}\n\n') == "a b"
    assert letters("| a | **b** |\n|---|---|\n") == "ab"


def test_used_is_a_full_bucket_and_its_refill_whichever_limit_binds() -> None:
    limits = limits_of(10)
    assert limits.tpm is not None
    assert limits.rpm is not None
    assert Counts(tokens=2 * limits.tpm, first=100, last=160).share_used(10) == pytest.approx(1)
    assert Counts(statuses=Counter({"200": limits.rpm, "429": 9}), first=100, last=100).share_used(10) == pytest.approx(
        1
    )
