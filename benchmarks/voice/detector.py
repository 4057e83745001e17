"""False ends, ends that are known late, missed and false interruptions: the page's own ears over recordings."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.rows import Row
from benchmarks.speech import RATE, Samples, as_pcm
from benchmarks.voice import sounds
from groq_core.media.audio import turn

ROOT: Final = Path(__file__).parents[2]
JUDGED_S: Final = 0.06
"""What a judgement takes on the way and on the server."""

KNOWN_S: Final = 0.25
LEAD_S: Final = 0.7
"""Of silence before every recording."""


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
    events: list[tuple[str, float, int | None]] = field(default_factory=list)

    def names(self) -> list[str]:
        return [name for name, _, _ in self.events]


class Ears:
    """The page's ears, in Node; the turn model, here."""

    def __init__(self) -> None:
        self.sure: list[float] = []

    def hear(self, clips: list[Clip], *, guard: bool = False) -> list[Clip]:
        with tempfile.TemporaryDirectory() as folder:
            jobs = []
            for index, clip in enumerate(clips):
                job: dict[str, Any] = {"path": write(Path(folder) / f"{index}.pcm", clip.samples), "guard": guard}
                if clip.own is not None:
                    job["own"] = write(Path(folder) / f"{index}-own.pcm", clip.own)
                jobs.append(job)
            listed = Path(folder) / "jobs.json"
            listed.write_text(json.dumps(jobs))
            command = ["node", "--import", "./tests/js/page.js", "benchmarks/voice/detector.js", str(listed)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        told = json.loads(done.stdout)
        self.sure = told["SURE"]
        for clip, events in zip(clips, told["heard"], strict=True):
            clip.events = [(str(name), float(at), stage) for name, at, stage in events]
        return clips

    def end_of(self, clip: Clip, after_s: float = 0.0) -> float | None:
        """When a turn is taken for over, seconds; None where it is not."""
        for index, (name, at, stage) in enumerate(clip.events):
            if at < after_s:
                continue
            if name == "ended":
                return at
            if name == "paused" and stage is not None and self._judges(clip, at, stage):
                went_on = next((when for what, when, _ in clip.events[index:] if what == "wentOn"), np.inf)
                if went_on > at + JUDGED_S:
                    return at + JUDGED_S
        return None

    def _judges(self, clip: Clip, at: float, stage: int) -> bool:
        began = max((when for what, when, _ in clip.events if what == "began" and when <= at), default=0.0)
        heard = clip.samples[int(max(0.0, began - 0.5) * RATE) : int(at * RATE)]
        chance = turn.chance_of_end(heard, quiet_s=(0.06, 0.25)[stage])
        return chance is not None and chance >= self.sure[stage]


def write(path: Path, samples: Samples) -> str:
    path.write_bytes(as_pcm(samples))
    return str(path)


def share(of: Iterable[bool]) -> float:
    found = list(of)
    return 100 * sum(found) / max(1, len(found))


def pauses(quick: bool) -> dict[str, list[Clip]]:
    """Somebody pauses within a sentence."""
    lengths = (0.3, 0.6, 1.0, 1.5)
    places = {
        "people": [(sounds.person(name), at) for name, where in sounds.INSIDE.items() for at in where],
        "people, telephone prompts": [
            (prompt, at) for prompt in sounds.prompts(20 if quick else 90) for at in sounds.gaps(prompt, *sounds.GAP_S)
        ],
        "espeak-ng": [
            (spoken, at)
            for voice in sounds.VOICES[:: 3 if quick else 1]
            for text in sounds.SENTENCES
            for spoken in [sounds.robot(voice, text)]
            for at in sounds.gaps(spoken, 0.08, 0.6)
        ],
    }
    return {
        name: [
            Clip(
                sounds.with_pause(samples[int(max(0.0, at - 8) * RATE) :], min(at, 8), pause),
                LEAD_S + min(at, 8),
                LEAD_S + min(at, 8) + pause,
            )
            for index, (samples, at) in enumerate(found)
            for pause in [lengths[index % 4]]
        ]
        for name, found in places.items()
    }


def ends(quick: bool) -> dict[str, list[Clip]]:
    """Somebody has finished."""
    found = {
        "people": [(sounds.person(name), at) for name, where in sounds.ENDS.items() for at in where],
        "people, telephone prompts": [(prompt, len(prompt) / RATE) for prompt in sounds.prompts(20 if quick else 90)],
        "espeak-ng": [
            (spoken, len(spoken) / RATE)
            for voice in sounds.VOICES[:: 3 if quick else 1]
            for text in sounds.SENTENCES
            for spoken in [sounds.robot(voice, text)]
        ],
    }
    return {
        name: [
            Clip(sounds.until(samples[int(max(0.0, at - 8) * RATE) :], min(at, 8)), LEAD_S + min(at, 8))
            for samples, at in clips
        ]
        for name, clips in found.items()
    }


def whose_turn(ears: Ears, quick: bool) -> list[Row]:
    rows = []
    for name, clips in pauses(quick).items():
        if not clips:
            continue
        ears.hear(clips)
        # What is decided in the pause; who goes on before anything is heard is joined to what was said before.
        cut = [(end := ears.end_of(clip, clip.at_s - 0.1)) is not None and end < clip.until_s for clip in clips]
        rows.append(
            Row(
                f"false ends, {name}",
                share(cut),
                "%",
                "pauses of 0.3, 0.6, 1.0 and 1.5 s",
                5,
                detail=f"{len(clips)} pauses",
            )
        )
    for name, clips in ends(quick).items():
        if not clips:
            continue
        ears.hear(clips)
        late = [(ears.end_of(clip, clip.at_s - 0.1) or np.inf) - clip.at_s for clip in clips]
        known = share(delay <= KNOWN_S for delay in late)
        rows.append(
            Row(
                f"ends known within 250 ms, {name}",
                known,
                "%",
                "all others after 1.6 s of quiet",
                detail=f"{len(clips)} ends, median {1000 * np.median(late):.0f} ms, {sum(np.isinf(late))} never",
            )
        )
    return rows


def in_noise(ears: Ears, quick: bool) -> list[Row]:
    rows = []
    people = [*ends(quick)["people"], *ends(True)["espeak-ng"]]
    for name, noise in (("babble", sounds.babble()), ("music", sounds.music())):
        for below in (20, 10):
            clips = [
                Clip(sounds.over(np.concatenate((sounds.silence(3), clip.samples)), noise, below), clip.at_s + 3)
                for clip in people
            ]
            ears.hear(clips)
            open_ = [not any(what == "ended" and at < clip.at_s + 2.3 for what, at, _ in clip.events) for clip in clips]
            rows.append(
                Row(
                    f"turns kept open by {name} {below} dB below",
                    share(open_),
                    "%",
                    "ended after 1.6 s, 2.3 s at most",
                    5,
                    detail=f"{len(clips)} ends",
                )
            )
    return rows


def interruptions(ears: Ears, quick: bool) -> list[Row]:
    """The page speaks meanwhile, and is heard 30 dB below in the microphone."""
    page = np.resize(sounds.person("galileo.mp3"), 6 * RATE) * np.float32(0.5)
    echo = page * np.float32(10 ** (-30 / 20))

    def during(sound: Samples, at_s: float = 3.0) -> Clip:
        heard = echo.copy()
        heard[int(at_s * RATE) : int(at_s * RATE) + len(sound)] += sound[: len(heard) - int(at_s * RATE)]
        return Clip(heard, at_s, own=page)

    voices = sounds.VOICES[:: 3 if quick else 1]
    words = [during(sounds.robot(voice, word)) for voice in voices for word in sounds.WORDS]
    ears.hear(words, guard=True)
    found = [
        next((at - clip.at_s for name, at, _ in clip.events if name == "began" and at > clip.at_s), None)
        for clip in words
    ]
    noticed = [delay for delay in found if delay is not None]
    missed = [delay is None or "nothing" in clip.names() for delay, clip in zip(found, words, strict=True)]
    rows = [
        Row(
            "missed interruptions",
            share(missed),
            "%",
            f"{', '.join(sounds.WORDS)} over the page's own voice",
            5,
            detail=f"{len(words)} words",
        ),
        Row(
            "silence after a word begins, median",
            1000 * float(np.median(noticed)),
            "ms",
            "without the sound card's own delay",
            150,
        ),
        Row(
            "silence after a word begins, p95",
            1000 * float(np.percentile(noticed, 95)),
            "ms",
            "without the sound card's own delay",
            150,
        ),
    ]
    count = 6 if quick else 20
    others = {
        "coughs": [during(sounds.cough(seed)) for seed in range(count)],
        "typing": [during(sounds.typing(seed)) for seed in range(count)],
        "a door": [during(sounds.door(seed)) for seed in range(count)],
        "echo at -30 dB": [during(np.zeros(RATE, np.float32), at) for at in range(3)],
        "music": [during(sounds.music()[at * RATE : (at + 2) * RATE] * np.float32(0.3)) for at in range(0, 8, 2)],
    }
    for name, clips in others.items():
        ears.hear(clips, guard=True)
        false = ["began" in clip.names() for clip in clips]
        words_ = share("began" in clip.names() and "nothing" not in clip.names() for clip in clips)
        rows.append(
            Row(
                f"false interruptions, {name}",
                share(false),
                "%",
                "the voice waits; it goes on where it was",
                5,
                detail=f"{len(clips)} clips; {words_:.0f} % are written down first",
            )
        )
    return rows


def detector(quick: bool) -> list[Row]:
    """All of it; a row a kind."""
    ears = Ears()
    return [*whose_turn(ears, quick), *in_noise(ears, quick), *interruptions(ears, quick)]
