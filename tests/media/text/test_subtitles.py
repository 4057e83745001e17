"""Subtitles that a player takes and a person can read."""

from __future__ import annotations

import html
import json
import re
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.events import Segment, Transcript, Word
from groq_core.media.text.layout import breaches, width
from groq_core.media.text.subtitles import (
    LINE,
    LINES,
    LONGEST_S,
    breaches_in_words,
    cues,
    to_json,
    to_srt,
    to_txt,
    to_vtt,
)
from tests.requires import needs

SPEECH = (
    "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country. "
    "My fellow citizens of the world: ask not what America will do for you, but what together we can do for the "
    "freedom of man."
)


def transcript(*segments: tuple[float, float, str]) -> Transcript:
    return Transcript(
        text=" ".join(text for _, _, text in segments),
        language="English",
        duration=segments[-1][1] if segments else None,
        segments=tuple(
            Segment(id=at, start=start, end=end, text=text) for at, (start, end, text) in enumerate(segments)
        ),
    )


LONG = transcript((0.0, 25.0, SPEECH), (25.0, 26.0, "Thank you."), (25.5, 28.0, "<b>1 & 2 --> 3</b>"))


def test_a_long_phrase_is_split_at_its_clauses() -> None:
    first, second, *_ = cues(LONG)

    assert first.lines == ("And so, my fellow Americans,", "ask not what your country can do for you,")
    assert second.lines == ("ask what you can do for your country.",)


segments = st.lists(
    st.tuples(st.floats(0, 5), st.floats(0.01, 60), st.text(min_size=1, max_size=400)), min_size=1, max_size=12
)


@settings(max_examples=120, deadline=None)
@given(segments)
def test_any_transcript_makes_subtitles_that_fit_the_screen_and_the_clock(
    found: list[tuple[float, float, str]],
) -> None:
    at = 0.0
    placed: list[tuple[float, float, str]] = []
    for gap, length, text in found:
        begins = max(placed[-1][0] + 0.001, at + gap - 1) if placed else gap  # some overlap, as Whisper's do
        placed.append((begins, max(begins, at + gap) + length, text))
        at = placed[-1][1]

    laid = cues(transcript(*placed))

    assert all(len(cue.lines) <= LINES and all(len(line) <= LINE for line in cue.lines) for cue in laid)
    assert all(cue.lines and all(line.strip() for line in cue.lines) for cue in laid)
    assert all(0 < cue.end - cue.start <= LONGEST_S + 1e-6 for cue in laid)
    assert all(first.end <= second.start for first, second in pairwise(laid))
    said = "".join("".join(text.split()) for *_, text in placed)
    assert "".join("".join(line.split()) for cue in laid for line in cue.lines) == said


@needs("ffmpeg")
@pytest.mark.parametrize(("write", "kind"), [(to_srt, "srt"), (to_vtt, "webvtt")])
def test_ffmpeg_reads_every_subtitle_back(write: object, kind: str) -> None:
    assert callable(write)

    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", kind, "-i", "pipe:0", "-f", "srt", "pipe:1"],
        input=write(LONG).encode(),
        capture_output=True,
        check=True,
    )

    assert not done.stderr
    read = done.stdout.decode()
    assert len(re.findall(r"^\d\d:\d\d:\d\d,\d{3} --> ", read, re.MULTILINE)) == len(cues(LONG))
    assert "ask what you can do for your country." in read


def test_vtt_escapes_what_would_be_a_tag_and_neither_keeps_an_arrow() -> None:
    assert "&lt;b&gt;1 &amp; 2 → 3&lt;/b&gt;" in to_vtt(LONG)
    assert to_vtt(LONG).startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert to_srt(LONG).count("-->") == len(cues(LONG))


def test_a_transcript_without_phrases_becomes_subtitles_over_its_length() -> None:
    laid = cues(Transcript(text=SPEECH, duration=20.0))

    assert laid[0].start == 0.0
    assert laid[-1].end == pytest.approx(20.0)


