"""An hour of speech against a provider that misbehaves, by a command that is killed half-way: no word is lost."""

from __future__ import annotations

from pathlib import Path

from benchmarks.hours import compare, hours
from groq_core.events import Word
from tests.requires import needs


@needs("espeak-ng")
async def test_an_hour_is_written_down_without_a_word_lost_or_invented(tmp_path: Path) -> None:
    result = await hours(1.0, tmp_path)

    assert (result.lost, result.doubled, result.invented) == (0, 0, 0)
    assert result.words > 4000
    assert result.worst_s <= 0.05
    assert result.refused > 0
    assert result.anew <= 4
    assert result.memory_mb <= 200
    assert result.cues > 300
    assert result.breaches == 0


def test_the_comparison_finds_what_is_wrong() -> None:
    said = [Word(word=word, start=at, end=at + 0.5) for at, word in enumerate(("a", "b", "c", "d", "e"))]
    heard = [said[0], said[1], said[1], Word(word="x", start=2.0, end=2.5), said[3], said[4]]

    assert compare(said, heard) == (1, 1, 1, 0.0)
