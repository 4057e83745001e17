"""
Doubt what a model claims to have heard where nobody spoke.

Whisper was trained on subtitled films: given silence or music it answers with what such films say then, most
often "Thank you." or "Thanks for watching!". Its own doubt (``no_speech_prob``) is no help on Groq, where it may
be a constant 0, so the recording itself is asked.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import msgspec

from groq_core.events import Segment, Transcript
from groq_core.media.audio.levels import SPEECH_LIKELIHOOD, Spans
from groq_core.media.audio.preparation import AudioInfo

_SLACK_S = 1.0
"""Whisper's segment times are off by up to this much."""

_HALLUCINATED = frozenset(
    """
    you | thank you | thanks | thank you very much | thank you so much | thanks for watching | bye | bye bye
    thank you for watching | thanks for watching everyone | please subscribe | like and subscribe | subscribe
    please subscribe to my channel | dont forget to subscribe | see you next time | see you in the next video
    ill see you in the next video | well be right back | the end | music | applause | laughter | silence
    music playing | upbeat music | foreign | i | oh | so | okay | mm hmm | hmm | um | uh | the
    subtitles by the amara org community | subtitles by | transcribed by | transcription by castingwords
    untertitel der amara org community | untertitel im auftrag des zdf fur funk 2017 | vielen dank
    vielen dank furs zuschauen | untertitel von stephanie geiges | das war s | bis zum nachsten mal | copyright wdr
    sous titres realises para la communaute damara org | merci | merci davoir regarde cette video | sous titrage st 501
    gracias | gracias por ver el video | subtitulos realizados por la comunidad de amara org | suscribete
    sottotitoli creati dalla comunita amara org | grazie
    grazie per la visione | obrigado | legendas pela comunidade amara org
    ご視聴ありがとうございました | ありがとうございました | 字幕由amaraorg社区提供
    谢谢大家 | 谢谢观看 | 请不吝点赞订阅转发打赏支持明镜与点点栏目
    시청해주셔서감사합니다 | mbc뉴스 | продолжение следует | субтитры сделал dimatorzok | спасибо за просмотр
    """.replace("\n", "|").split("|")
)


@dataclass(frozen=True, slots=True)
class NoSpeech:
    """
    Nobody speaks in the recording.

    Attributes:
        reason: ``silence``: nothing is heard; ``not_speech``: music or noise; ``empty``: the model heard no words.
        dropped: What the model claimed to have heard, for those who want to see it.
    """

    reason: Literal["silence", "not_speech", "empty"]
    dropped: str = ""

    @property
    def sentence(self) -> str:
        """What to tell the person at the screen."""
        return {
            "silence": "No speech found: the recording is silent. Is the right microphone chosen?",
            "not_speech": "No speech found: there is sound, but nobody seems to speak.",
            "empty": "No speech found.",
        }[self.reason]


def judge_transcript(transcript: Transcript, info: AudioInfo, *, start_s: float = 0.0) -> Transcript | NoSpeech:
    """
    Take out of a transcript what cannot have been said.

    Energy comes first: where nothing is heard nothing was said, whatever the words. Where there is sound but no
    speech, only what is suspicious in itself is taken out: a phrase such films end with, or signs of a model
    that repeats itself or is unsure. A transcript of real speech is never touched.

    Args:
        transcript: Times count from ``start_s``.
        info: Of the whole recording.
        start_s: Where the transcribed part begins in the recording.

    Returns:
        The transcript (the same object if nothing was taken out), or why there is none.
    """
    if not info.measured:
        return transcript if _has_words(transcript.text) else NoSpeech("empty", transcript.text)
    if info.is_silent:
        return NoSpeech("silence", transcript.text)
    if not _has_words(transcript.text):
        return NoSpeech("empty", transcript.text)
    if not transcript.segments:
        unbelievable = is_hallucination(transcript.text) and info.speech_likelihood < SPEECH_LIKELIHOOD
        return NoSpeech("not_speech", transcript.text) if unbelievable else transcript
    kept = [segment for segment in transcript.segments if _believable(segment, info, start_s)]
    if len(kept) == len(transcript.segments):
        return transcript
    if not any(_has_words(segment.text) for segment in kept):
        return NoSpeech("not_speech", transcript.text)
    return _without(transcript, kept)


def _believable(segment: Segment, info: AudioInfo, start_s: float) -> bool:
    start, end = segment.start + start_s - _SLACK_S, segment.end + start_s + _SLACK_S
    if not _overlaps(info.active, start, end):
        return False
    return not _suspicious(segment) or _overlaps(info.levels.speech, start, end)


def _suspicious(segment: Segment) -> bool:
    """A phrase that is often made up, a repetition, or words the model doubts itself (Whisper's own limits)."""
    repeats = segment.compression_ratio is not None and segment.compression_ratio > 2.4
    unsure = (segment.no_speech_prob or 0.0) > 0.6 and (segment.avg_logprob or 0.0) < -1.0
    return repeats or unsure or is_hallucination(segment.text) or not _has_words(segment.text)


_END = re.compile(r"[.!?…]+(?:\s+|$)|[。！？]")


def is_hallucination(text: str) -> bool:
    """
    Whether a text is, as a whole, one of the phrases Whisper makes up, maybe several times.

    >>> is_hallucination(" Thank you."), is_hallucination("Thank you, Mr President.")
    (True, False)
    """
    phrases = {_plain(phrase) for phrase in _END.split(text)} - {""}
    return all(phrase in _PHRASES for phrase in phrases)


def _plain(text: str) -> str:
    """Letters and digits alone, without case and accents."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold())))


_PHRASES = frozenset(map(_plain, _HALLUCINATED)) - {""}


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _overlaps(spans: Spans, start: float, end: float) -> bool:
    return any(begin < end and start < finish for begin, finish in spans)


def _without(transcript: Transcript, kept: list[Segment]) -> Transcript:
    gone = [segment for segment in transcript.segments if segment not in kept]
    words = tuple(
        word
        for word in transcript.words
        if not any(segment.start <= (word.start + word.end) / 2 < segment.end for segment in gone)
    )
    text = " ".join(segment.text.strip() for segment in kept)
    return msgspec.structs.replace(transcript, text=text, segments=tuple(kept), words=words)