def test_nothing_said_makes_empty_files() -> None:
    nothing = Transcript(text="")

    assert (to_srt(nothing), to_vtt(nothing), to_txt(nothing)) == ("", "WEBVTT\n", "")


def test_hours_are_written_as_hours() -> None:
    assert to_srt(transcript((3661.5, 3662.0, "Late."))) == "1\n01:01:01,500 --> 01:01:02,333\nLate.\n"


def test_text_is_one_phrase_a_line() -> None:
    assert to_txt(transcript((0, 1, " One."), (1, 2, " Two."))) == "One.\nTwo.\n"


def test_json_has_the_wires_names_and_no_nulls() -> None:
    found = Transcript(
        text="Hi.",
        language="English",
        segments=(Segment(id=0, start=0.0, end=1.0, text=" Hi.", avg_logprob=-0.2),),
        words=(Word(word="Hi", start=0.1, end=0.4),),
    )

    assert json.loads(to_json(found)) == {
        "task": "transcribe",
        "language": "English",
        "text": "Hi.",
        "segments": [{"id": 0, "start": 0.0, "end": 1.0, "text": " Hi.", "avg_logprob": -0.2}],
        "words": [{"word": "Hi", "start": 0.1, "end": 0.4}],
    }


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────

WORDS = [
    *("3.5", "U.S.", "info@example.com", "euro...", "https://example.com/a/b?c=1,2", "don't", "A.M.", "so,", "end."),
    *(
        "the",
        "committee",
        "of",
        "ninety-nine",
        "people",
        "said:",
        "“yes”",
        "(no)",
        "10:30",
        "Mr.",
        "Smith!",
        "1,234.50",
    ),
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.floats(0.28, 0.7), st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.5])), max_size=90
    ),
    st.integers(3, 14),
)
def test_words_are_never_changed_and_every_rule_is_kept(said: list[tuple[str, float, float]], phrase: int) -> None:
    at = 0.0
    words: list[Word] = []
    for text, length, pause in said:
        # Nobody says more than about 15 letters a second, an address least of all.
        length = max(length, len(text) / 13)
        words.append(Word(word=text, start=at, end=at + length))
        at += length + pause
    rows = [words[first : first + phrase] for first in range(0, len(words), phrase)]
    found = Transcript(
        text=" ".join(word.word for word in words),
        duration=at,
        words=tuple(words),
        segments=tuple(
            Segment(id=n, start=row[0].start, end=row[-1].end + 0.4, text=" " + " ".join(word.word for word in row))
            for n, row in enumerate(rows)
        ),
    )

    laid = cues(found)

    assert " ".join(cue.text for cue in laid).split() == [word.word for word in words]
    assert breaches(laid) == []
    for cue in laid:  # seen while it is said
        first = next(word for word in words if word.word == cue.text.split()[0] and word.end > cue.start)
        assert first.start < cue.end + 0.5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "请求书号码是一二三四五。合计是九千八百日元，请在本月底之前支付，谢谢大家的合作和支持。" * 3, id="Chinese"
        ),
        pytest.param("請求書番号は12345です。合計は9800円ですので、今月末までにお支払いください。" * 3, id="Japanese"),
        pytest.param("청구서 번호는 12345이고 합계는 9800엔이므로 이번 달 말까지 지불해 주세요. " * 3, id="Korean"),
    ],
)
def test_wide_scripts_have_sixteen_signs_a_line_and_their_own_pace(text: str) -> None:
    laid = cues(transcript((0.0, len(text) / 7, text)))

    assert breaches(laid) == []
    assert all(width(line) <= 32 for cue in laid for line in cue.lines)
    assert "".join("".join(cue.lines) for cue in laid).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "、。，！？" for cue in laid for line in cue.lines)


def test_a_thai_word_is_not_parted() -> None:
    text = "สวัสดีครับยินดีต้อนรับ ขอบคุณมากครับ ราคาสามร้อยบาท"

    assert " ".join(cue.text for cue in cues(transcript((0.0, 9.0, text)))).split() == text.split()


