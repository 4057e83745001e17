"""Subtitles that a player takes and a person can read."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.events import Segment, Transcript, Word
from groq_core.media.text.subtitles import LINE, LINES, LONGEST_S, cues, to_json, to_srt, to_txt, to_vtt
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
    assert to_srt(transcript((3661.5, 3662.0, "Late."))) == "1\n01:01:01,500 --> 01:01:02,000\nLate.\n"


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
