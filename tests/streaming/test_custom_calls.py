"""The text a custom tool is given is the same however its function's arguments are cut, and nothing of it is lost."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.events import Event, Events, Finished, Restarted, TextDelta, ToolCallDelta
from groq_core.reply import collect
from groq_core.streaming.custom_calls import InputReader, give_custom_calls, text_given


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in places})
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def read(pieces: list[str]) -> str:
    reader = InputReader()
    return "".join(map(reader.take, pieces)) + reader.rest()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"ls"}', "ls"),
        (' {\n "input" : "ls -l" \n} ', "ls -l"),
        ('{"input":""}', ""),
        ('{"input":"a\\n\\t\\"b\\"\\\\ \\/ \\u00e9 \\ud83d\\ude00"}', 'a\n\t"b"\\ / é 😀'),
        # Of an object with more in it, or in another order, it is what is called so.
        ('{"input":"ls","timeout":5}', "ls"),
        ('{"timeout":5,"input":"ls"}', "ls"),
        # Called with nothing.
        ("", ""),
        ("{}", ""),
        ("null", ""),
        # Not what was asked for: as it is.
        ("ls -l", "ls -l"),
        ('{"command":"ls"}', '{"command":"ls"}'),
        ('{"input":["a"]}', '{"input":["a"]}'),
        ('{"input":5}', '{"input":5}'),
        ('"ls"', '"ls"'),
        ("{", "{"),
        (" " * 200 + '{"input":"a"}', "a"),
        # Cut at the longest answer: as far as it goes.
        ('{"input":"*** Begin', "*** Begin"),
        ('{"input":"a\\', "a\\"),
        ('{"input":"a\\u00', "a\\u00"),
        ('{"input":"a"', "a"),
        # What models forget to escape, or escape where nothing is to be.
        ('{"input":"a\nb"}', "a\nb"),
        ('{"input":"\\d+ \\u12 \\ux"}', "\\d+ \\u12 \\ux"),
        ('{"input":"echo "hi\\n""}', 'echo "hi\n"'),
        ('{"input":"ls"}}', "ls"),
        ('{"input":"ls"} and more', 'ls"} and more'),
        # Half a letter is one that nobody can read.
        ('{"input":"a\\ud83d"}', "a\ufffd"),
        ('{"input":"\\ud83d\\u0061\\ude00"}', "\ufffda\ufffd"),
    ],
)
def test_the_text_is_read_out_of_the_arguments_wherever_they_are_cut(arguments: str, text: str) -> None:
    assert text_given(arguments) == text
    assert read(list(arguments)) == text
    for place in range(len(arguments)):
        assert read([arguments[:place], arguments[place:]]) == text


@given(st.text(), st.booleans(), st.lists(st.integers(0, 200)))
def test_every_text_is_given_as_it_was_written(text: str, ascii_only: bool, places: list[int]) -> None:
    assert read(cut(json.dumps({"input": text}, ensure_ascii=ascii_only), places)) == text


PIECES = st.sampled_from(
    ['{"input":"', '"', "\\", "\\u", "d83d", "\\ude00", "}", "a", " ", "\n", "{", ":", ",", "input"]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=12), st.lists(st.integers(0, 60)))
def test_whatever_comes_is_read_the_same_however_it_is_cut(pieces: list[str], places: list[int]) -> None:
    arguments = "".join(pieces)

    assert read(pieces) == read(cut(arguments, places)) == text_given(arguments)


async def through(events: list[Event], *custom: str) -> list[Event]:
    async def play() -> Events:
        for event in events:
            yield event

    return [event async for event in give_custom_calls(play(), frozenset(custom))]


async def calls_of(events: list[Event], *custom: str) -> list[tuple[str, str, str, bool]]:
    async def play() -> Events:
        for event in await through(events, *custom):
            yield event

    return [(call.id, call.name, call.arguments, call.custom) for call in (await collect(play())).tool_calls]


END = Finished(provider="groq", model="m", number=1, finish_reason="tool_calls")


async def test_a_text_goes_on_as_it_comes() -> None:
    events: list[Any] = [
        ToolCallDelta(0, "c0", "run"),
        ToolCallDelta(0, arguments='{"inp'),
        ToolCallDelta(0, arguments='ut": "a'),
        ToolCallDelta(0, arguments="b\\"),
        ToolCallDelta(0, arguments='nc"'),
        ToolCallDelta(0, arguments="}"),
        END,
    ]

    assert await through(events, "run") == [
        ToolCallDelta(0, "c0", "run", "", custom=True),
        ToolCallDelta(0, arguments="a", custom=True),
        ToolCallDelta(0, arguments="b", custom=True),
        ToolCallDelta(0, arguments="\nc", custom=True),
        END,
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["run", "runner", "r", "add", ""]),
            st.sampled_from(['{"input":"a\\nb"}', "", "{}", "plain", '{"a":1}']),
            st.lists(st.integers(0, 8)),
            st.lists(st.integers(0, 16)),
            st.integers(0, 4),
        ),
        max_size=4,
    ),
    st.integers(),
)
async def test_calls_are_told_apart_by_their_whole_name_however_their_pieces_come(calls: list[Any], seed: int) -> None:
    order = Random(seed)
    waiting: list[list[Event]] = []
    for index, (name, arguments, name_cuts, argument_cuts, id_at) in enumerate(calls):
        parts = [(part, "") for part in cut(name, name_cuts)] + [("", part) for part in cut(arguments, argument_cuts)]
        at = min(id_at, len(parts) - 1)
        waiting.append(
            [
                ToolCallDelta(index, f"c{index}" if place == at else "", name, part)
                for place, (name, part) in enumerate(parts)
            ]
        )
    mixed: list[Event] = []
    while waiting := [one for one in waiting if one]:
        mixed.append(order.choice(waiting).pop(0))

    assert await calls_of([*mixed, END], "run", "r") == [
        (f"c{index}", name, text_given(arguments) if name in ("run", "r") else arguments, name in ("run", "r"))
        for index, (name, arguments, *_) in enumerate(calls)
    ]


async def test_a_function_is_not_kept_waiting_and_what_was_taken_back_is_forgotten() -> None:
    first = ToolCallDelta(0, "c0", "add")
    restarted = Restarted(provider="p", model="m", kept="")
    events: list[Any] = [TextDelta("a"), first, ToolCallDelta(1, "c1", "run"), restarted]

    assert await through(events, "run") == [TextDelta("a"), first, restarted]
    again: list[Any] = [*events, ToolCallDelta(0, "c2", "run", '{"input":"x"}'), END]
    assert (await through(again, "run"))[3:] == [ToolCallDelta(0, "c2", "run", "x", custom=True), END]
