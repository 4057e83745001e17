"""A transcript is read in every format, and silence is one too."""

from __future__ import annotations

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import Finished, Segment, SegmentsFound, TextDelta, Transcript, Usage, Word
from groq_core.streaming.transcription import read_transcription
from tests.recordings import Recording, recordings


def transcript_of(found: Recording) -> Transcript:
    events = read_transcription(found.body, found.headers["content-type"])
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.transcript is not None
    assert [event.text for event in events if isinstance(event, TextDelta)] == [finished.transcript.text]
    return finished.transcript


@pytest.mark.parametrize("found", list(recordings("audio-transcription", "openai-audio")), ids=lambda found: found.name)
def test_a_recorded_transcript_has_its_words_without_the_leading_space(found: Recording) -> None:
    transcript = transcript_of(found)

    assert transcript.text
    assert transcript.text == transcript.text.strip()
    for segment in transcript.segments:
        assert segment.end >= segment.start
        assert segment.text in transcript.text


def test_word_times_are_read_and_missing_segments_are_none() -> None:
    found = next(found for found in recordings("audio-transcription") if "word-timestamps" in found.name)

    transcript = transcript_of(found)

    assert transcript.words[0] == Word(word="Galileo", start=0.1, end=0.68)
    assert (transcript.language, transcript.segments) == ("English", ())
    assert transcript.duration == pytest.approx(36.71, abs=0.01)


def test_silence_is_a_transcript_without_words() -> None:
    events = read_transcription(b'{"text":" ","segments":null}')

    assert events == [Finished(transcript=Transcript(text=""))]


def test_phrases_come_beside_the_text() -> None:
    body = b'{"text":" Hi.","duration":1.5,"segments":[{"start":0,"end":1.5,"text":" Hi.","avg_logprob":-0.2}]}'

    events = read_transcription(body)

    segment = Segment(id=0, start=0.0, end=1.5, text="Hi.", avg_logprob=-0.2)
    assert events[:2] == [TextDelta("Hi."), SegmentsFound((segment,))]
    assert events[2] == Finished(
        usage=Usage(audio_s=1.5), transcript=Transcript(text="Hi.", duration=1.5, segments=(segment,))
    )


@pytest.mark.parametrize("label", ["application/json", "text/plain; charset=utf-8", "text/event-stream", ""])
def test_a_transcript_is_read_however_it_is_labelled(label: str) -> None:
    for body in (b'{"text": " Hi."}', b'\xef\xbb\xbf{"text": "Hi.", "language": 7}', b'"Hi."'):
        assert read_transcription(body, label)[0] == TextDelta("Hi.")


@pytest.mark.parametrize("words", ["Hi.", "42", "[laughs]", "[1]", "null", "true", "{so", "<laughs>"])
def test_bare_words_are_words_whatever_they_look_like(words: str) -> None:
    assert read_transcription(f" {words}\n".encode(), "text/plain")[0] == TextDelta(words)


@pytest.mark.parametrize("page", ["<html><body>502", "<!DOCTYPE html><title>Blocked", '<?xml version="1.0"?><e/>'])
@pytest.mark.parametrize("label", ["text/html", "text/plain", "application/json"])
def test_a_page_is_no_transcript(page: str, label: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read_transcription(page.encode(), label)

    assert caught.value.kind is Kind.MALFORMED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", Kind.EMPTY_ANSWER),
        (b"<html>", Kind.MALFORMED),
        (b'{"error":{"message":"could not process file"}}', Kind.STREAM_ERROR),
    ],
)
def test_a_body_that_is_no_transcript_is_a_failure(body: bytes, kind: Kind) -> None:
    with pytest.raises(ProviderError) as caught:
        read_transcription(body)

    assert caught.value.kind is kind
