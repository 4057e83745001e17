"""Tool calls as servers really send them: ids, indices, names and arguments left out, repeated, misnumbered or cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.streaming.decoder import read_completion
from tests.streaming.test_wire_kinds import chunk, read, reply, sse

LAST = chunk({}, "tool_calls")
ONE, TWO = '{"x":1}', '{"y":2}'


def piece(index: Any = ..., id: Any = ..., name: Any = ..., arguments: Any = ..., **more: Any) -> dict[str, Any]:
    """A piece of a call with only the fields that are given."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ...}
    outer = {key: value for key, value in (("index", index), ("id", id)) if value is not ...}
    return more | outer | ({"function": function} if function else {})


def calls(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The calls of a stream of these pieces, each in a chunk of its own, however it is cut."""
    body = sse(*(chunk({"tool_calls": [one]}) for one in pieces), LAST)
    whole, cut = (read(body, size).tool_calls for size in (0, 7))
    found = [(call.id, call.name, call.arguments) for call in whole]
    assert found == [(call.id, call.name, call.arguments) for call in cut]
    return found


BOTH = [("a", "f", ONE), ("b", "g", TWO)]

TWO_CALLS = {
    "one index, whole": [piece(0, "a", "f", ONE), piece(0, "b", "g", TWO)],
    "one index, in pieces": [
        piece(0, "a", "f", ""), piece(0, arguments='{"x":'), piece(0, arguments="1}"),
        piece(0, "b", "g", ""), piece(0, arguments='{"y":'), piece(0, arguments="2}"),
    ],
    "one index, each piece with its id": [
        piece(0, "a", "f", '{"x"'), piece(0, "b", "g", '{"y"'),
        piece(0, "a", arguments=":1}"), piece(0, "b", arguments=":2}"),
    ],
    "one index, the second's id before its name": [
        piece(0, "a", "f", ONE), piece(0, "b"), piece(0, name="g", arguments=TWO),
    ],
    "indices that begin at one": [piece(1, "a", "f", ONE), piece(2, "b", "g", TWO)],
    "indices of text": [piece("0", "a", "f", ONE), piece("1", "b", "g", TWO)],
    "indices with a point": [piece(0.0, "a", "f", ONE), piece(1.0, "b", "g", TWO)],
    "no index": [piece(id="a", name="f", arguments=ONE), piece(id="b", name="g", arguments=TWO)],
    "nothing around name and arguments": [
        {"index": 0, "id": "a", "name": "f", "arguments": ONE}, {"index": 1, "id": "b", "name": "g", "arguments": TWO},
    ],
    "arguments as objects": [piece(0, "a", "f", {"x": 1}), piece(1, "b", "g", {"y": 2})],
}  # fmt: skip


@pytest.mark.parametrize("case", TWO_CALLS)
def test_two_calls_are_two_whatever_is_misnumbered(case: str) -> None:
    assert calls(*TWO_CALLS[case]) == BOTH


def test_calls_side_by_side_in_one_chunk_are_two() -> None:
    pieces = [piece(0, "a", "f", ONE), piece(0, "b", "g", TWO)]
    for together in (pieces, {"0": pieces[0] | {"index": None}, "1": pieces[1] | {"index": None}}):
        found = read(sse(chunk({"tool_calls": together}), LAST)).tool_calls
        assert [(call.id, call.name, call.arguments) for call in found] == BOTH


ONE_ID = {
    "whole": [piece(0, "a", "f", ONE), piece(1, "a", "g", TWO)],
    "interleaved by index": [
        piece(0, "a", "f", ""), piece(1, "a", "g", ""), piece(0, arguments=ONE), piece(1, arguments=TWO),
    ],
    "interleaved, each piece with the id": [
        piece(0, "a", "f", ""), piece(1, "a", "g", ""), piece(0, "a", arguments=ONE), piece(1, "a", arguments=TWO),
    ],
    "no index": [piece(id="a", name="f", arguments=ONE), piece(id="a", name="g", arguments=TWO)],
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_ID)
def test_of_two_calls_with_one_id_the_index_tells_which_and_the_ids_differ(case: str) -> None:
    assert calls(*ONE_ID[case]) == [("a", "f", ONE), ("a_1", "g", TWO)]


@pytest.mark.parametrize("ids", [("", ""), (None, None), (..., ...), (["a"], {"b": 1})], ids=str)
def test_calls_without_an_id_get_one(ids: tuple[Any, Any]) -> None:
    found = calls(piece(0, ids[0], "f", ONE), piece(1, ids[1], "g", TWO))

    assert found == [("call_0", "f", ONE), ("call_1", "g", TWO)]


def test_ids_are_made_different_however_many_are_the_same() -> None:
    found = calls(*(piece(index, id, "f", ONE) for index, id in enumerate(("a", "a", "a_1", "a"))))

    assert len({id for id, _, _ in found}) == 4


NAMES = {
    "arguments null beside": [piece(0, "a", "get_", None), piece(0, name="weather", arguments=None)],
    "arguments empty beside": [piece(0, "a", "get_", ""), piece(0, "a", "weather", "")],
    "no index behind": [piece(0, "a", "get_", ""), piece(name="weather", arguments="")],
    "no index at all": [piece(id="a", name="get_"), piece(name="weather")],
    "so far each time": [piece(0, "a", "get"), piece(0, "a", "get_weather"), piece(0, "a", "get_weather", "")],
    "three": [piece(0, "a", "get"), piece(0, name="_"), piece(0, name="weather")],
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_in_pieces_is_one(case: str) -> None:
    assert calls(*NAMES[case], piece(0, arguments=ONE)) == [("a", "get_weather", ONE)]


@pytest.mark.parametrize("nothing", [None, "", " ", "null", ...], ids=str)
def test_arguments_that_are_not_there_are_an_empty_object(nothing: Any) -> None:
    """A client reads them as JSON; Groq itself writes ``null`` for a tool that takes nothing."""
    one = piece(0, "a", "f", nothing)
    body = {"choices": [{"message": {"content": None, "tool_calls": [one]}, "finish_reason": "tool_calls"}]}
    answered = reply(read_completion(json.dumps(body).encode())).tool_calls

    for found in (calls(one), [(call.id, call.name, call.arguments) for call in answered]):
        [(id, name, arguments)] = found
        assert (id, name, json.loads(arguments)) == ("a", "f", {})


@pytest.mark.parametrize("before", [None, "", "nu"])
def test_what_could_have_been_nothing_goes_on(before: Any) -> None:
    [(_, _, arguments)] = calls(piece(0, "a", "f", before), piece(0, arguments="llable"), piece(0, arguments="!"))

    assert arguments == f"{before or ''}llable!"


def test_a_call_of_old_in_pieces_is_one() -> None:
    deltas: list[dict[str, Any]] = [
        {"name": "get_"}, {"name": "weather", "arguments": None}, {"arguments": '{"x"'}, {"arguments": ":1}"},
    ]  # fmt: skip
    found = read(sse(*(chunk({"function_call": one}) for one in deltas), chunk({}, "function_call"))).tool_calls

    assert [(call.name, call.arguments) for call in found] == [("get_weather", ONE)]


def test_letters_in_two_halves_are_put_together_call_by_call() -> None:
    found = calls(
        piece(0, "a", "f", '{"x":"\ud83d'), piece(1, "b", "g", '{"y":"\ud83d'),
        piece(0, arguments='\ude00"}'), piece(1, arguments='\ude01"}'),
    )  # fmt: skip

    assert found == [("a", "f", '{"x":"😀"}'), ("b", "g", '{"y":"😁"}')]
    assert calls(piece(0, "a\ud83d", "f\ud83d", ONE)) == [("a\ufffd", "f\ufffd", ONE)]
