"""Answers beside their rows: the table that went in, with a column more."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.sink import Written
from groq_core.services.batch.sources import LineSource
from groq_core.services.extraction.result_files import FORMULA_SIGNS

ANSWER: Final = "answer"
ERROR: Final = "error"


class _Row(msgspec.Struct):
    custom_id: str
    response: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


def write_table(source: LineSource, answers: Path, out: TextIO) -> None:
    """
    Write the source's columns and the answers as CSV, in the order of the source.

    Of the answers only the places in their file are in memory. A cell that a spreadsheet would run as a formula
    gets an apostrophe before it.

    Args:
        source: What was asked.
        answers: The sink's file; a row whose question is not answered in it gets empty cells.
    """
    places = dict(_places(answers))
    met = IdSet()
    writer = csv.writer(out, lineterminator="\r\n")
    header: list[str] | None = None
    with answers.open("rb") as file:
        for entry, cells in source.cells():
            if header is None:
                header = list(cells)
                writer.writerow([*map(_disarm, header), ANSWER, ERROR])
            text, error = "", ""
            if not met.add(entry.custom_id):
                error = "an earlier row has the same custom_id"
            elif (place := places.get(entry.custom_id)) is not None:
                file.seek(place)
                line = file.readline()
                if msgspec.json.decode(line, type=Written).key in ("", entry.key):
                    text, error = answer_and_reason(msgspec.json.decode(line, type=_Row))
            writer.writerow([*(_disarm(cells.get(name, "")) for name in header), _disarm(text), _disarm(error)])


def _places(answers: Path) -> Iterator[tuple[str, int]]:
    at = 0
    with answers.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=_Row).custom_id, at
            at += len(line)


def answer_and_reason(row: _Row) -> tuple[str, str]:
    """The text of an answer, whatever answered it, and the reason where there is none."""
    if row.error is not None:
        return "", str(row.error.get("message") or row.error.get("code") or "failed")
    body = (row.response or {}).get("body") or {}
    return text_of(body), ""


def text_of(body: dict[str, Any]) -> str:
    """
    What a person reads of an answer's body: the message and the calls it makes, the transcript, or the data.

    >>> text_of({"choices": [{"message": {"content": "Yes."}}]}), text_of({"text": "Hello."})
    ('Yes.', 'Hello.')
    """
    if choices := body.get("choices"):
        message = choices[0].get("message", {})
        calls = [call.get("function") or call.get("custom") or {} for call in message.get("tool_calls") or ()]
        if not calls and message.get("function_call"):
            calls = [message["function_call"]]
        said = [str(message["content"])] if message.get("content") else []
        made = [f"{call.get('name', '')}({call.get('arguments', call.get('input', ''))})" for call in calls]
        return "\n".join([*said, *made])
    if "data" in body:
        return msgspec.json.encode(body["data"]).decode()
    return str(body.get("text", ""))


def _disarm(text: str) -> str:
    return "'" + text if text.startswith(FORMULA_SIGNS) else text
