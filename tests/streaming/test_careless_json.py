"""Chunks in JSON as careless servers write it: what can be told is told, what cannot is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import Kind, ProviderError
from groq_core.reply import Reply
from groq_core.streaming.careless import mend
from groq_core.streaming.decoder import StreamDecoder, read_completion
from tests.streaming.test_wire_kinds import read, reply

SAID = ("alpha ", 'it\'s "b" {1, [2], }: ', "// no\tremark, ", "\n", "naïve 😀 \\frac", " end")
ARGUMENTS = '{"a": "it\'s, "}'
CALL = {"index": 0, "id": "x", "function": {"name": "look_up", "arguments": ARGUMENTS}}

CARELESS: dict[str, Callable[[str], str]] = {
    "a text that holds JSON": json.dumps,
    "the same twice": lambda text: json.dumps(json.dumps(text)),
    "a comma at the end of objects": lambda text: _dump(json.loads(text), ",}", "]"),
    "a comma at the end of lists": lambda text: _dump(json.loads(text), "}", ",]"),
    "a comma behind it": lambda text: text + ",",
    "a semicolon behind it": lambda text: text + ";",
    "a remark behind it": lambda text: text + ' // "so"',
    "a remark before it": lambda text: "/* {so} */" + text,
    "as Python writes it": lambda text: str(json.loads(text)),
    "as Python writes it, in bytes": lambda text: str(text.encode("ascii")),
    "as JavaScript writes it": lambda text: _without_quotes_around_names(text).replace(" null", " undefined"),
    "words of Python's": lambda text: text.replace(" null", " None"),
    "no number": lambda text: text.replace('"created": 1', '"created": -Infinity'),
    "numbers of another language's": lambda text: text.replace('"created": 1', '"created": 0x1F'),
    "line breaks as they are": lambda text: text.replace("\\n", "\n"),
    "blanks as they are": lambda text: text.replace("\\t", "\t"),
    "brackets that are missing": lambda text: text.rstrip("]}"),
    "a bracket too many": lambda text: text + "}]",
    "cut in what follows the words": lambda text: text[:-1] + ', "usage": {"prompt_tok',
    "a guard before it": lambda text: ")]}'\n" + text,
    "an envelope": lambda text: json.dumps({"event": "message", "data": json.loads(text)}),
    "an envelope with a text": lambda text: json.dumps({"data": text}),
    "its choices as a text": lambda text: _change(text, lambda found: json.dumps(found)),
    "its choice as a text": lambda text: _change(text, lambda found: [json.dumps(found[0])]),
}  # fmt: skip


def _dump(value: Any, brace: str, bracket: str) -> str:
    """JSON whose objects and lists end in this; those that are empty as ever."""
    if isinstance(value, dict) and value:
        return "{" + ", ".join(f"{json.dumps(key)}: {_dump(one, brace, bracket)}" for key, one in value.items()) + brace
    if isinstance(value, list) and value:
        return "[" + ", ".join(_dump(one, brace, bracket) for one in value) + bracket
    return json.dumps(value)


def _without_quotes_around_names(text: str) -> str:
    for name in ("id", "created", "choices", "index", "delta", "finish_reason"):
        text = text.replace(f'"{name}":', f"{name}:")
    return text


def _change(text: str, how: Callable[[Any], Any]) -> str:
    found = json.loads(text)
    return json.dumps(found | {"choices": how(found["choices"])})


def _line(delta: Any, finish: str | None = None) -> str:
    found = {"id": "c", "created": 1, "choices": [{"index": 0, "finish_reason": finish, "delta": delta}]}
    return json.dumps(found)


def _sse(*lines: str) -> bytes:
    return "".join(f"data: {line}\n\n" for line in (*lines, _line({}, "stop"), "[DONE]")).encode()


@pytest.mark.parametrize("case", CARELESS)
def test_words_and_calls_are_told_whatever_was_careless_around_them(case: str) -> None:
    lines = [_line({"content": word}) for word in SAID]
    odd = [CARELESS[case](line) for line in lines]
    assert all(one != line for one, line in zip(odd, lines, strict=True)) or case.endswith("as they are")

    for among in ([*lines[:2], *odd[2:]], odd, [one for pair in zip(odd, lines, strict=True) for one in pair]):
        for size in (0, 1, 13):
            twice = 2 if len(among) > len(lines) else 1
            assert read(_sse(*among), size).text == "".join(word * twice for word in SAID), among
    [call] = read(_sse(CARELESS[case](_line({"tool_calls": [CALL]})))).tool_calls
    assert (call.id, call.name, call.arguments) == ("x", "look_up", ARGUMENTS)


@pytest.mark.parametrize("case", [case for case in CARELESS if "envelope" not in case])
def test_a_body_is_told_whatever_was_careless_around_it(case: str) -> None:
    body = {"created": 1, "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "".join(SAID)}}]}

    assert reply(read_completion(CARELESS[case](json.dumps(body)).encode())).text == "".join(SAID)


@pytest.mark.parametrize(
    "torn",
    [
        '{"choices": [{"index": 0, "delta": {"content": "bet',
        '{"choices": [{"index": 0, "delta": {"content": "be"ta "}}]}',
        '{"choices": [{"index": 0, "delta": {"content": be"ta}}]}',
        "{'choices': [{'delta': {'content': 'it's beta'}}]}",
        '{"choices": [{"delta": {"content":',
        '{"choices": [{"delta"',
        "beta", '"beta"', "5", "{}}{", "'", '"', "b'", "{", "]", ",", ":", "//", "/*", "\\",
    ],
)  # fmt: skip
def test_what_cannot_be_told_for_sure_is_left_out_and_counted(torn: str) -> None:
    for size in (0, 1):
        body = _sse(_line({"content": "alpha "}), torn, _line({"content": "gamma"}))
        found = read(body, size)

        assert found.text == "alpha gamma"
        assert found.finished is not None
        assert found.finished.unread == 1


def test_an_error_is_told_whatever_was_careless_around_it() -> None:
    error = {"error": {"message": "over capacity", "code": "over_capacity"}}
    for line in (str(error), json.dumps(error)[:-1] + ",}", json.dumps(json.dumps(error)), json.dumps(error)[:-1]):
        with pytest.raises(ProviderError) as caught:
            read(_sse(_line({"content": "alpha "}), line))
        assert caught.value.kind is Kind.OVER_CAPACITY, line


@pytest.mark.parametrize(
    ("choice", "thought", "text"),
    [
        ({"delta": {"text": "a"}}, "", "a"),
        ({"delta": {"Content": "a"}}, "", "a"),
        ({"delta": {"output_text": [{"text": "a"}]}}, "", "a"),
        ({"delta": {}, "text": "a"}, "", "a"),
        ({"delta": {}, "message": {"content": "a"}}, "", "a"),
        ({"delta": {"thinking": "hm"}}, "hm", ""),
        ({"delta": {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}}, "hm", ""),
        ({"delta": {"reasoning": None, "thinking": "hm", "text": "a"}}, "hm", "a"),
        ({"delta": {"content": "", "text": "what stands beside an empty content is no answer"}}, "", ""),
        ({"delta": {"role": "assistant"}}, "", ""),
    ],
    ids=str,
)
def test_words_under_another_name_are_told_and_counted(choice: Any, thought: str, text: str) -> None:
    line = json.dumps({"choices": [{"index": 0, "finish_reason": None} | choice]})
    found = read(_sse(_line({"content": "alpha "}), line))

    assert (found.reasoning, found.text) == (thought, "alpha " + text)
    assert found.finished is not None
    assert found.finished.unread == bool(thought or text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*"""{}[],:;'"\\/ \n""", "data: ", "1", "null", '"choices": ', "// "]), max_size=20),
    st.data(),
)
def test_no_bytes_are_read_otherwise_for_being_cut_and_none_breaks_the_reading(
    signs: list[str], data: st.DataObject
) -> None:
    body = "".join(signs).encode() + b"\n\n" + _sse(_line({"content": "gamma"}))
    at = data.draw(st.integers(0, len(body)))

    assert _outcome(body[:at], body[at:]) == _outcome(body)
    try:
        mend(body)
    except ValueError:
        pass


