"""What is written stays, once, whatever happens to the process; a later run knows all of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.services.batch import Failure, Sink
from groq_core.services.batch.seen_ids import IdSet


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_in_the_shape_of_the_batch_api(tmp_path: Path) -> None:
    with Sink(tmp_path / "out.jsonl") as sink:
        sink.answer("a", {"x": "ä"}, request_id="req_1")
        sink.fail("b", Failure(code="too_large", message="It is too large."))

    answer, failed = rows(tmp_path / "out.jsonl")

    assert list(answer) == ["id", "custom_id", "response", "error"]
    assert str(answer["id"]).startswith("batch_req_")
    assert answer["response"] == {"status_code": 200, "request_id": "req_1", "body": {"x": "ä"}}
    assert answer["error"] is None
    assert failed["response"] is None
    assert failed["error"] == {"code": "too_large", "message": "It is too large."}


def test_a_line_is_in_the_file_before_the_sink_is_closed(tmp_path: Path) -> None:
    with Sink(tmp_path / "out.jsonl") as sink:
        sink.answer("a", {})

        assert [row["custom_id"] for row in rows(tmp_path / "out.jsonl")] == ["a"]


def test_an_id_is_written_once(tmp_path: Path) -> None:
    with Sink(tmp_path / "out.jsonl") as sink:
        sink.answer("a", {"first": True})
        sink.answer("a", {"first": False})
        sink.fail("a", Failure(code="x", message="x"))

    (row,) = rows(tmp_path / "out.jsonl")

    assert row["response"] == {"status_code": 200, "request_id": None, "body": {"first": True}}


@pytest.mark.parametrize(
    "torn", ["{", '{"id":"batch_req_x","custom_id":"c","resp', '{"id":"batch_req_x","custom_id":"c","error":null}']
)
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "out.jsonl"
    with Sink(path) as sink:
        sink.answer("a", {})
        sink.fail("b", Failure(code="x", message="x"))
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())

    with Sink(path) as sink:
        assert path.read_bytes() == whole
        assert ("a" in sink, "b" in sink, "c" in sink) == (True, True, False)
        assert (sink.answered, sink.failed) == (1, 1)


@pytest.mark.parametrize("text", ["remember the milk", '{"custom_id":"a"}\nremember the milk\nand bread', '{"a":1}'])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)

    with pytest.raises(RequestError, match=r"notes\.txt is not the output of a batch"), Sink(path):
        pass
    assert path.read_text() == text


def test_two_runs_do_not_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    with Sink(path), pytest.raises(RequestError, match="another run"), Sink(path):
        pass
    with Sink(path):
        pass


def test_failed_lines_are_forgotten_and_answers_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Sink(path) as sink:
        sink.answer("a", {})
        sink.fail("b", Failure(code="x", message="x"))
        sink.answer("c", {})

        assert sink.forget_failures() == 1
        assert ("a" in sink, "b" in sink) == (True, False)
        sink.answer("b", {"now": 1})
        with pytest.raises(RequestError, match="another run"), Sink(path):
            pass

    assert [row["custom_id"] for row in rows(path)] == ["a", "c", "b"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"out\.jsonl cannot be written"), Sink(tmp_path / "no" / "out.jsonl"):
        pass


@given(st.lists(st.text(max_size=5), max_size=3000))
def test_the_id_set_is_a_set(texts: list[str]) -> None:
    ids, real = IdSet(), set[str]()
    for text in texts:
        assert ids.add(text) is (text not in real)
        real.add(text)

    assert len(ids) == len(real)
    assert all(text in ids for text in real)


def test_the_id_set_grows() -> None:
    ids = IdSet()
    for number in range(5000):
        ids.add(str(number))

    assert len(ids) == 5000
    assert "4999" in ids
    assert "5000" not in ids
