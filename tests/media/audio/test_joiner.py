"""Any text cut anywhere with overlap comes back whole."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from groq_core.events import Segment, Transcript, Word
from groq_core.media.audio.joiner import Joiner, join
from groq_core.media.audio.word_tokens import key_of

OVERLAP_S = 4.0
PACE_S = 0.4  # one spoken word


def speak(words: list[str]) -> list[Word]:
    """Words at an even pace, four tenths of a second each."""
    return [Word(word=word, start=at * PACE_S, end=at * PACE_S + 0.35) for at, word in enumerate(words)]


def transcribe(recording: list[Word], start: float, end: float, *, detail: str, jitter: float = 0.0) -> Transcript:
    """What a model writes of a stretch: the words wholly inside, its own times, segments of about six words."""
    inside = [word for word in recording if word.start >= start - 1e-9 and word.end <= end + 1e-9]
    moved = [
        Word(word=word.word, start=max(0.0, word.start - start + jitter), end=word.end - start + jitter)
        for word in inside
    ]
    rows = [moved[at : at + 6] for at in range(0, len(moved), 6)]
    segments = tuple(
        Segment(id=at, start=row[0].start, end=row[-1].end, text=" " + " ".join(word.word for word in row))
        for at, row in enumerate(rows)
    )
    return Transcript(
        text=" ".join(word.word for word in moved),
        language="English",
        duration=end - start,
        segments=segments if detail in ("segments", "both") else (),
        words=tuple(moved) if detail in ("words", "both") else (),
    )


def cut(length: float, part_s: float) -> list[tuple[float, float]]:
    """Stretches of ``part_s`` seconds, each sharing the overlap with the next."""
    starts = [0.0]
    while starts[-1] + part_s < length:
        starts.append(starts[-1] + part_s - OVERLAP_S)
    return [(start, min(length, start + part_s)) for start in starts]


vocabulary = st.sampled_from(
    [
        "the",
        "a",
        "of",
        "to",
        "no",
        "very",
        "people",
        "Jupiter,",
        "spacecraft.",
        "ask",
        "what",
        "you",
        "don't",
        "1989,",
        "is",
    ]
)
details = st.sampled_from(["words", "segments", "both", "text"])


@settings(max_examples=120, deadline=None)
@given(
    words=st.lists(
        st.text(string.ascii_letters, min_size=1, max_size=9), min_size=1, max_size=200, unique_by=str.casefold
    ),
    part_s=st.floats(9, 40),
    detail=details,
)
def test_any_text_cut_anywhere_comes_back_whole(words: list[str], part_s: float, detail: str) -> None:
    recording = speak(words)
    stretches = cut(len(words) * PACE_S, part_s)

    whole = join([(start, transcribe(recording, start, end, detail=detail)) for start, end in stretches], OVERLAP_S)

    assert whole.text.split() == words


@settings(max_examples=120, deadline=None)
@given(
    before=st.integers(20, 120),
    after=st.integers(20, 120),
    pause=st.floats(0, 60),
    part_s=st.floats(30, 60),
)
def test_a_text_without_any_times_comes_back_whole_though_there_were_pauses(
    before: int, after: int, pause: float, part_s: float
) -> None:
    recording = speak([f"word{at}" for at in range(before + after)])
    recording = recording[:before] + [
        Word(word=word.word, start=word.start + pause, end=word.end + pause) for word in recording[before:]
    ]
    stretches = cut(recording[-1].end, part_s)

    whole = join([(start, transcribe(recording, start, end, detail="text")) for start, end in stretches], OVERLAP_S)

    assert whole.text.split() == [word.word for word in recording]
    assert "".join(segment.text for segment in whole.segments).replace(" ", "") == whole.text.replace(" ", "")


@settings(max_examples=120, deadline=None)
@given(
    words=st.lists(vocabulary, min_size=1, max_size=200),
    part_s=st.floats(9, 40),
    detail=st.sampled_from(["words", "both"]),
    jitter=st.floats(-0.12, 0.12),
)
def test_a_text_full_of_repetitions_comes_back_whole_by_its_times(
    words: list[str], part_s: float, detail: str, jitter: float
) -> None:
    recording = speak(words)
    stretches = cut(len(words) * PACE_S, part_s)

    whole = join(
        [
            (start, transcribe(recording, start, end, detail=detail, jitter=jitter if at % 2 else 0.0))
            for at, (start, end) in enumerate(stretches)
        ],
        OVERLAP_S,
    )

    assert [key_of(word) for word in whole.text.split()] == [key_of(word) for word in words]
    assert [word.word for word in whole.words] == words
    assert all(abs(found.start - said.start) <= 0.13 for found, said in zip(whole.words, recording, strict=True))


@settings(max_examples=120, deadline=None)
@given(
    count=st.integers(30, 150),
    part_s=st.floats(9, 30),
    detail=details,
    ends=st.sampled_from(["lost", "garbled", "doubled", "right"]),
    begins=st.sampled_from(["lost", "garbled", "capital", "right"]),
)
def test_words_spoilt_at_a_cut_are_mended_by_the_other_side(
    count: int, part_s: float, detail: str, ends: str, begins: str
) -> None:
    words = [f"word{at}" for at in range(count)]
    recording = speak(words)
    stretches = cut(count * PACE_S, part_s)
    assume(len(stretches) > 1)
    parts = []
    for at, (start, end) in enumerate(stretches):
        mine = [word for word in recording if word.start >= start - 1e-9 and word.end <= end + 1e-9]
        if at + 1 < len(stretches):
            mine = spoilt_end(mine, ends)
        if at > 0:
            mine = spoilt_start(mine, begins)
        parts.append((start, transcribe(mine, start, end, detail=detail)))

    whole = join(parts, OVERLAP_S)

    assert [key_of(word) for word in whole.text.split()] == words


def spoilt_end(words: list[Word], how: str) -> list[Word]:
    last = words[-1]
    match how:
        case "lost":
            return words[:-1]
        case "garbled":
            return [*words[:-1], msgspec.structs.replace(last, word=last.word[:2] + "rld.")]
        case "doubled":
            return [*words, last]
        case _:
            return words


def spoilt_start(words: list[Word], how: str) -> list[Word]:
    first = words[0]
    match how:
        case "lost":
            return words[1:]
        case "garbled":
            return [msgspec.structs.replace(first, word="Orr"), *words[1:]]
        case "capital":
            return [msgspec.structs.replace(first, word=first.word.title()), *words[1:]]
        case _:
            return words


@settings(max_examples=120, deadline=None)
@given(words=st.lists(vocabulary, min_size=1, max_size=200), part_s=st.floats(9, 40), detail=details)
def test_times_never_run_backwards_and_segments_are_numbered(words: list[str], part_s: float, detail: str) -> None:
    recording = speak(words)
    length = len(words) * PACE_S

    whole = join(
        [(start, transcribe(recording, start, end, detail=detail)) for start, end in cut(length, part_s)], OVERLAP_S
    )

    starts = [segment.start for segment in whole.segments]
    assert starts == sorted(starts)
    assert [segment.id for segment in whole.segments] == list(range(len(whole.segments)))
    assert all(segment.text for segment in whole.segments)
    assert all(0 <= segment.start <= segment.end <= length + 0.01 for segment in whole.segments)
    assert whole.duration == pytest.approx(length)
    assert whole.language == "English"


@settings(max_examples=100, deadline=None)
@given(words=st.lists(vocabulary, min_size=1, max_size=150), part_s=st.floats(9, 40), detail=details)
def test_what_is_handed_out_on_the_way_is_the_whole(words: list[str], part_s: float, detail: str) -> None:
    recording = speak(words)
    parts = [
        (start, transcribe(recording, start, end, detail=detail)) for start, end in cut(len(words) * PACE_S, part_s)
    ]
    joiner = Joiner(OVERLAP_S)

    pieces = [joiner.add(*part) for part in parts]
    pieces.append(joiner.finish())

    assert "".join(piece.text for piece in pieces) == joiner.transcript.text == join(parts, OVERLAP_S).text
    assert tuple(segment for piece in pieces for segment in piece.segments) == joiner.transcript.segments


def test_a_sentence_repeated_again_and_again_is_neither_doubled_nor_lost() -> None:
    sentence = [
        *"abcd",
        "ask",
        "not",
        "what",
        "your",
        "country",
        "ask",
        "what",
        "you",
        "can",
        "do",
        "for",
        "your",
        "country.",
    ]
    recording = speak(sentence * 20)
    stretches = cut(len(recording) * PACE_S, 33)

    whole = join([(start, transcribe(recording, start, end, detail="segments")) for start, end in stretches], OVERLAP_S)

    assert whole.text.split() == sentence * 20


def test_a_missing_part_leaves_a_gap_and_nothing_else() -> None:
    words = [f"word{at}" for at in range(100)]
    recording = speak(words)
    first, _, last = cut(40.0, 16.0)

    whole = join(
        [(start, transcribe(recording, start, end, detail="segments")) for start, end in (first, last)], OVERLAP_S
    )

    assert whole.text.split() == [word.word for word in recording if word.end <= 16.0 or word.start >= 24.0]


def test_phrases_that_have_nothing_in_common_do_not_overlap_in_time() -> None:
    parts = [
        (
            0.0,
            Transcript(text="a", duration=20.0, segments=(Segment(id=0, start=0.0, end=20.0, text="One long phrase"),)),
        ),
        (
            16.0,
            Transcript(text="b", duration=20.0, segments=(Segment(id=0, start=0.0, end=20.0, text="quite another"),)),
        ),
    ]

    whole = join(parts, OVERLAP_S)

    first, second = whole.segments
    assert (first.text, second.text) == ("One long phrase", "quite another")
    assert 16.0 <= first.end == second.start <= 20.0


def test_a_script_without_spaces_is_joined_without_spaces() -> None:
    text = "我们选择在这个十年登月并做其他的事不是因为它们容易而是因为它们困难"
    recording = speak(list(text))
    parts = []
    for start, end in cut(len(text) * PACE_S, 9.0):
        part = transcribe(recording, start, end, detail="words")
        parts.append((start, msgspec.structs.replace(part, text=part.text.replace(" ", ""))))

    assert join(parts, OVERLAP_S).text == text


def test_a_full_stop_made_up_at_the_cut_does_not_stay() -> None:
    recording = speak(["Ask", "what", "you", "can", "do", "for", "your", "country."])
    first = transcribe(recording, 0.0, 2.8, detail="words")
    second = transcribe(recording, 2.0, 4.0, detail="words")
    first = msgspec.structs.replace(first, text=first.text + ".")  # "… do for your."
    second = msgspec.structs.replace(second, text=second.text.replace("for", "For"))

    assert join([(0.0, first), (2.0, second)], 0.8).text == "Ask what you can do for your country."


def test_one_part_is_left_as_it_is_but_for_its_place() -> None:
    part = Transcript(text="Hello.", duration=2.0, segments=(Segment(id=7, start=0.5, end=1.0, text=" Hello."),))

    whole = join([(10.0, part)], OVERLAP_S)

    assert whole.text == "Hello."
    assert whole.segments == (Segment(id=0, start=10.5, end=11.0, text="Hello."),)


def test_silent_parts_join_to_nothing() -> None:
    assert (
        join([(0.0, Transcript(text="", duration=9.0)), (5.0, Transcript(text="", duration=9.0))], OVERLAP_S).text == ""
    )
    assert join([], OVERLAP_S).text == ""
