"""The figures of the README are those of the last measurements, or the span in which the sittings lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
NUMBER = r"[−-]?\d+(?:\.\d+)?"


def result_of(section: str, what: str) -> float:
    """A figure of a section of RESULTS.md: of the first row whose name begins so."""
    part = RESULTS.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    (figure,) = re.findall(rf"^\| {re.escape(what)}[^|]*\| ({NUMBER})", part, re.MULTILINE)[:1]
    return float(figure)


def numbers_of(words: str) -> list[tuple[float, int]]:
    """The numbers that the README has where ``#`` stands in its words, and how many places each has."""
    pattern = re.escape(words).replace(r"\#", rf"((?:{NUMBER}(?:, | to )?)+)").replace(r"\*", ".*?")
    (found,) = re.findall(pattern, README)
    given = re.findall(NUMBER, found if isinstance(found, str) else found[0])
    return [(float(one.replace("−", "-")), len(one.partition(".")[2])) for one in given]


@pytest.mark.parametrize(
    ("section", "what", "words"),
    [
        ("stored", "a conversation of 500 messages", "screen # ms after the press"),
        ("stored", "search over 1000 conversations", "finds after # ms at the 95th percentile"),
        ("stored", "longest gap between paints", "leaves no gap of more than # ms between two paints"),
        ("phone", "cheap phone", "the main thread is busy for # % of the time"),
        ("phone", "the same in CPU", "in tasks of at most # ms of CPU"),
        ("cpu", "CPU per streamed chunk", "CPU per streamed chunk, whole pipeline | # × `AsyncGroq`"),
        ("cpu", "the same at 1000", "the same at 1000 chunks a second | # × `AsyncGroq`"),
        ("cpu", "CPU per call", "CPU per call, not streamed | # × `AsyncGroq`"),
        ("litellm", "CPU per streamed chunk", "whole pipeline | 0.01 × `AsyncGroq`, # × LiteLLM's Router"),
        ("first-token", "added time to first token, p50", "p50, p99, beside bare httpx | # ms"),
        ("relay", "as fast as they come", "as fast as tokens come: tokens per CPU second | # × nginx"),
        ("relay", "not streamed, 64 connections", "64 connections; one after another | #;"),
        ("relay", "not streamed: added time, p50", "the same: added time, p50 | # ms over nginx"),
        ("relay", "added time to the first token, p99", "first token over HTTP, p99 | # ms over nginx"),
        ("relay", "resident memory a minute", "after 10,000 requests at 64 connections | # × idle"),
        ("responses", "`/v1/responses` streaming", "CPU a token, in bulk, at 100 a second | # ×"),
        ("api", "`/v1/chat/completions` streaming", "tokens per CPU second | # × LiteLLM's proxy"),
        ("api", "not streaming", "requests a second, 64 connections | # × LiteLLM's proxy"),
        ("page", "page: 4000 markdown tokens", "click to last word | # × the model's time"),
        ("page", "the same after 60", "server CPU for an update | # ×"),
        ("paint", "page: the model's first token", "first visible word, p95, five sittings | # ms"),
        ("page", "page: longest gap", "longest gap between paints, two sittings | # ms"),
        ("people", "100 people", "who all ask in one moment | # ×"),
        ("start", "start: `python app.py` to the first answer under `/v1` |", "under `/v1`, to the page | # ×"),
        ("start", "a question in a terminal", "from the command to the last word | # × a script"),
        ("load", "first load of the page: bytes", "time to usable, two sittings | # ×"),
        ("stored", "first load: bytes", "time to usable, two sittings | # ×"),
        ("load", "first load of the page: time", "time to usable, two sittings | 0.95 to 0.96 ×; # × an empty Blocks"),
        ("stored", "first load: time", "time to usable, two sittings | 0.95 to 0.96 ×; # × an empty Blocks"),
        ("memory", "memory: 1000 idle", "idle session with 20 messages | # KiB"),
        ("wire", "pipeline over aiohttp, CPU per chunk", "# × per chunk in bulk"),
        ("wire", "pipeline over aiohttp, CPU per call", "over aiohttp costs # × per call"),
        ("batch", "rate used, 4000", "used # % of the rate"),
        ("services", "tokens a statement", "| groq-core | 100 % | # |"),
        ("services", "values at their own place", "found and # % of them point"),
        ("campaign", "back in step, slowest", "back in step, at worst (asked: 3 s) | # s"),
    ],
)
def test_a_figure_is_the_one_that_was_measured(section: str, what: str, words: str) -> None:
    name = what.removesuffix(" |")
    numbers = numbers_of(words)
    least, most = min(number for number, _ in numbers), max(number for number, _ in numbers)
    places = max(places for _, places in numbers)
    slack = 0.5 * 10**-places if places else max(0.5, most / 200)  # as it was rounded

    assert least - slack <= result_of(section, name) <= most + slack, (
        f"{name}: {result_of(section, name)} and {numbers}"
    )