THAI = ["วันนี้", "อากาศ", "ดี", "มาก", "เรา", "จะ", "ไป", "เที่ยว", "ทะเล", "กับ", "ครอบครัว", "และ", "เพื่อน", "ของ", "เรา"]


def test_a_long_run_of_thai_breaks_between_words_and_keeps_their_times() -> None:
    run = THAI * 4
    said = tuple(Word(word=word, start=number / 2, end=number / 2 + 0.5) for number, word in enumerate(run))
    whole = Transcript(
        text="".join(run),
        duration=30.0,
        segments=(Segment(id=0, start=0.0, end=30.0, text="".join(run)),),
        words=said,
    )

    laid = cues(whole)

    assert breaches(laid) == []
    lines = [line for cue in laid for line in cue.lines]
    assert "".join(lines) == "".join(run)
    begins = {sum(map(len, run[:number])): word.start for number, word in enumerate(said)}
    ends = [sum(map(len, lines[:number])) for number in range(len(lines))]
    assert set(ends) <= set(begins)
    at = 0
    for cue in laid:
        assert cue.start == pytest.approx(begins[at], abs=0.6)
        at += sum(map(len, cue.lines))


@pytest.mark.parametrize("text", ["ខ្ញុំស្រលាញ់ប្រទេសកម្ពុជា", "ຂ້ອຍຮັກປະເທດລາວຫຼາຍທີ່ສຸດ", "ကျွန်တော်မြန်မာစာဖတ်သည်"])
def test_khmer_lao_and_burmese_are_left_whole(text: str) -> None:
    laid = cues(transcript((0.0, 30.0, text * 4)))

    assert [line for cue in laid for line in cue.lines] == [text * 4]


def test_what_speech_itself_breaks_is_named_in_the_file() -> None:
    fast = transcript((0.0, 3.0, SPEECH))

    assert breaches(cues(fast))
    assert "characters a second are spoken.\n\n00:00:00.000 --> " in to_vtt(fast)
    assert "characters a second" in breaches_in_words(fast)
    assert breaches_in_words(LONG) == ""
    assert "NOTE" not in to_vtt(LONG)


def test_every_subtitle_that_breaks_a_rule_has_its_note_however_many_do() -> None:
    fast = transcript(*((3.0 * at, 3.0 * at + 3, SPEECH) for at in range(40)))
    broken = {breach.cue for breach in breaches(cues(fast))}
    written = to_vtt(fast)

    assert len(broken) > 100
    assert [int(number) for number in re.findall(r"^NOTE Subtitle (\d+): ", written, re.MULTILINE)] == sorted(broken)
    assert written.count(" --> ") == len(cues(fast))


def test_overlapping_phrases_are_trimmed() -> None:
    laid = cues(transcript((0.0, 5.0, "One two three."), (4.0, 9.0, "Four five six."), (8.5, 12.0, "Seven.")))

    for before, after in pairwise(laid):
        assert after.start - before.end >= 2 / 24 - 0.002


def test_a_short_word_is_seen_long_enough() -> None:
    (cue,) = cues(transcript((2.0, 2.2, "No.")))

    assert cue.end - cue.start >= 5 / 6 - 0.001


def test_an_address_longer_than_a_line_is_left_whole_and_named() -> None:
    address = "https://www.example.com/a/very/long/path/to/some/page?with=a&query=1"
    laid = cues(transcript((0.0, 9.0, f"See {address} for more.")))

    assert address in [line for cue in laid for line in cue.lines]
    assert any("too long" in breach.what for breach in breaches(laid))


@pytest.mark.parametrize("text", ["{x} in braces", r"C:\new \h \N", "a <b> c", "{\\i1}hi", "&lt; 5 > 3 & <c.red>"])
def test_what_others_take_for_markup_stays_words(text: str) -> None:
    said = transcript((0.0, 4.0, text))
    assert to_srt(said).splitlines()[2:] == [text]
    assert html.unescape(to_vtt(said)).splitlines()[3:] == [text]
