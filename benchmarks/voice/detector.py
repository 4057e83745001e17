"""False ends, ends that are known late, missed and false interruptions: the page's own ears over recordings."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.rows import Row
from benchmarks.speech import RATE, Samples, as_pcm
from benchmarks.voice import sounds
from groq_core.media.audio import turn

ROOT: Final = Path(__file__).parents[2]
KNOWN_S: Final = 0.25
LEAD_S: Final = 0.7
"""Of silence before every recording."""


HELD: Final = "held out"


@dataclass
class Clip:
    """
    A recording and what is to be found in it.

    Attributes:
        own: What the page itself says meanwhile, at its loudspeaker.
        at_s: Where the pause or the end begins, or the interruption.
        until_s: Where a pause is over.
    """

    samples: Samples
    at_s: float = 0.0
    until_s: float = 0.0
    own: Samples | None = None
    events: list[tuple[str, float]] = field(default_factory=list)

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def first(self, wanted: str, after_s: float = 0.0) -> float:
        """When it is heard first, seconds; infinity where it is not."""
        return next((at for name, at in self.events if name == wanted and at >= after_s), np.inf)


def hear(clips: list[Clip], *, guard: bool = False) -> list[Clip]:
    """Let the page's own ears hear them, in Node, and judge its pauses by the turn model, here."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for index, clip in enumerate(clips):
            job: dict[str, Any] = {"path": write(Path(folder) / f"{index}.pcm", clip.samples), "guard": guard}
            if clip.own is not None:
                job["own"] = write(Path(folder) / f"{index}-own.pcm", clip.own)
            jobs.append(job)
        listed, pipe = Path(folder) / "jobs.json", Path(folder) / "answers"
        listed.write_text(json.dumps(jobs))
        os.mkfifo(pipe)
        command = ["node", "--import", "./tests/js/page.js", "benchmarks/voice/detector.js", str(listed), str(pipe)]
        with (
            os.fdopen(os.open(pipe, os.O_RDWR), "w") as answers,
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
        ):
            assert process.stdout is not None
            told: dict[str, Any] = {}
            for line in process.stdout:
                told = json.loads(line)
                if "clip" in told:
                    answers.write(f"{json.dumps(judge(clips[told['clip']], **told))}\n")
                    answers.flush()
        for clip, events in zip(clips, told["heard"], strict=True):
            clip.events = [(str(name), float(at)) for name, at in events]
    return clips


def judge(of: Clip, *, began: float, at: float, quiet: float, clip: int) -> float | None:
    heard = of.samples[int(max(0.0, began - 0.5) * RATE) : int(at * RATE)]
    return turn.chance_of_end(heard, quiet_s=quiet)


def write(path: Path, samples: Samples) -> str:
    path.write_bytes(as_pcm(samples))
    return str(path)


def share(of: Iterable[bool]) -> float:
    found = list(of)
    return 100 * sum(found) / max(1, len(found))


Spoken = list[tuple[Samples, float]]
"""Recordings, and where in each something is looked for, seconds."""


def prompts(folders: Sequence[str], quick: bool) -> list[Samples]:
    return [prompt for folder in folders for prompt in sounds.prompts(folder, 5 if quick else 14)]


def robots(voices: Sequence[str], quick: bool) -> list[Samples]:
    return [sounds.robot(voice, text) for voice in voices[: 1 if quick else None] for text in sounds.SENTENCES]


def speakers(quick: bool) -> dict[str, list[Samples]]:
    """Who speaks, besides the two people whose pauses were read off by hand."""
    return {
        f"telephone prompts, {HELD}": prompts(sounds.HELD_OUT, quick),
        "telephone prompts": prompts(sounds.TUNED_BY, quick),
        f"espeak-ng, {HELD}": robots(sounds.VOICES[3:], quick),
        "espeak-ng": robots(sounds.VOICES[:3], quick),
    }