def _outcome(*reads: bytes) -> object:
    decoder, found = StreamDecoder(), Reply()
    try:
        for data in reads:
            for event in decoder.feed(data):
                found.apply(event)
        for event in decoder.close():
            found.apply(event)
    except ProviderError as error:
        return error.kind
    return found.text, found.reasoning, decoder.malformed, decoder.odd


# ── thinking aloud ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "thought", "text"),
    [
        *((f"<{tag}>\nhm, 1 < 2\n</{tag}>\n\nalpha <{tag}> b", "hm, 1 < 2", f"alpha <{tag}> b")
          for tag in ("think", "thinking", "thought", "thoughts", "seed:think", "THINK", "Thinking")),
        ("[THINK]hm [1][/THINK]alpha [THINK]", "hm [1]", "alpha [THINK]"),
        ("◁think▷hm◁/think▷alpha", "hm", "alpha"),
        ("<|START_THINKING|>hm<|END_THINKING|>alpha", "hm", "alpha"),
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>alpha", "hm", "alpha"),
        ("</think>alpha", "", "alpha"),
        ("<think>İ hm</think>alpha", "İ hm", "alpha"),
        ("<thinking>hm</think> still</thinking>alpha", "hm</think> still", "alpha"),
        ("<think>a</think><think>b</think>alpha", "ab", "alpha"),
        ("<think>a</think><", "a", "<"),
        ("<reasoning>so", "", "<reasoning>so"),
        ("[thin", "", "[thin"),
    ],
    ids=str,
)  # fmt: skip
def test_thinking_aloud_is_parted_from_the_answer_in_every_spelling(said: str, thought: str, text: str) -> None:
    for size in (1, 2, 5, 100):
        pieces = [said[at : at + size] for at in range(0, len(said), size)]
        found = read(_sse(*(_line({"content": piece}) for piece in pieces)))
        assert (found.reasoning, found.text) == (thought, text), size
    body = {"choices": [{"finish_reason": "stop", "message": {"content": said}}]}
    assert reply(read_completion(json.dumps(body).encode())).text == text


@pytest.mark.parametrize("data", [b"[" * 600 + b"}" * 100_000, b"{'a':" * 600, b"[[" * 400 + b"]" * 700])
def test_brackets_that_nobody_means_are_given_up_at_once(data: bytes) -> None:
    """Each that closes would look through all that are open, and everybody wait meanwhile."""
    with pytest.raises(ValueError, match="deep"):
        mend(data)
