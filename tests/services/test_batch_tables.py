"""Tables as programs write them, what a batch will cost, and the table it comes to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import RequestError
from groq_core.events import Events, Finished, ToolCallDelta
from groq_core.models.registry import MODELS
from groq_core.requests import Request
from groq_core.services.batch import (
    BatchRun,
    LineSource,
    LineTemplate,
    Recipe,
    Sink,
    answerers,
    estimate,
    survey,
    text_of,
    write_table,
)
from groq_core.services.batch.estimate import Survey
from tests.services.tables import as_csv, recipe


def test_an_estimate_is_a_bound(tmp_path: Path) -> None:
    spec = MODELS["groq:openai/gpt-oss-20b"]
    path = tmp_path / "in.jsonl"
    path.write_text('{"prompt":"Hi","max_tokens":100}\n{"prompt":"日本語"}\n', encoding="utf-8")

    found = survey(LineSource(path, Recipe()))
    guess = estimate(found, spec)

    assert guess.tokens_out_most == 100 + spec.max_output
    assert found.tokens_in_most > found.tokens_in
    assert guess.usd_most is not None
    assert guess.usd_least is not None
    assert guess.usd_most > spec.max_output * (spec.usd_out or 0) / 1e6
    assert estimate(Survey(lines=1, sampled=1, unknown=1, tokens_in=5), spec).usd_most is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("text\na;b\n\n   \nc\n".encode("utf-16"), id="utf-16"),
        pytest.param("text\na;b\n,\nc\n".encode("utf-16-le"), id="utf-16 without a mark"),
        pytest.param("text\na;b\nc\n".encode("utf-16-be"), id="utf-16-be"),
        pytest.param("text\na;b\nc\n\n".encode("utf-16-le") + "\n".encode("utf-16-le") * 3, id="blank rows, utf-16"),
        pytest.param(b"sep=,\r\ntext\r\na;b\r\n \r\nc\r\n", id="sep"),
        pytest.param(b'\xef\xbb\xbfsep=;\ntext;n\n"a;b";\n ; \nc;\n', id="sep with a mark"),
    ],
)
def test_tables_as_programs_write_them(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(raw)

    found = [entry.body["messages"][0]["content"] for entry in LineSource(tmp_path / "in.csv", recipe())]  # type: ignore[union-attr]

    assert found == ["Q a;b", "Q c"]


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-8", "utf-16"])
def test_a_table_of_letters_that_all_take_two_bytes(tmp_path: Path, coding: str) -> None:
    rows = ["一乙丁", "ab", "тест", "漢字一二三四五六" * 40]
    (tmp_path / "in.csv").write_bytes(("題名\n" + "\n".join(rows) + "\n").encode(coding))
    source = LineSource(tmp_path / "in.csv", Recipe(template=LineTemplate("{題名}")))

    assert [entry.body["messages"][0]["content"] for entry in source] == rows  # type: ignore[union-attr]


def test_json_lines_in_utf_16(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt":"Q ä"}\n\n{"prompt":"Q b"}\n', encoding="utf-16")

    assert len(list(LineSource(tmp_path / "in.jsonl", Recipe()))) == 2


def test_a_doubled_brace_around_a_column_is_explained(tmp_path: Path) -> None:
    as_csv(tmp_path / "in.csv", [("", "a")], False)

    with pytest.raises(RequestError, match="not the column") as wrong:
        list(LineSource(tmp_path / "in.csv", Recipe(template=LineTemplate("Sum up {{text}}"))))
    assert "{text}" in wrong.value.hint


async def test_a_table_shows_the_calls_a_model_made(tmp_path: Path) -> None:
    async def handle(_: Request) -> Events:
        yield ToolCallDelta(0, "c1", "look_up", '{"q": 1}')
        yield Finished(provider="groq", model="m", finish_reason="tool_calls")

    as_csv(tmp_path / "in.csv", [("", "a")], False)
    source, table = LineSource(tmp_path / "in.csv", recipe()), io.StringIO()
    async with Sink(tmp_path / "out.jsonl") as sink:
        await BatchRun(source, sink, answerers(handle)).run()
    write_table(source, tmp_path / "out.jsonl", table)

    assert 'look_up({""q"": 1})' in table.getvalue()


FUNCTION = {"name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ({"content": "So:", "tool_calls": [{"type": "function", "function": FUNCTION}]}, "So:\nf({})"),
        ({"tool_calls": [{"type": "custom", "custom": {"name": "run", "input": "ls"}}]}, "run(ls)"),
        ({"function_call": FUNCTION}, "f({})"),
        ({"function_call": FUNCTION, "tool_calls": [{"function": FUNCTION}, {"function": FUNCTION}]}, "f({})\nf({})"),
    ],
)
def test_a_call_is_shown_in_every_form_it_goes_out_in(message: dict[str, Any], shown: str) -> None:
    assert text_of({"choices": [{"message": message}]}) == shown