def pauses(quick: bool) -> dict[str, list[Clip]]:
    """Somebody pauses within a sentence."""
    lengths = (0.3, 0.6, 1.0, 1.5)
    places: dict[str, Spoken] = {
        f"people, {HELD}": [(sounds.person(name), at) for name, where in sounds.INSIDE.items() for at in where]
    }
    for name, spoken in speakers(quick).items():
        gap = (0.08, 0.6) if "espeak" in name else sounds.GAP_S
        places[name] = [(samples, at) for samples in spoken for at in sounds.gaps(samples, *gap)]
    return {
        name: [
            Clip(
                sounds.with_pause(samples[int(max(0.0, at - 8) * RATE) :], min(at, 8), lengths[index % 4]),
                LEAD_S + min(at, 8),
                LEAD_S + min(at, 8) + lengths[index % 4],
            )
            for index, (samples, at) in enumerate(found)
        ]
        for name, found in places.items()
        if found
    }


def ends(quick: bool) -> dict[str, list[Clip]]:
    """Somebody has finished."""
    found: dict[str, Spoken] = {
        f"people, {HELD}": [(sounds.person(name), at) for name, where in sounds.ENDS.items() for at in where]
    }
    for name, spoken in speakers(quick).items():
        found[name] = [(samples, len(samples) / RATE) for samples in spoken]
    return {
        name: [
            Clip(sounds.until(samples[int(max(0.0, at - 8) * RATE) :], min(at, 8)), LEAD_S + min(at, 8))
            for samples, at in clips
        ]
        for name, clips in found.items()
        if clips
    }


def whose_turn(quick: bool) -> list[Row]:
    rows, all_held = [], []
    for name, clips in pauses(quick).items():
        # Who goes on before anything is heard is joined to what was said before; that is not counted here.
        cut = [clip.first("sent", clip.at_s - 0.1) < clip.until_s for clip in hear(clips)]
        if HELD in name:
            all_held += cut
        rows.append(false_ends(name, cut))
    rows.append(false_ends(f"all that were {HELD}", all_held))
    for name, clips in ends(quick).items():
        late = [clip.first("decided", clip.at_s - 0.1) - clip.at_s for clip in hear(clips)]
        soon = share(delay <= 1.2 for delay in late)
        rows.append(
            Row(
                f"ends known within 250 ms, {name}",
                share(delay <= KNOWN_S for delay in late),
                "%",
                f"{soon:.0f} % within 1.2 s, all others after 1.6 s of quiet",
                detail=f"{len(clips)} ends, median {1000 * np.median(late):.0f} ms, {sum(np.isinf(late))} never",
            )
        )
        rows.append(in_vain(name, clips))
    return rows


def in_vain(name: str, clips: list[Clip]) -> Row:
    """How often somebody speaks on after the page has asked for their words."""
    spoken_s = sum(clip.at_s - LEAD_S for clip in clips)
    count = sum(clip.names().count("in vain") for clip in clips)
    against = "a minute of speech; of more than eight the page waits for the end"
    return Row(f"transcripts in vain, {name}", 60 * count / spoken_s, "", against, detail=f"{spoken_s:.0f} s of speech")


def false_ends(name: str, cut: list[bool]) -> Row:
    goal = 5 if HELD in name else None
    return Row(
        f"false ends, {name}", share(cut), "%", "pauses of 0.3, 0.6, 1.0 and 1.5 s", goal, detail=f"{len(cut)} pauses"
    )


def in_noise(quick: bool) -> list[Row]:
    rows = []
    found = ends(True)
    people = [*found[f"people, {HELD}"], *found[f"espeak-ng, {HELD}"]]
    for name, noise in (("babble", sounds.babble()), ("music", sounds.music())):
        for below in (20, 10):
            clips = [
                Clip(sounds.over(np.concatenate((sounds.silence(3), clip.samples)), noise, below), clip.at_s + 3)
                for clip in people
            ]
            hear(clips)
            # Noise may be taken for another beginning; what was said must be over by then.
            open_ = [not any(name == "sent" and at < clip.at_s + 2.3 for name, at in clip.events) for clip in clips]
            rows.append(
                Row(
                    f"turns kept open by {name} {below} dB below",
                    share(open_),
                    "%",
                    "sent after 1.6 s, 2.3 s at most",
                    5,
                    detail=f"{len(clips)} ends",
                )
            )
    return rows


