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
from groq_core.media.audio.silero import Voice
from groq_core.media.text.phrases import length_in_words

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
    terima kasih | terima kasih telah menonton | terima kasih sudah menonton | sampai jumpa | tesekkurler
    altyazi mk | izlediginiz icin tesekkur ederim | abone olmayi unutmayin | dziekuje | dziekuje za uwage
    dziekuje za ogladanie | dank u wel | bedankt | bedankt voor het kijken | tack | tack for att ni tittade
    cam on | cam on cac ban da theo doi | hay subscribe cho kenh la la school | dekuji | dekuji za pozornost
    multumesc | takk for at du sa pa | kiitos | efharisto | diolch | ja | ya | si | oui | evet | okey | ok | hm
    شكرا | شكرا للمشاهدة | اشتركوا في القناة | תודה | תודה רבה | धन्यवाद | ขอบคุณ | ขอบคุณที่รับชม
    спасибо | редактор субтитров | さようなら | はい | ん | 谢谢 | 감사합니다 | 네
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


def judge_transcript(
    transcript: Transcript, info: AudioInfo, *, start_s: float = 0.0, voice: Voice | None = None
) -> Transcript | NoSpeech:
    """
    Take out of a transcript what cannot have been said.

    Energy comes first: where nothing is heard nothing was said, whatever the words. Where there is sound but no
    speech, only what is suspicious in itself is taken out: a phrase such films end with, or signs of a model
    that repeats itself or is unsure. A transcript of real speech is never touched.

    Args:
        transcript: Times count from ``start_s``.
        info: Of the whole recording.
        start_s: Where the transcribed part begins in the recording.
        voice: A second opinion, asked before anything that sounds is taken out.

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
        doubtful = is_hallucination(transcript.text) and info.levels.speech_likelihood < SPEECH_LIKELIHOOD
        believed = not doubtful or _speaks(voice, start_s, start_s + (info.duration_s or 0.0))
        return transcript if believed else NoSpeech("not_speech", transcript.text)
    kept = [segment for segment in transcript.segments if _believable(segment, info, start_s, voice)]
    if len(kept) == len(transcript.segments):
        return transcript
    if not any(_has_words(segment.text) for segment in kept):
        return NoSpeech("not_speech", transcript.text)
    return _without(transcript, kept)


def omissions(said: Transcript, judged: Transcript | NoSpeech, start_s: float) -> list[tuple[float, str]]:
    """What the model claims to have heard and is not believed: when, in seconds of the recording, and what."""
    if judged is said:
        return []
    if isinstance(judged, Transcript):
        gone = [segment for segment in said.segments if segment not in judged.segments]
        return [(start_s + segment.start, segment.text.strip()) for segment in gone if segment.text.strip()]
    return [(start_s, said.text.strip())] if _has_words(said.text) else []


def doubts_in_words(doubted: list[tuple[float, str]]) -> str:
    """
    >>> doubts_in_words([(61.0, "Thank you.")])
    'Left out, since nobody seems to speak there: “Thank you.” at 1:01 min.'
    """
    if not doubted:
        return ""
    quoted = [f"“{text}” at {length_in_words(at)}" for at, text in sorted(doubted)]
    named, more = ", ".join(quoted[:_MOST_NAMED]), len(quoted) - _MOST_NAMED
    if more > 0:
        return f"Left out, since nobody seems to speak there: {named} and {more} more."
    return f"Left out, since nobody seems to speak there: {named}."


_MOST_NAMED = 20


def _believable(segment: Segment, info: AudioInfo, start_s: float, voice: Voice | None) -> bool:
    start, end = segment.start + start_s - _SLACK_S, segment.end + start_s + _SLACK_S
    if not _overlaps(info.levels.active, start, end):
        return False
    return not _suspicious(segment) or _overlaps(info.levels.speech, start, end) or _speaks(voice, start, end)


def _speaks(voice: Voice | None, start_s: float, end_s: float) -> bool:
    return voice is not None and voice.speaks(start_s, end_s)


def _suspicious(segment: Segment) -> bool:
    """A phrase that is often made up, a repetition, or words the model doubts itself (Whisper's own limits)."""
    repeats = segment.compression_ratio is not None and segment.compression_ratio > 2.4
    unsure = (segment.no_speech_prob or 0.0) > 0.6 and (segment.avg_logprob or 0.0) < -1.0
    few = len(segment.text.split()) <= _FEW_WORDS
    guessed = few and ((segment.avg_logprob or 0.0) < _UNSURE or (segment.no_speech_prob or 0.0) > 0.6)
    return repeats or unsure or guessed or is_hallucination(segment.text) or not _has_words(segment.text)


def is_credit(text: str) -> bool:
    """
    Whether a text is what the makers of subtitles write about themselves.

    >>> is_credit("Untertitelung des ZDF für funk, 2017"), is_credit("Thank you.")
    (True, False)
    """
    return len(text) <= _LONGEST_CREDIT and bool(_CREDIT.search(text))


_CREDIT = re.compile(
    r"amara|untertitel|sous[- ]?titr|subtit|legendas|altyaz|sottotit|字幕|자막|субтитр|titulky|napisy|felirat"
    r"|ondertitel|undertekst|undertext|tekstet av|tekstitys|phụ đề|คำบรรยาย|ترجمة|תרגום|terjemah"
    r"|www\.|\.(?:com|org|net|tv)\b|©|copyright",
    re.IGNORECASE,
)
"""Words of those who wrote subtitles, and of the sites they wrote them for, which a film's sound never says."""

_LONGEST_CREDIT = 90  # characters
_FEW_WORDS = 5
_UNSURE = -0.6
"""Mean log probability: the model would have bet on each of its words little better than one to one."""

_END = re.compile(r"(?<![.!?…])[.!?…]++(?:\s+|$)|[。！？]")


def is_hallucination(text: str) -> bool:
    """
    Whether a text is, as a whole, one of the phrases Whisper makes up, maybe several times.

    >>> is_hallucination(" Thank you."), is_hallucination("Thank you, Mr President.")
    (True, False)
    """
    phrases = {_plain(phrase) for phrase in _END.split(text)} - {""}
    return all(phrase in _PHRASES for phrase in phrases) or is_credit(text)


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
