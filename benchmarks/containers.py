"""
Any container, any codec, any late start, any length: are the words where they were said?

    python -m benchmarks.containers              # all that ffmpeg can write here and read again: 10 quiet minutes
    python -m benchmarks.containers --of mka ts  # some containers; the others keep their rows in RESULTS.md
    python -m benchmarks.containers aac          # only files whose name holds this; RESULTS.md stays as it is

A file is written by ffmpeg from pips whose rhythm is known, and decoded as any recording is. They are found again by
their loudness, which every codec keeps; the least that can be told apart is 2.5 ms. Where they are elsewhere or gone,
that is wrong, unless the person who sent the file is told: that it can't be decoded, breaks off or is damaged.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.results import as_line, earlier_rows, write_section
from benchmarks.rows import Row as ResultRow
from groq_core.errors import RequestError
from groq_core.media.audio.decode import RATE, decoding
from groq_core.media.audio.preparation import prepare, recognise

Samples = npt.NDArray[np.float32]

TOLERANCE_S: Final = 0.05
HOP: Final = 40
"""Samples of one value of loudness: 2.5 ms."""

_LEAD_S: Final = 0.1
_RHYTHM: Final = (0.06, 0.05, 0.03, 0.09, 0.12, 0.04, 0.05, 0.06)
"""Seconds of sound and silence in turn: half a second that is like itself nowhere else."""

OPENINGS: Final = {
    "mkv",
    "mp4",
    "mov",
    "webm",
    "ts",
    "m2ts",
    "avi",
    "flv",
    "asf",
    "nut",
    "mpg",
    "vob",
    "mxf",
    "ogv",
    "3gp",
    "wtv",
}
"""Containers of films, in which sound may start later than the picture."""

CODECS: Final = (
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_f32be"),
    *("pcm_f64le", "pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms"),
    *("adpcm_yamaha", "adpcm_swf", "aac", "ac3", "eac3", "alac", "dca", "flac", "g722", "g726", "libgsm", "libgsm_ms"),
    *(
        "mlp",
        "mp2",
        "libmp3lame",
        "nellymoser",
        "libopus",
        "libspeex",
        "s302m",
        "truehd",
        "tta",
        "libvorbis",
        "wavpack",
    ),
    *("wmav1", "wmav2", "real_144", "aptx", "sbc"),
)
ENDINGS: Final = (
    *(
        "wav",
        "w64",
        "rf64",
        "aiff",
        "au",
        "caf",
        "flac",
        "ogg",
        "oga",
        "opus",
        "spx",
        "mp3",
        "mp2",
        "m4a",
        "mp4",
        "mov",
    ),
    *("3gp", "mkv", "mka", "webm", "avi", "asf", "wma", "flv", "ts", "m2ts", "mpg", "vob", "nut", "mxf", "ac3", "eac3"),
    *("dts", "wv", "tta", "voc", "aac", "latm", "gsm", "rm", "swf", "thd", "sox", "sf", "oma", "wtv", "ogv", "g722"),
)
_FORMATS: Final = {"rf64": ("-rf64", "always", "-f", "wav"), "m2ts": ("-mpegts_m2ts_mode", "1", "-f", "mpegts")}
_FORMATS_BY_NAME: Final = {"thd": "truehd", "sf": "ircam", "wma": "asf", "latm": "latm", "gsm": "gsm", "oma": "oma"}
_RATES: Final = {
    **dict.fromkeys(("libgsm", "libgsm_ms", "g726", "real_144"), 8_000),
    **dict.fromkeys(("g722", "libspeex"), 16_000),
    **dict.fromkeys(("nellymoser", "adpcm_swf"), 22_050),
}
_PICTURES: Final = {
    "webm": "libvpx",
    "ogv": "libtheora",
    "flv": "flv",
    "mxf": "mpeg2video",
    "vob": "mpeg2video",
    "wtv": "mpeg2video",
}


@dataclass(frozen=True)
class Row:
    """One file: what it is called, what is in it, when its sound starts, how long that is."""

    ending: str
    codec: str
    late_s: float
    length_s: float

    @property
    def name(self) -> str:
        return f"{self.codec} in {self.ending}, {self.length_s} s after {self.late_s} s"


@dataclass(frozen=True)
class Outcome:
    """
    What was heard of a row.

    Attributes:
        off_s: The largest error of a place, seconds; None where nothing came out.
        said: Why not, or how much was heard.
        told: What the person who sent it is told.
    """

    row: Row
    off_s: float | None
    said: str = ""
    told: str = ""

    @property
    def kept(self) -> bool:
        return self.off_s is not None and self.off_s <= TOLERANCE_S

    @property
    def verdict(self) -> str:
        """``kept``; else ``said`` where the person is told that something is missing, or ``wrong``."""
        return "kept" if self.kept else "said" if self.told else "wrong"


@cache
def rhythm(rate: int) -> Samples:
    pieces = []
    for at, seconds in enumerate(_RHYTHM):
        time = np.arange(round(seconds * rate)) / rate
        pieces.append(0.5 * np.sin(2 * np.pi * 600 * time) if at % 2 == 0 else np.zeros(len(time)))
    return np.concatenate(pieces).astype(np.float32)


def places(length_s: float) -> list[float]:
    """Seconds at which the rhythm is heard: near the beginning, and near the end where there is room for both."""
    beats = len(rhythm(RATE)) / RATE
    last = length_s - beats - _LEAD_S
    return [_LEAD_S, last] if last > _LEAD_S + 2 * beats else [_LEAD_S]


def sound(length_s: float, rate: int) -> Samples:
    samples = np.zeros(round(length_s * rate), np.float32)
    for place in places(length_s):
        at = round(place * rate)
        samples[at : at + len(rhythm(rate))] = rhythm(rate)
    return samples


def write(row: Row, folder: Path) -> Path | None:
    """The file of a row; None where ffmpeg cannot write it."""
    source, target = folder / f"{_RATES.get(row.codec, 48_000)}-{row.length_s}.wav", folder / f"{row.name}.{row.ending}"
    rate = _RATES.get(row.codec, 48_000)
    if not source.exists():
        soundfile.write(source, sound(row.length_s, rate), rate)
    shape = _FORMATS.get(row.ending) or (("-f", _FORMATS_BY_NAME[row.ending]) if row.ending in _FORMATS_BY_NAME else ())
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", "-i", str(source)]
    if row.late_s:
        length = row.late_s + row.length_s
        command += ["-f", "lavfi", "-i", f"color=s=176x144:d={length}:r=25", "-map", "1:v", "-map", "0:a"]
        command += ["-af", f"asetpts=PTS+{row.late_s}/TB", "-c:v", _PICTURES.get(row.ending, "mpeg4")]
    command += ["-c:a", row.codec, "-strict", "-2", "-threads", "1", *shape, str(target)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if done.returncode or not target.exists() or not target.stat().st_size:
        return None
    if row.ending == "avi" and row.late_s:
        _tell_start(target, row.late_s)
    return target


def begins_s(row: Row, path: Path) -> float:
    """Seconds at which the sound begins: in an AVI a whole number of what its header counts in."""
    if row.ending != "avi" or not row.late_s:
        return row.late_s
    data = path.read_bytes()
    header = data.index(b"auds", data.index(b"strh"))
    scale, rate, start = (int.from_bytes(data[header + at : header + at + 4], "little") for at in (20, 24, 28))
    return start * scale / rate


def _tell_start(avi: Path, late_s: float) -> None:
    """Write into the header of the sound when it begins, which ffmpeg leaves out of an AVI."""
    data = bytearray(avi.read_bytes())
    header = data.index(b"auds", data.index(b"strh"))
    scale, rate = (int.from_bytes(data[header + at : header + at + 4], "little") for at in (20, 24))
    data[header + 28 : header + 32] = round(late_s * rate / max(1, scale)).to_bytes(4, "little")
    avi.write_bytes(data)


def listen(path: Path, row: Row) -> Outcome:
    """Decode a file as any recording is, and find the rhythm in it."""
    begins = begins_s(row, path)
    try:
        with decoding(path, *recognise(path)) as source:
            samples = np.concatenate([np.zeros(0, np.float32), *source.blocks])
    except RequestError as error:
        return Outcome(row, None, error.message, error.message)
    wanted = [begins + place for place in places(row.length_s)]
    off = max(abs(_nearest(samples, place) - place) for place in wanted)
    missing = begins + row.length_s - len(samples) / RATE
    outcome = Outcome(row, max(off, missing), f"{len(samples) / RATE:.3f} s heard")
    return outcome if outcome.kept else replace(outcome, told=_sentence_about(path))


def _sentence_about(path: Path) -> str:
    """What is missing of a file, in the words that the person reads; nothing for other notes."""
    try:
        notes = prepare(path).notes
    except RequestError as error:
        return error.message
    return "; ".join(note for note in notes if note.startswith(("it breaks off", "it is damaged")))


def _nearest(samples: Samples, place: float) -> float:
    """Where the rhythm is heard, within a second of where it is said."""
    first = max(0, round((place - 1) * RATE / HOP))
    heard = _loudness(samples)[first : first + round((2 + len(rhythm(RATE)) / RATE) * RATE / HOP)]
    needle = _loudness(rhythm(RATE))
    if len(heard) < len(needle):
        return float("inf")
    likeness = np.correlate(heard, needle - needle.mean(), "valid")
    return float((first + int(likeness.argmax())) * HOP / RATE)


def _loudness(samples: Samples) -> npt.NDArray[np.float64]:
    whole = samples[: len(samples) // HOP * HOP].reshape(-1, HOP).astype(np.float64)
    return np.asarray(np.minimum(0.3, np.sqrt((whole**2).mean(axis=1))))


def rows(lates: Sequence[float] = (0.0, 3.2), lengths: Sequence[float] = (0.7, 6.3)) -> Iterator[list[Row]]:
    """Those of each pair of container and codec."""
    for ending in ENDINGS:
        for codec in CODECS:
            late_ones = lates if ending in OPENINGS else (0.0,)
            yield [Row(ending, codec, late, length) for late in late_ones for length in lengths]


def try_pair(chosen: Sequence[Row], folder: Path) -> list[Outcome]:
    """The rows of one pair; none of them where ffmpeg cannot write the first."""
    first = try_row(chosen[0], folder)
    return [] if first is None else [first, *filter(None, (try_row(row, folder) for row in chosen[1:]))]


def try_row(row: Row, folder: Path) -> Outcome | None:
    """None where ffmpeg cannot write it, or cannot read what it wrote."""
    path = write(row, folder)
    if path is None:
        return None
    outcome = listen(path, row)
    readable = outcome.off_s is not None or _is_readable(path)
    path.unlink()
    return outcome if readable else None


def _is_readable(path: Path) -> bool:
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", str(path), "-map", "0:a:0", "-f", "null", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def result_of(ending: str, found: Sequence[Outcome]) -> ResultRow:
    """The row of a container: how many of its files are wrong and nobody is told."""
    count = Counter(outcome.verdict for outcome in found)
    codecs = len({outcome.row.codec for outcome in found})
    worst = max((outcome.off_s for outcome in found if outcome.kept and outcome.off_s is not None), default=0.0)
    detail = f"{len(found)} files, {codecs} codecs: {count['kept']} within {TOLERANCE_S * 1000:.0f} ms"
    detail += f" (at most {worst * 1000:.0f})" if count["kept"] else ""
    for verdict in ("said", "wrong"):
        names = sorted({one.row.codec for one in found if one.verdict == verdict})
        detail += f", {count[verdict]} {verdict} ({', '.join(names)})" if names else ""
    return ResultRow(f"`.{ending}`", count["wrong"], "wrong", "–", reach=0, detail=detail)


def keep(rows_by_ending: Mapping[str, ResultRow], whole: bool) -> None:
    """Write the table into ``RESULTS.md``; containers that were not tried keep their rows."""
    old = {} if whole else earlier_rows(SECTION)
    tables = {f"`.{ending}`": as_line(row) for ending, row in rows_by_ending.items()}
    lines = {**old, **tables}
    order = [f"`.{ending}`" for ending in ENDINGS]
    write_section(SECTION, INTRODUCTION, [lines[name] for name in order if name in lines])


SECTION: Final = "containers"
INTRODUCTION: Final = (
    "`python -m benchmarks.containers`: of every container, codec, late start and length that ffmpeg writes and reads "
    "again, the files whose words are not within 50 ms of where they were said and of which the person is not told."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.containers", description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", help="only files whose name holds one of these; RESULTS.md stays as it is")
    parser.add_argument(
        "--of", nargs="+", default=ENDINGS, choices=ENDINGS, metavar="CONTAINER", help="some containers"
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="begin nothing new after this long")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    table: dict[str, ResultRow] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as both:
        for ending in given.of:
            pairs = [pair for pair in rows() if pair[0].ending == ending]
            pairs = [one for one in pairs if not given.names or any(name in one[0].name for name in given.names)]
            if time.monotonic() > until:
                print(f"{ending} and what follows were not begun within {given.minutes:g} minutes")
                break
            found = [one for some in both.map(lambda pair: try_pair(pair, Path(folder)), pairs) for one in some]
            for one in found:
                if not one.kept:
                    print(f"  {one.verdict}: {one.row.name}: off by {one.off_s} s; {one.said}; {one.told}", flush=True)
            if found:
                table[ending] = result_of(ending, found)
                print(as_line(table[ending]), flush=True)
            if not given.names:
                keep(table, whole=given.of == ENDINGS)
    return 1 if len(table) == 0 or any(row.met is False for row in table.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