class Room:
    """The page speaks meanwhile, and is heard 30 dB below in the microphone."""

    def __init__(self) -> None:
        self.page = np.resize(sounds.person("galileo.mp3"), 6 * RATE) * np.float32(0.5)
        self.echo = self.page * np.float32(10 ** (-30 / 20))
        self.count = 0

    def during(self, sound: Samples) -> Clip:
        """Something sounds there; never twice at the same place in the page's blocks and the model's frames."""
        self.count += 1
        at = int((3.0 + 0.007 * (self.count % 5)) * RATE)
        heard = self.echo.copy()
        heard[at : at + len(sound)] += sound[: len(heard) - at]
        return Clip(heard, at / RATE, own=self.page)


def interruptions(quick: bool) -> list[Row]:
    return [*words_heard(Room(), quick), *noises_heard(Room(), quick)]


def words_heard(room: Room, quick: bool) -> list[Row]:
    rows = []
    numbers = [number for folder in sounds.HELD_OUT for number in sounds.numbers(folder)[:: 2 if quick else 1]]
    voices = sounds.VOICES[3:] if not quick else sounds.VOICES[4:]
    said = {
        ", ".join(sounds.WORDS): [sounds.robot(voice, word) for voice in voices for word in sounds.WORDS],
        "numbers said by three people": numbers,
    }
    for name, words in said.items():
        if not words:
            continue
        clips = hear([room.during(word) for word in words], guard=True)
        found = [clip.first("began", clip.at_s) - clip.at_s for clip in clips]
        missed = [np.isinf(delay) or "nothing" in clip.names() for delay, clip in zip(found, clips, strict=True)]
        noticed = 1000 * np.array([delay for delay in found if not np.isinf(delay)] or [np.inf])
        detail = f"{len(clips)} words"
        rows += [
            Row(f"missed interruptions, {name}", share(missed), "%", "over the page's own voice", 5, detail=detail),
            Row(
                f"silence after a word begins, {name}, median",
                float(np.median(noticed)),
                "ms",
                "without the sound card's own delay",
                150,
                detail=detail,
            ),
            Row(
                f"silence after a word begins, {name}, p95",
                float(np.percentile(noticed, 95)),
                "ms",
                "without the sound card's own delay",
                150 if "stop" in name else None,
                detail=detail,
            ),
        ]
    return rows


def noises_heard(room: Room, quick: bool) -> list[Row]:
    seeds = range(20, 26 if quick else 40)
    pieces = sounds.tunes(2 if quick else 8)
    music = {f"music as loud as a voice, {HELD}": pieces[3:], "music as loud as a voice": pieces[:3]}
    others = {
        "coughs": [sounds.cough(seed) for seed in seeds],
        "typing": [sounds.typing(seed) for seed in seeds],
        "a door": [sounds.door(seed) for seed in seeds],
        "echo at -30 dB": [np.zeros(RATE, np.float32)] * 3,
        **{name: [excerpt for piece in found for excerpt in piece] for name, found in music.items()},
    }
    rows = []
    for name, noises in others.items():
        if not noises:
            continue
        clips = hear([room.during(noise) for noise in noises], guard=True)
        written = share("began" in clip.names() and "nothing" not in clip.names() for clip in clips)
        rows.append(
            Row(
                f"false interruptions, {name}",
                share("began" in clip.names() for clip in clips),
                "%",
                "the voice waits; it goes on where it was",
                5,
                detail=f"{len(clips)} clips; {written:.0f} % are written down first",
            )
        )
    return rows


def detector(quick: bool) -> list[Row]:
    """All of it; a row a kind."""
    return [*whose_turn(quick), *in_noise(quick), *interruptions(quick)]
