"""A number that is none, or of thousands of digits, breaks nothing, wherever a stranger may write one."""

from __future__ import annotations

from pathlib import Path

import pytest

from groq_core.errors import RequestError
from groq_core.events import TextDelta
from groq_core.media.audio.container import MP3
from groq_core.media.audio.tags import without_tags
from groq_core.services.documents.numerals import OPEN_DOCUMENT, WORD
from groq_core.services.documents.readers import read
from groq_core.services.extraction.numbers import numbers
from groq_core.settings.settings import Settings
from groq_core.simulator.text import write
from groq_core.ui.answer_again import gaps
from tests.api.stage import Stage, says
from tests.services.offices import W, docx, opendocument, p, t
from tests.streaming.decoding import decode_all

LONG = "9" * 5_000
SILLY = (LONG, "-" + LONG, "²", "٣", "abc", "", "-1", "1e999", "999999999")


async def test_no_number_in_an_address_is_a_fault_of_the_server(tmp_path: Path) -> None:
    asked = [
        f"/v1/{path}?{name}={number}"
        for path in ("files", "batches", "models", "responses/resp_x/input_items", "chat/completions")
        for name in ("limit", "after", "order", "purpose", "include")
        for number in SILLY
    ]
    asked += [f"/v1/{path}{LONG}" for path in ("", "files/", "batches/", "models/", "responses/")]
    async with Stage(says("a"), Settings(state_dir=tmp_path)).served() as http:
        answers = [await http.get(path) for path in asked]

        assert [(one.url, one.status_code) for one in answers if one.status_code >= 500] == []
        refused = [one for one in answers if one.status_code >= 400]
        assert max(len(one.content) for one in refused) < 1_000, "an error repeats what it was sent"


@pytest.mark.parametrize("number", SILLY)
def test_a_number_in_an_office_file_costs_no_more_than_itself(number: str) -> None:
    level = f'<w:lvl w:ilvl="{{}}"><w:start w:val="{number}"/><w:lvlText w:val="%1."/></w:lvl>'
    levels = level.format(0) + level.format(number)
    numbering = (
        f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="1">{levels}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="{number}"/></w:num></w:numbering>'
    )
    marks = '<w:p><w:pPr><w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr></w:pPr>{}</w:p>'
    word = docx(
        marks.format(0, t("one")) + marks.format(number, t("two")) + p(f'<w:sym w:char="{number}"/>') + p(t("three")),
        numbering=numbering,
    )
    sign = f'<text:outline-style><text:outline-level-style text:level="{number}" text:display-levels="{number}"'
    styles = f'{sign} style:num-format="1" text:start-value="{number}"/></text:outline-style>'
    body = f'<text:h text:outline-level="{number}" text:start-value="{number}">one</text:h><text:p>two<text:s text:c='
    open_text = opendocument("text", f'{body}"{number}"/>three</text:p>', styles)

    for data, name in ((word, "a.docx"), (open_text, "a.odt")):
        found = read(data, name).text
        assert [word for word in ("one", "two", "three") if word not in found] == [], name


@pytest.mark.parametrize("number", [0, -1, -12, 10**9, 10**4_000])
def test_every_way_of_counting_writes_every_number(number: int) -> None:
    for spell in (*WORD.values(), *OPEN_DOCUMENT.values()):
        assert len(spell(number)) <= 5_000


@pytest.mark.parametrize("number", [*SILLY, "0x" + "f" * 5_000])
def test_a_number_in_a_stream_breaks_no_stream(number: str) -> None:
    """A bare one that is too long costs its line, as what cannot be read does; in quotes it costs nothing."""
    kept = b'data: {"choices": [{"index": 0, "delta": {"content": "kept"}, "finish_reason": "stop"}]}\n\n'
    for index in (number, f'"{number}"', f"'{number}'"):
        for line in (
            f'{{"choices": [{{"index": {index}, "delta": {{"content": "word"}}}}]}}',
            f'{{"choices": {{{index}: {{"index": 0, "delta": {{"content": "word"}}}}}}}}',
            f'{{"choices": [{{"index": 0, "delta": {{"content": "word"}}}}], "usage": {{"total_tokens": {index}}}}}',
        ):
            events = decode_all([f"data: {line}\n\n".encode(), kept, b"data: [DONE]\n\n"])
            text = "".join(event.text for event in events if isinstance(event, TextDelta))
            assert text in (["wordkept"] if index[:1] in ("'", '"') else ["wordkept", "kept"]), line[:60]


@pytest.mark.parametrize("power", ["e308", "e309", "e400", "e999", "x10^999", "e-999"])
def test_a_power_that_no_float_holds_is_read_in_an_invoice(power: str) -> None:
    assert list(numbers(f"total 12{power} due"))


@pytest.mark.parametrize("number", SILLY)
def test_a_number_in_a_question_breaks_no_simulated_answer(number: str) -> None:
    for question in ("write {} words", "count to {}", "what is {} + {}", "list {} planets", "the first {} primes"):
        assert write([{"role": "user", "content": question.replace("{}", number)}])


@pytest.mark.parametrize("length", [b"-99999", b"abcdef", b"1_0000", b" 00012"])
def test_a_tag_without_a_length_is_no_tag(length: bytes) -> None:
    sound = b"\xff\xfb\x90\x00" + b"\x55" * 500
    assert without_tags(sound + length + b"LYRICS200", MP3) is None


@pytest.mark.parametrize(("at", "count"), [("2", 2), ("", 0), ("x", 0), ("²", 0), ("-3", 0), (LONG, None)])
def test_a_page_has_so_many_gaps_or_an_error(at: str, count: int | None) -> None:
    if count is None:
        with pytest.raises(RequestError, match="at most"):
            gaps(at)
    else:
        assert len(gaps(at)) == count
