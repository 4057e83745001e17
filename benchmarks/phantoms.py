"""
What is kept and what is left out: short words that were spoken, and phrases that a model makes up where nobody speaks.

    python -m benchmarks.phantoms         # prints the table of the README

The words are spoken by espeak-ng in eight languages, alone and with room around them; the model is taken to have heard
them rightly. On silence, room noise, hum, music and knocks it is taken to have heard what such models make up, with
``no_speech_prob`` 0 and good confidence, as it happens.
"""

from __future__ import annotations

import subprocess
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from groq_core.events import Segment, Transcript
from groq_core.media.audio.judgement import NoSpeech, judge_transcript
from groq_core.media.audio.preparation import AudioInfo, probe
from groq_core.media.audio.silero import Voice

RATE = 16_000
WORDS = {
    "en": ("Okay.", "Thank you.", "Yes.", "No.", "Bye.", "Hello.", "Stop."),
    "de": ("Ja.", "Nein.", "Danke.", "Vielen Dank.", "Tschüss.", "Hallo."),
    "fr": ("Oui.", "Non.", "Merci.", "D'accord.", "Bonjour."),
    "es": ("Sí.", "No.", "Gracias.", "Hola.", "Vale."),
    "it": ("Sì.", "Grazie.", "Ciao.", "Va bene."),
    "pt": ("Sim.", "Não.", "Obrigado.", "Tchau."),
    "tr": ("Evet.", "Hayır.", "Tamam.", "Teşekkürler."),
    "id": ("Ya.", "Tidak.", "Terima kasih.", "Halo."),
}
PHANTOMS = {
    "en": ("Thank you.", "Thanks for watching!", "you", "Subtitles by the Amara.org community"),
    "de": ("Vielen Dank.", "Untertitelung des ZDF für funk, 2017", "Untertitel der Amara.org-Community"),
    "fr": ("Merci.", "Sous-titrage ST' 501", "Sous-titres réalisés par la communauté d'Amara.org"),
    "es": ("Gracias.", "¡Suscríbete!", "Subtítulos realizados por la comunidad de Amara.org"),
    "it": ("Grazie.", "Sottotitoli creati dalla comunità Amara.org"),
    "pt": ("Obrigado.", "Legendas pela comunidade Amara.org"),
    "tr": ("Altyazı M.K.", "Teşekkürler."),
    "id": ("Terima kasih.", "Terima kasih telah menonton."),
}
Samples = npt.NDArray[np.float64]


def speak(language: str, word: str, around_s: float, level: float = 0.5) -> bytes:
    """A word with so much of a quiet room before and behind it."""
    command = ["espeak-ng", "-v", language, "--stdout", word]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(BytesIO(data), dtype="float64")
    loud = np.flatnonzero(np.abs(samples) > 0.003)
    voice = samples[loud[0] : loud[-1] + 1] * level
    room = np.zeros(int(around_s * rate))
    rng = np.random.default_rng(1)
    whole = np.concatenate((room, voice, room))
    return write_wav(whole + rng.normal(0, 6e-4, len(whole)), rate)


def write_wav(samples: Samples, rate: int = RATE) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


@cache
def grounds() -> dict[str, bytes]:
    """Ten seconds without a voice, of each kind."""
    rng, time = np.random.default_rng(5), np.arange(RATE * 10) / RATE
    music = np.zeros(RATE * 10)
    for at in range(0, len(music) - 8000, 4000):
        since, pitch = np.arange(8000) / RATE, 220 * 2 ** (rng.integers(0, 12) / 12)
        music[at : at + 8000] += np.exp(-4 * since) * sum(
            0.1 / n * np.sin(2 * np.pi * pitch * n * since) for n in (1, 2, 3)
        )
    beat = np.zeros(RATE * 10)
    for at in range(0, len(beat), 8000):
        beat[at : at + 1600] += rng.normal(0, 0.3, 1600) * np.exp(-np.arange(1600) / 300)
    return {
        "digital silence": write_wav(np.zeros(RATE * 10)),
        "a quiet room": write_wav(rng.normal(0, 4e-4, RATE * 10)),
        "noise": write_wav(rng.normal(0, 0.1, RATE * 10)),
        "mains hum": write_wav(0.01 * np.sin(2 * np.pi * 50 * time) + rng.normal(0, 5e-4, RATE * 10)),
        "a tone": write_wav(0.3 * np.sin(2 * np.pi * 440 * time)),
        "beeps": write_wav(0.3 * np.sin(2 * np.pi * 880 * time) * (np.sin(2 * np.pi * 2 * time) > 0)),
        "plucked music": write_wav(music),
        "drums": write_wav(beat),
    }


class Listener(Voice):
    """Asks the model once about a stretch, however many phrases are said to be there: it says the same again."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._said: dict[tuple[float, float], bool] = {}

    def speaks(self, start_s: float, end_s: float) -> bool:
        stretch = (start_s, end_s)
        if stretch not in self._said:
            self._said[stretch] = super().speaks(*stretch)
        return self._said[stretch]


@lru_cache(maxsize=8)
def measure(data: bytes) -> tuple[AudioInfo, Listener]:
    """What is measured of a recording, and who may be asked about it."""
    return probe(data), Listener(data)


def keeps(data: bytes, text: str) -> bool:
    info, voice = measure(data)
    segment = Segment(id=0, start=0.0, end=info.duration_s, text=text, avg_logprob=-0.35, no_speech_prob=0.0)
    transcript = Transcript(text=text, duration=info.duration_s, segments=(segment,))
    judged = judge_transcript(transcript, info, voice=voice)
    return not isinstance(judged, NoSpeech)


def rows(music: Path | None = None) -> list[tuple[str, int, int]]:
    """Of each language and each ground: what it is, how many were right, of how many."""
    found = []
    for language, words in WORDS.items():
        cases = [keeps(speak(language, word, around), word) for word in words for around in (0.2, 1.0, 3.0)]
        found.append((f"short words in {language}, kept", sum(cases), len(cases)))
    places = grounds() | ({"recorded music": music.read_bytes()} if music else {})
    for name, data in places.items():
        cases = [not keeps(data, phrase) for phrases in PHANTOMS.values() for phrase in phrases]
        found.append((f"made-up phrases on {name}, left out", sum(cases), len(cases)))
    return found


def main() -> None:
    music = Path(__file__).parents[1] / "tests" / "data" / "media" / "music-8bit.wav"
    print("| what | right | of |\n|---|---:|---:|")
    for what, right, count in rows(music if music.exists() else None):
        print(f"| {what} | {right} | {count} |")


if __name__ == "__main__":
    main()
